"""Use case: a supplier's outward supplies of a month for GSTR-1, r1(6), page after page.

Every page is read on its own, by number, so that a client may take its time: nothing is held in
between, neither a connection nor a snapshot. They agree all the same, since each shows what was so
at the one instant of the request, and what was recorded does not change (docs/gstr-1.md).
"""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg

from ingest import limits
from ingest.batching import Turns
from ingest.database import Database
from ingest.invoice_document import unpack
from ingest.invoice_writes import irn_key
from ingest.numbers import SERIALS_PER_MONTH
from ingest.queries import SQL
from validators.calendar import INDIA, financial_year, month_code
from validators.errors import Refusal
from validators.eway_bill import INVOICE, document_digest
from validators.gstr_1 import (
    OUTWARD_DOCUMENTS,
    OUTWARD_REASONS,
    BillSupply,
    InvoiceSupply,
    Supply,
    first_day_after,
    invoice_supply,
)
from validators.inv1 import read_inv1
from validators.invoice import InvoiceKey


class Extracts:
    """Reads extracts, a bounded number at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns = Turns(limits.EXTRACTS_AT_ONCE, limits.EXTRACTS_OPEN_MAX, "OVERLOADED")
        self.open = 0
        """How many are being read."""

    @property
    def waiting(self) -> int:
        """How many wait for their turn to read a page."""
        return self._turns.waiting

    async def supplies(
        self, supplier_gstin: str, month: date, at: datetime
    ) -> AsyncGenerator[list[Supply]]:
        """The outward supplies of the month that begins with this day, r1(6), as of an instant: its
        invoices, then the e-way bills of documents that have none. In pages, some of them empty;
        to be closed. Raises Refusal OVERLOADED before the first page, at any RECORD_UNAVAILABLE, or
        INVOICE_ARCHIVED where one of them is not in the record any more."""
        if self.open >= limits.EXTRACTS_OPEN_MAX:
            raise Refusal("OVERLOADED")
        self.open += 1
        try:
            number: str | None = ""
            while number is not None:
                async with self._turns:
                    number, page = await self._invoices(supplier_gstin, month, number, at)
                yield page
            # Numbers are of months of UTC, in which India's month begins a day early.
            begins = datetime(month.year, month.month, 1, tzinfo=INDIA).astimezone(UTC).date()
            reached: int | None = month_code(begins) * SERIALS_PER_MONTH
            while reached is not None:
                async with self._turns:
                    reached, bills = await self._bills(supplier_gstin, month, reached, at)
                if reached is not None:
                    yield bills
        finally:
            self.open -= 1

    async def _invoices(
        self, supplier_gstin: str, month: date, after: str, at: datetime
    ) -> tuple[str | None, list[Supply]]:
        """The supplies among the invoices that follow a number, and how far was looked; None where
        nothing follows that."""
        year = financial_year(month)
        looked_at = await self._page(
            "supplier_invoice_numbers",
            year,
            supplier_gstin,
            after,
            limits.EXTRACT_CLAIMS,
            month_code(month),
            at,
            limits.EXTRACT_INVOICES,
        )
        reached: str | None = looked_at[0]["reached"]
        claims = [row for row in looked_at if row["number"] is not None]
        if not claims:
            return reached, []
        ids = [claim["invoice_id"] for claim in claims]
        irns = [InvoiceKey(year, supplier_gstin, claim["number"]).irn for claim in claims]
        keys = [irn_key(irn) for irn in irns]
        rows = await self._database.fetch("invoices_by_irn", keys, min(ids), max(ids))
        documents = {row["invoice_id"]: row["document"] for row in rows}
        last = ""
        found: list[InvoiceSupply] = []
        read = in_one_go = 0
        for irn, claim in zip(irns, claims, strict=True):
            if read >= limits.EXTRACT_PAGE_BYTES:
                reached = last
                break
            last = claim["number"]
            stored = documents.get(claim["invoice_id"])
            if stored is None:  # Sums without it would be wrong.
                raise Refusal("INVOICE_ARCHIVED", irn=irn)
            document = unpack(stored)
            found.append(invoice_supply(read_inv1(document)[0]))
            read += len(document)
            in_one_go += len(document)
            if in_one_go >= limits.EXTRACT_BYTES_IN_ONE_GO:
                in_one_go = 0
                await asyncio.sleep(0)
        await self._name_bills(found, supplier_gstin, month)
        return reached, [*found]

    async def _name_bills(
        self, found: list[InvoiceSupply], supplier_gstin: str, month: date
    ) -> None:
        digests = [document_digest(supplier_gstin, INVOICE, one.document_number) for one in found]
        for row in await self._database.fetch("bills_of_documents", financial_year(month), digests):
            found[row["position"] - 1].ebn = row["ebn"]

    async def _bills(
        self, supplier_gstin: str, month: date, after: int, at: datetime
    ) -> tuple[int | None, list[Supply]]:
        """The supplies among the bills that follow a number, and how far was looked; None where no
        bill follows."""
        year = financial_year(month)
        rows = await self._page(
            "supplies_by_bill",
            supplier_gstin,
            after,
            limits.EXTRACT_BILLS,
            at,
            month,
            first_day_after(month) - timedelta(days=1),
            OUTWARD_REASONS,
            year,
            OUTWARD_DOCUMENTS,
        )
        found: list[Supply] = [
            BillSupply(
                ebn=row["ebn"],
                document_type=row["document_type"],
                document_number=row["document_number"],
                document_date=row["document_date"],
                reason_code=row["reason_code"],
                recipient_gstin=row["recipient_gstin"],
                place_of_delivery=row["place_of_delivery"],
                hsn_code=row["hsn_code"],
                value_paise=row["value_paise"],
            )
            for row in rows
            if row["ebn"] is not None
        ]
        return rows[0]["reached"], found

    async def _page(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        async with self._database.connection() as connection, connection.transaction(readonly=True):
            await connection.execute(SQL["read_along_indexes"])
            return await connection.fetch(SQL[query], *arguments)
