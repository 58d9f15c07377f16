-- The conveyances a bill was on before the one it is on, for lanes: a lorry that its bill has left is
-- told why it is stopped, and a read of an earlier instant finds what was on board then. What a bill
-- was when it left does not change any more.
CREATE TABLE former_conveyance (
    vehicle_number text        NOT NULL,
    ebn            bigint      NOT NULL,
    since          timestamptz NOT NULL,
    until          timestamptz NOT NULL
) PARTITION BY RANGE (ebn);
CREATE INDEX former_conveyance_vehicle ON former_conveyance (vehicle_number, until);
CREATE TRIGGER guard_record BEFORE UPDATE ON former_conveyance
    FOR EACH ROW EXECUTE FUNCTION guard_record();

ALTER TYPE changed_eway_bill ADD ATTRIBUTE vehicle_since_before timestamptz;

CREATE OR REPLACE FUNCTION prepare_month(month date, first bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    part   text;
BEGIN
    FOREACH parent IN ARRAY
        ARRAY['eway_bill', 'part_a', 'consolidated_bill', 'former_conveyance'] LOOP
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

SELECT prepare_month((make_date(2017, 7, 1) + make_interval(months => month_code - 100))::date,
                     month_code * 1000000000::bigint)
FROM ebn_month;

-- Of the transfers there were before: each move ended what the one before it began.
INSERT INTO former_conveyance (vehicle_number, ebn, since, until)
SELECT vehicle_number, ebn, since, until
FROM (SELECT ebn, generated_at, moves FROM eway_bill WHERE moves IS NOT NULL) AS bill
CROSS JOIN LATERAL (
    SELECT move ->> 'from_vehicle_number' AS vehicle_number,
           coalesce((lag(move ->> 'at') OVER (ORDER BY position))::timestamptz, generated_at) AS since,
           (move ->> 'at')::timestamptz AS until
    FROM jsonb_array_elements(moves) WITH ORDINALITY AS m (move, position)
) AS former
WHERE vehicle_number IS NOT NULL;
