"""COPY of invoices as the gateway stored them into its own tables, under other numbers and
suppliers: by one connection, in one transaction."""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any, Final

import asyncpg
import uvloop

from loadtest.bench.record import ask, told
from loadtest.bench.rounds import Done
from loadtest.invoices import gstin

_ROOM: Final = 10**8
"""Ids in one partition: what is copied in begins at a quarter of it at least."""
_LAID_AT_ONCE: Final = 100_000
_DOCUMENT_BYTES: Final = 372
_AS_STORED: Final = """
SELECT irn_key, invoice.uploaded_at, document, financial_year, period, supplier_gstin, number
FROM invoice JOIN invoice_claim USING (invoice_id)
WHERE supplier_gstin = ANY($1) AND starts_with(number, $2)
ORDER BY invoice_id
"""
_FREE: Final = (
    "SELECT greatest(min(invoice_id) / $1 * $1 + $1 / 4, max(invoice_id) + 1) FROM invoice"
)
_OF_ONE: Final = "SELECT uploaded_at, financial_year, period FROM invoice_claim LIMIT 1"

_Rows = Iterable[Sequence[Any]]


def again(dsn: str, suppliers: list[str], series: str) -> Callable[[], Done]:
    """What will copy once more the invoices of these suppliers whose numbers begin so."""
    random = Random(series)  # noqa: S311 - not a secret
    invoices, claims = [], []
    stored = ask(dsn, _AS_STORED, suppliers, series)
    first = told(dsn, _FREE, _ROOM)
    for place, (_, at, document, year, period, supplier, named) in enumerate(stored, first):
        invoices.append((place, random.getrandbits(64) - 2**63, at, document))
        claims.append((place, at, year, period, f"{supplier[:14]}~", named))
    return lambda: Done(len(stored), uvloop.run(_copy(dsn, claims, invoices)))


def lay_in(dsn: str, count: int) -> None:
    """Rows of many suppliers beside those that are there, of which there is at least one."""
    random = Random(1)  # noqa: S311 - not a secret
    ((at, year, period),) = ask(dsn, _OF_ONE)
    first = told(dsn, _FREE, _ROOM)
    for done in range(0, count, _LAID_AT_ONCE):
        ids = range(first + done, first + min(count, done + _LAID_AT_ONCE))
        supplier = gstin(random, "29")
        uvloop.run(
            _copy(
                dsn,
                ((one, at, year, period, supplier, f"T{one % _ROOM:08}") for one in ids),
                (
                    (one, random.getrandbits(64) - 2**63, at, os.urandom(_DOCUMENT_BYTES))
                    for one in ids
                ),
            )
        )
    ask(dsn, "CHECKPOINT")
    ask(dsn, "ANALYZE invoice, invoice_claim")


async def _copy(dsn: str, claims: _Rows, invoices: _Rows) -> float:
    """In how many seconds, without those of connecting."""
    connection = await asyncpg.connect(dsn)
    try:
        begun = time.perf_counter()
        async with connection.transaction():
            await connection.copy_records_to_table("invoice_claim", records=claims)
            await connection.copy_records_to_table("invoice", records=invoices)
        return time.perf_counter() - begun
    finally:
        await connection.close()
