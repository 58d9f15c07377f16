"""What a checkpoint lane is shown: what it needs to decide, and no more."""

from datetime import datetime

from msgspec import Struct

from ingest.lanes import Carried
from validators.calendar import INDIA
from validators.lane import Stay, stay_status
from validators.money import rupees


class LaneBillView(Struct):
    """An e-way bill as a lane sees it: no party, no address. `status` is MOVED where the goods went
    on by another vehicle."""

    ebn: str
    status: str
    valid_until: datetime
    hsn_code: str
    value_of_goods: str
    place_of_dispatch: str | None
    place_of_delivery: str
    consolidated_number: str | None


class LaneBillList(Struct):
    """A page of e-way bills for a lane; `next_cursor` asks for the next, null at the end."""

    items: list[LaneBillView]
    next_cursor: str | None


class LaneView(Struct):
    """A lane's answer: PASS with the bills that are valid on the conveyance now, newest first; or
    STOP with the reasons, and the bills that ended there of late."""

    decision: str
    reasons: list[str]
    vehicle_number: str | None
    items: list[LaneBillView]


def lane_bill_view(stay: Stay, at: datetime) -> LaneBillView:
    """A stay as a lane sees it at an instant."""
    return LaneBillView(
        str(stay.ebn),
        stay_status(stay, at),
        stay.valid_until.astimezone(INDIA),
        stay.hsn_code,
        rupees(stay.value_paise),
        stay.place_of_dispatch,
        stay.place_of_delivery,
        str(stay.consolidated_number) if stay.consolidated_number else None,
    )


def lane_view(carried: Carried, at: datetime) -> LaneView:
    """What a lane is answered at an instant."""
    judgement = carried.judged_now(at)
    return LaneView(
        judgement.decision,
        list(judgement.reasons),
        carried.vehicle_number,
        [lane_bill_view(stay, judgement.at) for stay in judgement.stays],
    )
