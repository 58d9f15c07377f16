-- name: lock_tag
-- Until the transaction ends, whoever else writes the tag waits, and its hot state is not filled.
SELECT pg_advisory_xact_lock(hashtextextended($1, 0));

-- name: live_tag
-- The live mapping of a tag.
SELECT * FROM rfid_tag WHERE tag = $1;

-- name: map_tag
-- Maps a tag to a vehicle, for whoever holds its lock; a mapping it had ends in its history at the
-- same instant, by the same person. Where clocks differ it begins when the last one ended, not
-- before. Answers since when it is mapped, and the epoch of the hot state as generate_eway_bills.
WITH ended AS (
    INSERT INTO rfid_tag_history (tag, vehicle_number, transporter_id, since, until, ended_by)
    SELECT tag, vehicle_number, transporter_id, since, greatest(since, $4), $3
    FROM rfid_tag WHERE tag = $1
    RETURNING until
), latest AS (
    SELECT until FROM ended
    UNION ALL
    SELECT max(until) FROM rfid_tag_history WHERE tag = $1
)
INSERT INTO rfid_tag (tag, vehicle_number, transporter_id, since)
SELECT $1, $2, $3, greatest($4, max(until)) FROM latest
ON CONFLICT (tag) DO UPDATE SET
    vehicle_number = EXCLUDED.vehicle_number, since = EXCLUDED.since
RETURNING since, (SELECT CASE WHEN is_open THEN epoch ELSE -epoch END FROM hot_state) AS hot_epoch;

-- name: unmap_tag
-- Ends the live mapping of a tag, of one transporter's unless that is null, for whoever holds its
-- lock. Answers it as it is in the history, and the epoch of the hot state as generate_eway_bills.
WITH ended AS (
    DELETE FROM rfid_tag WHERE tag = $1 AND ($2::text IS NULL OR transporter_id = $2) RETURNING *
)
INSERT INTO rfid_tag_history (tag, vehicle_number, transporter_id, since, until, ended_by)
SELECT tag, vehicle_number, transporter_id, since, greatest(since, $3), $4 FROM ended
RETURNING tag, vehicle_number, transporter_id, since, until, ended_by,
    (SELECT CASE WHEN is_open THEN epoch ELSE -epoch END FROM hot_state) AS hot_epoch;

-- name: mappings_of_tag
-- The live mapping of a tag and the newest of those that ended, newest first; of one transporter's
-- unless that is null.
SELECT tag, vehicle_number, transporter_id, since, until, ended_by FROM (
    SELECT tag, vehicle_number, transporter_id, since, NULL::timestamptz AS until,
           NULL::text AS ended_by, NULL::bigint AS mapping_id
    FROM rfid_tag WHERE tag = $1 AND ($2::text IS NULL OR transporter_id = $2)
    UNION ALL
    (SELECT tag, vehicle_number, transporter_id, since, until, ended_by, mapping_id
     FROM rfid_tag_history WHERE tag = $1 AND ($2::text IS NULL OR transporter_id = $2)
     ORDER BY until DESC, mapping_id DESC LIMIT $3)
) AS mapping
ORDER BY until DESC NULLS FIRST, mapping_id DESC;

-- name: tags_of_transporter
-- A page of the live tags of a transporter, on one vehicle unless that is null, by tag.
SELECT * FROM rfid_tag
WHERE transporter_id = $1 AND tag > $2 AND ($3::text IS NULL OR vehicle_number = $3)
ORDER BY tag LIMIT $4;

-- name: vehicles_of_tags
-- The vehicles that tags are mapped to, and since when.
SELECT tag, vehicle_number, since FROM rfid_tag WHERE tag = ANY($1::text[]);

-- name: classes_without_tag
-- Carriers and vehicles, each with its position: the classes of those carriers whose vehicle has no
-- tag, r2(4).
SELECT asked.position, array_agg(DISTINCT client.class ORDER BY client.class) AS classes
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY
    AS asked (transporter_id, vehicle_number, position)
JOIN client ON client.person_id = asked.transporter_id AND client.class IS NOT NULL
WHERE client.role = 'transporter'
  AND NOT EXISTS (SELECT FROM rfid_tag WHERE rfid_tag.vehicle_number = asked.vehicle_number)
GROUP BY asked.position;

-- name: tags_after
-- A page of the tags that are mapped, by tag, for rebuilding hot state.
SELECT tag FROM rfid_tag WHERE tag > $1 ORDER BY tag LIMIT $2;
