-- name: lease_read_numbers
-- The first of a block of consecutive numbers of reads of a month.
SELECT lease_ids('rfid_read', 50000000, $1, $2);

-- name: claim_reads
-- Claims the read ids of readers; answers the numbers of those nobody had claimed. Another
-- transaction claiming the same is waited for.
INSERT INTO rfid_read_claim (reader_id, read_id, read_at, read_number)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[])
ON CONFLICT DO NOTHING RETURNING read_number;

-- name: lock_bills
-- Bills by their numbers; nobody else changes them until the transaction ends.
SELECT * FROM eway_bill WHERE ebn = ANY($1::bigint[]) ORDER BY ebn FOR UPDATE;

-- name: store_reads
-- Stores reads.
INSERT INTO rfid_read SELECT * FROM unnest($1::rfid_read[]);

-- name: claimed_reads
-- The reads that were counted under read ids of readers, each with its position in the question.
SELECT asked.position, read.*
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (reader_id, read_id, position)
JOIN rfid_read_claim AS claim USING (reader_id, read_id)
-- Row by row: joined any other way whole months would be read.
CROSS JOIN LATERAL (
    SELECT * FROM rfid_read WHERE rfid_read.read_number = claim.read_number LIMIT 1
) AS read;

-- name: sweep_read_claims
-- Deletes some claims of reads older than an instant; another sweeper's rows are passed over.
DELETE FROM rfid_read_claim WHERE ctid IN (
    SELECT ctid FROM rfid_read_claim WHERE read_at < $1
    ORDER BY read_at LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING 1;

-- name: reads_of_vehicle
-- The reads of a vehicle before an instant and, of that instant, below a number, newest first.
SELECT * FROM rfid_read WHERE vehicle_number = $1 AND (read_at, read_number) < ($2, $3)
ORDER BY read_at DESC, read_number DESC LIMIT $4;

-- name: vehicles_of_tags_then
-- The vehicles that tags were mapped to, each at an instant of its own: from the first instant of a
-- mapping on, and until before its last.
SELECT asked.position, mapping.vehicle_number, mapping.since
FROM unnest($1::text[], $2::timestamptz[]) WITH ORDINALITY AS asked (tag, read_at, position)
CROSS JOIN LATERAL (
    SELECT vehicle_number, since FROM rfid_tag
    WHERE rfid_tag.tag = asked.tag AND since <= asked.read_at
    UNION ALL
    SELECT vehicle_number, since FROM rfid_tag_history
    WHERE rfid_tag_history.tag = asked.tag AND since <= asked.read_at AND until > asked.read_at
    LIMIT 1
) AS mapping;
