"""Registered mobile numbers, straight into the record: each would take two passwords' hashing."""

import random
from typing import Final

import asyncpg

from loadtest.invoices import gstin

_LAY: Final = """
WITH registered AS (
    INSERT INTO sms_registration (gstin, slot, mobile, role, client_id, language, notices,
                                  registered_at, confirmed_at)
    SELECT gstin, 1, (9000000000 + position - 1)::text, 'taxpayer', 'laid in', 'en', '{}', now(),
           now()
    FROM unnest($1::text[]) WITH ORDINALITY AS laid (gstin, position)
    RETURNING mobile, gstin)
INSERT INTO sms_number (mobile, language, acts_for) SELECT mobile, 'en', gstin FROM registered
RETURNING mobile, acts_for
"""


async def lay_in(postgres_dsn: str, numbers: int) -> list[tuple[str, str]]:
    """Confirms so many numbers from 9000000000 on; each with the GSTIN it acts for."""
    chance = random.Random(1)  # noqa: S311 - numbers, not secrets
    gstins: set[str] = set()
    while len(gstins) < numbers:
        gstins.add(gstin(chance, "27"))
    connection = await asyncpg.connect(postgres_dsn)
    try:
        return [(mobile, by) for mobile, by in await connection.fetch(_LAY, sorted(gstins))]
    finally:
        await connection.close()
