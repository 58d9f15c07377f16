"""What a checkpoint lane is answered."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from gateway.views import encode
from ingest.lanes import Carried
from validators.lane import LaneBill, lane_bill


class LaneBillList(Struct):
    """A page of e-way bills for a lane; `next_cursor` asks for the next, null at the end."""

    items: list[LaneBill]
    next_cursor: str | None


class LaneView(Struct):
    """A lane's answer: PASS with the bills that are valid on the conveyance now, newest first; or
    STOP with the reasons, and the bills that ended there of late. A bill whose goods went on by
    another vehicle is MOVED."""

    decision: str
    reasons: list[str]
    vehicle_number: str | None
    items: list[LaneBill]


_PASS: Final = b'{"decision":"PASS","reasons":[],"vehicle_number":"%b","items":%b}'


def lane_answer(carried: Carried, at: datetime) -> bytes:
    """A `LaneView` of an instant, as JSON."""
    vehicle, shown = carried.vehicle_number, carried.passes(at)
    if vehicle and shown:
        return _PASS % (vehicle.encode(), shown)
    judgement = carried.judged_now(at)
    items = [lane_bill(stay, judgement.at) for stay in judgement.stays]
    return encode(LaneView(judgement.decision, list(judgement.reasons), vehicle, items))
