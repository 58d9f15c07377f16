-- name: lease_invoice_ids
-- The first of a block of consecutive invoice ids of a month.
SELECT lease_invoice_ids($1, $2);

-- name: claim_invoices
-- Claims the numbers of invoices that nobody has; answers the ids of those claimed. Another
-- transaction claiming the same number is waited for.
INSERT INTO invoice_claim (invoice_id, financial_year, supplier_gstin, number)
SELECT invoice_id, financial_year, supplier_gstin, number FROM unnest($1::new_invoice_claim[])
ON CONFLICT DO NOTHING RETURNING invoice_id;

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
SELECT invoice_id, irn_key, uploaded_at, document FROM invoice
WHERE irn_key = ANY($1::bigint[]) AND invoice_id BETWEEN $2 AND $3;

-- name: years_of_invoice_number
-- The financial years in which a supplier's document number is an invoice's, newest first.
SELECT financial_year FROM invoice_claim
WHERE supplier_gstin = $1 AND number = $2 ORDER BY financial_year DESC;

-- name: read_along_indexes
-- For this transaction: a page is read along its index. Where nothing is known of a partition yet,
-- the planner would rather read and sort all that follows, for every page.
SET LOCAL enable_sort = off;

-- name: supplier_invoices
-- A page of a supplier's invoices of a month that were uploaded by an instant, by id, from an id
-- on; it ends with the invoice that fills a number of bytes.
SELECT invoice_id, document FROM (
    SELECT invoice_id, document,
           sum(octet_length(document)) OVER (ORDER BY invoice_id) - octet_length(document) AS before
    FROM (
        SELECT invoice_id, document FROM invoice
        WHERE supplier_gstin = $1 AND period = $2 AND invoice_id > $3 AND uploaded_at <= $4
        ORDER BY invoice_id LIMIT $5
    ) AS page
) AS measured
WHERE before < $6 ORDER BY invoice_id;
