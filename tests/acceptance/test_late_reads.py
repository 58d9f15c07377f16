"""Reads of an offline reader: judged by what was valid on the conveyance the tag was on then, and a
verification in transit of what has not been cancelled since."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ingest import limits
from tests.documents import OFFICER
from tests.gateway_in_process import Gateway
from tests.reads import (
    BILLS,
    CARRIER,
    cancel,
    loaded,
    lorry,
    mapped,
    move,
    new_vehicle,
    passed,
    post,
    read,
    renew,
    said,
    send,
    stopped,
    unmapped,
    verified_at,
)

MICROSECOND = timedelta(microseconds=1)
OFFLINE = timedelta(hours=30)


@pytest.mark.parametrize(
    "case",
    [
        *("valid then and now", "valid then and expired now", "valid then and cancelled since"),
        *("cancelled before", "not generated yet", "moved away since", "moved here since"),
        *("renewed since", "renewed before"),
    ],
)
async def test_an_offline_read_is_judged_by_its_own_instant(gateway: Gateway, case: str) -> None:
    """On the instant of what happened, and a microsecond before it. The read comes in a day and
    more later."""
    await gateway.until_hot()
    clock = gateway.clock
    tag, vehicle = await lorry(gateway)
    clock.advance(hours=1)
    before = clock()
    place = new_vehicle() if case == "moved here since" else vehicle
    km = 350 if case == "valid then and now" else 50
    ebn = "" if case == "not generated yet" else await loaded(gateway, place, distance_km=km)
    clock.advance(hours=1)
    at, heir = clock(), ""
    match case:
        case "valid then and cancelled since" | "cancelled before":
            assert (await cancel(gateway, ebn)).status_code == 200
        case "not generated yet":
            ebn = await loaded(gateway, vehicle)
        case "moved away since":
            await move(gateway, ebn)
        case "moved here since":
            await move(gateway, ebn, vehicle)
        case "renewed since" | "renewed before":
            heir = await renew(gateway, ebn, vehicle)
    clock.advance(seconds=OFFLINE.total_seconds())
    just = at - MICROSECOND
    expected: dict[str, list[tuple[datetime, tuple[Any, ...]]]] = {
        "valid then and now": [(just, passed(ebn)), (clock(), passed(ebn))],
        "valid then and expired now": [
            (before + timedelta(hours=24), passed(ebn)),
            (before + timedelta(hours=24) + MICROSECOND, stopped("EXPIRED")),
        ],
        # The cancellation stands: what was valid passed, and is not verified.
        "valid then and cancelled since": [(before, passed()), (just, passed())],
        "cancelled before": [(at, stopped("CANCELLED")), (clock(), stopped("NO_EWAY_BILL"))],
        "not generated yet": [(just, stopped("NO_EWAY_BILL")), (at, passed(ebn))],
        "moved away since": [(just, passed(ebn)), (at, stopped("VEHICLE_CHANGED"))],
        "moved here since": [(just, stopped("NO_EWAY_BILL")), (at, passed(ebn))],
        "renewed since": [(just, passed(ebn)), (at, passed(heir))],
        "renewed before": [(at, passed(heir)), (just, passed(ebn))],
    }
    reads = [read(tag, when) for when, _ in expected[case]]
    answers = await send(gateway, *reads)
    assert [said(answer) for answer in answers] == [what for _, what in expected[case]]
    last = heir or ebn
    verified = any(what[3] for _, what in expected[case])
    was_at = await verified_at(gateway, last)
    if not verified:
        assert was_at is None
    else:
        first = next(when for when, what in expected[case] if what[3])
        assert was_at == (at if heir else first), "never before it was generated"
    status = (await gateway.call(OFFICER, "GET", f"{BILLS}/{ebn}")).json()["status"]
    assert (status == "CANCELLED") == ("cancelled" in case)


async def test_what_was_renewed_is_verified_by_its_last_renewal(gateway: Gateway) -> None:
    tag, vehicle = await lorry(gateway)
    ebn, at = await loaded(gateway, vehicle), gateway.clock()
    gateway.clock.advance(hours=1)
    second = await renew(gateway, ebn, "MH14CD5678")
    gateway.clock.advance(hours=1)
    third = await renew(gateway, second, "MH14CD5678")
    (answer,) = await send(gateway, read(tag, at))
    assert said(answer) == passed(ebn)
    assert [await verified_at(gateway, one) for one in (ebn, second, third)] == [
        None,
        None,
        gateway.clock(),
    ]
    refused = await gateway.call(
        CARRIER, "POST", f"{BILLS}/{third}/cancellation", json={"reason": "no"}
    )
    assert refused.json()["code"] == "ALREADY_VERIFIED_IN_TRANSIT"
    assert said((await send(gateway, read(tag, at)))[0]) == passed(ebn)


async def test_a_renewal_that_has_moved_on_was_not_on_board_before_it_was_generated(
    gateway: Gateway,
) -> None:
    """Though the goods were on the vehicle since before, r1(8) second proviso."""
    tag, vehicle = await lorry(gateway)
    ebn, at = await loaded(gateway, vehicle, distance_km=50), gateway.clock()
    gateway.clock.advance(hours=25)
    renewed_at, heir = gateway.clock(), await renew(gateway, ebn, vehicle)
    gateway.clock.advance(hours=1)
    await move(gateway, heir)
    instants = (at, renewed_at - MICROSECOND, renewed_at)
    answers = await send(gateway, *(read(tag, when) for when in instants))
    assert [said(answer) for answer in answers] == [
        passed(ebn),
        stopped("EXPIRED"),
        passed(heir),
    ]


async def test_a_renewal_that_was_cancelled_is_not_verified(gateway: Gateway) -> None:
    tag, vehicle = await lorry(gateway)
    ebn, at = await loaded(gateway, vehicle), gateway.clock()
    gateway.clock.advance(hours=1)
    heir = await renew(gateway, ebn, vehicle)
    path = f"{BILLS}/{heir}/cancellation"
    await post(gateway, CARRIER, path, {"reason": "not needed"})
    (answer,) = await send(gateway, read(tag, at))
    assert said(answer) == passed()


async def test_a_late_read_is_of_the_vehicle_the_tag_was_on_then(gateway: Gateway) -> None:
    tag, first = await lorry(gateway)
    began = gateway.clock()
    on_first = await loaded(gateway, first)
    second = new_vehicle()
    on_second = await loaded(gateway, second)
    gateway.clock.advance(hours=1)
    remapped = gateway.clock()
    await mapped(gateway, tag, second)
    gateway.clock.advance(hours=1)
    ended = gateway.clock()
    await unmapped(gateway, tag)
    gateway.clock.advance(hours=1)
    instants = {
        began - MICROSECOND: (None, []),
        began: (first, [on_first]),
        remapped - MICROSECOND: (first, [on_first]),
        remapped: (second, [on_second]),
        ended - MICROSECOND: (second, [on_second]),
        ended: (None, []),
    }
    answers = await send(gateway, *(read(tag, when) for when in instants))
    told = [(answer["vehicle_number"], answer["verified"]) for answer in answers]
    assert told == list(instants.values())


async def test_a_tag_put_elsewhere_a_moment_later_is_of_the_vehicle_it_was_on(
    gateway: Gateway,
) -> None:
    """However young the read: whoever maps a tag cannot undo that it was read."""
    tag, first = await lorry(gateway)
    ebn = await loaded(gateway, first)
    second = new_vehicle()
    gateway.clock.advance(seconds=10)
    before = gateway.clock() - MICROSECOND
    await mapped(gateway, tag, second)
    then, now = await send(gateway, read(tag, before), read(tag, gateway.clock()))
    assert (then["vehicle_number"], then["decision"], then["verified"]) == (first, "PASS", [ebn])
    assert (now["vehicle_number"], now["reasons"]) == (second, ["NO_EWAY_BILL"])
    gateway.clock.advance(seconds=10)
    before = gateway.clock() - MICROSECOND
    await unmapped(gateway, tag)
    then, now = await send(gateway, read(tag, before), read(tag, gateway.clock()))
    assert (then["vehicle_number"], then["reasons"]) == (second, ["NO_EWAY_BILL"])
    assert (now["vehicle_number"], now["reasons"]) == (None, ["TAG_NOT_MAPPED"])


async def test_none_of_very_many_bills_stays_unverified(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of more than are looked at, what nobody has verified comes first."""
    monkeypatch.setattr(limits, "VEHICLE_STAYS_MAX", 3)
    tag, vehicle = await lorry(gateway)
    ebns = {await loaded(gateway, vehicle) for _ in range(8)}
    seen: set[str] = set()
    for _ in range(3):
        gateway.clock.advance(minutes=1)
        (answer,) = await send(gateway, read(tag, gateway.clock()))
        assert (answer["decision"], answer["bills"]) == ("PASS", 3)
        seen |= set(answer["verified"])
    assert seen == ebns


async def test_a_valid_bill_is_not_lost_among_very_many_that_ran_out(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "VEHICLE_STAYS_MAX", 3)
    tag, vehicle = await lorry(gateway)
    valid = await loaded(gateway, vehicle, distance_km=250)
    for _ in range(5):
        await loaded(gateway, vehicle, distance_km=50)
    gateway.clock.advance(hours=30)
    (answer,) = await send(gateway, read(tag, gateway.clock()))
    assert (answer["decision"], answer["verified"]) == ("PASS", [valid])
