"""How much of the record a page of a list reads, as PostgreSQL says of its plan."""

import json
from datetime import UTC, datetime
from typing import Any, get_args

import asyncpg
import pytest

from ingest.listing import ListRole
from ingest.numbers import BEYOND_EVERY_NUMBER
from ingest.queries import SQL
from tests.documents import OTHER, RECIPIENT, STRANGER, SUPPLIER, TRANSPORTER

_NOW = datetime(2026, 11, 22, tzinfo=UTC)
_MONTHS = {211_000_000_000: "2026-10-01", 212_000_000_000: "2026-11-01"}
_BILLS_OF_A_MONTH = 20_000
_COUNT = 51
# Of fifty bills two are of one of many others; one in sixty is handed over to OTHER.
_LAY = """
INSERT INTO eway_bill (
    ebn, version, rulebook, generated_by, generated_at, valid_until, required, clause,
    supplier_gstin, recipient_gstin, place_of_delivery, document_type, document_number,
    document_date, value_paise, hsn_code, reason_code, mode, distance_km, transporter_id, handed_to
)
SELECT $1::bigint + i, 1, 'r', 's', $2::date + i * interval '1 minute', $2::date + 40, true, 'c',
       CASE WHEN i % 50 < 2 THEN another ELSE $4 END, CASE WHEN i % 50 < 2 THEN another ELSE $5 END,
       '560001', 'INVOICE', 'INV/' || i, $2::date, 7500000, '7215', 1, 'ROAD', 350,
       CASE WHEN i % 50 < 2 THEN another ELSE $6 END,
       CASE WHEN i % 60 = 2 THEN $7 WHEN i % 60 = 3 THEN $6 WHEN i % 60 = 4 THEN another END
FROM generate_series(1, $3::integer) AS i, LATERAL (SELECT 'ANOTHER' || i % 997) AS one (another)"""
_ASKED: dict[str, tuple[Any, ...]] = {
    "supplier": ("supplier", SUPPLIER, BEYOND_EVERY_NUMBER, None),
    "supplier, deep in": ("supplier", SUPPLIER, max(_MONTHS) + 4000, None),
    "supplier, an earlier month": ("supplier", SUPPLIER, max(_MONTHS), None),
    "supplier, by status": ("supplier", SUPPLIER, BEYOND_EVERY_NUMBER, "ACTIVE"),
    "another supplier": ("supplier", "ANOTHER50", BEYOND_EVERY_NUMBER, None),
    "no supplier": ("supplier", STRANGER, BEYOND_EVERY_NUMBER, None),
    "recipient": ("recipient", RECIPIENT, BEYOND_EVERY_NUMBER, None),
    "transporter": ("transporter", TRANSPORTER, BEYOND_EVERY_NUMBER, None),
    "no more than handed over to": ("transporter", OTHER, BEYOND_EVERY_NUMBER, None),
}


def _rows_read(step: dict[str, Any]) -> float:
    """The rows that the scans of a plan came to, wanted or not."""
    below = step.get("Plans")
    if below:
        return sum(map(_rows_read, below))
    rows = step["Actual Rows"] + step.get("Rows Removed by Filter", 0)
    return float(rows * step["Actual Loops"])


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
async def test_a_page_reads_little_more_than_it_shows(
    record: "asyncpg.Connection[asyncpg.Record]", plan: str
) -> None:
    """Whoever has nearly all bills of a month, and whoever has few of them."""
    people = (SUPPLIER, RECIPIENT, TRANSPORTER, OTHER)
    for first, begins in _MONTHS.items():
        month = datetime.fromisoformat(begins).date()
        await record.execute("SELECT prepare_month($1, $2)", month, first)
        await record.execute(_LAY, first, month, _BILLS_OF_A_MONTH, *people)
    await record.execute("ANALYZE eway_bill")
    await record.execute(f"SET plan_cache_mode = {plan}")
    for role in get_args(ListRole):
        await record.execute(f"PREPARE {role} AS {SQL[f'list_bills_as_{role}']}")
    read = {}
    for name, (role, party, before, status) in _ASKED.items():
        values = (party, before, 0, None, None, None, status, _NOW, _COUNT)
        written = ", ".join("NULL" if value is None else f"'{value}'" for value in values)
        (said,) = json.loads(
            await record.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE {role} ({written})")
        )
        read[name] = _rows_read(said["Plan"])
    # A transporter's page is of two, what it carries and what was handed over to it.
    assert {name: rows for name, rows in read.items() if rows > 2 * _COUNT} == {}
    assert read["supplier"] >= _COUNT
    assert read["no supplier"] == 0
