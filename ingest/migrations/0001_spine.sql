-- The spine: numbers, e-way bills, the claim of a document, replayable answers, clients, hot state.

-- Numbers -------------------------------------------------------------------------------------
-- An EBN is a month code (3 digits, 100 = July 2017, the month GST began) and a serial of
-- 9 digits, so the month's partition follows from the number and new rows land on one index edge.

CREATE TABLE ebn_month (
    month_code  smallint PRIMARY KEY CHECK (month_code BETWEEN 100 AND 999),
    next_serial bigint NOT NULL CHECK (next_serial >= 1)
);

CREATE TABLE eway_bill (
    ebn                        bigint      NOT NULL,
    version                    smallint    NOT NULL,
    rulebook                   text        NOT NULL,
    generated_by               text        NOT NULL,
    generated_at               timestamptz NOT NULL,
    valid_until                timestamptz NOT NULL,
    acceptance_until           timestamptz,
    required                   boolean     NOT NULL,
    clause                     text        NOT NULL,
    supplier_gstin             text        NOT NULL,
    recipient_gstin            text        NOT NULL,
    place_of_dispatch          text,
    place_of_delivery          text        NOT NULL,
    document_type              text        NOT NULL,
    document_number            text        NOT NULL,
    document_date              date        NOT NULL,
    value_paise                bigint      NOT NULL,
    hsn_code                   text        NOT NULL,
    reason_code                smallint    NOT NULL,
    transport_document_number  text,
    mode                       text        NOT NULL,
    distance_km                smallint    NOT NULL,
    distance_to_transporter_km smallint,
    transporter_id             text,
    goods                      jsonb,
    supplier_contact           jsonb,
    vehicle_number             text,
    vehicle_since              timestamptz,
    cancelled_at               timestamptz,
    cancelled_by               text,
    cancellation_reason        text,
    decision                   text,
    decided_at                 timestamptz,
    decision_remark            text,
    verified_at                timestamptz,
    PRIMARY KEY (ebn)
) PARTITION BY RANGE (ebn);

-- What no change may break (docs/invariants.md). Not CHECK constraints: those are read anew by every
-- INSERT statement and cost a third of it, while only an UPDATE can break these.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = format('e-way bill %s: %s', OLD.ebn, TG_ARGV[0]);
END $$;

CREATE TRIGGER one_version_at_a_time BEFORE UPDATE ON eway_bill FOR EACH ROW
    WHEN (NEW.version IS DISTINCT FROM OLD.version + 1)
    EXECUTE FUNCTION refuse_change('a change raises the version by one');
CREATE TRIGGER cancelled_once_in_time_unverified BEFORE UPDATE ON eway_bill FOR EACH ROW
    WHEN (NEW.cancelled_at IS DISTINCT FROM OLD.cancelled_at
          AND (OLD.cancelled_at IS NOT NULL OR OLD.verified_at IS NOT NULL
               OR NEW.cancelled_at > OLD.generated_at + interval '24 hours'))
    EXECUTE FUNCTION refuse_change('cancelled once, within 24 hours, unverified: r1(7)');
CREATE TRIGGER answered_once_in_time BEFORE UPDATE ON eway_bill FOR EACH ROW
    WHEN (NEW.decision IS DISTINCT FROM OLD.decision
          AND (OLD.decision IS NOT NULL OR OLD.acceptance_until IS NULL
               OR NEW.decided_at > OLD.acceptance_until))
    EXECUTE FUNCTION refuse_change('answered once, within 72 hours: r1(10)');
CREATE TRIGGER part_a_for_ever BEFORE UPDATE ON eway_bill FOR EACH ROW
    WHEN ((
           NEW.ebn, NEW.rulebook, NEW.generated_by, NEW.generated_at, NEW.valid_until,
           NEW.acceptance_until, NEW.required, NEW.clause, NEW.supplier_gstin,
           NEW.recipient_gstin, NEW.place_of_dispatch, NEW.place_of_delivery, NEW.document_type,
           NEW.document_number, NEW.document_date, NEW.value_paise, NEW.hsn_code,
           NEW.reason_code, NEW.transport_document_number, NEW.mode, NEW.distance_km,
           NEW.distance_to_transporter_km, NEW.goods, NEW.supplier_contact)
          IS DISTINCT FROM (
           OLD.ebn, OLD.rulebook, OLD.generated_by, OLD.generated_at, OLD.valid_until,
           OLD.acceptance_until, OLD.required, OLD.clause, OLD.supplier_gstin,
           OLD.recipient_gstin, OLD.place_of_dispatch, OLD.place_of_delivery, OLD.document_type,
           OLD.document_number, OLD.document_date, OLD.value_paise, OLD.hsn_code,
           OLD.reason_code, OLD.transport_document_number, OLD.mode, OLD.distance_km,
           OLD.distance_to_transporter_km, OLD.goods, OLD.supplier_contact))
    EXECUTE FUNCTION refuse_change('what was furnished does not change');

CREATE INDEX eway_bill_supplier ON eway_bill (supplier_gstin, ebn);
CREATE INDEX eway_bill_recipient ON eway_bill (recipient_gstin, ebn)
    WHERE recipient_gstin <> 'URP';
CREATE INDEX eway_bill_transporter ON eway_bill (transporter_id, ebn)
    WHERE transporter_id IS NOT NULL;
CREATE INDEX eway_bill_vehicle ON eway_bill (vehicle_number, ebn)
    WHERE vehicle_number IS NOT NULL;

-- One element of the array parameter of generate_eway_bills: cheaper to send and to take apart
-- than an array for every column.
CREATE TYPE new_eway_bill AS (
    ebn                        bigint,
    rulebook                   text,
    generated_by               text,
    generated_at               timestamptz,
    valid_until                timestamptz,
    acceptance_until           timestamptz,
    required                   boolean,
    clause                     text,
    supplier_gstin             text,
    recipient_gstin            text,
    place_of_dispatch          text,
    place_of_delivery          text,
    document_type              text,
    document_number            text,
    document_date              date,
    value_paise                bigint,
    hsn_code                   text,
    reason_code                smallint,
    transport_document_number  text,
    mode                       text,
    distance_km                smallint,
    distance_to_transporter_km smallint,
    transporter_id             text,
    goods                      jsonb,
    supplier_contact           jsonb,
    vehicle_number             text,
    vehicle_since              timestamptz,
    financial_year             smallint,
    digest                     bytea
);

-- One live e-way bill for a document: the primary key is the arbiter (invariant 2).
CREATE TABLE document_claim (
    financial_year smallint NOT NULL,
    digest         bytea    NOT NULL,
    ebn            bigint   NOT NULL,
    PRIMARY KEY (financial_year, digest)
) PARTITION BY LIST (financial_year);

-- Documents older than GST itself.
CREATE TABLE document_claim_before_2017 PARTITION OF document_claim DEFAULT;

CREATE FUNCTION prepare_financial_year(year integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass(format('document_claim_%s', year)) IS NULL THEN
        EXECUTE format('CREATE TABLE document_claim_%1$s PARTITION OF document_claim
                        FOR VALUES IN (%1$s)', year);
    END IF;
END $$;

SELECT prepare_financial_year(year) FROM generate_series(2017, 2027) AS year;

-- The first of `size` consecutive numbers of a month, never handed out before nor after. The
-- first lease of a month makes its partition. Raises numeric_value_out_of_range (22003) once the
-- month's 999,999,999 numbers are used.
CREATE FUNCTION lease_numbers(month date, size integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    code  integer := 100 + 12 * (extract(year FROM month)::integer - 2017)
                         + extract(month FROM month)::integer - 7;
    floor bigint  := code * 1000000000::bigint;
    first bigint;
BEGIN
    INSERT INTO ebn_month VALUES (code, 1) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        -- A table made apart and attached locks the parent less than PARTITION OF would. Changed
        -- rows stay on their page (fillfactor) since no indexed column changes with them.
        EXECUTE format('CREATE TABLE eway_bill_%s (LIKE eway_bill INCLUDING ALL)
                        WITH (fillfactor = 90)', to_char(month, 'YYYY_MM'));
        EXECUTE format('ALTER TABLE eway_bill ATTACH PARTITION eway_bill_%s
                        FOR VALUES FROM (%s) TO (%s)',
                       to_char(month, 'YYYY_MM'), floor, floor + 1000000000);
        -- Documents of this month and, where the clock in India is ahead, of the next.
        PERFORM prepare_financial_year(year) FROM (
            SELECT DISTINCT extract(year FROM day - interval '3 months')::integer AS year
            FROM unnest(ARRAY[month, (month + interval '1 month')::date]) AS day) AS years;
    END IF;
    UPDATE ebn_month SET next_serial = next_serial + size
        WHERE month_code = code RETURNING next_serial - size INTO first;
    IF first + size > 1000000000 THEN
        RAISE numeric_value_out_of_range
            USING MESSAGE = format('the e-way bill numbers of %s are used up', month);
    END IF;
    RETURN floor + first;
END $$;

-- Answers kept for Idempotency-Key -------------------------------------------------------------

CREATE TABLE replayable_answer (
    client_id       text        NOT NULL,
    idempotency_key text        NOT NULL,
    request_digest  bytea       NOT NULL,
    status          smallint    NOT NULL,
    body            bytea       NOT NULL,
    answered_at     timestamptz NOT NULL,
    PRIMARY KEY (client_id, idempotency_key)
);

CREATE INDEX replayable_answer_age ON replayable_answer (answered_at);

-- Clients and the keys that sign their tokens --------------------------------------------------

CREATE TABLE client (
    client_id   text PRIMARY KEY,
    secret_hash text        NOT NULL,
    role        text        NOT NULL,
    person_id   text        NOT NULL,
    state       text,
    place       text,
    mobile      text,
    class       text,
    enrolled_at timestamptz NOT NULL
);

CREATE TABLE signing_key (
    key_id     text PRIMARY KEY,
    secret     bytea       NOT NULL,
    created_at timestamptz NOT NULL
);
-- The first key, 244 random bits; made here, so that no two workers ever make it each for itself.
INSERT INTO signing_key
SELECT left(md5(random()::text), 8), sha256((gen_random_uuid()::text || gen_random_uuid())::bytea),
       now();

-- Hot state: which epoch of Redis may be believed (docs/hot-state.md) ---------------------------

CREATE TABLE hot_state (
    epoch   bigint  NOT NULL,
    is_open boolean NOT NULL,
    run_id  text    NOT NULL
);
CREATE UNIQUE INDEX hot_state_one_row ON hot_state ((true));
INSERT INTO hot_state VALUES (0, false, '');  -- Epoch 0 is never open.
