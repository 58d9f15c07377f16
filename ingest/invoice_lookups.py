"""Reads of invoices, by reference number or by document number, r2(2)."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import asyncpg

from ingest import limits
from ingest.batching import Batcher, Turns
from ingest.database import Database
from ingest.invoice_document import unpack
from ingest.invoice_writes import irn_key
from ingest.numbers import IDS_PER_MONTH
from ingest.queries import SQL
from validators.authority import Person, Role
from validators.calendar import month_code
from validators.errors import Refusal, fault
from validators.inv1 import Inv1, read_inv1
from validators.invoice import InvoiceKey, key_of, may_read

_ASKED_FOR_MOSTLY: Final = timedelta(days=31)
"""After a month a reference number is no longer good, and seldom asked for."""
_BEYOND_EVERY_ID: Final = 1000 * IDS_PER_MONTH


class RecordedInvoice(NamedTuple):
    """An invoice on record: its form, the JSON that says it, and when it was uploaded."""

    irn: str
    uploaded_at: datetime
    form: Inv1
    document: bytes


class InvoiceLookups:
    """Reads invoices for whoever may be shown them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_irn: Batcher[tuple[str, datetime], RecordedInvoice | None] = Batcher(
            self._read,
            batch_max=limits.BATCH_INVOICE_READS_MAX,
            waiting_max=limits.WAITING_READS_MAX,
            lanes=limits.INVOICE_READ_LANES,
        )
        self._searches = Turns(
            limits.INVOICE_SEARCHES_AT_ONCE, limits.INVOICE_SEARCHES_WAITING_MAX, "OVERLOADED"
        )

    async def by_irn(self, irn: str, at: datetime) -> RecordedInvoice | None:
        """The invoice of a reference number, or None. Raises Refusal OVERLOADED or
        RECORD_UNAVAILABLE."""
        return await self._by_irn.submit((irn, at))

    async def readable(self, person: Person, irn: str, at: datetime) -> RecordedInvoice:
        """As `by_irn`, for a person. Raises Refusal INVOICE_NOT_FOUND as well: whoever may not read
        it does not learn that it exists."""
        found = await self.by_irn(irn, at)
        if found is None or not may_read(person, found.form):
            raise Refusal("INVOICE_NOT_FOUND")
        return found

    async def by_number(
        self, person: Person, supplier_gstin: str | None, number: str, at: datetime
    ) -> list[RecordedInvoice]:
        """The invoices of one document number that a person may read, r2(2), the newest financial
        year first. Without a supplier a trader's own or, where it has none of this number, those
        of others; an officer's are everybody's. Raises as `by_irn`; Refusal INVALID_QUERY where so
        many suppliers have the number, or have to be asked for it, that one has to be named."""
        own = None if person.role is Role.OFFICER else person.id
        keys = await self._keys_of(supplier_gstin or own, number.upper())
        if not keys and supplier_gstin is None:
            keys = await self._keys_of_all(number.upper())
        readable = []
        for first in range(0, len(keys), limits.BATCH_INVOICE_READS_MAX):
            some = keys[first : first + limits.BATCH_INVOICE_READS_MAX]
            found = await asyncio.gather(*(self.by_irn(key.irn, at) for key in some))
            readable += [one for one in found if one is not None and may_read(person, one.form)]
        return readable

    async def _keys_of(self, supplier_gstin: str | None, number: str) -> list[InvoiceKey]:
        if supplier_gstin is None:
            return []
        rows = await self._database.fetch("years_of_invoice_number", supplier_gstin, number)
        return [InvoiceKey(row["financial_year"], supplier_gstin, number) for row in rows]

    async def _keys_of_all(self, number: str) -> list[InvoiceKey]:
        enough = limits.INVOICE_SUPPLIERS_MAX + 1
        async with (
            self._searches,
            self._database.connection() as connection,
            connection.transaction(readonly=True),
        ):
            await connection.execute(SQL["search_briefly"])
            try:
                rows = await connection.fetch(SQL["suppliers_of_invoice_number"], number, enough)
            except asyncpg.QueryCanceledError as error:
                raise _supplier_required("there are too many suppliers to ask each") from error
        if len(rows) == enough:
            raise _supplier_required("too many suppliers have an invoice of this number")
        keys = [InvoiceKey(row["financial_year"], row["supplier_gstin"], number) for row in rows]
        return sorted(keys, key=lambda key: (-key.financial_year, key.supplier_gstin))

    @property
    def waiting(self) -> int:
        """How many reads wait for a round trip."""
        return self._by_irn.waiting

    async def _read(self, asked: list[tuple[str, datetime]]) -> Sequence[RecordedInvoice | None]:
        wanted = {irn for irn, _ in asked}
        since = month_code((asked[0][1].astimezone(UTC) - _ASKED_FOR_MOSTLY).date()) * IDS_PER_MONTH
        found = await self._between(wanted, since, _BEYOND_EVERY_ID)
        if missing := wanted - found.keys():
            found |= await self._between(missing, 0, since - 1)
        return [found.get(irn) for irn, _ in asked]

    async def _between(self, irns: set[str], first: int, last: int) -> dict[str, RecordedInvoice]:
        rows = await self._database.fetch("invoices_by_irn", list(map(irn_key, irns)), first, last)
        found = {}
        for row in rows:
            document = unpack(row["document"])
            form, _ = read_inv1(document)
            if len(document) >= limits.INVOICE_BYTES_IN_ONE_GO:
                await asyncio.sleep(0)
            irn = key_of(form).irn  # The key in the index is only how it begins.
            if irn in irns:
                found[irn] = RecordedInvoice(irn, row["uploaded_at"], form, document)
        return found


def _supplier_required(why: str) -> Refusal:
    wrong = fault("/supplier_gstin", "REQUIRED", f"is required: {why}")
    return Refusal("INVALID_QUERY", faults=(wrong,))
