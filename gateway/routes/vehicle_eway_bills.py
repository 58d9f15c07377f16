"""GET /v1/vehicles/{vehicle_number}/eway-bills: what a conveyance carries now."""

from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from typing import Final

from msgspec import Struct

from gateway.http import Answer, Call
from gateway.lane_views import LaneBillList
from gateway.operation import Operation
from gateway.paging import read_cursor, read_limit, write_cursor
from gateway.services import Services
from gateway.views import EwayBillList, bill_view, encode
from ingest import limits
from validators.authority import TRADERS, Role, may_see_on_vehicle
from validators.errors import Refusal, fault
from validators.eway_bill import EwayBill
from validators.forms import read_query
from validators.identifiers import normal_vehicle, vehicle_fault
from validators.lane import Stay, lane_bill, live


class VehicleQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which page of the bills on a conveyance."""

    limit: int = limits.LIST_ITEMS_DEFAULT
    cursor: str | None = None


_EBN: Final = attrgetter("ebn")


def _cursor(found: Sequence[EwayBill | Stay], count: int) -> str | None:
    """Of a page of that many, where there is more."""
    return write_cursor(found[count - 1].ebn) if len(found) > count else None


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
        if call.caller.role is Role.READER:
            carried = live(await services.lookups.stays_on(vehicle, call.at), call.at)
            later = sorted((stay for stay in carried if stay.ebn > (after or 0)), key=_EBN)
            items = [lane_bill(stay, call.at) for stay in later[:count]]
            return Answer(200, encode(LaneBillList(items, _cursor(later, count))))
        seen = await services.lookups.live_bills_on(
            vehicle,
            call.at,
            after=after or 0,
            count=count + 1,
            shown=partial(may_see_on_vehicle, call.caller),
        )
        page = [bill_view(bill, call.at) for bill in seen[:count]]
        return Answer(200, encode(EwayBillList(page, _cursor(seen, count))))

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
