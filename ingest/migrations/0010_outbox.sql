-- The outbox as it is sent from. What a message says is worded when it is sent, from what it is about;
-- only a reply is kept as it was worded, since a message that comes again is answered the same.

ALTER TABLE outbox
    ALTER COLUMN ebn DROP NOT NULL,
    ADD COLUMN gstin           text,
    ADD COLUMN reply           bytea,
    ADD COLUMN client_id       text,
    ADD COLUMN idempotency_key text,
    ADD COLUMN due_at          timestamptz,
    ADD COLUMN expires_at      timestamptz,
    ADD COLUMN attempts        smallint NOT NULL DEFAULT 0,
    ADD COLUMN carrier_id      text,
    ADD COLUMN delivered_at    timestamptz,
    ADD COLUMN dead_at         timestamptz,
    ADD COLUMN dead_reason     text;

UPDATE outbox SET due_at = created_at, expires_at = created_at + interval '72 hours';

ALTER TABLE outbox
    ALTER COLUMN due_at SET NOT NULL,
    ALTER COLUMN expires_at SET NOT NULL,
    ADD CHECK (sent_at IS NULL OR dead_at IS NULL OR dead_at >= sent_at);

DROP INDEX outbox_unsent;
CREATE INDEX outbox_due ON outbox (due_at)
    WHERE sent_at IS NULL AND dead_at IS NULL AND mobile IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (message_id) WHERE dead_at IS NOT NULL;
CREATE INDEX outbox_carrier_id ON outbox (carrier_id) WHERE carrier_id IS NOT NULL;
-- A reply is taken back with the claim of what it answers.
CREATE INDEX outbox_reply ON outbox (client_id, idempotency_key) WHERE client_id IS NOT NULL;
