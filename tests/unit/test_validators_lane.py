"""What a lane decides of a conveyance: each way a stay ends, to the microsecond on both sides."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.test_validators_life import bill_of
from validators.calendar import INDIA
from validators.eway_bill import EwayBill
from validators.lane import (
    LOOKS_BACK,
    LaneBill,
    LaneDecision,
    Reason,
    Stay,
    StayStatus,
    judged,
    judged_now,
    lane_bill,
    not_mapped,
    stay_of,
    stay_status,
    was_active_on,
)
from validators.life import cancelled, moved, renewal, renewed, verified
from validators.rulebook import rulebook_of

MICROSECOND = timedelta(microseconds=1)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PASS = (LaneDecision.PASS, ())


def stop(*reasons: Reason) -> tuple[LaneDecision, tuple[Reason, ...]]:
    return LaneDecision.STOP, reasons


def of(ebn: int = 1, **changes: Any) -> Stay:
    """A stay from noon on, valid for a day."""
    sound: dict[str, Any] = {
        "ebn": ebn,
        "since": NOON,
        "until": None,
        "valid_until": NOON + 24 * HOUR,
        "cancelled_at": None,
        "renewed_at": None,
        "renewed_to": None,
        "verified": False,
        "consolidated_number": None,
        "hsn_code": "7215",
        "value_paise": 5_000_001,
        "place_of_dispatch": None,
        "place_of_delivery": "560001",
    }
    return Stay(**sound | changes)


def decided(at: datetime, *stays: Stay) -> tuple[LaneDecision, tuple[Reason, ...]]:
    """Newest first, as they are kept."""
    judgement = judged(sorted(stays, key=lambda one: -one.ebn), at)
    return judgement.decision, judgement.reasons


@pytest.mark.parametrize(
    ("ended", "reason"),
    [
        ({"cancelled_at": NOON + HOUR}, Reason.CANCELLED),
        ({"until": NOON + HOUR}, Reason.VEHICLE_CHANGED),
        ({"renewed_at": NOON + HOUR, "renewed_to": 9}, Reason.VEHICLE_CHANGED),
    ],
)
def test_a_stay_that_ends_is_over_from_that_instant_on(
    ended: dict[str, Any], reason: Reason
) -> None:
    end = NOON + HOUR
    assert decided(NOON, of(**ended)) == PASS
    assert decided(end - MICROSECOND, of(**ended)) == PASS
    assert decided(end, of(**ended)) == stop(reason)
    assert decided(end + LOOKS_BACK, of(**ended)) == stop(reason)
    assert decided(end + LOOKS_BACK + MICROSECOND, of(**ended)) == stop(Reason.NO_EWAY_BILL)


def test_a_stay_runs_out_after_its_last_instant() -> None:
    last = NOON + 24 * HOUR
    assert decided(last, of()) == PASS
    assert decided(last + MICROSECOND, of()) == stop(Reason.EXPIRED)
    assert decided(last + LOOKS_BACK, of()) == stop(Reason.EXPIRED)
    assert decided(last + LOOKS_BACK + MICROSECOND, of()) == stop(Reason.NO_EWAY_BILL)


def test_a_stay_begins_at_its_first_instant() -> None:
    assert decided(NOON - MICROSECOND, of()) == stop(Reason.NO_EWAY_BILL)
    assert decided(NOON, of()) == PASS


def test_a_bill_moved_away_and_back_is_two_stays() -> None:
    away, back = NOON + HOUR, NOON + 2 * HOUR
    stays = of(until=away), of(since=back)
    assert decided(away - MICROSECOND, *stays) == PASS
    assert decided(away, *stays) == stop(Reason.VEHICLE_CHANGED)
    assert decided(back - MICROSECOND, *stays) == stop(Reason.VEHICLE_CHANGED)
    assert decided(back, *stays) == PASS


def test_nothing_was_ever_on_it() -> None:
    assert decided(NOON) == stop(Reason.NO_EWAY_BILL)
    assert not_mapped(NOON)[:2] == stop(Reason.TAG_NOT_MAPPED)


def test_one_valid_bill_lets_a_conveyance_pass_whatever_else_ended() -> None:
    ended = of(1, cancelled_at=NOON), of(2, valid_until=NOON - HOUR), of(3, until=NOON)
    assert decided(NOON + HOUR, *ended) == stop(
        Reason.CANCELLED, Reason.EXPIRED, Reason.VEHICLE_CHANGED
    )
    assert decided(NOON + HOUR, *ended, of(4)) == PASS
    judgement = judged([of(4), *ended], NOON + HOUR)
    assert [one.ebn for one in judgement.stays] == [4]


def test_a_stop_rests_on_what_ended_of_late_only() -> None:
    old = of(1, since=NOON - 60 * HOUR, valid_until=NOON - 36 * HOUR)
    late = of(2, since=NOON - 30 * HOUR, valid_until=NOON - HOUR)
    to_come = of(3, since=NOON + HOUR)
    judgement = judged([to_come, late, old], NOON)
    assert (judgement.decision, judgement.reasons) == stop(Reason.EXPIRED)
    assert [one.ebn for one in judgement.stays] == [2]


def test_a_bill_renewed_on_its_vehicle_leaves_its_fate_to_the_next() -> None:
    again = NOON + 20 * HOUR
    before = of(1, renewed_at=again, renewed_to=2)
    after = of(2, since=again, valid_until=again + 24 * HOUR)
    assert decided(again - MICROSECOND, before, after) == PASS
    assert decided(again, before, after) == PASS
    assert decided(again + 25 * HOUR, before, after) == stop(Reason.EXPIRED)
    gone = of(2, since=again, until=again + HOUR, valid_until=again + 24 * HOUR)
    assert decided(again + 2 * HOUR, before, gone) == stop(Reason.VEHICLE_CHANGED)


def test_what_is_known_has_happened_for_whoever_asks_now() -> None:
    """The clock of whoever cancelled is a second ahead of ours."""
    ahead = of(cancelled_at=NOON + timedelta(seconds=1))
    assert decided(NOON, ahead) == PASS
    judgement = judged_now([ahead], NOON)
    assert (judgement.decision, judgement.reasons) == stop(Reason.CANCELLED)
    assert lane_bill(ahead, judgement.at).status == "CANCELLED"
    generated_ahead = of(since=NOON + timedelta(seconds=1))
    assert judged_now([generated_ahead], NOON).decision is LaneDecision.PASS


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, PASS), (24 * 3600, PASS), (24 * 3600 + 1e-6, stop(Reason.EXPIRED))],
)
def test_now_and_then_agree_where_clocks_do(
    seconds: float, expected: tuple[LaneDecision, tuple[Reason, ...]]
) -> None:
    at = NOON + timedelta(seconds=seconds)
    assert judged_now([of()], at)[:2] == judged([of()], at)[:2] == expected


def test_what_a_lane_is_shown() -> None:
    shown = of(7, consolidated_number=212_000_000_009, place_of_dispatch="400001")
    assert lane_bill(shown, NOON) == LaneBill(
        "7",
        "ACTIVE",
        (NOON + 24 * HOUR).astimezone(INDIA),
        "7215",
        "50000.01",
        "400001",
        "560001",
        "212000000009",
    )
    moved_away = of(until=NOON)
    assert lane_bill(moved_away, NOON).status == stay_status(moved_away, NOON) == StayStatus.MOVED


def test_the_stay_of_a_bill_follows_its_life() -> None:
    bill = bill_of()
    at = bill.generated_at
    first = stay_of(bill)
    assert first
    assert (first.since, first.until, first.verified) == (at, None, False)
    seen = stay_of(verified(bill, at + HOUR))
    assert seen
    assert seen.verified
    ended = stay_of(cancelled(bill, bill.generated_by, at + HOUR, "not sent"))
    assert ended
    assert ended.cancelled_at == at + HOUR
    elsewhere = moved(
        bill,
        bill.carrier,
        at + HOUR,
        vehicle_number="MH14CD5678",
        reason="TRANSHIPMENT",
        place="Hubli",
    )
    there = stay_of(elsewhere)
    assert there
    assert there.since == at + HOUR
    old = stay_of(renewed(bill, at + HOUR, 2))
    assert old
    assert (old.renewed_at, old.renewed_to) == (at + HOUR, 2)
    heir = renewal(
        bill,
        ebn=2,
        by=bill.carrier,
        at=at + HOUR,
        rulebook=rulebook_of(bill.rulebook),
        vehicle_number=bill.vehicle_number or "",
        distance_km=50,
        extra_days=0,
    )
    assert heir.vehicle_since == at
    goes_on = stay_of(heir)
    assert goes_on
    assert goes_on.since == at + HOUR, "the bill was not there before it was generated"
    by_air = bill_of(mode="AIR", vehicle_number=None, transport_document_number="AWB-1")
    assert stay_of(by_air) is None


def test_a_bill_was_active_where_it_was() -> None:
    """From its first instant on a vehicle until before its last, and there only."""
    bill = bill_of()
    at, first, second = bill.generated_at, bill.vehicle_number or "", "MH14CD5678"

    def spans(bill: EwayBill, vehicle: str, since: datetime, end: datetime) -> bool:
        return [
            was_active_on(bill, vehicle, when)
            for when in (since - MICROSECOND, since, end - MICROSECOND, end)
        ] == [False, True, True, False]

    last = bill.valid_until + MICROSECOND
    assert spans(bill, first, at, last)
    assert not was_active_on(bill, second, at)
    ended = cancelled(bill, bill.generated_by, at + HOUR, "not sent")
    assert spans(ended, first, at, at + HOUR)
    assert spans(renewed(bill, at + HOUR, 2), first, at, at + HOUR)

    def on(bill: EwayBill, when: datetime, vehicle: str) -> EwayBill:
        return moved(
            bill, bill.carrier, when, vehicle_number=vehicle, reason="BREAKDOWN", place="Hubli"
        )

    away = on(bill, at + HOUR, second)
    back = on(away, at + 2 * HOUR, first)
    assert spans(away, first, at, at + HOUR)
    assert spans(away, second, at + HOUR, last)
    assert spans(back, first, at, at + HOUR)
    assert spans(back, second, at + HOUR, at + 2 * HOUR)
    assert spans(back, first, at + 2 * HOUR, last)
    gone = cancelled(back, bill.generated_by, at + 3 * HOUR, "not sent")
    assert spans(gone, first, at, at + HOUR)
    assert spans(gone, first, at + 2 * HOUR, at + 3 * HOUR)


def test_where_clocks_differ_it_was_active_where_its_stays_were() -> None:
    """A cancellation by a clock that is behind does not touch a vehicle the bill had left."""
    bill = bill_of()
    at, vehicle = bill.generated_at, bill.vehicle_number or ""
    away = moved(
        bill,
        bill.carrier,
        at + HOUR,
        vehicle_number="MH14CD5678",
        reason="BREAKDOWN",
        place="Hubli",
    )
    ended = cancelled(away, bill.generated_by, at + HOUR - MICROSECOND, "not sent")
    assert was_active_on(ended, vehicle, at + HOUR - MICROSECOND)
    assert not was_active_on(ended, "MH14CD5678", at + HOUR)
