-- name: furnish_part_a
-- Stores Parts A whose document is free, and takes it for them; answers the references stored.
WITH request AS MATERIALIZED (
    SELECT * FROM unnest(
        $1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::jsonb[],
        $7::text[], $8::smallint[], $9::bytea[]
    ) AS request (
        reference, furnished_by, furnished_at, lapses_at, transporter_id, form, rulebook,
        financial_year, digest
    )
), claimed AS (
    INSERT INTO document_claim (financial_year, digest, ebn)
    SELECT financial_year, digest, reference FROM request
    ON CONFLICT DO NOTHING RETURNING ebn
)
INSERT INTO part_a (
    reference, furnished_by, furnished_at, lapses_at, transporter_id, form, rulebook,
    financial_year, digest
)
SELECT request.* FROM request JOIN claimed ON claimed.ebn = request.reference
RETURNING reference;

-- name: complete_parts_a
-- Parts A become bills, each only if it still waits; they give up their documents to the bills,
-- which are stored next. Answers the references completed.
WITH completed AS (
    UPDATE part_a SET ebn = request.ebn
    FROM unnest($1::bigint[], $2::bigint[]) AS request (reference, ebn)
    WHERE part_a.reference = request.reference AND part_a.ebn IS NULL
      AND withdrawn_at IS NULL AND given_up_at IS NULL
    RETURNING part_a.reference, financial_year, digest
), released AS (
    DELETE FROM document_claim USING completed
    WHERE document_claim.financial_year = completed.financial_year
      AND document_claim.digest = completed.digest AND document_claim.ebn = completed.reference
)
SELECT reference FROM completed;

-- name: withdraw_part_a
-- Withdraws a Part A that waits; its document is free again. Answers it when it was so.
WITH withdrawn AS (
    UPDATE part_a SET withdrawn_at = $2, withdrawal_reason = $3
    WHERE reference = $1 AND ebn IS NULL AND withdrawn_at IS NULL AND given_up_at IS NULL
    RETURNING reference, financial_year, digest
), released AS (
    DELETE FROM document_claim USING withdrawn
    WHERE document_claim.financial_year = withdrawn.financial_year
      AND document_claim.digest = withdrawn.digest AND document_claim.ebn = withdrawn.reference
)
SELECT reference FROM withdrawn;

-- name: give_up_lapsed_parts_a
-- Parts A that lapsed before their instants give up their documents to whoever asks for them now.
WITH lapsed AS (
    UPDATE part_a SET given_up_at = request.at
    FROM unnest($1::bigint[], $2::timestamptz[]) AS request (reference, at)
    WHERE part_a.reference = request.reference AND part_a.ebn IS NULL AND withdrawn_at IS NULL
      AND given_up_at IS NULL AND lapses_at < request.at
    RETURNING part_a.reference, financial_year, digest
)
DELETE FROM document_claim USING lapsed
WHERE document_claim.financial_year = lapsed.financial_year
  AND document_claim.digest = lapsed.digest AND document_claim.ebn = lapsed.reference;

-- name: part_a_by_reference
-- One Part A.
SELECT * FROM part_a WHERE reference = $1;

-- name: parts_a_waiting
-- A page of the Parts A that wait for a transporter at an instant, oldest first; without their
-- lines of goods, which a list does not show.
SELECT reference, furnished_by, furnished_at, lapses_at, transporter_id, form - 'goods' AS form,
       rulebook, ebn, withdrawn_at, given_up_at
FROM part_a
WHERE transporter_id = $1 AND ebn IS NULL AND withdrawn_at IS NULL AND given_up_at IS NULL
  AND lapses_at >= $2 AND reference > $3
ORDER BY reference LIMIT $4;

-- name: parts_a_furnished
-- A page of the Parts A a person furnished, newest first; as parts_a_waiting.
SELECT reference, furnished_by, furnished_at, lapses_at, transporter_id, form - 'goods' AS form,
       rulebook, ebn, withdrawn_at, given_up_at
FROM part_a WHERE furnished_by = $1 AND reference < $2 ORDER BY reference DESC LIMIT $3;
