"""Old invoices leave the record for a file, a partition at a time.

The numbers stay claimed: an invoice that was archived can never be uploaded as another. The file
needs nothing of this project to be read: zstd, and a line of JSON an invoice.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg
import msgspec
from msgspec import Struct

from ingest import limits
from ingest.database import Connection, Database
from ingest.invoice_document import unpack
from ingest.numbers import IDS_PER_MONTH
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
_KEPT: Final = max(rulebook.irn_validity for rulebook in RULEBOOKS)
"""While a reference number is good, its invoice is asked for by it, r2(2)."""
_encode: Final = msgspec.json.Encoder().encode


class ArchiveError(Exception):
    """What was asked cannot be archived, or a file does not hold what it should."""


class Archived(NamedTuple):
    """A partition that left the record: its name, how many invoices it had, where they are now;
    an empty one has no file."""

    partition: str
    invoices: int
    file: Path | None


class _Reference(Struct):
    irn: str
    uploaded_at: datetime | None


async def archive_invoices(
    database: Database, before: date, directory: Path, at: datetime
) -> AsyncGenerator[Archived]:
    """Writes every partition of invoices uploaded in the months before one to a file of its own,
    and takes it out of the record once the file is on disk and holds every row. Raises ArchiveError
    when a reference number of them may still be good at this instant, r2(2), or another run is at
    work on this record; OSError or asyncpg's errors when the disk or the record fails.

    It may end at any point and be called again: a partition leaves only after its file is whole,
    and a file is written only while its partition is in the record. To be closed by whoever does
    not read to its end. One directory a record: a file is named after its partition alone.
    """
    first_kept = datetime(before.year, before.month, 1, tzinfo=UTC)
    if first_kept + _KEPT > at:
        raise ArchiveError(
            f"invoices uploaded before {before:%Y-%m} are good for {_KEPT.days} days after: not yet"
        )
    async with _alone(database) as connection:
        _make(directory)
        beyond = month_code(before) * IDS_PER_MONTH
        for row in await connection.fetch(SQL["invoice_partitions_below"], beyond):
            archived = await _archive(connection, row["name"], directory)
            if archived is not None:
                yield archived


@asynccontextmanager
async def _alone(database: Database) -> AsyncIterator[Connection]:
    """A connection whose session holds the one turn there is. Whatever a run asks of the record it
    asks on it: a run that lost its turn can do nothing more."""
    # Not `connection`: to that one a full disk is a record that was lost.
    connection = await database.acquire()
    try:
        if not await connection.fetchval(SQL["hold_archive"]):
            raise ArchiveError("invoices of this record are being archived already")
        try:
            yield connection
        finally:
            await connection.execute(SQL["release_archive"])
    finally:
        await database.release(connection)


async def _archive(connection: Connection, partition: str, directory: Path) -> Archived | None:
    """Moves a partition into its file; None where it is not in the record any more."""
    file = directory / f"{partition}.ndjson.zst"
    unfinished = file.with_suffix(".unfinished")
    async with connection.transaction(readonly=True):
        ids = await connection.fetchrow(SQL["ids_of_invoice_partition"], partition)
        if ids is None:
            return None
        count: int = await connection.fetchval(
            SQL["count_invoices_between"], *ids, timeout=limits.ARCHIVE_COUNT_SECONDS_MAX
        )
        if count:
            await _write(connection, ids, unfinished)
    if count:
        _sync(unfinished)
        if (held := _count_lines(unfinished)) != count:
            raise ArchiveError(f"{unfinished} holds {held} of {count} invoices")
        if await connection.fetchrow(SQL["ids_of_invoice_partition"], partition) is None:
            raise ArchiveError(f"{partition} was taken out of the record by another hand")
        os.replace(unfinished, file)
        _sync(directory)
    await _take_out(connection, partition)
    return Archived(partition, count, file if count else None)


async def _write(connection: Connection, ids: asyncpg.Record, file: Path) -> None:
    with file.open("wb") as raw, zstd.open(raw, "wb", options=_OPTIONS) as lines:
        query = SQL["invoices_between"]
        async for row in connection.cursor(query, *ids, prefetch=limits.ARCHIVE_INVOICES_AT_ONCE):
            lines.write(_line(row["uploaded_at"], unpack(row["document"])))


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


def _make(directory: Path) -> None:
    """Makes a directory so that it is there after a crash too."""
    if not directory.is_dir():
        _make(directory.parent)
        directory.mkdir(exist_ok=True)
        _sync(directory.parent)


async def _take_out(connection: Connection, partition: str) -> None:
    for _ in range(limits.ARCHIVE_TRIES_MAX):
        try:
            await connection.execute(SQL["drop_invoice_partition"], partition)
        except asyncpg.LockNotAvailableError:
            # Those who came to wait behind this one go first.
            await asyncio.sleep(limits.ARCHIVE_PAUSE_SECONDS)
            continue
        return
    raise ArchiveError(f"{partition} is in use without a pause; its file is whole, try again")
