-- name: claim_answers
-- Keeps answers under their idempotency keys; answers the keys that were free or whose answer is
-- kept no longer at the given instant. Another transaction holding a key is waited for.
INSERT INTO replayable_answer
    (client_id, idempotency_key, request_digest, status, body, kept_until)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::smallint[], $5::bytea[],
                     $6::timestamptz[])
ON CONFLICT (client_id, idempotency_key) DO UPDATE SET
    request_digest = EXCLUDED.request_digest, status = EXCLUDED.status,
    body = EXCLUDED.body, kept_until = EXCLUDED.kept_until
    WHERE replayable_answer.kept_until < $7
RETURNING client_id, idempotency_key;

-- name: stored_answers
-- The answers still kept under idempotency keys at an instant, each with its position.
SELECT asked.position, answer.request_digest, answer.status, answer.body
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY
    AS asked (client_id, idempotency_key, position)
JOIN replayable_answer AS answer USING (client_id, idempotency_key)
WHERE answer.kept_until >= $3;

-- name: drop_answers
-- Gives up keys whose request was refused after they were claimed.
DELETE FROM replayable_answer USING unnest($1::text[], $2::text[])
    AS given_up (client_id, idempotency_key)
WHERE replayable_answer.client_id = given_up.client_id
  AND replayable_answer.idempotency_key = given_up.idempotency_key;

-- name: sweep_answers
-- Deletes some answers kept no longer at an instant; another sweeper's rows are passed over.
DELETE FROM replayable_answer WHERE ctid IN (
    SELECT ctid FROM replayable_answer WHERE kept_until < $1
    ORDER BY kept_until LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING client_id;
