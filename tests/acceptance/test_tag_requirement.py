"""r2(4): goods of a transporter of a notified class go on a vehicle with an RFID tag only."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from ingest.notifications import Notifications
from tests.documents import (
    COMMISSIONER,
    OFFICER,
    OTHER,
    RECIPIENT,
    SUPPLIER,
    TRANSPORTER,
    document,
    person,
)
from tests.gateway_in_process import Gateway, TestClock, gateway_in_process
from tests.invoiced import request, uploaded
from tests.tags import TAG, enrol_in_class, map_tag, notify_class, rfid_class, unmap_tag
from tests.waiting import WAITS_FOR_TABLE, until
from validators.authority import Person

BY, TO, VIA = person(SUPPLIER), person(RECIPIENT), person(TRANSPORTER)
BILLS, CONSOLIDATED = "/v1/eway-bills", "/v1/consolidated-eway-bills"
ONE, TWO = "KA12AB1234", "MH14CD5678"
MICROSECOND = timedelta(microseconds=1)
CREATED: tuple[int, str | None] = (201, None)
REQUIRED: tuple[int, str | None] = (409, "RFID_TAG_REQUIRED")


def _said(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


async def _generate(gateway: Gateway, who: Person = BY, **changes: Any) -> tuple[int, str | None]:
    return _said(await gateway.generate(who, document(**changes)))


async def _bill(gateway: Gateway, **changes: Any) -> str:
    """The path of a new bill."""
    answer = await gateway.generate(BY, document(**changes))
    assert answer.status_code == 201, answer.text
    return f"{BILLS}/{answer.json()['ebn']}"


async def _transfer(gateway: Gateway, path: str, vehicle: str = TWO) -> httpx.Response:
    body = {"vehicle_number": vehicle, "reason": "OTHER", "place": "Hubli"}
    return await gateway.call(VIA, "POST", f"{path}/conveyances", json=body)


async def _hand_over(gateway: Gateway, path: str, to: str = TRANSPORTER) -> httpx.Response:
    return await gateway.call(BY, "POST", f"{path}/transporter", json={"transporter_id": to})


async def _renew(gateway: Gateway, path: str, vehicle: str = TWO) -> httpx.Response:
    body = {"vehicle_number": vehicle, "distance_km": 50, "reason": "flood"}
    return await gateway.call(VIA, "POST", f"{path}/renewal", json=body)


async def _consolidate(gateway: Gateway, path: str, vehicle: str = TWO) -> httpx.Response:
    body = {"ebns": [path.rpartition("/")[2]], "vehicle_number": vehicle}
    return await gateway.call(VIA, "POST", CONSOLIDATED, json=body)


async def _furnish(gateway: Gateway) -> str:
    """The path of Part B of a new Part A."""
    answer = await gateway.generate(BY, document(vehicle_number=...))
    return f"/v1/part-a/{answer.json()['part_a_reference']}/part-b"


async def _complete(gateway: Gateway, path: str, vehicle: str = TWO) -> httpx.Response:
    return await gateway.call(VIA, "PUT", path, json={"vehicle_number": vehicle})


@pytest.fixture
async def classed(gateway: Gateway) -> Gateway:
    """With the transporter in a class that needs tags from this instant on."""
    await enrol_in_class(gateway, TRANSPORTER)
    await notify_class(gateway, gateway.clock())
    return gateway


async def test_from_the_first_to_the_last_instant_of_the_notification(gateway: Gateway) -> None:
    begins = gateway.clock() + timedelta(hours=1)
    ends = begins + timedelta(hours=1)
    await enrol_in_class(gateway, TRANSPORTER)
    await map_tag(gateway, VIA, TAG, TWO)
    sent = rfid_class(begins, effective_until=ends.isoformat())
    assert (
        await gateway.call(COMMISSIONER, "POST", "/v1/notifications", json=sent)
    ).status_code == 201
    for at, without in (
        (begins - MICROSECOND, CREATED),
        (begins, REQUIRED),
        (ends, REQUIRED),
        (ends + MICROSECOND, CREATED),
    ):
        gateway.clock.now = at
        assert await _generate(gateway) == without
        assert await _generate(gateway, vehicle_number=TWO) == CREATED


async def test_whose_goods_need_a_tag(classed: Gateway) -> None:
    """Those that a transporter of the class carries, by any of its clients, whoever generates."""
    await enrol_in_class(classed, OTHER, "PARCELS")
    assert await _generate(classed) == REQUIRED
    assert await _generate(classed, TO) == REQUIRED
    assert await _generate(classed, VIA) == REQUIRED
    assert await _generate(classed, transporter_id=OTHER) == CREATED
    assert await _generate(classed, transporter_id=...) == CREATED  # Carried by the supplier.
    await enrol_in_class(classed, OTHER, "TANKER")
    assert await _generate(classed, transporter_id=OTHER) == REQUIRED
    await enrol_in_class(classed, SUPPLIER)
    assert await _generate(classed, transporter_id=...) == REQUIRED
    refused = await classed.generate(BY, document())
    assert "TANKER" in refused.json()["detail"]
    assert ONE in refused.json()["detail"]
    # Nothing of it goes on a vehicle by road.
    assert await _generate(classed, mode="RAIL") == CREATED
    assert await _generate(classed, vehicle_number=..., distance_to_transporter_km=9) == CREATED
    # Of two classes that need one, either will do.
    await notify_class(classed, classed.clock(), "PARCELS")
    assert await _generate(classed, transporter_id=OTHER) == REQUIRED


async def test_a_hand_over_from_the_instant_of_the_notification(gateway: Gateway) -> None:
    """The way around it: generated for one who needs no tag, and handed to one who does."""
    begins = gateway.clock() + timedelta(hours=1)
    await enrol_in_class(gateway, TRANSPORTER)
    await map_tag(gateway, VIA, TAG, TWO)
    await notify_class(gateway, begins)
    own = [await _bill(gateway, transporter_id=...) for _ in range(2)]
    of_other = [await _bill(gateway, transporter_id=OTHER) for _ in range(2)]
    tagged = [await _bill(gateway, transporter_id=..., vehicle_number=TWO) for _ in range(2)]
    near = {"vehicle_number": ..., "distance_to_transporter_km": 9, "transporter_id": OTHER}
    parked = [await _bill(gateway, **near) for _ in range(2)]
    done: tuple[int, str | None] = (200, None)
    for turn, (at, without) in enumerate(((begins - MICROSECOND, done), (begins, REQUIRED))):
        gateway.clock.now = at
        assert _said(await _hand_over(gateway, own[turn])) == without
        assert _said(await _hand_over(gateway, of_other[turn])) == without
        assert _said(await _hand_over(gateway, tagged[turn])) == done
        assert _said(await _hand_over(gateway, parked[turn])) == done
    refused = await _hand_over(gateway, own[1])
    assert (ONE in refused.json()["detail"], "TANKER" in refused.json()["detail"]) == (True, True)
    # It is the new transporter's class that counts, and whoever is of none needs no tag.
    assert _said(await _hand_over(gateway, own[0], OTHER)) == done
    # Without a vehicle there was nothing to ask for: the transfer asks.
    assert _said(await _transfer(gateway, parked[1], ONE)) == REQUIRED


async def test_a_tag_must_be_on_the_vehicle_at_that_moment(classed: Gateway) -> None:
    assert await _generate(classed) == REQUIRED
    await map_tag(classed, VIA, TAG, TWO)
    assert await _generate(classed) == REQUIRED
    await map_tag(classed, VIA, TAG, ONE)
    assert await _generate(classed) == CREATED
    assert await _generate(classed, vehicle_number=TWO) == REQUIRED
    await unmap_tag(classed, VIA, TAG)
    assert await _generate(classed) == REQUIRED
    # The conveyance is hired: its tag was mapped by whom it belongs to.
    await map_tag(classed, person(OTHER), TAG, ONE)
    assert await _generate(classed) == CREATED


async def test_an_upload_is_refused_line_by_line(classed: Gateway) -> None:
    await map_tag(classed, VIA, TAG, ONE)
    vehicles = [ONE, TWO] * 8
    body = "\n".join(json.dumps(document(vehicle_number=vehicle)) for vehicle in vehicles)
    headers = {"Content-Type": "application/x-ndjson"}
    answer = await classed.call(BY, "POST", f"{BILLS}/bulk", content=body, headers=headers)
    *lines, end = [json.loads(line) for line in answer.text.splitlines()]
    assert [(line["status"], line.get("code")) for line in lines] == [CREATED, REQUIRED] * 8
    assert end["summary"] == {"received": 16, "created": 8, "existing": 0, "refused": 8}


async def test_a_bill_from_an_invoice(classed: Gateway) -> None:
    irn = await uploaded(classed)
    assert _said(await classed.generate(BY, request(irn))) == REQUIRED
    await map_tag(classed, VIA, TAG, ONE)
    assert _said(await classed.generate(BY, request(irn))) == CREATED


async def test_what_is_refused_leaves_everything_as_it_was(gateway: Gateway) -> None:
    """And is done once there is a tag: completion, renewal, transfer, hand-over, a consolidated
    bill."""
    part_a = await _furnish(gateway)
    renewed, moved = await _bill(gateway), await _bill(gateway)
    near = {"vehicle_number": ..., "distance_to_transporter_km": 9}
    boarding, first = await _bill(gateway, **near), await _bill(gateway, **near)
    handed = await _bill(gateway, transporter_id=..., vehicle_number=TWO)
    await enrol_in_class(gateway, TRANSPORTER)
    await notify_class(gateway, gateway.clock())
    calls: list[tuple[Callable[[Gateway, str], Awaitable[httpx.Response]], str]] = [
        (_complete, part_a),
        (_renew, renewed),
        (_transfer, moved),
        (_transfer, first),
        (_consolidate, boarding),
        (_hand_over, handed),
    ]
    before = [(await gateway.call(OFFICER, "GET", path)).json() for _, path in calls[1:]]
    assert [_said(await call(gateway, path)) for call, path in calls] == [REQUIRED] * 6
    assert [(await gateway.call(OFFICER, "GET", path)).json() for _, path in calls[1:]] == before
    waiting = await gateway.call(VIA, "GET", "/v1/part-a?assigned_to=me")
    assert len(waiting.json()["items"]) == 1
    # Neither is what is no matter of a conveyance refused.
    accepted = await gateway.call(TO, "POST", f"{moved}/acceptance", json={"decision": "ACCEPTED"})
    assert accepted.status_code == 200
    await map_tag(gateway, VIA, TAG, TWO)
    done = [(await call(gateway, path)).status_code for call, path in calls]
    assert done == [201, 201, 200, 200, 201, 200]


async def test_a_document_that_has_its_bill_is_told_so_first(gateway: Gateway) -> None:
    """Whoever lost the answer sends the same again, and must not be left not knowing."""
    sent, waits = document(), document(vehicle_number=...)
    ebn = (await gateway.generate(BY, sent)).json()["ebn"]
    reference = (await gateway.generate(BY, waits)).json()["part_a_reference"]
    await enrol_in_class(gateway, TRANSPORTER)
    await notify_class(gateway, gateway.clock())
    again = await gateway.generate(BY, sent)
    assert _said(again) == (409, "DOCUMENT_ALREADY_HAS_EWAY_BILL")
    assert again.json()["ebn"] == ebn
    again = await gateway.generate(BY, waits | {"vehicle_number": ONE})
    assert _said(again) == (409, "DOCUMENT_ALREADY_HAS_PART_A")
    assert again.json()["part_a_reference"] == reference
    gateway.clock.advance(days=15, microseconds=1)
    again = await gateway.generate(BY, waits | {"vehicle_number": ONE})
    assert _said(again) == REQUIRED


async def test_numbers_of_refused_bills_are_used_for_others(classed: Gateway) -> None:
    async def number(**changes: Any) -> int:
        return int((await _bill(classed, **changes)).rpartition("/")[2])

    part_a = await _furnish(classed)
    tagged = {"transporter_id": OTHER}
    before = await number(**tagged)
    for _ in range(5):
        assert await _generate(classed) == REQUIRED
        assert _said(await _complete(classed, part_a)) == REQUIRED
    assert await number(**tagged) == before + 1


async def test_one_without_a_tag_spoils_no_neighbour(classed: Gateway, dsn: str) -> None:
    """In one transaction, one of them under a key, which keeps what it was refused with."""
    await map_tag(classed, VIA, TAG, TWO)
    direct = await asyncpg.connect(dsn)
    headers = {"Idempotency-Key": "k"}
    keyed = document()
    async with direct.transaction():
        await direct.execute("LOCK TABLE document_claim IN ACCESS EXCLUSIVE MODE")
        first = asyncio.create_task(_generate(classed, vehicle_number=TWO))
        await until(lambda: direct.fetchval(WAITS_FOR_TABLE))
        asked = [
            asyncio.create_task(_generate(classed, vehicle_number=vehicle))
            for vehicle in (ONE, TWO) * 10
        ]
        with_key = asyncio.create_task(classed.generate(BY, keyed, headers=headers))
        await until(lambda: classed.services.generation.waiting == len(asked) + 1)
    assert await first == CREATED
    assert await asyncio.gather(*asked) == [REQUIRED, CREATED] * 10
    assert _said(await with_key) == REQUIRED
    again = await classed.generate(BY, keyed, headers=headers)
    assert (again.content, again.headers["idempotency-replayed"]) == (
        (await with_key).content,
        "true",
    )
    assert await direct.fetchval("SELECT count(*) FROM eway_bill") == 11
    assert await direct.fetchval("SELECT count(*) FROM document_claim") == 11
    await direct.close()


async def test_without_such_a_notification_nobody_asks_for_tags(gateway: Gateway, dsn: str) -> None:
    """The tables cannot be read while a bill lives its life; one notification is of another kind,
    and one has not begun."""
    await enrol_in_class(gateway, TRANSPORTER)
    await notify_class(gateway, gateway.clock() + timedelta(days=1))
    direct = await asyncpg.connect(dsn)
    async with direct.transaction():
        await direct.execute("LOCK TABLE rfid_tag, client IN ACCESS EXCLUSIVE MODE")
        path = await _bill(gateway, transporter_id=OTHER)
        assert (await _hand_over(gateway, path)).status_code == 200
        assert (await _transfer(gateway, path)).status_code == 200
        assert (await _consolidate(gateway, path)).status_code == 201
        assert (await _renew(gateway, path)).status_code == 201
        assert (await _complete(gateway, await _furnish(gateway))).status_code == 201
    await direct.close()


@pytest.fixture
async def other(
    gateway: Gateway, dsn: str, redis_url: str, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Gateway]:
    """Another worker, which learns of notifications only by what its writes are answered."""

    async def never(_: Notifications) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Notifications, "keep", never)
    async with gateway_in_process(dsn, redis_url, clock) as running:
        yield running


@pytest.mark.parametrize("call", [_complete, _renew, _transfer, _hand_over, _consolidate])
async def test_another_worker_decides_by_a_notification_of_this_moment(
    gateway: Gateway, other: Gateway, call: Callable[[Gateway, str], Awaitable[httpx.Response]]
) -> None:
    await enrol_in_class(gateway, TRANSPORTER)
    near = {"vehicle_number": ..., "distance_to_transporter_km": 9}
    of_another = {"vehicle_number": TWO, "transporter_id": OTHER}
    bill = of_another if call is _hand_over else near
    path = await (_furnish(other) if call is _complete else _bill(other, **bill))
    await notify_class(gateway, gateway.clock())
    assert other.services.notifications.current.version == 0
    assert _said(await call(other, path)) == REQUIRED
    assert other.services.notifications.current.version == 1
    await map_tag(gateway, VIA, TAG, TWO)
    assert (await call(other, path)).status_code in (200, 201)
