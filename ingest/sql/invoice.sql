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
