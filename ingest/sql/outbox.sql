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

-- name: owe_notices
-- Notices of new bills to the numbers that want them, r1(9): to the recipient, of what others
-- generated, at once; to whoever carries, some time before the bill expires ($7). OFFSET 0 has each
-- bill's numbers looked up by its GSTIN, however few numbers the planner takes for wanting any.
WITH bill AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[],
                         $6::timestamptz[])
        AS bill (ebn, recipient, carrier, generated_at, acceptance_until, valid_until)
)
INSERT INTO outbox (kind, mobile, ebn, gstin, created_at, due_at, expires_at)
SELECT 'GENERATED_AGAINST_YOU', wanting.mobile, ebn, gstin, generated_at, generated_at,
       acceptance_until
FROM bill CROSS JOIN LATERAL (
    SELECT mobile, gstin FROM sms_registration
    WHERE gstin = recipient AND confirmed_at IS NOT NULL AND ended_at IS NULL
      AND notices <> '{}' AND 'GENERATED_AGAINST_YOU' = ANY (notices)
    OFFSET 0
) AS wanting
UNION ALL
SELECT 'EXPIRES_SOON', wanting.mobile, ebn, gstin, generated_at,
       greatest(valid_until - $7::interval, generated_at), valid_until
FROM bill CROSS JOIN LATERAL (
    SELECT mobile, gstin FROM sms_registration
    WHERE gstin = carrier AND confirmed_at IS NOT NULL AND ended_at IS NULL
      AND notices <> '{}' AND 'EXPIRES_SOON' = ANY (notices)
    OFFSET 0
) AS wanting;

-- name: notices_wanted
-- Whether any number wants to be told of anything.
SELECT EXISTS (
    SELECT FROM sms_registration
    WHERE confirmed_at IS NOT NULL AND ended_at IS NULL AND notices <> '{}'
) AS wanted;

-- name: lease_messages
-- Leases messages of one line that are due at an instant ($1) until another ($2), but for those
-- that another sender is leasing.
WITH due AS MATERIALIZED (
    SELECT message_id FROM outbox
    WHERE line = $4 AND due_at <= $1 AND expires_at >= $1
      AND sent_at IS NULL AND dead_at IS NULL AND mobile IS NOT NULL
    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE outbox SET due_at = $2, attempts = attempts + 1
FROM due WHERE outbox.message_id = due.message_id
RETURNING outbox.message_id, kind, mobile, ebn, gstin, reply, created_at, expires_at, attempts;

-- name: recipients_of_messages
-- What is known of numbers, a row a registration and at least one a number: those that have not
-- ended, and of those that STOP ended or that were confirmed the one that ended last.
SELECT asked.mobile AS asked_mobile, number.language AS number_language, registration.*
FROM unnest($1::text[]) AS asked (mobile)
LEFT JOIN sms_number AS number USING (mobile)
LEFT JOIN LATERAL (
    SELECT * FROM sms_registration AS live
    WHERE live.mobile = asked.mobile AND ended_at IS NULL
    UNION ALL
    (SELECT * FROM sms_registration AS ended
     WHERE ended.mobile = asked.mobile AND ended_at IS NOT NULL
       AND (ended_why = 'STOPPED' OR confirmed_at IS NOT NULL)
     ORDER BY ended_at DESC LIMIT 1)
) AS registration ON true;

-- name: admit_messages
-- Counts messages among what their recipients are told within a time ($3), unless that would be
-- more than there may be ($4); answers those that count, by now or already.
UPDATE outbox SET counted_at = coalesce(counted_at, asked.at)
FROM unnest($1::bigint[], $2::timestamptz[]) AS asked (message_id, at)
WHERE outbox.message_id = asked.message_id AND (
    outbox.counted_at IS NOT NULL OR $4 > (
        SELECT count(*) FROM (
            SELECT FROM outbox AS told
            WHERE told.mobile = outbox.mobile AND told.counted_at > asked.at - $3::interval
            LIMIT $4
        ) AS told
    )
)
RETURNING outbox.message_id;

-- name: mark_messages
-- What became of leased messages: sent, dead, or due again. What was sent is marked whoever has the
-- lease by now; all else only by whoever has it. The condition is no conjunction: by that the planner
-- would take the unsent for few, and look through all of them for each message of the batch.
UPDATE outbox SET
    sent_at = became.sent_at,
    carrier_id = became.carrier_id,
    dead_at = became.dead_at,
    dead_reason = became.dead_reason,
    due_at = coalesce(became.again_at, outbox.due_at)
FROM unnest($1::bigint[], $2::smallint[], $3::timestamptz[], $4::text[], $5::timestamptz[],
            $6::text[], $7::timestamptz[])
    AS became (message_id, attempts, sent_at, carrier_id, dead_at, dead_reason, again_at)
WHERE outbox.message_id = became.message_id
  AND CASE WHEN coalesce(outbox.sent_at, outbox.dead_at) IS NULL
           THEN became.sent_at IS NOT NULL OR outbox.attempts = became.attempts END;

-- name: drop_messages
-- Messages that are owed no longer, for whoever leased them. The condition is as above.
DELETE FROM outbox USING unnest($1::bigint[], $2::smallint[]) AS dropped (message_id, attempts)
WHERE outbox.message_id = dropped.message_id
  AND CASE WHEN coalesce(sent_at, dead_at) IS NULL
           THEN outbox.attempts = dropped.attempts END;

-- name: keep_receipts
-- Carriers' receipts of messages sent after an instant ($4): delivered, or dead where there is a
-- reason; the first word of each counts. Answers those of which there is a message.
WITH receipt AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[])
        AS receipt (carrier_id, at, dead_reason)
), kept AS (
    UPDATE outbox SET
        delivered_at = CASE WHEN receipt.dead_reason IS NULL THEN greatest(at, sent_at) END,
        dead_at = CASE WHEN receipt.dead_reason IS NOT NULL THEN greatest(at, sent_at) END,
        dead_reason = receipt.dead_reason
    FROM receipt
    WHERE outbox.carrier_id = receipt.carrier_id
      AND CASE WHEN coalesce(delivered_at, dead_at) IS NULL THEN sent_at > $4 END
)
SELECT DISTINCT carrier_id FROM outbox JOIN receipt USING (carrier_id) WHERE sent_at > $4;

-- name: bury_expired_messages
-- Makes dead letters of some messages that nobody sent in time and nobody is sending.
UPDATE outbox SET dead_at = $1, dead_reason = 'expired'
WHERE message_id = ANY (ARRAY(
    SELECT message_id FROM outbox
    WHERE line IN ('passwords', 'replies', 'others') AND due_at <= $1 AND expires_at < $1
      AND sent_at IS NULL AND dead_at IS NULL AND mobile IS NOT NULL
    ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
)) RETURNING message_id;

-- name: sweep_messages
-- Deletes some messages that expired before an instant, whatever became of them; another sweeper's
-- rows are passed over.
DELETE FROM outbox WHERE message_id = ANY (ARRAY(
    SELECT message_id FROM outbox WHERE expires_at < $1
    ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
)) RETURNING message_id;

-- name: count_messages
-- How many messages of each line are due before an instant, when the oldest of those somebody awaits
-- was owed, and how many are dead: each up to so many.
WITH due AS (
    SELECT each.line, waiting.created_at
    FROM unnest(ARRAY['passwords', 'replies', 'others']) AS each (line)
    CROSS JOIN LATERAL (
        SELECT created_at FROM outbox
        WHERE outbox.line = each.line AND due_at <= $1
          AND sent_at IS NULL AND dead_at IS NULL AND mobile IS NOT NULL LIMIT $2
    ) AS waiting
)
SELECT count(*) FILTER (WHERE line = 'passwords') AS passwords,
       count(*) FILTER (WHERE line = 'replies') AS replies,
       count(*) FILTER (WHERE line = 'others') AS others,
       min(created_at) FILTER (WHERE line <> 'others') AS oldest,
       (SELECT count(*) FROM (SELECT FROM outbox WHERE dead_at IS NOT NULL LIMIT $2) AS dead) AS dead
FROM due;

-- name: dead_letters
-- Messages that will not be delivered, those owed last first, from below one on.
SELECT message_id, kind, mobile, ebn, created_at, attempts, sent_at, dead_at, dead_reason
FROM outbox WHERE dead_at IS NOT NULL AND message_id < $1 ORDER BY message_id DESC LIMIT $2;
