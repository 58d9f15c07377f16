-- Invoices uploaded for a reference number, r2(2).

-- An invoice's id is a month code as of an EBN and a serial of twelve digits: ids of a worker follow
-- each other, so the partition of an invoice is that of its upload, and a partition holds a hundred
-- million of them at most: the one structure written at random, the index by IRN, is then always
-- small enough for memory (docs/storage.md).
CREATE TABLE invoice_month (
    month_code  smallint PRIMARY KEY CHECK (month_code BETWEEN 100 AND 999),
    next_serial bigint NOT NULL CHECK (next_serial >= 1)
);

-- The partitions there are: their names, how many ids each has room for, and the first beyond it.
CREATE TABLE invoice_partition (
    name      text   PRIMARY KEY,
    ids       bigint NOT NULL,
    beyond_id bigint NOT NULL UNIQUE
);

-- No primary key: an invoice is found by its IRN, and `invoice_claim` holds it to be the only one.
CREATE TABLE invoice (
    invoice_id  bigint      NOT NULL,
    -- The first eight bytes of the IRN, which follows from the document as a whole.
    irn_key     bigint      NOT NULL,
    uploaded_at timestamptz NOT NULL,
    -- The form as normalised, compressed by ingest/invoice_document.py.
    document    bytea       NOT NULL
) PARTITION BY RANGE (invoice_id);
ALTER TABLE invoice ALTER COLUMN document SET STORAGE EXTERNAL;
CREATE INDEX invoice_irn ON invoice (irn_key);

-- One row an invoice number, and all that lists need. Its key begins with the supplier, not with a
-- digest: what one dealer uploads lies side by side, so a few pages of the index are written
-- however large it is.
CREATE TABLE invoice_claim (
    invoice_id     bigint      NOT NULL,
    uploaded_at    timestamptz NOT NULL,
    financial_year smallint    NOT NULL,
    -- The month code of the document's date, for GSTR-1.
    period         smallint    NOT NULL,
    supplier_gstin text        NOT NULL,
    number         text        NOT NULL,
    PRIMARY KEY (financial_year, supplier_gstin, number)
) PARTITION BY LIST (financial_year);

CREATE TYPE new_invoice_claim AS (
    invoice_id     bigint,
    uploaded_at    timestamptz,
    financial_year smallint,
    period         smallint,
    supplier_gstin text,
    number         text
);

CREATE FUNCTION prepare_invoice_year(year integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass(format('invoice_claim_%s', year)) IS NULL THEN
        EXECUTE format('CREATE TABLE invoice_claim_%1$s PARTITION OF invoice_claim
                        FOR VALUES IN (%1$s)', year);
    END IF;
END $$;

SELECT prepare_invoice_year(year) FROM generate_series(2017, 2027) AS year;

-- The first of `size` consecutive invoice ids of a month, never handed out before nor after. The
-- first lease that reaches into a partition makes it.
CREATE FUNCTION lease_invoice_ids(month date, size integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    code  integer := 100 + 12 * (extract(year FROM month)::integer - 2017)
                         + extract(month FROM month)::integer - 7;
    floor bigint  := code * 1000000000000::bigint;
    room  integer := 100000000;
    first bigint;
    part  integer;
    name  text;
BEGIN
    INSERT INTO invoice_month VALUES (code, 1) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        PERFORM prepare_invoice_year(year) FROM (
            SELECT DISTINCT extract(year FROM day - interval '3 months')::integer AS year
            FROM unnest(ARRAY[month, (month + interval '1 month')::date]) AS day) AS years;
    END IF;
    UPDATE invoice_month SET next_serial = next_serial + size
        WHERE month_code = code RETURNING next_serial - size INTO first;
    IF first + size > 1000000000000 THEN
        RAISE numeric_value_out_of_range
            USING MESSAGE = format('the invoice ids of %s are used up', month);
    END IF;
    FOR part IN first / room .. (first + size - 1) / room LOOP
        name := format('invoice_%s_%s', to_char(month, 'YYYY_MM'), lpad(part::text, 4, '0'));
        IF to_regclass(name) IS NULL THEN
            -- A table made apart and attached locks the parent less than PARTITION OF would.
            EXECUTE format('CREATE TABLE %I (LIKE invoice INCLUDING ALL)', name);
            EXECUTE format('ALTER TABLE invoice ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                           name, floor + part * room::bigint, floor + (part + 1) * room::bigint);
            INSERT INTO invoice_partition VALUES (name, room, floor + (part + 1) * room::bigint);
        END IF;
    END LOOP;
    RETURN floor + first;
END $$;

CREATE FUNCTION drop_invoice_partition(partition text) RETURNS void LANGUAGE plpgsql
SET lock_timeout = '100ms' AS $$
BEGIN
    DELETE FROM invoice_partition WHERE name = partition;
    IF NOT FOUND THEN
        RAISE undefined_table USING MESSAGE = format('%s is no partition of invoices', partition);
    END IF;
    EXECUTE format('ALTER TABLE invoice DETACH PARTITION %I', partition);
    EXECUTE format('DROP TABLE %I', partition);
END $$;
