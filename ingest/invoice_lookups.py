"""Reads of invoices, by reference number or by document number, r2(2)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from ingest import limits
from ingest.batching import Batcher
from ingest.database import Database
from ingest.invoice_document import unpack
from ingest.invoices import IDS_PER_MONTH, irn_key
from validators.authority import Person
from validators.calendar import month_code
from validators.errors import Refusal
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
            batch_max=limits.BATCH_READS_MAX,
            waiting_max=limits.WAITING_READS_MAX,
            lanes=limits.INVOICE_READ_LANES,
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
        self, person: Person, supplier_gstin: str, number: str, at: datetime
    ) -> list[RecordedInvoice]:
        """A supplier's invoices of one document number, the newest financial year first: those the
        person may read. Raises as `by_irn`."""
        rows = await self._database.fetch("years_of_invoice_number", supplier_gstin, number.upper())
        keys = [InvoiceKey(row["financial_year"], supplier_gstin, number.upper()) for row in rows]
        found = [await self.by_irn(key.irn, at) for key in keys]
        return [one for one in found if one is not None and may_read(person, one.form)]

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
            irn = key_of(form).irn  # The key in the index is only how it begins.
            if irn in irns:
                found[irn] = RecordedInvoice(irn, row["uploaded_at"], form, document)
        return found
