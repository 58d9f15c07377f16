"""GET /v1/rfid/tags: the RFID tags on a transporter's vehicles."""

from msgspec import Struct

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.paging import read_cursor_of, read_limit, write_cursor
from gateway.services import Services
from gateway.tag_views import TagList, tag_view
from gateway.views import encode
from ingest import limits
from validators.authority import TRADERS
from validators.errors import Refusal, fault
from validators.forms import read_query
from validators.identifiers import normal_vehicle, tag_of, vehicle_fault


class TagQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """On which vehicle, if it matters, and which page."""

    vehicle_number: str | None = None
    limit: int = limits.LIST_ITEMS_DEFAULT
    cursor: str | None = None


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def list_tags(call: Call) -> Answer:
        query, faults = read_query(call.query(), TagQuery)
        count = read_limit(query.limit, faults)
        after = read_cursor_of(query.cursor, faults, tag_of)
        vehicle = query.vehicle_number
        if isinstance(vehicle, str):
            vehicle = normal_vehicle(vehicle)
            if code := vehicle_fault(vehicle):
                faults.append(fault("/vehicle_number", code))
        if faults:
            raise Refusal("INVALID_QUERY", faults=tuple(faults))
        # One more than shown tells whether there is a next page.
        found = await services.tags.page(
            call.caller.id, vehicle, after=after or "", count=count + 1
        )
        shown = found[:count]
        page = TagList(
            [tag_view(mapping) for mapping in shown],
            write_cursor(shown[-1].tag) if len(found) > count else None,
        )
        return Answer(200, encode(page))

    return Operation(
        method="GET",
        path="/v1/rfid/tags",
        summary="List the RFID tags on your vehicles",
        description="Those that are mapped now, by tag.",
        endpoint=list_tags,
        roles=TRADERS,
        query=TagQuery,
        answers=((200, TagList),),
        refusals=("INVALID_QUERY",),
    )
