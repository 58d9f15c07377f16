-- The life of a bill beyond its generation: Part A apart, transfers, hand-overs, renewals,
-- consolidated bills, verifications, and what is owed to persons outside.

-- One trigger takes the place of four, whose long conditions every INSERT had to copy.
DROP TRIGGER one_version_at_a_time ON eway_bill;
DROP TRIGGER cancelled_once_in_time_unverified ON eway_bill;
DROP TRIGGER answered_once_in_time ON eway_bill;
DROP TRIGGER part_a_for_ever ON eway_bill;
DROP FUNCTION refuse_change();

ALTER TABLE eway_bill
    ADD furnished_by        text,
    ADD over_dimensional    boolean,
    ADD renewed_from        bigint,
    ADD first_generated_at  timestamptz,
    ADD first_ebn           bigint,
    ADD renewed_to          bigint,
    ADD renewed_at          timestamptz,
    ADD handed_to           text,
    ADD consolidated_number bigint,
    ADD moves               jsonb,
    ADD hand_overs          jsonb;

-- Whoever consolidates raises it, as often as they like.
ALTER TABLE eway_bill ALTER COLUMN version TYPE integer;

CREATE INDEX eway_bill_handed_to ON eway_bill (handed_to, ebn) WHERE handed_to IS NOT NULL;

ALTER TYPE new_eway_bill
    ADD ATTRIBUTE furnished_by       text,
    ADD ATTRIBUTE over_dimensional   boolean,
    ADD ATTRIBUTE renewed_from       bigint,
    ADD ATTRIBUTE first_generated_at timestamptz,
    ADD ATTRIBUTE first_ebn          bigint,
    ADD ATTRIBUTE verified_at        timestamptz;

-- One element of the array parameter of change_eway_bills: all that may change, and the vehicle
-- the bill was on before.
CREATE TYPE changed_eway_bill AS (
    ebn                 bigint,
    version             integer,
    cancelled_at        timestamptz,
    cancelled_by        text,
    cancellation_reason text,
    decision            text,
    decided_at          timestamptz,
    decision_remark     text,
    verified_at         timestamptz,
    renewed_to          bigint,
    renewed_at          timestamptz,
    vehicle_number      text,
    vehicle_since       timestamptz,
    handed_to           text,
    consolidated_number bigint,
    moves               jsonb,
    hand_overs          jsonb,
    vehicle_before      text,
    financial_year      smallint,
    digest              bytea
);

-- What no change may break (docs/invariants.md): whatever is not named here stays as furnished.
CREATE FUNCTION guard_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed record := OLD;
    broken  text;
BEGIN
    allowed.version := OLD.version + 1;
    IF NEW.cancelled_at IS DISTINCT FROM OLD.cancelled_at THEN
        IF OLD.cancelled_at IS NOT NULL OR OLD.verified_at IS NOT NULL
           OR OLD.renewed_to IS NOT NULL
           OR NEW.cancelled_at > OLD.generated_at + interval '24 hours' THEN
            broken := 'cancelled once, within 24 hours, unverified: r1(7)';
        END IF;
        allowed.cancelled_at := NEW.cancelled_at;
        allowed.cancelled_by := NEW.cancelled_by;
        allowed.cancellation_reason := NEW.cancellation_reason;
    END IF;
    IF NEW.decision IS DISTINCT FROM OLD.decision THEN
        IF OLD.decision IS NOT NULL OR OLD.acceptance_until IS NULL
           OR NEW.decided_at > OLD.acceptance_until THEN
            broken := 'answered once, within 72 hours: r1(10)';
        END IF;
        allowed.decision := NEW.decision;
        allowed.decided_at := NEW.decided_at;
        allowed.decision_remark := NEW.decision_remark;
    END IF;
    IF NEW.verified_at IS DISTINCT FROM OLD.verified_at AND OLD.verified_at IS NOT NULL THEN
        broken := 'the first verification stays: r1(7)';
    END IF;
    IF NEW.renewed_to IS DISTINCT FROM OLD.renewed_to
       AND (OLD.renewed_to IS NOT NULL OR OLD.cancelled_at IS NOT NULL) THEN
        broken := 'renewed once: r1(8)';
    END IF;
    allowed.verified_at := NEW.verified_at;
    allowed.renewed_to := NEW.renewed_to;
    allowed.renewed_at := NEW.renewed_at;
    allowed.vehicle_number := NEW.vehicle_number;
    allowed.vehicle_since := NEW.vehicle_since;
    allowed.handed_to := NEW.handed_to;
    allowed.consolidated_number := NEW.consolidated_number;
    allowed.moves := NEW.moves;
    allowed.hand_overs := NEW.hand_overs;
    IF broken IS NULL AND NEW.version IS DISTINCT FROM allowed.version THEN
        broken := 'a change raises the version by one';
    ELSIF broken IS NULL AND NEW IS DISTINCT FROM allowed THEN
        broken := 'what was furnished does not change';
    END IF;
    IF broken IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('e-way bill %s: %s', OLD.ebn, broken);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_change BEFORE UPDATE ON eway_bill
    FOR EACH ROW EXECUTE FUNCTION guard_change();

-- Part A that waits for its transporter, r1(1)(b). Its reference is a number of the same series as
-- the EBNs; while it waits it holds its document in document_claim under that number.
CREATE TABLE part_a (
    reference         bigint      NOT NULL,
    furnished_by      text        NOT NULL,
    furnished_at      timestamptz NOT NULL,
    lapses_at         timestamptz NOT NULL,
    transporter_id    text        NOT NULL,
    form              jsonb       NOT NULL,
    rulebook          text        NOT NULL,
    financial_year    smallint    NOT NULL,
    digest            bytea       NOT NULL,
    ebn               bigint,
    withdrawn_at      timestamptz,
    withdrawal_reason text,
    given_up_at       timestamptz,
    PRIMARY KEY (reference),
    CHECK (num_nonnulls(ebn, withdrawn_at, given_up_at) <= 1)
) PARTITION BY RANGE (reference);

CREATE INDEX part_a_waiting ON part_a (transporter_id, reference)
    WHERE ebn IS NULL AND withdrawn_at IS NULL AND given_up_at IS NULL;
CREATE INDEX part_a_furnished ON part_a (furnished_by, reference);

-- FORM GST INS-07. Its number is of the same series as the EBNs.
CREATE TABLE consolidated_bill (
    number         bigint      NOT NULL,
    transporter_id text        NOT NULL,
    vehicle_number text        NOT NULL,
    generated_at   timestamptz NOT NULL,
    valid_until    timestamptz NOT NULL,
    rulebook       text        NOT NULL,
    ebns           bigint[]    NOT NULL,
    moves          integer[]   NOT NULL,
    PRIMARY KEY (number)
) PARTITION BY RANGE (number);

-- Verifications in transit, r3; never changed. Their ids are of the series of the EBNs. The index finds earlier physical ones, r4(2).
CREATE TABLE verification (
    verification_id     bigint      PRIMARY KEY,
    ebn                 bigint      NOT NULL,
    first_ebn           bigint      NOT NULL,
    vehicle_number      text,
    verified_at         timestamptz NOT NULL,
    verified_by         text        NOT NULL,
    state               text        NOT NULL,
    place               text        NOT NULL,
    result              text        NOT NULL,
    remark              text,
    physical            boolean     NOT NULL,
    evasion_information text,
    approved_by         text
);
CREATE INDEX verification_bill ON verification (ebn);
CREATE INDEX verification_physical_chain ON verification (first_ebn, state) WHERE physical;
CREATE INDEX verification_physical_vehicle ON verification (vehicle_number, state, verified_at)
    WHERE physical;

-- What was recorded stands; a Part A gets its end, once.
CREATE FUNCTION guard_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = format('%s: what was recorded does not change',
                                                 TG_TABLE_NAME);
END $$;
CREATE TRIGGER guard_record BEFORE UPDATE ON verification
    FOR EACH ROW EXECUTE FUNCTION guard_record();
CREATE TRIGGER guard_record BEFORE UPDATE ON consolidated_bill
    FOR EACH ROW EXECUTE FUNCTION guard_record();
CREATE TRIGGER guard_record BEFORE UPDATE ON part_a
    FOR EACH ROW WHEN (
        num_nonnulls(OLD.ebn, OLD.withdrawn_at, OLD.given_up_at) > 0
        OR (NEW.reference, NEW.furnished_by, NEW.furnished_at, NEW.lapses_at, NEW.transporter_id,
            NEW.form, NEW.rulebook, NEW.financial_year, NEW.digest)
           IS DISTINCT FROM
           (OLD.reference, OLD.furnished_by, OLD.furnished_at, OLD.lapses_at, OLD.transporter_id,
            OLD.form, OLD.rulebook, OLD.financial_year, OLD.digest))
    EXECUTE FUNCTION guard_record();

-- What is owed to persons outside, written in the transaction of what it tells of: r1(6) proviso.
CREATE TABLE outbox (
    message_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text        NOT NULL,
    ebn        bigint      NOT NULL,
    mobile     text,
    email      text,
    created_at timestamptz NOT NULL,
    sent_at    timestamptz,
    CHECK (num_nonnulls(mobile, email) >= 1)
);
CREATE INDEX outbox_unsent ON outbox (message_id) WHERE sent_at IS NULL;

-- The partitions of a month in every table that numbers of the series lead to.
CREATE FUNCTION prepare_month(month date, first bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    part   text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['eway_bill', 'part_a', 'consolidated_bill'] LOOP
        part := parent || to_char(month, '_YYYY_MM');
        IF to_regclass(part) IS NULL THEN
            -- A table made apart and attached locks the parent less than PARTITION OF would.
            -- Changed rows stay on their page (fillfactor) since no indexed column changes with
            -- most of them.
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) WITH (fillfactor = 90)',
                           part, parent);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                           parent, part, first, first + 1000000000);
        END IF;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION lease_numbers(month date, size integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    code  integer := 100 + 12 * (extract(year FROM month)::integer - 2017)
                         + extract(month FROM month)::integer - 7;
    floor bigint  := code * 1000000000::bigint;
    first bigint;
BEGIN
    INSERT INTO ebn_month VALUES (code, 1) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        PERFORM prepare_month(month, floor);
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

SELECT prepare_month((make_date(2017, 7, 1) + make_interval(months => month_code - 100))::date,
                     month_code * 1000000000::bigint)
FROM ebn_month;
