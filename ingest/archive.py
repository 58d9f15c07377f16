"""Old invoices leave the record for a file, a partition at a time.

The numbers stay claimed: an invoice that was archived can never be uploaded as another. The file
needs nothing of this project to be read: zstd, and a line of JSON an invoice.
"""

import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg
import msgspec
from msgspec import Struct

from ingest.database import Database
from ingest.invoice_document import unpack
from ingest.invoices import IDS_PER_MONTH
from ingest.queries import SQL
from validators.calendar import india_time, month_code
from validators.inv1 import read_inv1
from validators.invoice import key_of
from validators.rulebook import RULEBOOKS

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_OPTIONS: Final[dict[int, int]] = {
    zstd.CompressionParameter.compression_level: 9,
    zstd.CompressionParameter.checksum_flag: 1,
}
_ROWS_AT_ONCE: Final = 2000
_TRIES_MAX: Final = 30
_KEPT: Final = max(rulebook.irn_validity for rulebook in RULEBOOKS)
"""While a reference number is good, its invoice is asked for by it, r2(2)."""
_encode: Final = msgspec.json.Encoder().encode


class ArchiveError(Exception):
    """What was asked cannot be archived, or a file does not hold what it should."""


class Archived(NamedTuple):
    """A partition that left the record: its name, how many invoices it had, where they are now."""

    partition: str
    invoices: int
    file: Path


class _Reference(Struct):
    irn: str
    uploaded_at: datetime | None


async def archive_invoices(
    database: Database, before: date, directory: Path, at: datetime
) -> AsyncIterator[Archived]:
    """Writes every partition of invoices uploaded in the months before one to a file of its own,
    and takes it out of the record once the file is on disk and holds every row. Raises ArchiveError
    when a reference number of them may still be good at this instant, r2(2).

    It may end at any point and be called again: a partition leaves only after its file is whole.
    """
    first_kept = datetime(before.year, before.month, 1, tzinfo=UTC)
    if first_kept + _KEPT > at:
        raise ArchiveError(
            f"invoices uploaded before {before:%Y-%m} are good for {_KEPT.days} days after: not yet"
        )
    os.makedirs(directory, exist_ok=True)
    for row in await database.fetch("invoice_partitions_below", month_code(before) * IDS_PER_MONTH):
        file = directory / f"{row['name']}.ndjson.zst"
        count = await _write(database, row["name"], file)
        if (held := _count_lines(file)) != count:
            raise ArchiveError(f"{file} holds {held} of {count} invoices")
        await _take_out(database, row["name"])
        yield Archived(row["name"], count, file)


async def _write(database: Database, partition: str, file: Path) -> int:
    """Writes a partition's invoices, the file being there whole or not at all; how many."""
    count = 0
    unfinished = file.with_suffix(".unfinished")
    async with database.connection() as connection, connection.transaction(readonly=True):
        with unfinished.open("wb") as raw, zstd.open(raw, "wb", options=_OPTIONS) as lines:
            query = SQL["invoices_of_partition"]
            async for row in connection.cursor(query, partition, prefetch=_ROWS_AT_ONCE):
                lines.write(_line(row["uploaded_at"], unpack(row["document"])))
                count += 1
        _sync(unfinished)
    os.replace(unfinished, file)
    _sync(file.parent)
    return count


def _line(uploaded_at: datetime, document: bytes) -> bytes:
    irn = key_of(read_inv1(document)[0]).irn
    return _encode(_Reference(irn, india_time(uploaded_at)))[:-1] + b"," + document[1:] + b"\n"


def _count_lines(file: Path) -> int:
    with zstd.open(file, "rb") as lines:
        return sum(1 for _ in lines)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def _take_out(database: Database, partition: str) -> None:
    for _ in range(_TRIES_MAX):
        try:
            await database.fetch("drop_invoice_partition", partition)
        except asyncpg.LockNotAvailableError:
            continue  # Uploads go on while this waits for its moment.
        return
    raise ArchiveError(f"{partition} is in use without a pause; its file is whole, try again")
