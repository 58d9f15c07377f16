-- name: notifications_after
-- The notifications stored after one, in the order of their commits.
SELECT * FROM notification WHERE notification_id > $1 ORDER BY notification_id;

-- name: post_notification
-- Stores a notification unless there is one of its number; for whoever holds the lock of
-- lock_hot_state, so that no bill is being stored meanwhile and ids are committed in order.
INSERT INTO notification (
    number, kind, effective_from, effective_until, title, hsn_prefixes, additional_days,
    transporter_class, states, documents, posted_by, posted_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (number) DO NOTHING RETURNING *;
