-- name: lock_sms_registering
-- Until the transaction ends, whoever else registers a number for the GSTIN, or the number for
-- another, waits.
SELECT pg_advisory_xact_lock(hashtextextended($1, 1)), pg_advisory_xact_lock(hashtextextended($2, 2));

-- name: sms_registrations_of_gstin
-- The registrations of a GSTIN that have not ended.
SELECT * FROM sms_registration WHERE gstin = $1 AND ended_at IS NULL ORDER BY registration_id;

-- name: lock_sms_registrations_of_gstin
-- The same, for whoever changes them.
SELECT * FROM sms_registration WHERE gstin = $1 AND ended_at IS NULL
ORDER BY registration_id FOR UPDATE;

-- name: lock_sms_registrations_of_mobile
-- The registrations of a number that have not ended, for whoever changes them.
SELECT * FROM sms_registration WHERE mobile = $1 AND ended_at IS NULL
ORDER BY registration_id FOR UPDATE;

-- name: passwords_asked_for
-- The passwords asked for in the name of a GSTIN, or for a number, each since an instant.
SELECT gstin, mobile, registered_at FROM sms_registration
WHERE gstin = $1 AND registered_at > $2 OR mobile = $3 AND registered_at > $4;

-- name: register_sms_number
-- A number registered for a GSTIN, awaiting a password.
INSERT INTO sms_registration
    (gstin, slot, mobile, role, client_id, language, notices, registered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *;

-- name: end_sms_registrations
-- Ends registrations, each for a reason; answers them as they are then.
UPDATE sms_registration SET
    password_hash = NULL, ended_at = $3, ended_by = $4, ended_why = ending.why
FROM unnest($1::bigint[], $2::text[]) AS ending (registration_id, why)
WHERE sms_registration.registration_id = ending.registration_id
RETURNING sms_registration.*;

-- name: make_sms_password
-- The password last made for a registration that awaits one: asked for since an instant, and tried
-- less often than it may be.
UPDATE sms_registration SET password_hash = $3, password_made_at = $4
WHERE gstin = $1 AND mobile = $2 AND num_nonnulls(ended_at, confirmed_at) = 0
  AND registered_at >= $5 AND tries < $6
RETURNING registration_id;

-- name: count_sms_tries
-- A try at the passwords of registrations that was wrong.
UPDATE sms_registration SET tries = tries + 1 WHERE registration_id = ANY($1::bigint[]);

-- name: confirm_sms_registration
-- A registration whose password was given.
UPDATE sms_registration SET password_hash = NULL, confirmed_at = $2 WHERE registration_id = $1
RETURNING *;

-- name: keep_sms_number
-- A number as it was confirmed: whom it acts for. Null where it has several to choose from: its
-- language is then the one it had.
INSERT INTO sms_number AS kept (mobile, language, acts_for) VALUES ($1, $2, $3)
ON CONFLICT (mobile) DO UPDATE SET
    language = CASE WHEN $3 IS NULL THEN kept.language ELSE EXCLUDED.language END,
    acts_for = EXCLUDED.acts_for;

-- name: choose_for_sms_number
-- The GSTIN that a number acts for from now on; it was heard for it.
WITH heard AS (
    UPDATE sms_registration SET heard_at = $3 WHERE registration_id = $2 RETURNING gstin
)
UPDATE sms_number SET acts_for = heard.gstin FROM heard WHERE mobile = $1;

-- name: set_sms_language
-- The language a number is answered in, and will be once it is confirmed.
WITH awaiting AS (
    UPDATE sms_registration SET language = $2
    WHERE mobile = $1 AND num_nonnulls(ended_at, confirmed_at) = 0
)
UPDATE sms_number SET language = $2 WHERE mobile = $1;

-- name: forget_sms_number
-- A number all of whose confirmed registrations have ended.
DELETE FROM sms_number WHERE mobile = $1;

-- name: known_sms_numbers
-- What is known of numbers, a row a registration and at least one a number: those confirmed, and
-- those for which a password was asked for since an instant.
SELECT asked.position, number.language AS number_language, number.acts_for, stranger.told_at,
       registration.*
FROM unnest($1::text[]) WITH ORDINALITY AS asked (asked_mobile, position)
LEFT JOIN sms_number AS number ON number.mobile = asked_mobile
LEFT JOIN sms_stranger AS stranger ON stranger.mobile = asked_mobile
LEFT JOIN sms_registration AS registration
    ON registration.mobile = asked_mobile AND registration.ended_at IS NULL
   AND (registration.confirmed_at IS NOT NULL OR registration.registered_at >= $2)
ORDER BY asked.position, registration.registration_id;

-- name: mark_sms_heard
-- Registrations by number and GSTIN that something was heard for, each at an instant; not those that
-- have lapsed by then, nor those heard within the time given.
UPDATE sms_registration SET heard_at = heard.at
FROM (
    SELECT registration_id, asked.at
    FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS asked (mobile, gstin, at)
    JOIN sms_registration USING (mobile, gstin)
    WHERE ended_at IS NULL
      AND greatest(confirmed_at, heard_at) BETWEEN asked.at - $4::interval AND asked.at - $5::interval
    ORDER BY registration_id FOR UPDATE OF sms_registration
) AS heard
WHERE sms_registration.registration_id = heard.registration_id;

-- name: tell_strangers
-- Numbers nobody registered that are told so, each at an instant: those that were not within the time
-- given. Another transaction that tells one is waited for.
INSERT INTO sms_stranger AS known (mobile, told_at)
SELECT * FROM unnest($1::text[], $2::timestamptz[])
ON CONFLICT (mobile) DO UPDATE SET told_at = EXCLUDED.told_at
    WHERE known.told_at < EXCLUDED.told_at - $3::interval
RETURNING mobile;

-- name: sweep_strangers
-- Forgets some numbers told before an instant; another sweeper's rows are passed over.
DELETE FROM sms_stranger WHERE ctid IN (
    SELECT ctid FROM sms_stranger WHERE told_at < $1
    ORDER BY told_at LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING mobile;
