-- name: owe_messages
-- Messages owed to persons outside, each of one kind about one bill.
INSERT INTO outbox (kind, ebn, mobile, email, created_at)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[]);
