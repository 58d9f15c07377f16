-- name: keep_sms_parts
-- Keeps parts of long messages in the order given, and answers for each, by its position, all parts
-- of its message if they are there now.
SELECT new.position, part.*
FROM unnest($1::text[], $2::text[], $3::integer[], $4::smallint[], $5::smallint[], $6::smallint[],
            $7::bytea[], $8::timestamptz[], $9::timestamptz[]) WITH ORDINALITY
    AS new (source, destination, reference, total, sequence, data_coding, payload, at, since,
            position)
CROSS JOIN LATERAL keep_sms_part(new.source, new.destination, new.reference, new.total,
                                 new.sequence, new.data_coding, new.payload, new.at, new.since)
    AS part
ORDER BY new.position, part.sequence;

-- name: forget_sms_parts
-- Parts whose message was handled wait no longer.
UPDATE sms_part SET handled_at = $2 WHERE part_id = ANY ($1::bigint[]) AND handled_at IS NULL;

-- name: sweep_sms_parts
-- Deletes some parts older than an instant; another sweeper's rows are passed over.
DELETE FROM sms_part WHERE part_id IN (
    SELECT part_id FROM sms_part WHERE kept_at < $1
    ORDER BY kept_at LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING part_id;
