"""Reads against changes of the bills they rest on: what was decided while a read waited counts."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.documents import READER, SUPPLIER, person
from tests.gateway_in_process import Gateway
from tests.reads import BILLS, CARRIER, ELSEWHERE, counted, loaded, lorry, read, send
from tests.reads_at_once import Record, held, statuses, verified, waiting

MICROSECOND = timedelta(microseconds=1)


Change = Callable[[Gateway, str], Awaitable[Any]]


async def cancel(gateway: Gateway, ebn: str) -> tuple[int, str]:
    path = f"{BILLS}/{ebn}/cancellation"
    answer = await gateway.call(person(SUPPLIER), "POST", path, json={"reason": "not sent"})
    return answer.status_code, answer.json().get("code", "")


async def renew(gateway: Gateway, ebn: str) -> str:
    body = {"vehicle_number": ELSEWHERE, "distance_km": 50, "reason": "flood"}
    answer = await gateway.call(CARRIER, "POST", f"{BILLS}/{ebn}/renewal", json=body)
    return str(answer.json().get("ebn", ""))


async def transfer(gateway: Gateway, ebn: str) -> int:
    body = {"vehicle_number": ELSEWHERE, "reason": "BREAKDOWN", "place": "Hubli"}
    answer = await gateway.call(CARRIER, "POST", f"{BILLS}/{ebn}/conveyances", json=body)
    return answer.status_code


async def raced(
    gateway: Gateway,
    record: Record,
    *,
    change: Change,
    read_first: bool,
    after: timedelta = timedelta(0),
) -> tuple[str, dict[str, Any], Any]:
    """A bill, and what its read and a change of it were answered: both were decided on the bill as
    it was before, and wait for its row in this order. The tag was read so long after the change."""
    tag, vehicle = await lorry(gateway)
    ebn = await loaded(gateway, vehicle)
    gateway.clock.advance(hours=1)
    changed_at = gateway.clock()

    async def send_read() -> Sequence[dict[str, Any]]:
        gateway.clock.now = max(changed_at, changed_at + after)
        return await send(gateway, read(tag, changed_at + after))

    both: list[Callable[[], Awaitable[Any]]] = [send_read, lambda: change(gateway, ebn)]
    tasks = []
    async with held(record, "SELECT FROM eway_bill WHERE ebn = $1 FOR UPDATE", int(ebn)):
        for count, ask in enumerate(both if read_first else reversed(both), 1):
            tasks.append(asyncio.create_task(ask()))
            await waiting(record, count)
    first, second = await asyncio.gather(*tasks)
    (answer,), changed = (first, second) if read_first else (second, first)
    return ebn, answer, changed


async def test_a_read_before_a_cancellation(gateway: Gateway, record: Record) -> None:
    ebn, answer, refused = await raced(gateway, record, change=cancel, read_first=True)
    assert (answer["decision"], answer["verified"]) == ("PASS", [ebn])
    assert refused == (409, "ALREADY_VERIFIED_IN_TRANSIT")
    assert await verified(gateway, ebn)


@pytest.mark.parametrize(
    ("change", "reason"),
    [(cancel, "CANCELLED"), (renew, "VEHICLE_CHANGED"), (transfer, "VEHICLE_CHANGED")],
)
@pytest.mark.parametrize("after", [timedelta(0), timedelta(seconds=1)])
async def test_a_read_is_judged_by_what_came_in_while_it_waited(
    gateway: Gateway, record: Record, change: Change, reason: str, after: timedelta
) -> None:
    """It was let pass by a bill that had ended by then, and is judged anew."""
    ebn, answer, done = await raced(gateway, record, change=change, read_first=False, after=after)
    assert done
    assert (answer["status"], answer["decision"]) == (201, "STOP")
    assert (answer["reasons"], answer["verified"]) == ([reason], [])
    assert not await verified(gateway, ebn)


async def test_a_read_that_is_outdated_every_time_is_refused(
    gateway: Gateway, dsn: str, record: Record
) -> None:
    """Hot state is not told of this cancellation, so whatever is asked of it stays outdated."""
    await gateway.until_hot()
    tag, vehicle = await lorry(gateway)
    ebn = await loaded(gateway, vehicle)
    lane = f"/v1/rfid/tags/{tag}/eway-bills"
    assert (await gateway.call(READER, "GET", lane)).json()["decision"] == "PASS"
    past = """UPDATE eway_bill SET version = 2, cancelled_at = $2, cancelled_by = generated_by,
        cancellation_reason = 'not sent' WHERE ebn = $1"""
    await record.execute(past, int(ebn), gateway.clock())
    answers = await send(gateway, read(tag, gateway.clock()))
    assert statuses(answers) == [(503, "OVERLOADED")]
    assert await counted(dsn) == 0
    assert await record.fetchval("SELECT count(*) FROM rfid_read_claim") == 0


async def test_a_cancellation_just_after_a_read(gateway: Gateway, record: Record) -> None:
    """It was valid when it passed, and the cancellation, which came in first, stands."""
    ebn, answer, done = await raced(
        gateway, record, change=cancel, read_first=False, after=-MICROSECOND
    )
    assert done == (200, "")
    assert (answer["status"], answer["decision"], answer["verified"]) == (201, "PASS", [])
    assert not await verified(gateway, ebn)


async def test_a_renewal_just_after_a_read(gateway: Gateway, record: Record) -> None:
    """What goes on from the bill is verified in its place."""
    ebn, answer, heir = await raced(
        gateway, record, change=renew, read_first=False, after=-MICROSECOND
    )
    assert (answer["decision"], answer["verified"]) == ("PASS", [ebn])
    assert [await verified(gateway, one) for one in (ebn, heir)] == [False, True]


async def test_a_transfer_just_after_a_read(gateway: Gateway, record: Record) -> None:
    """It was on its former vehicle then."""
    ebn, answer, done = await raced(
        gateway, record, change=transfer, read_first=False, after=-MICROSECOND
    )
    assert done == 200
    assert (answer["decision"], answer["verified"]) == ("PASS", [ebn])
    assert await verified(gateway, ebn)


async def test_a_read_before_a_renewal(gateway: Gateway, record: Record) -> None:
    """The renewal was decided on a bill nobody had verified; asked for again, it goes on from one
    that was."""
    ebn, answer, refused = await raced(gateway, record, change=renew, read_first=True)
    assert (answer["verified"], refused) == ([ebn], "")
    heir = await renew(gateway, ebn)
    assert [await verified(gateway, one) for one in (ebn, heir)] == [True, True]


async def test_a_bill_that_was_verified_is_not_waited_for(gateway: Gateway, record: Record) -> None:
    """It cannot be cancelled any more, so lanes need not stand in line for it."""
    tag, vehicle = await lorry(gateway)
    ebn = await loaded(gateway, vehicle)
    await send(gateway, read(tag, gateway.clock()))
    async with held(record, "SELECT FROM eway_bill WHERE ebn = $1 FOR UPDATE", int(ebn)):
        (answer,) = await send(gateway, read(tag, gateway.clock()))
    assert (answer["status"], answer["verified"]) == (201, [ebn])
