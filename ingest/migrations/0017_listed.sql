-- Whether a list shows a bill; every filter may be null. The planner puts the body in the place of a
-- call, so this is said once for the statements of all roles and costs what it did in each.
CREATE FUNCTION is_listed(bill eway_bill, generated_from timestamptz, generated_to timestamptz,
                          number text, wanted text, at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT (generated_from IS NULL OR bill.generated_at >= generated_from)
       AND (generated_to IS NULL OR bill.generated_at <= generated_to)
       AND (number IS NULL OR upper(bill.document_number) = upper(number))
       -- As eway_bill.status says it of one bill; a test holds the two together.
       AND (wanted IS NULL OR wanted = CASE WHEN bill.cancelled_at IS NOT NULL THEN 'CANCELLED'
                                            WHEN bill.renewed_to IS NOT NULL THEN 'RENEWED'
                                            WHEN bill.valid_until >= at THEN 'ACTIVE'
                                            ELSE 'EXPIRED' END)
$$;
