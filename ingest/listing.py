"""Lists of a party's e-way bills, newest first, from the record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingest import limits
from ingest.batching import Turns
from ingest.database import Database
from ingest.numbers import BEYOND_EVERY_NUMBER, SERIALS_PER_MONTH, first_number_of
from ingest.records import bill_of
from validators.eway_bill import EwayBill, Status

ListRole = Literal["supplier", "recipient", "transporter"]


@dataclass(frozen=True, slots=True)
class ListFilter:
    """Which bills a list shows. Instants include their ends; `before` is an EBN (a page's end)."""

    role: ListRole
    status: Status | None = None
    generated_from: datetime | None = None
    generated_to: datetime | None = None
    document_number: str | None = None
    before: int | None = None


class Listing:
    """Lists e-way bills by party."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns = Turns(limits.LISTS_AT_ONCE, limits.LISTS_WAITING_MAX, "OVERLOADED")

    async def page(
        self, party: str, wanted: ListFilter, at: datetime, count: int
    ) -> Sequence[EwayBill]:
        """At most `count` bills of a party, r1(2), r1(6), highest number first, their status as of
        `at`. For a filter that few bills pass, all that the party has may be read: a statement's
        time and LISTS_AT_ONCE bound that. Raises Refusal OVERLOADED or RECORD_UNAVAILABLE."""
        # A number's month bounds the partitions that are looked into.
        first = first_number_of(wanted.generated_from) if wanted.generated_from else 0
        before = wanted.before or BEYOND_EVERY_NUMBER
        if wanted.generated_to:
            before = min(before, first_number_of(wanted.generated_to) + SERIALS_PER_MONTH)
        async with self._turns:
            rows = await self._database.fetch(
                f"list_bills_as_{wanted.role}",
                party,
                before,
                first,
                wanted.generated_from,
                wanted.generated_to,
                wanted.document_number,
                wanted.status,
                at,
                count,
            )
        return [bill_of(row) for row in rows]
