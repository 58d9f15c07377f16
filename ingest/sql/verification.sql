-- name: lock_physical_verifications
-- Physical verifications of one bill or vehicle in one State wait for each other; the places are
-- given in their order, so that two transactions never wait in a circle.
SELECT pg_advisory_xact_lock(2, hashtext(place)) FROM unnest($1::text[]) AS place;

-- name: physically_verified
-- Whether a bill, or its vehicle since an instant, was physically verified in a State, r4(2).
SELECT EXISTS (SELECT FROM verification WHERE physical AND ebn = $1 AND state = $3)
    OR EXISTS (SELECT FROM verification WHERE physical AND vehicle_number = $2 AND state = $3
               AND verified_at >= $4);

-- name: store_verifications
-- Stores verifications.
INSERT INTO verification
    (verification_id, ebn, vehicle_number, verified_at, verified_by, state, place, result, remark,
     physical, evasion_information, approved_by)
SELECT * FROM unnest(
    $1::bigint[], $2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::boolean[], $11::text[], $12::text[]
);
