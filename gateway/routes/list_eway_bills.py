"""GET /v1/eway-bills: a party's e-way bills, highest number first."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.paging import read_cursor, read_limit, write_cursor
from gateway.services import Services
from gateway.views import EwayBillList, bill_view, encode
from ingest import limits
from ingest.listing import ListFilter, ListRole
from validators.authority import TRADERS
from validators.errors import Fault, Refusal, fault
from validators.eway_bill import Status
from validators.forms import read_query
from validators.identifiers import document_number_fault

Instant = Annotated[datetime, Meta(tz=True)]


class ListQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which bills to list. Instants include their ends."""

    role: ListRole = "supplier"
    status: Literal["ACTIVE", "CANCELLED", "EXPIRED", "RENEWED"] | None = None
    generated_from: Instant | None = None
    generated_to: Instant | None = None
    document_number: str | None = None
    limit: int = limits.LIST_ITEMS_DEFAULT
    cursor: str | None = None


EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _faults(query: ListQuery) -> list[Fault]:
    faults = []
    for name in ("generated_from", "generated_to"):
        at = getattr(query, name)
        if isinstance(at, datetime) and not EARLIEST <= at <= LATEST:
            faults.append(fault(f"/{name}", "OUT_OF_RANGE", f"must be from {EARLIEST} to {LATEST}"))
    if isinstance(query.document_number, str) and (
        code := document_number_fault(query.document_number)
    ):
        faults.append(fault("/document_number", code))
    return faults


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def list_bills(call: Call) -> Answer:
        written = call.query()
        for name in ("generated_from", "generated_to"):
            if name in written:  # An offset's plus sign is a space once decoded, if not escaped.
                written[name] = written[name].replace(" ", "+")
        query, faults = read_query(written, ListQuery)
        count = read_limit(query.limit, faults)
        before = read_cursor(query.cursor, faults)
        faults += _faults(query)
        if faults:
            raise Refusal("INVALID_QUERY", faults=tuple(faults))
        wanted = ListFilter(
            query.role,
            Status(query.status) if query.status else None,
            query.generated_from,
            query.generated_to,
            query.document_number,
            before,
        )
        # One more than shown tells whether there is a next page.
        found = await services.listing.page(call.caller.id, wanted, call.at, count + 1)
        shown = found[:count]
        page = EwayBillList(
            [bill_view(bill, call.at) for bill in shown],
            write_cursor(shown[-1].ebn) if len(found) > count else None,
        )
        return Answer(200, encode(page))

    return Operation(
        method="GET",
        path="/v1/eway-bills",
        summary="List your e-way bills",
        description="As supplier, recipient or transporter; highest number first: newest first, but"
        " for the blocks of numbers that workers hold.",
        endpoint=list_bills,
        roles=TRADERS,
        query=ListQuery,
        answers=((200, EwayBillList),),
        refusals=("INVALID_QUERY",),
    )
