"""GET /v1/rfid/reads: where and when a vehicle passed a reader, newest first."""

import re
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.paging import read_cursor_of, read_limit, write_cursor
from gateway.read_views import ReadList, read_view
from gateway.services import Services
from gateway.views import encode
from ingest import limits
from validators.authority import OFFICERS
from validators.calendar import instant_of, microseconds_of
from validators.errors import Refusal, fault
from validators.forms import read_query
from validators.identifiers import normal_vehicle, vehicle_fault
from validators.reads import CountedRead

_PLACE: Final = re.compile(r"([0-9]{1,17})\.([0-9]{1,18})").fullmatch
_PAST_ALL: Final = (datetime(9999, 1, 1, tzinfo=UTC), 0)


class ReadQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Of which vehicle, and which page."""

    vehicle_number: str
    limit: int = limits.LIST_ITEMS_DEFAULT
    cursor: str | None = None


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def list_reads(call: Call) -> Answer:
        query, faults = read_query(call.query(), ReadQuery)
        count = read_limit(query.limit, faults)
        before = read_cursor_of(query.cursor, faults, _place_of) or _PAST_ALL
        if isinstance(query.vehicle_number, str):
            vehicle = normal_vehicle(query.vehicle_number)
            if code := vehicle_fault(vehicle):
                faults.append(fault("/vehicle_number", code))
        if faults:
            raise Refusal("INVALID_QUERY", faults=tuple(faults))
        # One more than shown tells whether there is a next page.
        found = await services.reads.page(vehicle, before, count + 1)
        shown = found[:count]
        cursor = write_cursor(_place(shown[-1])) if len(found) > count else None
        return Answer(200, encode(ReadList([read_view(read) for read in shown], cursor)))

    return Operation(
        method="GET",
        path="/v1/rfid/reads",
        summary="List the reads of a vehicle",
        description="To officers; those read last come first.",
        endpoint=list_reads,
        roles=OFFICERS,
        query=ReadQuery,
        answers=((200, ReadList),),
        refusals=("INVALID_QUERY",),
    )


def _place(read: CountedRead) -> str:
    """Where a read stands in the list: its instant, in microseconds, and its number."""
    return f"{microseconds_of(read.read_at)}.{read.read_number}"


def _place_of(text: str) -> tuple[datetime, int] | None:
    written = _PLACE(text)
    if written is None:
        return None
    return instant_of(int(written[1])), int(written[2])
