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
SELECT name FROM invoice_partition WHERE beyond_id <= $1 ORDER BY beyond_id;

-- name: invoices_of_partition
-- Every invoice of one partition, as it lies there.
SELECT uploaded_at, document FROM invoice
WHERE invoice_id >= (SELECT beyond_id - ids FROM invoice_partition WHERE name = $1)
  AND invoice_id < (SELECT beyond_id FROM invoice_partition WHERE name = $1);

-- name: drop_invoice_partition
-- Takes a partition out of the record; whoever waits behind it waits two seconds at most.
SELECT drop_invoice_partition($1);

-- name: read_along_indexes
-- For this transaction: a page is read along its index. Where nothing is known of a partition yet,
-- the planner would rather read and sort all that follows, for every page.
SET LOCAL enable_sort = off;

-- name: supplier_invoice_numbers
-- A page of a supplier's invoice numbers of a month that were uploaded by an instant, by number,
-- from a number on.
SELECT number, invoice_id FROM invoice_claim
WHERE financial_year = $1 AND supplier_gstin = $2 AND period = $3 AND number > $4
  AND uploaded_at <= $5
ORDER BY number LIMIT $6;

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
