"""GET /v1/vehicles/{vehicle_number}/eway-bills: what a conveyance carries now."""

from functools import partial

from msgspec import Struct

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.paging import read_cursor, read_limit, write_cursor
from gateway.services import Services
from gateway.views import EwayBillList, LaneBillList, bill_view, encode, lane_view
from ingest import limits
from validators.authority import TRADERS, Role, may_see_on_vehicle
from validators.errors import Refusal, fault
from validators.forms import read_query
from validators.identifiers import normal_vehicle, vehicle_fault


class VehicleQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which page of the bills on a conveyance."""

    limit: int = limits.LIST_ITEMS_DEFAULT
    cursor: str | None = None


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def bills_on_vehicle(call: Call) -> Answer:
        vehicle = normal_vehicle(call.path_parameter("vehicle_number"))
        query, faults = read_query(call.query(), VehicleQuery)
        count = read_limit(query.limit, faults)
        after = read_cursor(query.cursor, faults)
        if code := vehicle_fault(vehicle):
            faults.append(fault("/vehicle_number", code))
        if faults:
            raise Refusal("INVALID_QUERY", faults=tuple(faults))
        seen = await services.lookups.live_bills_on(
            vehicle,
            call.at,
            after=after or 0,
            count=count + 1,
            shown=partial(may_see_on_vehicle, call.caller),
        )
        shown = seen[:count]
        cursor = write_cursor(shown[-1].ebn) if len(seen) > count else None
        if call.caller.role is Role.READER:
            lane = LaneBillList([lane_view(bill, call.at) for bill in shown], cursor)
            return Answer(200, encode(lane))
        page = EwayBillList([bill_view(bill, call.at) for bill in shown], cursor)
        return Answer(200, encode(page))

    return Operation(
        method="GET",
        path="/v1/vehicles/{vehicle_number}/eway-bills",
        summary="Live e-way bills on a conveyance",
        description="To officers; to readers, what a lane needs; to its transporter, its own.",
        endpoint=bills_on_vehicle,
        roles=TRADERS | {Role.OFFICER, Role.READER},
        query=VehicleQuery,
        answers=((200, EwayBillList), (200, LaneBillList)),
        refusals=("INVALID_QUERY",),
    )
