-- name: enrol_client
-- A new client of one person.
INSERT INTO client
    (client_id, secret_hash, role, person_id, state, place, mobile, class, enrolled_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: client_by_id
-- A client with the hash of its secret.
SELECT client_id, secret_hash, role, person_id, state, place FROM client WHERE client_id = $1;

-- name: signing_keys
-- Every key a token may be signed with, newest first; the newest signs.
SELECT key_id, secret FROM signing_key ORDER BY created_at DESC;

-- name: enrol_sms_provider
-- What the deliveries of a client are known by.
INSERT INTO sms_provider (client_id, secret, sources) VALUES ($1, $2, $3);

-- name: sms_providers
-- What the deliveries of clients are known by.
SELECT client.client_id, client.role, client.person_id, client.state, client.place,
       sms_provider.secret, sms_provider.sources
FROM sms_provider JOIN client USING (client_id) WHERE client_id = ANY($1::text[]);
