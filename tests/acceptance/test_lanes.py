"""A lane asks an RFID tag: let it pass, or stop it and why; through real HTTP, hot and cold."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import redis

from tests.acceptance.test_transport import BY, NEXT, ONE, THREE, TWO, VIA, generate, move, post
from tests.documents import OFFICER, READER, RECIPIENT, SUPPLIER
from tests.gateway_in_process import Gateway
from validators.authority import Person, Role

TAG, SPARE, OTHER_TAG = (
    "E2801160600002054CC2096F",
    "E2801160600002054CC20970",
    "30" + "0" * 21 + "1",
)
MICROSECOND = timedelta(microseconds=1)
KNOWN_TO_A_LANE = {
    *("ebn", "status", "valid_until", "hsn_code", "value_of_goods", "place_of_dispatch"),
    *("place_of_delivery", "consolidated_number"),
}


@pytest.fixture(params=["hot", "cold"])
async def asked(gateway: Gateway, request: pytest.FixtureRequest, redis_url: str) -> Gateway:
    """With hot state believed, and with Redis answering nothing: every lane must hear the same."""
    if request.param == "hot":
        await gateway.until_hot()
    else:
        gateway.services.hot_state.believed_epoch = lambda: None  # type: ignore[method-assign]
    await put(gateway, TAG, ONE)
    return gateway


async def put(gateway: Gateway, tag: str, vehicle: str, who: Person = VIA) -> None:
    path = f"/v1/rfid/tags/{tag}"
    answer = await gateway.call(who, "PUT", path, json={"vehicle_number": vehicle})
    assert answer.status_code in (200, 201), answer.text


async def ask(gateway: Gateway, tag: str = TAG, who: Person = READER) -> dict[str, Any]:
    """The answer, asked twice: what hot state was filled with says the same as the record."""
    path = f"/v1/rfid/tags/{tag}/eway-bills"
    first, second = [await gateway.call(who, "GET", path) for _ in range(2)]
    assert first.status_code == 200, first.text
    assert second.content == first.content
    lane: dict[str, Any] = first.json()
    return lane


def told(lane: dict[str, Any]) -> tuple[str, list[str], list[tuple[str, str]]]:
    items = [(item["ebn"], item["status"]) for item in lane["items"]]
    return lane["decision"], lane["reasons"], items


async def test_a_lorry_with_valid_bills_passes(asked: Gateway) -> None:
    first, second = await generate(asked), await generate(asked, value_of_goods="100000.50")
    await generate(asked, vehicle_number=TWO)
    lane = await ask(asked)
    assert lane["vehicle_number"] == ONE
    assert told(lane) == (
        "PASS",
        [],
        [(second["ebn"], "ACTIVE"), (first["ebn"], "ACTIVE")],
    )
    assert lane["items"][0] == {
        "ebn": second["ebn"],
        "status": "ACTIVE",
        "valid_until": second["valid_until"],
        "hsn_code": "7215",
        "value_of_goods": "100000.50",
        "place_of_dispatch": "400001",
        "place_of_delivery": "560001",
        "consolidated_number": None,
    }


async def test_every_tag_of_a_vehicle_answers_and_every_spelling(asked: Gateway) -> None:
    bill = await generate(asked)
    await put(asked, SPARE, ONE)
    for tag in (TAG, SPARE, TAG.lower(), TAG[:8] + "%20" + TAG[8:]):
        assert told(await ask(asked, tag))[2] == [(bill["ebn"], "ACTIVE")]


async def test_a_tag_on_no_vehicle(asked: Gateway) -> None:
    lane = await ask(asked, OTHER_TAG)
    assert lane == {
        "decision": "STOP",
        "reasons": ["TAG_NOT_MAPPED"],
        "vehicle_number": None,
        "items": [],
    }


async def test_a_tag_that_is_put_on_another_vehicle(asked: Gateway) -> None:
    bill = await generate(asked, vehicle_number=TWO)
    assert told(await ask(asked)) == ("STOP", ["NO_EWAY_BILL"], [])
    await put(asked, TAG, TWO)
    lane = await ask(asked)
    assert (lane["vehicle_number"], told(lane)[2]) == (TWO, [(bill["ebn"], "ACTIVE")])
    assert (await asked.call(VIA, "DELETE", f"/v1/rfid/tags/{TAG}")).status_code == 200
    assert told(await ask(asked)) == ("STOP", ["TAG_NOT_MAPPED"], [])


async def test_a_lorry_whose_bill_was_cancelled(asked: Gateway) -> None:
    bill = await generate(asked)
    assert told(await ask(asked))[0] == "PASS"
    assert (
        await post(asked, BY, bill["ebn"], "cancellation", reason="not sent")
    ).status_code == 200
    assert told(await ask(asked)) == ("STOP", ["CANCELLED"], [(bill["ebn"], "CANCELLED")])
    asked.clock.advance(hours=24, microseconds=1)
    assert told(await ask(asked)) == ("STOP", ["NO_EWAY_BILL"], [])


async def test_a_lorry_whose_bill_runs_out(asked: Gateway) -> None:
    bill = await generate(asked)
    await ask(asked)
    asked.clock.now = asked.clock.at(bill["valid_until"])
    assert told(await ask(asked)) == ("PASS", [], [(bill["ebn"], "ACTIVE")])
    asked.clock.now += MICROSECOND
    assert told(await ask(asked)) == ("STOP", ["EXPIRED"], [(bill["ebn"], "EXPIRED")])


async def test_a_lorry_whose_goods_went_on_by_another(asked: Gateway) -> None:
    bill = await generate(asked)
    await put(asked, SPARE, TWO)
    assert told(await ask(asked, SPARE)) == ("STOP", ["NO_EWAY_BILL"], [])
    asked.clock.advance(hours=1)
    assert (await move(asked, bill["ebn"], TWO)).status_code == 200
    assert told(await ask(asked)) == ("STOP", ["VEHICLE_CHANGED"], [(bill["ebn"], "MOVED")])
    assert told(await ask(asked, SPARE)) == ("PASS", [], [(bill["ebn"], "ACTIVE")])
    asked.clock.advance(hours=1)
    assert (await move(asked, bill["ebn"], ONE)).status_code == 200
    assert told(await ask(asked)) == ("PASS", [], [(bill["ebn"], "ACTIVE")])
    assert told(await ask(asked, SPARE)) == ("STOP", ["VEHICLE_CHANGED"], [(bill["ebn"], "MOVED")])


async def test_a_bill_renewed_on_its_lorry_and_on_another(asked: Gateway) -> None:
    bill = await generate(asked)
    await put(asked, SPARE, TWO)
    body = {"vehicle_number": ONE, "distance_km": 50, "reason": "the bridge is closed"}
    again = await post(asked, VIA, bill["ebn"], "renewal", **body)
    assert again.status_code == 201, again.text
    ebn = again.json()["ebn"]
    assert told(await ask(asked)) == ("PASS", [], [(ebn, "ACTIVE")])
    asked.clock.advance(minutes=1)
    further = await post(asked, VIA, ebn, "renewal", **body | {"vehicle_number": TWO})
    assert further.status_code == 201, further.text
    assert told(await ask(asked)) == ("STOP", ["VEHICLE_CHANGED"], [(ebn, "RENEWED")])
    assert told(await ask(asked, SPARE)) == ("PASS", [], [(further.json()["ebn"], "ACTIVE")])


async def test_a_consolidated_bill_is_shown_with_its_members(asked: Gateway) -> None:
    members = [await generate(asked) for _ in range(3)]
    await ask(asked)
    body = {"ebns": [bill["ebn"] for bill in members[:2]], "vehicle_number": ONE}
    answer = await asked.call(VIA, "POST", "/v1/consolidated-eway-bills", json=body)
    assert answer.status_code == 201, answer.text
    numbers = [item["consolidated_number"] for item in (await ask(asked))["items"]]
    assert numbers == [None, answer.json()["number"], answer.json()["number"]]


async def test_a_lane_learns_no_more_than_it_needs(asked: Gateway) -> None:
    bill = await generate(asked)
    for _ in range(2):
        answer = await asked.call(READER, "GET", f"/v1/rfid/tags/{TAG}/eway-bills")
        assert {key for item in answer.json()["items"] for key in item} == KNOWN_TO_A_LANE
        for secret in (SUPPLIER, RECIPIENT, VIA.id, bill["part_a"]["document_number"]):
            assert secret not in answer.text
        await post(asked, BY, bill["ebn"], "cancellation", reason="not sent")


@pytest.mark.parametrize("tag", ["E280", "G" * 24, "0" * 24, "E" * 25, "E" * 128, "१" * 24])
async def test_what_is_no_tag(gateway: Gateway, tag: str) -> None:
    answer = await gateway.call(READER, "GET", f"/v1/rfid/tags/{tag}/eway-bills")
    assert answer.status_code == 422
    assert answer.json()["code"] == "INVALID_QUERY"
    assert [fault["code"] for fault in answer.json()["errors"]] == ["TAG_FORMAT"]


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.READER, Role.OFFICER)])
async def test_only_readers_and_officers_ask(gateway: Gateway, role: Role) -> None:
    who = Person("client", role, SUPPLIER)
    answer = await gateway.call(who, "GET", f"/v1/rfid/tags/{TAG}/eway-bills")
    assert answer.status_code == 403
    assert (await gateway.call(OFFICER, "GET", f"/v1/rfid/tags/{TAG}/eway-bills")).is_success


async def test_an_answer_is_right_though_redis_lost_any_part_of_it(
    gateway: Gateway, redis_url: str
) -> None:
    await gateway.until_hot()
    await put(gateway, TAG, ONE)
    await put(gateway, SPARE, THREE, NEXT)
    bill = await generate(gateway)
    expected: tuple[str, list[str], list[tuple[str, str]]]
    expected = ("PASS", [], [(bill["ebn"], "ACTIVE")])
    with redis.from_url(redis_url) as direct:
        for lost in ("*:t[0-9]*", "*:v[0-9]*", "*"):
            assert told(await ask(gateway)) == expected
            keys = list(direct.scan_iter(lost, count=1000))
            assert keys, lost
            direct.delete(*keys)
            assert told(await ask(gateway)) == expected
            assert told(await ask(gateway, SPARE)) == ("STOP", ["NO_EWAY_BILL"], [])
        direct.script_flush()
        assert told(await ask(gateway)) == expected


async def test_many_lanes_at_once_share_their_way_to_redis(
    gateway: Gateway, redis_url: str
) -> None:
    await gateway.until_hot()
    bills = {}
    for number in range(20):
        vehicle, tag = f"KA05AB{number:04}", f"{TAG[:-2]}{number:02}"
        await put(gateway, tag, vehicle)
        bills[tag] = (await generate(gateway, vehicle_number=vehicle))["ebn"]
        await ask(gateway, tag)
    at = gateway.clock()
    await gateway.until_hot()
    with redis.from_url(redis_url) as direct:
        before = direct.info("commandstats")
        lanes = gateway.services.lanes

        found = await asyncio.gather(*(lanes.ask(tag, at) for tag in [*bills, *bills]))
        after = direct.info("commandstats")
    ebns = [str(carried.judged(at).stays[0].ebn) for carried in found]
    assert ebns == [*bills.values(), *bills.values()]
    calls = {name: after[name]["calls"] - before.get(name, {"calls": 0})["calls"] for name in after}
    assert calls["cmdstat_evalsha"] == 1
    assert calls["cmdstat_mget"] == 2, "those of the script"


async def test_a_vehicle_comes_from_redis_once_however_many_tags_it_has(gateway: Gateway) -> None:
    await gateway.until_hot()
    tags = [f"{TAG[:-2]}{number:02}" for number in range(5)]
    for tag in tags:
        await put(gateway, tag, ONE)
    bill = await generate(gateway)
    await ask(gateway, tags[0])
    lanes, at = gateway.services.lanes, gateway.clock()
    await asyncio.gather(*(lanes.ask(tag, at) for tag in tags))
    await gateway.until_hot()
    found = await asyncio.gather(*(lanes.ask(tag, at) for tag in tags))
    assert len({id(carried.conveyance) for carried in found}) == 1
    assert [str(one.ebn) for one in found[0].judged(at).stays] == [bill["ebn"]]


async def test_a_bill_that_came_back_and_was_cancelled_is_told_once(asked: Gateway) -> None:
    bill = await generate(asked)
    for vehicle in (TWO, ONE):
        asked.clock.advance(hours=1)
        assert (await move(asked, bill["ebn"], vehicle)).status_code == 200
    assert (await post(asked, BY, bill["ebn"], "cancellation", reason="x")).status_code == 200
    assert told(await ask(asked)) == ("STOP", ["CANCELLED"], [(bill["ebn"], "CANCELLED")])


async def test_of_two_bills_one_runs_out(asked: Gateway) -> None:
    """What lanes are told until then is not told afterwards."""
    long, short = await generate(asked), await generate(asked, distance_km=50)
    first, second = (long["ebn"], "ACTIVE"), (short["ebn"], "ACTIVE")
    asked.clock.now = asked.clock.at(short["valid_until"])
    assert told(await ask(asked)) == ("PASS", [], [second, first])
    asked.clock.now += MICROSECOND
    assert told(await ask(asked)) == ("PASS", [], [first])
