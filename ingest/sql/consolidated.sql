-- name: store_consolidated_bill
-- Stores a consolidated bill.
INSERT INTO consolidated_bill
    (number, transporter_id, vehicle_number, generated_at, valid_until, rulebook, ebns, moves)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: consolidated_bill
-- One consolidated bill.
SELECT * FROM consolidated_bill WHERE number = $1;
