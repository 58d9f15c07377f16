"""What a checkpoint lane decides of a conveyance at an instant: let it pass, or stop it and why.

A conveyance is known by the stays of e-way bills on it. A stay says when it began and how it ended,
so that an instant of hours ago is judged as the present one: what was valid then was valid.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Final, NamedTuple

from msgspec import Struct

from validators.calendar import INDIA
from validators.eway_bill import EwayBill
from validators.money import rupees

LOOKS_BACK: Final = timedelta(hours=24)
"""How long a stay that has ended is still a reason: a lorry that carried nothing since yesterday
has no e-way bill, and is not held for the one that ran out last week."""


class LaneBill(Struct):
    """An e-way bill as a lane sees it, and no more: no party, no address. Amounts in rupees."""

    ebn: str
    status: str
    valid_until: datetime
    hsn_code: str
    value_of_goods: str
    place_of_dispatch: str | None
    place_of_delivery: str
    consolidated_number: str | None


class Stay(Struct, frozen=True, array_like=True, gc=False):
    """An e-way bill on a conveyance: when it was valid there, and what a lane needs of it. Its
    value is in paise."""

    ebn: int
    since: datetime
    until: datetime | None
    """When it went on by another vehicle; what became of it afterwards is not told here."""
    valid_until: datetime
    cancelled_at: datetime | None
    renewed_at: datetime | None
    renewed_to: int | None
    verified: bool
    """In transit, r3; told of a bill that is on this conveyance still."""
    consolidated_number: int | None
    hsn_code: str
    value_paise: int
    place_of_dispatch: str | None
    place_of_delivery: str


class StayStatus(StrEnum):
    """What a stay is at an instant. Only ACTIVE lets a lorry pass; MOVED is on another by then."""

    ACTIVE = "ACTIVE"
    CANCELLED = "CANCELLED"
    RENEWED = "RENEWED"
    MOVED = "MOVED"
    EXPIRED = "EXPIRED"


class LaneDecision(StrEnum):
    """What a lane does."""

    PASS = "PASS"  # noqa: S105 - of a lorry
    STOP = "STOP"


class Reason(StrEnum):
    """Why a lane stops a conveyance, in the order they are told."""

    TAG_NOT_MAPPED = "TAG_NOT_MAPPED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    VEHICLE_CHANGED = "VEHICLE_CHANGED"
    NO_EWAY_BILL = "NO_EWAY_BILL"


class Judgement(NamedTuple):
    """A decision with its reasons, and the stays it rests on, newest first: those that are ACTIVE
    where it is PASS, else those that have ended of late. `at` is the instant it is of."""

    decision: LaneDecision
    reasons: tuple[Reason, ...]
    stays: Sequence[Stay]
    at: datetime


_SINCE: Final = attrgetter("since")


def not_mapped(at: datetime) -> Judgement:
    """What a lane decides of a tag that is on no vehicle."""
    return Judgement(LaneDecision.STOP, (Reason.TAG_NOT_MAPPED,), (), at)


def stay_of(bill: EwayBill) -> Stay | None:
    """The stay of a bill on the conveyance it is on, or None where it is on none."""
    since = bill.on_vehicle_since
    if since is None:
        return None
    return Stay(
        bill.ebn,
        since,
        None,
        bill.valid_until,
        bill.cancelled_at,
        bill.renewed_at,
        bill.renewed_to,
        bill.verified_at is not None,
        bill.consolidated_number,
        bill.part_a.hsn_code,
        bill.part_a.value_paise,
        bill.part_a.place_of_dispatch,
        bill.part_a.place_of_delivery,
    )


def lane_bill(stay: Stay, at: datetime) -> LaneBill:
    """What a lane is shown of a stay at an instant."""
    return LaneBill(
        str(stay.ebn),
        stay_status(stay, at),
        stay.valid_until.astimezone(INDIA),
        stay.hsn_code,
        rupees(stay.value_paise),
        stay.place_of_dispatch,
        stay.place_of_delivery,
        str(stay.consolidated_number) if stay.consolidated_number else None,
    )


def stay_status(stay: Stay, at: datetime) -> StayStatus:
    """What a stay that had begun was at an instant: valid up to and including `valid_until`, r1(8);
    cancelled, renewed or moved from the instant of that on."""
    if stay.cancelled_at is not None and stay.cancelled_at <= at:
        return StayStatus.CANCELLED
    if stay.renewed_at is not None and stay.renewed_at <= at:
        return StayStatus.RENEWED
    if stay.until is not None and stay.until <= at:
        return StayStatus.MOVED
    return StayStatus.ACTIVE if at <= stay.valid_until else StayStatus.EXPIRED


def active(stays: Iterable[Stay], at: datetime) -> list[Stay]:
    """The stays that let a conveyance pass at an instant, r2(1)(b), in their order."""
    return [
        stay
        for stay in stays
        if stay.since <= at <= stay.valid_until and stay_status(stay, at) is StayStatus.ACTIVE
    ]


def was_active_on(bill: EwayBill, vehicle_number: str, at: datetime) -> bool:
    """Whether a bill, known with all its moves, let a vehicle pass at an instant, r2(1)(b): what
    `active` says of its stays there, past and present. A stay that ended by a move is not touched
    by what became of the bill afterwards."""
    if not bill.generated_at <= at <= bill.valid_until:
        return False
    since, on = bill.generated_at, bill.first_vehicle_number
    for move in bill.moves:
        if on == vehicle_number and since <= at < move.at:
            return True
        since, on = move.at, move.vehicle_number
    ended = [when for when in (bill.cancelled_at, bill.renewed_at) if when is not None]
    return on == vehicle_number and since <= at and all(at < when for when in ended)


def judged(stays: Sequence[Stay], at: datetime) -> Judgement:
    """What a lane decides of a conveyance at an instant, r3(2), given its stays, newest first.

    It passes with any bill that is valid then: what it carried before and delivered is no reason.
    """
    if found := active(stays, at):
        return Judgement(LaneDecision.PASS, (), found, at)
    reasons, ended = set(), []
    begun = [stay for stay in stays if stay.since <= at]
    last = {stay.ebn: stay.since for stay in sorted(begun, key=_SINCE)}
    for stay in begun:
        if stay.since < last[stay.ebn]:
            continue  # It came back, and says itself how things stand.
        reason, when = _end(stay, at, last.keys())
        if reason is not None and when >= at - LOOKS_BACK:
            reasons.add(reason)
            ended.append(stay)
    told = tuple(reason for reason in Reason if reason in reasons)
    return Judgement(LaneDecision.STOP, told or (Reason.NO_EWAY_BILL,), ended, at)


def live(stays: Iterable[Stay], at: datetime) -> list[Stay]:
    """As `active`, for whoever asks about the present: what is known has happened, though the clock
    it was written by may be ahead of ours."""
    return [
        stay
        for stay in stays
        if at <= stay.valid_until
        and stay.until is None
        and stay.cancelled_at is None
        and stay.renewed_at is None
    ]


def judged_now(stays: Sequence[Stay], at: datetime) -> Judgement:
    """As `judged`, of the present as `live` tells it."""
    if found := live(stays, at):
        return Judgement(LaneDecision.PASS, (), found, at)
    for each in stays:
        for known in (each.since, each.until, each.cancelled_at, each.renewed_at):
            if known is not None and known > at:
                at = known
    return judged(stays, at)


def _end(stay: Stay, at: datetime, carried_on: Collection[int]) -> tuple[Reason | None, datetime]:
    """Why a stay that is not ACTIVE stops a conveyance, and since when."""
    status = stay_status(stay, at)
    if status is StayStatus.CANCELLED and stay.cancelled_at:
        return Reason.CANCELLED, stay.cancelled_at
    if status is StayStatus.RENEWED and stay.renewed_at:
        # On the same vehicle the bill that goes on from it says itself how things stand.
        return (None if stay.renewed_to in carried_on else Reason.VEHICLE_CHANGED), stay.renewed_at
    if status is StayStatus.MOVED and stay.until:
        return Reason.VEHICLE_CHANGED, stay.until
    return Reason.EXPIRED, stay.valid_until
