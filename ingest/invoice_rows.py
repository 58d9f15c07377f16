"""Rows of invoices as PostgreSQL's COPY reads them in its binary form, several thousand at a time.

The driver would encode a row value by value; a row of four values of known sizes is one `pack`.
https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
"""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from struct import Struct as Layout
from typing import Final

from msgspec import Struct

from ingest.database import Connection

_COLUMNS: Final = ("invoice_id", "irn_key", "uploaded_at", "document")
_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
# The number of values, then the length of each before it: three of eight bytes, and the document.
_row: Final = Layout("!hiqi8siqi").pack
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class InvoiceRow(Struct, frozen=True, gc=False):
    """A row of `invoice`: its id, the first eight bytes of its IRN, when it was uploaded, and its
    document as it is stored."""

    invoice_id: int
    irn_head: bytes
    uploaded_at: datetime
    document: bytes


async def copy_invoices(connection: Connection, rows: Iterable[InvoiceRow]) -> None:
    """Copies rows into `invoice`, within the transaction of the connection."""
    written = [_HEADER]
    at, micros = _EPOCH, 0
    for row in rows:
        if row.uploaded_at is not at:  # Those of a slice are all of one instant.
            at, micros = row.uploaded_at, (row.uploaded_at - _EPOCH) // _MICROSECOND
        document = row.document
        written += (_row(4, 8, row.invoice_id, 8, row.irn_head, 8, micros, len(document)), document)
    written.append(_TRAILER)
    await connection.copy_to_table(
        "invoice", source=_once(b"".join(written)), columns=_COLUMNS, format="binary"
    )


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
