-- The outbox as it is sent from by several senders, each what it has leased: `due_at` is then when the
-- lease ends.

ALTER TABLE outbox
    -- What is worthless in ten minutes waits behind no reply, and no reply behind what could wait for an
    -- hour.
    ADD COLUMN line       text NOT NULL GENERATED ALWAYS AS (
        CASE kind WHEN 'ONE_TIME_PASSWORD' THEN 'passwords' WHEN 'REPLY' THEN 'replies' ELSE 'others' END
    ) STORED,
    -- When it was counted among what its recipient is told within 24 hours.
    ADD COLUMN counted_at timestamptz,
    ADD CHECK (delivered_at IS NULL OR (sent_at IS NOT NULL AND dead_at IS NULL)),
    ADD CHECK ((dead_at IS NULL) = (dead_reason IS NULL));

DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (line, due_at)
    WHERE sent_at IS NULL AND dead_at IS NULL AND mobile IS NOT NULL;
CREATE INDEX outbox_counted ON outbox (mobile, counted_at) WHERE counted_at IS NOT NULL;
-- What is swept once it is long past its time.
CREATE INDEX outbox_expires ON outbox (expires_at);
-- Numbers that want notices: every worker asks each second whether there are any.
CREATE INDEX sms_registration_wanting ON sms_registration (gstin)
    WHERE confirmed_at IS NOT NULL AND ended_at IS NULL AND notices <> '{}';
