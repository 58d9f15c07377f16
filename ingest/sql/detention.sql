-- name: next_detention_number
-- The number of a new detention.
SELECT nextval('detention_number');

-- name: record_detention
-- Stores a new detention.
INSERT INTO detention (
    detention_id, recorded_by, recorded_at, ebn, place, detained_from, detained_until, officer_name
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: detentions_of_bill
-- The detentions reported of a bill below a number, newest first.
SELECT * FROM detention WHERE ebn = $1 AND detention_id < $2
ORDER BY detention_id DESC LIMIT $3;
