-- The Commissioner's notifications (docs/rulebooks.md): r1(8) first proviso, r2(4), r2(5).

CREATE TABLE notification (
    -- Given under the exclusive lock of post_notification: in the order of the commits.
    notification_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number            text        NOT NULL UNIQUE,
    kind              text        NOT NULL,
    effective_from    timestamptz NOT NULL,
    effective_until   timestamptz,
    title             text        NOT NULL,
    hsn_prefixes      text[],
    additional_days   smallint,
    transporter_class text,
    states            text[],
    documents         text[],
    posted_by         text        NOT NULL,
    posted_at         timestamptz NOT NULL,
    CONSTRAINT never_in_the_past CHECK (effective_from >= posted_at),
    CONSTRAINT ends_after_it_begins CHECK (effective_until > effective_from),
    CONSTRAINT members_of_its_kind CHECK (CASE kind
        WHEN 'EXTENSION' THEN num_nonnulls(hsn_prefixes, additional_days) = 2
            AND additional_days BETWEEN 1 AND 60
            AND num_nonnulls(transporter_class, states, documents) = 0
        WHEN 'RFID_CLASS' THEN transporter_class IS NOT NULL
            AND num_nonnulls(hsn_prefixes, additional_days, states, documents) = 0
        WHEN 'INVOICE_INSTEAD' THEN num_nonnulls(states, documents) = 2
            AND num_nonnulls(hsn_prefixes, additional_days, transporter_class) = 0
        ELSE false END)
);

-- What was notified stays: bills were decided by it.
CREATE FUNCTION refuse_change_of_notification() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = 'a notification is never changed nor taken back';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notification
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_notification();
