-- Parts of long messages, kept until they are whole and for a while after, so that a part delivered
-- again is known: one that is not handled waits for the others of its message.
CREATE TABLE sms_part (
    part_id     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text        NOT NULL,
    destination text        NOT NULL,
    reference   integer     NOT NULL,
    total       smallint    NOT NULL,
    sequence    smallint    NOT NULL,
    data_coding smallint    NOT NULL,
    payload     bytea       NOT NULL,
    kept_at     timestamptz NOT NULL,
    handled_at  timestamptz,
    CHECK (sequence BETWEEN 1 AND total)
);
CREATE UNIQUE INDEX sms_part_waiting ON sms_part (source, destination, reference, total, sequence)
    WHERE handled_at IS NULL;
CREATE INDEX sms_part_handled ON sms_part (source, destination, reference, total, sequence)
    WHERE handled_at IS NOT NULL;
CREATE INDEX sms_part_age ON sms_part (kept_at);

-- Keeps a part that came at an instant, and answers all parts of its message if they are there now.
-- Nothing is older than `since`: a sender's references come round again. Two parts of one message
-- wait for each other, or each would miss the other.
CREATE FUNCTION keep_sms_part(
    of_source text, of_destination text, of_reference integer, of_total smallint,
    of_sequence smallint, of_data_coding smallint, of_payload bytea, at timestamptz,
    since timestamptz
) RETURNS SETOF sms_part LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(
        concat_ws('/', of_source, of_destination, of_reference, of_total), 0));
    IF EXISTS (
        SELECT FROM sms_part
        WHERE source = of_source AND destination = of_destination AND reference = of_reference
          AND total = of_total AND sequence = of_sequence AND handled_at IS NOT NULL
          AND data_coding = of_data_coding AND payload = of_payload AND kept_at >= since
    ) THEN
        RETURN;
    END IF;
    -- Other words in the place of a part are another message under the same reference.
    DELETE FROM sms_part
        WHERE source = of_source AND destination = of_destination AND reference = of_reference
          AND total = of_total AND handled_at IS NULL
          AND (kept_at < since OR sequence = of_sequence
                                  AND (data_coding, payload) <> (of_data_coding, of_payload));
    INSERT INTO sms_part (source, destination, reference, total, sequence, data_coding, payload,
                          kept_at)
        VALUES (of_source, of_destination, of_reference, of_total, of_sequence, of_data_coding,
                of_payload, at)
        ON CONFLICT DO NOTHING;
    IF of_total = (
        SELECT count(*) FROM sms_part
        WHERE source = of_source AND destination = of_destination AND reference = of_reference
          AND total = of_total AND handled_at IS NULL
    ) THEN
        RETURN QUERY SELECT * FROM sms_part
            WHERE source = of_source AND destination = of_destination AND reference = of_reference
              AND total = of_total AND handled_at IS NULL;
    END IF;
END $$;
