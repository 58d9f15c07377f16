"""GET /v1/part-a: the Parts A that wait for a transporter, or those a person furnished."""

from typing import Literal

from msgspec import Struct

from gateway.http import Answer, Call
from gateway.life_views import PartAOnlyList, part_a_view
from gateway.operation import Operation
from gateway.paging import read_cursor, read_limit, write_cursor
from gateway.services import Services
from gateway.views import encode
from ingest import limits
from validators.authority import TRADERS
from validators.errors import Refusal, fault
from validators.forms import read_query


class PartAQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which Parts A to list: exactly one of the two."""

    assigned_to: Literal["me"] | None = None
    furnished_by: Literal["me"] | None = None
    limit: int = limits.LIST_ITEMS_DEFAULT
    cursor: str | None = None


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def list_parts_a(call: Call) -> Answer:
        query, faults = read_query(call.query(), PartAQuery)
        count = read_limit(query.limit, faults)
        stands_at = read_cursor(query.cursor, faults) or 0
        if not faults and (query.assigned_to is None) == (query.furnished_by is None):
            faults.append(fault("/assigned_to", "INCOMPLETE", "or furnished_by must be me"))
        if faults:
            raise Refusal("INVALID_QUERY", faults=tuple(faults))
        person = call.caller.id
        # One more than shown tells whether there is a next page.
        if query.assigned_to:
            found = await services.parts_a.waiting_for(person, call.at, stands_at, count + 1)
        else:
            found = await services.parts_a.furnished_by(person, stands_at, count + 1)
        shown = found[:count]
        page = PartAOnlyList(
            [part_a_view(part_a, call.at) for part_a in shown],
            write_cursor(shown[-1].reference) if len(found) > count else None,
        )
        return Answer(200, encode(page))

    return Operation(
        method="GET",
        path="/v1/part-a",
        summary="List Parts A that wait",
        description="assigned_to=me: those that wait for you as transporter, oldest first. "
        "furnished_by=me: those you furnished, newest first, whatever became of them.",
        endpoint=list_parts_a,
        roles=TRADERS,
        query=PartAQuery,
        answers=((200, PartAOnlyList),),
        refusals=("INVALID_QUERY",),
    )
