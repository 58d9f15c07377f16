-- name: generate_eway_bills
-- Stores the bills whose document has no live bill yet; answers in one row the numbers of those stored,
-- null for none, each under the lock that keeps its vehicle's hot state from being filled meanwhile,
-- the epoch of the hot state (not positive while that is closed), and the newest of the Commissioner's
-- notifications.
WITH request AS MATERIALIZED (
    SELECT * FROM unnest($1::new_eway_bill[])
), claimed AS (
    INSERT INTO document_claim (financial_year, digest, ebn)
    SELECT financial_year, digest, ebn FROM request
    ON CONFLICT DO NOTHING RETURNING ebn
), stored AS (
    INSERT INTO eway_bill (
        ebn, version, rulebook, generated_by, generated_at, valid_until, acceptance_until, required,
        clause, supplier_gstin, recipient_gstin, place_of_dispatch, place_of_delivery,
        document_type, document_number, document_date, value_paise, hsn_code, reason_code,
        transport_document_number, mode, distance_km, distance_to_transporter_km, transporter_id,
        goods, supplier_contact, vehicle_number, vehicle_since, furnished_by, over_dimensional,
        renewed_from, first_generated_at, first_ebn, verified_at, irn
    )
    SELECT
        ebn, 1, rulebook, generated_by, to_timestamp(generated_at), to_timestamp(valid_until),
        to_timestamp(acceptance_until), required,
        clause, supplier_gstin, recipient_gstin, place_of_dispatch, place_of_delivery,
        document_type, document_number, document_date, value_paise, hsn_code, reason_code,
        transport_document_number, mode, distance_km, distance_to_transporter_km, transporter_id,
        goods, supplier_contact, vehicle_number, to_timestamp(vehicle_since), furnished_by,
        over_dimensional, renewed_from, to_timestamp(first_generated_at), first_ebn,
        to_timestamp(verified_at), irn
    FROM request JOIN claimed USING (ebn)
    RETURNING ebn, vehicle_number
)
SELECT
    array_agg(ebn) AS ebns,
    count(pg_advisory_xact_lock_shared(hashtextextended(vehicle_number, 0))) AS locks,
    (SELECT CASE WHEN is_open THEN epoch ELSE -epoch END FROM hot_state) AS hot_epoch,
    (SELECT coalesce(max(notification_id), 0) FROM notification) AS notification_version
FROM stored;

-- name: holders_of_documents
-- What holds documents, a bill or a Part A that waits, each with its position in the question. A
-- bill is all null where its month has been archived.
SELECT asked.position, part_a.reference, part_a.lapses_at, ARRAY[part_a.furnished_by, part_a.transporter_id,
       part_a.form ->> 'supplier_gstin', part_a.form ->> 'recipient_gstin'] AS part_a_parties,
       eway_bill.*
FROM unnest($1::smallint[], $2::bytea[]) WITH ORDINALITY AS asked (financial_year, digest, position)
JOIN document_claim AS claim USING (financial_year, digest)
LEFT JOIN eway_bill ON eway_bill.ebn = claim.ebn
LEFT JOIN part_a ON part_a.reference = claim.ebn;

-- name: change_eway_bills
-- Stores changed bills, each only if it is still at the version it was decided on; answers those
-- stored, locked as in generate_eway_bills, with the vehicles they were and are on, and the newest
-- notification. A bill that has ended gives up its document.
WITH request AS MATERIALIZED (
    SELECT * FROM unnest($1::changed_eway_bill[])
), changed AS (
    UPDATE eway_bill SET
        version = request.version,
        cancelled_at = request.cancelled_at,
        cancelled_by = request.cancelled_by,
        cancellation_reason = request.cancellation_reason,
        decision = request.decision,
        decided_at = request.decided_at,
        decision_remark = request.decision_remark,
        verified_at = request.verified_at,
        renewed_to = request.renewed_to,
        renewed_at = request.renewed_at,
        vehicle_number = request.vehicle_number,
        vehicle_since = request.vehicle_since,
        handed_to = request.handed_to,
        consolidated_number = request.consolidated_number,
        moves = request.moves,
        hand_overs = request.hand_overs
    FROM request
    WHERE eway_bill.ebn = request.ebn AND eway_bill.version = request.version - 1
    RETURNING request.*
), left_behind AS (
    INSERT INTO former_conveyance (vehicle_number, ebn, since, until)
    SELECT vehicle_before, ebn, vehicle_since_before, vehicle_since FROM changed
    WHERE vehicle_before <> vehicle_number
), released AS (
    DELETE FROM document_claim USING changed
    WHERE (changed.cancelled_at IS NOT NULL OR changed.renewed_to IS NOT NULL)
      AND document_claim.ebn = changed.ebn
      AND document_claim.financial_year = changed.financial_year
      AND document_claim.digest = changed.digest
)
SELECT
    ebn,
    vehicle_number,
    vehicle_before,
    pg_advisory_xact_lock_shared(ebn),
    pg_advisory_xact_lock_shared(hashtextextended(vehicle_number, 0)),
    pg_advisory_xact_lock_shared(hashtextextended(vehicle_before, 0)),
    (SELECT CASE WHEN is_open THEN epoch ELSE -epoch END FROM hot_state) AS hot_epoch,
    (SELECT coalesce(max(notification_id), 0) FROM notification) AS notification_version
FROM changed;

-- name: bills_by_ebn
-- Bills by their numbers.
SELECT * FROM eway_bill WHERE ebn = ANY($1::bigint[]);

-- name: stays_on_vehicles
-- The stays of bills on each vehicle that had not ended at an instant ($2), from a number on, so many
-- at most: first those that are live now ($5), of these first what nobody has verified, so that none
-- can be hidden behind others for ever; then the newest. What ended by leaving is as it was then.
SELECT asked.vehicle_number, stay.*
FROM unnest($1::text[]) AS asked (vehicle_number)
-- Vehicle by vehicle: joined any other way whole months would be read.
CROSS JOIN LATERAL (
    SELECT * FROM (
        SELECT ebn, greatest(vehicle_since, generated_at) AS since, NULL::timestamptz AS until,
               valid_until, cancelled_at, renewed_at, renewed_to, verified_at IS NOT NULL AS verified,
               consolidated_number, hsn_code, value_paise, place_of_dispatch, place_of_delivery
        FROM eway_bill
        WHERE vehicle_number = asked.vehicle_number AND ebn >= $3 AND valid_until >= $2
          AND (cancelled_at IS NULL OR cancelled_at >= $2)
          AND (renewed_at IS NULL OR renewed_at >= $2)
        UNION ALL
        SELECT ebn, former.since, former.until, valid_until, NULL, NULL, NULL, false,
               NULL, hsn_code, value_paise, place_of_dispatch, place_of_delivery
        FROM former_conveyance AS former JOIN eway_bill USING (ebn)
        WHERE former.vehicle_number = asked.vehicle_number AND former.until >= $2 AND ebn >= $3
    ) AS either
    CROSS JOIN LATERAL (
        SELECT until IS NULL AND cancelled_at IS NULL AND renewed_at IS NULL AND valid_until >= $5
    ) AS now (live)
    ORDER BY live DESC, live AND verified, ebn DESC
    LIMIT $4
) AS stay;

-- name: live_bills_after
-- A page of the bills that have not ended, still valid at an instant, by number, for rebuilding hot state.
SELECT ebn FROM eway_bill
WHERE ebn > $1 AND cancelled_at IS NULL AND renewed_to IS NULL AND valid_until >= $3
ORDER BY ebn LIMIT $2;

-- name: vehicles_after
-- A page of the vehicles that bills from a number on are on, by vehicle number; as above.
SELECT DISTINCT vehicle_number FROM eway_bill
WHERE vehicle_number > $1 AND ebn >= $3
ORDER BY vehicle_number LIMIT $2;

-- name: list_bills_as_supplier
-- A page of the bills of a supplier, newest first; every filter may be null.
SELECT bill.* FROM eway_bill AS bill
WHERE supplier_gstin = $1 AND ebn < $2 AND ebn >= $3 AND is_listed(bill, $4, $5, $6, $7, $8)
ORDER BY ebn DESC LIMIT $9;

-- name: list_bills_as_recipient
-- The same of a recipient.
SELECT bill.* FROM eway_bill AS bill
WHERE recipient_gstin = $1 AND recipient_gstin <> 'URP'
  AND ebn < $2 AND ebn >= $3 AND is_listed(bill, $4, $5, $6, $7, $8)
ORDER BY ebn DESC LIMIT $9;

-- name: list_bills_as_transporter
-- The same of whoever carries. Each of the two has an order and a limit of its own: without them all
-- that the transporter has would be read and sorted, for every page.
(SELECT bill.* FROM eway_bill AS bill
 WHERE transporter_id = $1 AND handed_to IS NULL
   AND ebn < $2 AND ebn >= $3 AND is_listed(bill, $4, $5, $6, $7, $8)
 ORDER BY ebn DESC LIMIT $9)
UNION ALL
(SELECT bill.* FROM eway_bill AS bill
 WHERE handed_to = $1 AND ebn < $2 AND ebn >= $3 AND is_listed(bill, $4, $5, $6, $7, $8)
 ORDER BY ebn DESC LIMIT $9)
ORDER BY ebn DESC LIMIT $9;

-- name: bills_of_documents
-- The bills that documents of one financial year have, each with its position.
SELECT asked.position, bill.ebn
FROM unnest($2::bytea[]) WITH ORDINALITY AS asked (digest, position)
-- Row by row: joined any other way the whole year would be read.
CROSS JOIN LATERAL (
    SELECT ebn FROM document_claim
    WHERE document_claim.financial_year = $1 AND document_claim.digest = asked.digest LIMIT 1
) AS claim
-- A claim may be that of a Part A.
CROSS JOIN LATERAL (SELECT ebn FROM eway_bill WHERE eway_bill.ebn = claim.ebn LIMIT 1) AS bill;

-- name: supplies_by_bill
-- Of a supplier's next bills after a number, how far they reach, and beside it each that was an
-- outward supply of a month at an instant, by number: neither cancelled nor renewed, and without an
-- invoice uploaded of the same document. One row of nulls where there is none.
WITH looked_at AS MATERIALIZED (
    SELECT ebn, generated_at, cancelled_at, renewed_at, document_type, document_number,
           document_date, reason_code, recipient_gstin, place_of_delivery, hsn_code, value_paise
    FROM eway_bill WHERE supplier_gstin = $1 AND ebn > $2 ORDER BY ebn LIMIT $3
)
SELECT reached.ebn AS reached, supply.*
FROM (SELECT max(ebn) AS ebn FROM looked_at) AS reached
LEFT JOIN (
    SELECT looked_at.* FROM looked_at
    LEFT JOIN LATERAL (
        SELECT invoice_claim.uploaded_at FROM invoice_claim
        WHERE looked_at.document_type = 'INVOICE'
          AND invoice_claim.financial_year = $8
          AND invoice_claim.supplier_gstin = $1
          AND invoice_claim.number = upper(looked_at.document_number)
        LIMIT 1
    ) AS invoiced ON true
    WHERE document_date BETWEEN $5 AND $6 AND generated_at <= $4
      AND (cancelled_at IS NULL OR cancelled_at > $4) AND (renewed_at IS NULL OR renewed_at > $4)
      AND reason_code = ANY($7::smallint[]) AND document_type = ANY($9::text[])
      AND (invoiced.uploaded_at IS NULL OR invoiced.uploaded_at > $4)
) AS supply ON true
ORDER BY supply.ebn;
