-- Claims a supplier's invoice numbers if nobody has any of them. Else none is claimed and the answer is
-- false: an error would end the transaction, and be written into the log with every number.
CREATE FUNCTION claim_new_invoices(at timestamptz, supplier text, ids bigint[], years smallint[],
                                   periods smallint[], numbers text[]) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO invoice_claim
        (invoice_id, uploaded_at, financial_year, period, supplier_gstin, number)
    SELECT invoice_id, at, financial_year, period, supplier, number
    FROM unnest(ids, years, periods, numbers) AS new (invoice_id, financial_year, period, number);
    RETURN true;
EXCEPTION WHEN unique_violation THEN
    RETURN false;
END $$;
