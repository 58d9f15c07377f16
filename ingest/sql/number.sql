-- name: lease_numbers
-- The first of a block of consecutive e-way bill numbers of a month.
SELECT lease_numbers($1, $2);
