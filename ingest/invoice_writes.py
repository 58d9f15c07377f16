"""How invoices come into the record: their numbers are claimed, those whose numbers were free are
copied in. The claim's primary key is the arbiter between uploads; nothing else is looked up.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from ingest import limits
from ingest.database import Connection
from ingest.invoice_document import unpack
from ingest.invoice_rows import InvoiceRow, copy_invoices
from ingest.queries import SQL
from validators.errors import Refusal
from validators.forms import FAULTS_MAX
from validators.inv1 import read_inv1
from validators.invoice import InvoiceKey, differences


def irn_head(irn: str) -> bytes:
    """What an invoice is found by: the first eight bytes of its IRN."""
    return bytes.fromhex(irn[:16])


def irn_key(irn: str) -> int:
    """`irn_head` as the integer the record keeps."""
    return int.from_bytes(irn_head(irn), "big", signed=True)


# `gc=False`: these hold no other of their kind, and an upload makes thousands at a time.
class NewInvoice(Struct, frozen=True, gc=False):
    """A sound invoice about to be uploaded."""

    key: InvoiceKey
    irn: str
    uploaded_at: datetime
    period: int
    document: bytes
    """The form as normalised, in JSON."""
    stored: bytes
    """The same as it is stored."""


class Uploaded(Struct, frozen=True, gc=False):
    """An invoice on record, and whether this upload put it there."""

    irn: str
    uploaded_at: datetime
    document: bytes
    """Empty where nobody asked for it."""
    created: bool


async def write_slice(
    connection: Connection, batch: Sequence[tuple[int, NewInvoice]]
) -> list[Uploaded | Refusal]:
    """As `write`, of invoices of one supplier and instant, without the documents: of thousands of
    lines nobody reads what was uploaded first, only that it was. Nearly always all are new, and
    PostgreSQL takes half the time to claim free numbers if it need not say which were not."""
    ordered = _in_key_order(batch)
    first = ordered[0][1]
    all_new = await connection.fetchval(
        SQL["claim_new_invoices"],
        first.uploaded_at,
        first.key.supplier_gstin,
        [number for number, _ in ordered],
        [new.key.financial_year for _, new in ordered],
        [new.period for _, new in ordered],
        [new.key.number for _, new in ordered],
    )
    if not all_new:
        return await write(connection, batch, with_documents=False)
    await _copy(connection, batch)
    return [Uploaded(new.irn, new.uploaded_at, b"", created=True) for _, new in batch]


async def write(
    connection: Connection, batch: Sequence[tuple[int, NewInvoice]], *, with_documents: bool
) -> list[Uploaded | Refusal]:
    """Stores invoices under these ids where their numbers are free. What is answered of each: what
    is on record now, without its document if nobody asks for that, or Refusal INVOICE_DIFFERS or
    INVOICE_ARCHIVED."""
    ordered = _in_key_order(batch)
    claimed = await connection.fetchval(
        SQL["claim_invoices"],
        [
            (
                number,
                new.uploaded_at,
                new.key.financial_year,
                new.period,
                new.key.supplier_gstin,
                new.key.number,
            )
            for number, new in ordered
        ],
    )
    ours = set(claimed or ())
    fresh = [entry for entry in batch if entry[0] in ours]
    if fresh:
        await _copy(connection, fresh)
    answers: dict[int, Uploaded | Refusal] = {
        number: Uploaded(new.irn, new.uploaded_at, new.document, created=True)
        for number, new in fresh
    }
    if len(fresh) < len(batch):
        again = [entry for entry in batch if entry[0] not in ours]
        for first in range(0, len(again), limits.BATCH_INVOICE_READS_MAX):
            some = again[first : first + limits.BATCH_INVOICE_READS_MAX]
            answers |= await _held(connection, some, with_documents=with_documents)
    return [answers[number] for number, _ in batch]


def _in_key_order(batch: Sequence[tuple[int, NewInvoice]]) -> list[tuple[int, NewInvoice]]:
    """So that two transactions never wait in a circle."""
    return sorted(batch, key=lambda entry: entry[1].key)


async def _copy(connection: Connection, batch: Iterable[tuple[int, NewInvoice]]) -> None:
    rows = [
        InvoiceRow(number, irn_head(new.irn), new.uploaded_at, new.stored) for number, new in batch
    ]
    await copy_invoices(connection, rows)


async def _held(
    connection: Connection, again: Sequence[tuple[int, NewInvoice]], *, with_documents: bool
) -> dict[int, Uploaded | Refusal]:
    """What is answered of invoices whose numbers are taken."""
    keys = [new.key for _, new in again]
    rows = await connection.fetch(
        SQL["invoices_claimed"],
        [key.financial_year for key in keys],
        [key.supplier_gstin for key in keys],
        [key.number for key in keys],
    )
    held = {row["position"] - 1: row["invoice_id"] for row in rows}
    found = await connection.fetch(
        SQL["invoices_by_irn"],
        [irn_key(new.irn) for _, new in again],
        min(held.values()),
        max(held.values()),
    )
    firsts = {row["invoice_id"]: row for row in found}
    answers: dict[int, Uploaded | Refusal] = {}
    for position, (number, new) in enumerate(again):
        first = firsts.get(held[position])
        if first is None:
            answers[number] = Refusal("INVOICE_ARCHIVED", irn=new.irn)
            continue
        document = unpack(first["document"])
        one = _again(new, first["uploaded_at"], document)
        if isinstance(one, Uploaded) and not with_documents:
            one = replace(one, document=b"")
        answers[number] = one
        if len(document) >= limits.INVOICE_BYTES_IN_ONE_GO:
            await asyncio.sleep(0)
    return answers


def _again(new: NewInvoice, uploaded_at: datetime, first: bytes) -> Uploaded | Refusal:
    """An invoice sent again, beside what was uploaded first."""
    if first != new.document:
        changed = differences(read_inv1(first)[0], read_inv1(new.document)[0])
        if changed:
            return Refusal("INVOICE_DIFFERS", faults=tuple(changed[:FAULTS_MAX]), irn=new.irn)
    return Uploaded(new.irn, uploaded_at, first, created=False)
