-- name: read_hot_state
-- The epoch of the hot state, whether it is open, and the Redis process it belongs to.
SELECT epoch, is_open, run_id FROM hot_state;

-- name: close_hot_state
-- Closes an epoch: no writer need tell Redis, and in a moment no reader believes it.
UPDATE hot_state SET is_open = false WHERE epoch = $1 AND is_open;

-- name: wait_briefly_for_locks
-- For this transaction: new writers wait behind whoever waits for the lock below.
SET LOCAL lock_timeout = '2s';

-- name: lock_hot_state
-- Waits until every write transaction in flight has ended, and holds back new ones.
SELECT pg_advisory_xact_lock(1, 1);

-- name: open_hot_state
-- Opens a new, empty epoch after a closed one, for one Redis process.
UPDATE hot_state SET epoch = epoch + 1, is_open = true, run_id = $2
WHERE epoch = $1 AND NOT is_open RETURNING epoch;

-- name: try_fill_locks
-- The keys nobody is writing now: those may be filled from rows read after this statement.
SELECT key FROM unnest($1::bigint[]) AS key WHERE pg_try_advisory_xact_lock(key);

-- name: try_text_fill_locks
-- As try_fill_locks, for vehicles and tags.
SELECT key FROM unnest($1::text[]) AS key WHERE pg_try_advisory_xact_lock(hashtextextended(key, 0));

-- name: begin_write
-- Begins a write transaction that the opening of an epoch waits for; two statements, so that
-- whatever follows sees the hot state as it is once the lock is held.
BEGIN; SELECT pg_advisory_xact_lock_shared(1, 1);

-- name: commit_and_begin_write
-- Commits, and begins the write transaction of the batch that waits already.
COMMIT; BEGIN; SELECT pg_advisory_xact_lock_shared(1, 1);
