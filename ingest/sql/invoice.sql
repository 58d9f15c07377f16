-- name: lease_invoice_ids
-- The first of a block of consecutive invoice ids of a month.
SELECT lease_invoice_ids($1, $2);

-- name: claim_invoices
-- Claims the numbers of invoices that nobody has; answers the ids of those claimed. Another
-- transaction claiming the same number is waited for.
WITH claimed AS (
    INSERT INTO invoice_claim
        (invoice_id, uploaded_at, financial_year, period, supplier_gstin, number)
    SELECT invoice_id, uploaded_at, financial_year, period, supplier_gstin, number
    FROM unnest($1::new_invoice_claim[])
    ON CONFLICT DO NOTHING RETURNING invoice_id
)
SELECT array_agg(invoice_id) FROM claimed;

-- name: claim_new_invoices
-- Whether numbers of a supplier, all of which nobody had, were claimed; else none of them is.
SELECT claim_new_invoices($1, $2, $3, $4, $5, $6);

-- name: invoices_claimed
-- The ids that hold invoice numbers, each with its position.
SELECT asked.position, claim.invoice_id
FROM unnest($1::smallint[], $2::text[], $3::text[]) WITH ORDINALITY
    AS asked (financial_year, supplier_gstin, number, position)
-- Row by row: joined any other way the whole year would be read.
CROSS JOIN LATERAL (
    SELECT invoice_id FROM invoice_claim
    WHERE invoice_claim.financial_year = asked.financial_year
      AND invoice_claim.supplier_gstin = asked.supplier_gstin
      AND invoice_claim.number = asked.number
    LIMIT 1
) AS claim;

-- name: invoices_by_irn
-- The invoices whose IRN begins in one of these ways, uploaded between two ids.
SELECT found.* FROM unnest($1::bigint[]) AS asked (irn_key)
-- Key by key: of a partition not analysed yet the planner would rather read all.
CROSS JOIN LATERAL (
    SELECT invoice_id, uploaded_at, document FROM invoice
    WHERE invoice.irn_key = asked.irn_key AND invoice_id BETWEEN $2 AND $3
    OFFSET 0
) AS found;

-- name: years_of_invoice_number
-- The financial years in which a supplier's document number is an invoice's, newest first.
SELECT financial_year FROM invoice_claim
WHERE supplier_gstin = $1 AND number = $2 ORDER BY financial_year DESC;

-- name: invoice_partitions_below
-- The partitions of invoices whose ids are all below one, the oldest first.
SELECT name FROM id_partition WHERE parent = 'invoice' AND beyond_id <= $1 ORDER BY beyond_id;

-- name: ids_of_invoice_partition
-- The first id of a partition and the first beyond it, while it is in the record.
SELECT beyond_id - ids, beyond_id FROM id_partition WHERE parent = 'invoice' AND name = $1;

-- name: count_invoices_between
-- How many invoices there are from an id on and below another.
SELECT count(*) FROM invoice WHERE invoice_id >= $1 AND invoice_id < $2;

-- name: invoices_between
-- Every invoice from an id on and below another, as it lies there.
SELECT uploaded_at, document FROM invoice WHERE invoice_id >= $1 AND invoice_id < $2;

-- name: hold_archive
-- Whether this session has the one turn to archive now.
SELECT pg_try_advisory_lock(1, 3);

-- name: release_archive
-- Gives that turn back.
SELECT pg_advisory_unlock(1, 3);

-- name: drop_invoice_partition
-- Takes a partition out of the record; whoever waits behind it waits a tenth of a second at most.
SELECT drop_invoice_partition($1);

-- name: read_along_indexes
-- For this transaction: a page is read along its index. Where nothing is known of a partition yet,
-- the planner would rather read and sort all that follows, for every page.
SET LOCAL enable_sort = off;

-- name: supplier_invoice_numbers
-- Among a supplier's next invoice numbers of a year after a number, those of a month that were
-- uploaded by an instant, by number, and beside each how far was looked: null where nothing follows.
-- One row without a number where there is none. The looking ends with the last that has room.
WITH found AS MATERIALIZED (
    SELECT number, invoice_id FROM (
        SELECT number, invoice_id, period, uploaded_at FROM invoice_claim
        WHERE financial_year = $1 AND supplier_gstin = $2 AND number > $3
        ORDER BY number LIMIT $4
    ) AS looked_at
    WHERE period = $5 AND uploaded_at <= $6
    ORDER BY number LIMIT $7
)
SELECT reached.number AS reached, found.number, found.invoice_id
FROM (
    SELECT CASE WHEN (SELECT count(*) FROM found) = $7 THEN (SELECT max(number) FROM found)
        ELSE (
            SELECT number FROM invoice_claim
            WHERE financial_year = $1 AND supplier_gstin = $2 AND number > $3
            ORDER BY number OFFSET $4::bigint - 1 LIMIT 1
        ) END AS number
) AS reached
LEFT JOIN found ON true
ORDER BY found.number;

-- name: search_briefly
-- For this transaction: a search through all suppliers is given up after a second.
SET LOCAL statement_timeout = '1s';

-- name: suppliers_of_invoice_number
-- Suppliers and financial years of which a document number is an invoice's. The key begins with
-- these, so one is leapt to after the other: a few microseconds each, however many invoices it has.
WITH RECURSIVE supplier AS (
    (SELECT financial_year, supplier_gstin FROM invoice_claim
     ORDER BY financial_year, supplier_gstin LIMIT 1)
    UNION ALL
    SELECT following.* FROM supplier CROSS JOIN LATERAL (
        SELECT financial_year, supplier_gstin FROM invoice_claim
        WHERE (invoice_claim.financial_year, invoice_claim.supplier_gstin)
            > (supplier.financial_year, supplier.supplier_gstin)
        ORDER BY financial_year, supplier_gstin LIMIT 1
    ) AS following
)
SELECT financial_year, supplier_gstin FROM supplier
WHERE EXISTS (
    SELECT FROM invoice_claim
    WHERE invoice_claim.financial_year = supplier.financial_year
      AND invoice_claim.supplier_gstin = supplier.supplier_gstin
      AND invoice_claim.number = $1
)
LIMIT $2;
