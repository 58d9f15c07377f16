-- Reads of RFID tags at checkpoints, each a verification of all that was valid on the conveyance, r3(2).

-- Ids that say their month and their partition, as invoices have them, for whatever else is written by
-- the million: a month code as of an EBN and a serial of twelve digits.
ALTER TABLE invoice_month RENAME TO id_month;
ALTER TABLE id_month ADD parent text NOT NULL DEFAULT 'invoice';
ALTER TABLE id_month ALTER parent DROP DEFAULT;
ALTER TABLE id_month DROP CONSTRAINT invoice_month_pkey, ADD PRIMARY KEY (parent, month_code);

ALTER TABLE invoice_partition RENAME TO id_partition;
ALTER TABLE id_partition ADD parent text NOT NULL DEFAULT 'invoice';
ALTER TABLE id_partition ALTER parent DROP DEFAULT;
ALTER TABLE id_partition DROP CONSTRAINT invoice_partition_beyond_id_key,
    ADD UNIQUE (parent, beyond_id);

-- The first of `size` consecutive ids of a month for the rows of a table, never handed out before nor
-- after. The first lease that reaches into a partition, of `room` ids, makes it.
CREATE FUNCTION lease_ids(owner text, room integer, month date, size integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    code  integer := 100 + 12 * (extract(year FROM month)::integer - 2017)
                         + extract(month FROM month)::integer - 7;
    floor bigint  := code * 1000000000000::bigint;
    first bigint;
    part  integer;
    name  text;
BEGIN
    INSERT INTO id_month (parent, month_code, next_serial) VALUES (owner, code, 1)
        ON CONFLICT DO NOTHING;
    UPDATE id_month SET next_serial = next_serial + size
        WHERE parent = owner AND month_code = code RETURNING next_serial - size INTO first;
    IF first + size > 1000000000000 THEN
        RAISE numeric_value_out_of_range
            USING MESSAGE = format('the %s ids of %s are used up', owner, month);
    END IF;
    FOR part IN first / room .. (first + size - 1) / room LOOP
        name := format('%s_%s_%s', owner, to_char(month, 'YYYY_MM'), lpad(part::text, 4, '0'));
        IF to_regclass(name) IS NULL THEN
            -- A table made apart and attached locks the parent less than PARTITION OF would.
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', name, owner);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', owner,
                           name, floor + part * room::bigint, floor + (part + 1) * room::bigint);
            INSERT INTO id_partition (parent, name, ids, beyond_id)
                VALUES (owner, name, room, floor + (part + 1) * room::bigint);
        END IF;
    END LOOP;
    RETURN floor + first;
END $$;

CREATE OR REPLACE FUNCTION lease_invoice_ids(month date, size integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    first bigint := lease_ids('invoice', 100000000, month, size);
BEGIN
    IF first % 1000000000000 = 1 THEN
        -- Invoices of this month and, where the clock in India is ahead, of the next.
        PERFORM prepare_invoice_year(year) FROM (
            SELECT DISTINCT extract(year FROM day - interval '3 months')::integer AS year
            FROM unnest(ARRAY[month, (month + interval '1 month')::date]) AS day) AS years;
    END IF;
    RETURN first;
END $$;

CREATE OR REPLACE FUNCTION drop_invoice_partition(partition text) RETURNS void LANGUAGE plpgsql
SET lock_timeout = '100ms' AS $$
BEGIN
    DELETE FROM id_partition WHERE parent = 'invoice' AND name = partition;
    IF NOT FOUND THEN
        RAISE undefined_table USING MESSAGE = format('%s is no partition of invoices', partition);
    END IF;
    EXECUTE format('ALTER TABLE invoice DETACH PARTITION %I', partition);
    EXECUTE format('DROP TABLE %I', partition);
END $$;

-- One row a read, whatever was on board: `ebns` are the bills it verified, `not_verified` those that
-- let it pass and had been cancelled when it came in. Never changed.
CREATE TABLE rfid_read (
    read_number    bigint      NOT NULL,
    read_at        timestamptz NOT NULL,
    received_at    timestamptz NOT NULL,
    reader_id      text        NOT NULL,
    read_id        text        NOT NULL,
    tag            text        NOT NULL,
    vehicle_number text,
    state          text        NOT NULL,
    place          text        NOT NULL,
    decision       text        NOT NULL,
    reasons        text[]      NOT NULL,
    ebns           bigint[]    NOT NULL,
    not_verified   bigint[]    NOT NULL,
    PRIMARY KEY (read_number)
) PARTITION BY RANGE (read_number);
CREATE INDEX rfid_read_vehicle ON rfid_read (vehicle_number, read_at)
    WHERE vehicle_number IS NOT NULL;
CREATE TRIGGER guard_record BEFORE UPDATE ON rfid_read
    FOR EACH ROW EXECUTE FUNCTION guard_record();

-- What a reader has sent of late: the primary key is the arbiter between workers. Swept, since a read
-- as old as that is refused.
CREATE TABLE rfid_read_claim (
    reader_id   text        NOT NULL,
    read_id     text        NOT NULL,
    read_at     timestamptz NOT NULL,
    read_number bigint      NOT NULL,
    PRIMARY KEY (reader_id, read_id)
);
CREATE INDEX rfid_read_claim_age ON rfid_read_claim (read_at);
