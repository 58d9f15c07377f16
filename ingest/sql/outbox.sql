-- name: owe_messages
-- Messages owed to persons outside, each of one kind.
INSERT INTO outbox (kind, mobile, email, ebn, gstin, reply, client_id, idempotency_key,
                    created_at, due_at, expires_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bytea[],
                     $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[],
                     $11::timestamptz[]);

-- name: take_back_replies
-- Replies owed for what was refused after all.
DELETE FROM outbox USING unnest($1::text[], $2::text[]) AS given_up (client_id, idempotency_key)
WHERE outbox.client_id = given_up.client_id
  AND outbox.idempotency_key = given_up.idempotency_key;
