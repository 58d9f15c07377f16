-- name: next_inspection_number
-- The number of a new inspection.
SELECT nextval('inspection_number');

-- name: record_inspection
-- Stores a new inspection: Part A of its report.
INSERT INTO inspection (
    inspection_id, recorded_by, state, recorded_at, summary_due, final_due, officer_name, place,
    inspected_at, vehicle_number, ebn, document_date, document_number, person_in_charge,
    goods_description, declared_quantity, declared_value_paise, discrepancy, detained, released_at
) VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20
);

-- name: record_final_report
-- Stores Part B of an inspection that has none; answers whether it was stored.
UPDATE inspection SET final = $2, final_recorded_at = $3
WHERE inspection_id = $1 AND final IS NULL RETURNING inspection_id;

-- name: inspection_by_id
-- One inspection.
SELECT * FROM inspection WHERE inspection_id = $1;
