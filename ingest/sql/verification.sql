-- name: lock_physical_verifications
-- Physical verifications of one bill or vehicle in one State wait for each other; the places are
-- given in their order, so that two transactions never wait in a circle.
SELECT pg_advisory_xact_lock(2, hashtext(place)) FROM unnest($1::text[]) AS place;

-- name: physically_verified
-- Whether a chain of renewed bills, or its vehicle since an instant, was physically verified in a
-- State, r4(2).
SELECT EXISTS (SELECT FROM verification WHERE physical AND first_ebn = $1 AND state = $3)
    OR EXISTS (SELECT FROM verification WHERE physical AND vehicle_number = $2 AND state = $3
               AND verified_at >= $4);

-- name: store_verifications
-- Stores verifications of bills that are at the version they were verified at still; answers them.
INSERT INTO verification
    (verification_id, ebn, first_ebn, vehicle_number, verified_at, verified_by, state, place,
     result, remark, physical, evasion_information, approved_by)
SELECT request.verification_id, request.ebn, request.first_ebn, request.vehicle_number,
       request.verified_at, request.verified_by, request.state, request.place, request.result,
       request.remark, request.physical, request.evasion_information, request.approved_by
FROM unnest(
    $1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[],
    $7::text[], $8::text[], $9::text[], $10::text[], $11::boolean[], $12::text[], $13::text[],
    $14::integer[]
) AS request (
    verification_id, ebn, first_ebn, vehicle_number, verified_at, verified_by, state, place,
    result, remark, physical, evasion_information, approved_by, version
)
JOIN eway_bill ON eway_bill.ebn = request.ebn AND eway_bill.version = request.version
RETURNING ebn;
