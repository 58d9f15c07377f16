"""Transfer and hand-over, r1(3); renewal, r1(8); consolidated bills, r1(4)."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from tests.documents import (
    OFFICER,
    OTHER,
    RECIPIENT,
    STRANGER,
    SUPPLIER,
    TRANSPORTER,
    document,
    person,
)
from tests.gateway_in_process import Gateway, TestClock, gateway_in_process
from tests.waiting import WAITS_FOR_TABLE, until
from validators.authority import Person
from validators.life import CHANGES_MAX
from validators.rulebook import rulebooks_enabled

BY, TO, VIA, NEXT = person(SUPPLIER), person(RECIPIENT), person(TRANSPORTER), person(OTHER)
ONE, TWO, THREE = "KA12AB1234", "MH14CD5678", "TN09E4321"


async def generate(gateway: Gateway, **changes: Any) -> dict[str, Any]:
    answer = await gateway.generate(BY, document(**changes))
    assert answer.status_code == 201, answer.text
    bill: dict[str, Any] = answer.json()
    return bill


async def post(gateway: Gateway, who: Person, ebn: str, what: str, **body: Any) -> httpx.Response:
    return await gateway.call(who, "POST", f"/v1/eway-bills/{ebn}/{what}", json=body)


async def move(
    gateway: Gateway, ebn: str, vehicle: str, who: Person = VIA, reason: str = "TRANSHIPMENT"
) -> httpx.Response:
    body = {"vehicle_number": vehicle, "reason": reason, "place": "Kolhapur"}
    return await post(gateway, who, ebn, "conveyances", **body)


async def renew(gateway: Gateway, ebn: str, who: Person = VIA, km: int = 120) -> httpx.Response:
    body = {"vehicle_number": TWO, "distance_km": km, "reason": "the bridge is closed"}
    return await post(gateway, who, ebn, "renewal", **body)


async def on_vehicle(gateway: Gateway, vehicle: str, who: Person = OFFICER) -> list[str]:
    answer = await gateway.call(who, "GET", f"/v1/vehicles/{vehicle}/eway-bills")
    return [item["ebn"] for item in answer.json()["items"]]


async def listed(gateway: Gateway, who: Person, **query: str) -> list[str]:
    answer = await gateway.call(who, "GET", "/v1/eway-bills", params=query)
    return [item["ebn"] for item in answer.json()["items"]]


async def consolidate(
    gateway: Gateway, ebns: list[str], vehicle: str = ONE, who: Person = VIA
) -> httpx.Response:
    body = {"ebns": ebns, "vehicle_number": vehicle}
    return await gateway.call(who, "POST", "/v1/consolidated-eway-bills", json=body)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 422
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


# Transfer and hand-over ------------------------------------------------------------------------


async def test_every_vehicle_is_kept_and_found(gateway: Gateway) -> None:
    await gateway.until_hot()
    ebn = (await generate(gateway))["ebn"]
    assert await on_vehicle(gateway, ONE) == [ebn]
    assert await on_vehicle(gateway, TWO) == []
    gateway.clock.advance(hours=1)
    moved = (await move(gateway, ebn, "mh 14 cd 5678", reason="BREAKDOWN")).json()
    assert moved["part_b"]["vehicle_number"] == TWO
    assert await on_vehicle(gateway, ONE) == []
    assert await on_vehicle(gateway, TWO) == [ebn]
    gateway.clock.advance(hours=1)
    back = (await move(gateway, ebn, ONE)).json()
    told = [tuple(each.values()) for each in back["conveyances"]]
    assert told == [
        (ONE, back["generated_at"], SUPPLIER, None, None),
        (TWO, moved["part_b"]["since"], TRANSPORTER, "BREAKDOWN", "Kolhapur"),
        (ONE, back["part_b"]["since"], TRANSPORTER, "TRANSHIPMENT", "Kolhapur"),
    ]
    assert await on_vehicle(gateway, TWO) == []
    assert await on_vehicle(gateway, ONE) == [ebn]
    assert (await gateway.call(OFFICER, "GET", f"/v1/eway-bills/{ebn}")).json() == back


async def test_a_transfer_is_refused(gateway: Gateway) -> None:
    ebn = (await generate(gateway))["ebn"]
    assert code(await move(gateway, ebn, ONE)) == (409, "SAME_VEHICLE")
    faulty = await post(gateway, VIA, ebn, "conveyances", vehicle_number="1", reason="WHIM")
    assert faults(faulty) == [
        ("/reason", "NOT_ONE_OF"), ("/place", "REQUIRED"), ("/vehicle_number", "VEHICLE_FORMAT")
    ]  # fmt: skip
    for index in range(CHANGES_MAX):
        assert (await move(gateway, ebn, (TWO, ONE)[index % 2])).status_code == 200
    assert code(await move(gateway, ebn, TWO)) == (409, "TOO_MANY_CHANGES")


async def test_a_bill_without_conveyance_gets_its_first(gateway: Gateway) -> None:
    """r1(1) third proviso: less than 10 km to the transporter's place."""
    near = await generate(gateway, vehicle_number=..., distance_to_transporter_km=9)
    assert (near["part_b"], near["conveyances"]) == (None, [])
    moved = (await move(gateway, near["ebn"], ONE, reason="FIRST_CONVEYANCE")).json()
    assert [each["vehicle_number"] for each in moved["conveyances"]] == [ONE]
    assert await on_vehicle(gateway, ONE) == [near["ebn"]]


async def test_handed_over_the_bill_is_the_next_transporters(gateway: Gateway) -> None:
    ebn = (await generate(gateway))["ebn"]
    answer = await post(gateway, VIA, ebn, "transporter", transporter_id=OTHER.lower())
    handed = answer.json()
    assert (handed["transporter_id"], handed["part_a"]["transporter_id"]) == (OTHER, TRANSPORTER)
    (kept,) = handed["hand_overs"]
    assert (kept["by"], kept["from_transporter_id"], kept["to_transporter_id"]) == (
        TRANSPORTER,
        TRANSPORTER,
        OTHER,
    )
    assert await listed(gateway, NEXT, role="transporter") == [ebn]
    assert await listed(gateway, VIA, role="transporter") == []
    assert await on_vehicle(gateway, ONE, NEXT) == [ebn]
    assert await on_vehicle(gateway, ONE, VIA) == []
    assert code(await move(gateway, ebn, TWO, VIA)) == (404, "EWAY_BILL_NOT_FOUND")
    assert (await move(gateway, ebn, TWO, NEXT)).status_code == 200
    again = await post(gateway, BY, ebn, "transporter", transporter_id=OTHER)
    assert code(again) == (409, "SAME_TRANSPORTER")
    wrong = await post(gateway, BY, ebn, "transporter", transporter_id="27AAPFU0939F1ZA")
    assert faults(wrong) == [("/transporter_id", "GSTIN_CHECKSUM")]
    back = await post(gateway, TO, ebn, "transporter", transporter_id=TRANSPORTER)
    assert len(back.json()["hand_overs"]) == 2
    assert await listed(gateway, VIA, role="transporter") == [ebn]


# Renewal ---------------------------------------------------------------------------------------


async def test_a_renewal_goes_on_from_the_bill(gateway: Gateway) -> None:
    await gateway.until_hot()
    sent = document(distance_km=350)
    old = (await gateway.generate(BY, sent)).json()
    gateway.clock.advance(days=5, hours=8)  # Eight hours after it lapsed.
    answer = await renew(gateway, old["ebn"])
    new = answer.json()
    assert answer.status_code == 201
    assert (new["renewed_from"], new["renewed_to"]) == (old["ebn"], None)
    assert (new["generated_by"], new["furnished_by"]) == (TRANSPORTER, SUPPLIER)
    assert new["part_a"] == old["part_a"] | {"distance_km": 120}
    assert new["part_b"]["vehicle_number"] == TWO
    assert new["valid_until"][:10] == "2026-11-29"  # 120 km: three days.
    ended = (await gateway.call(BY, "GET", f"/v1/eway-bills/{old['ebn']}")).json()
    assert (ended["status"], ended["renewed_to"]) == ("RENEWED", new["ebn"])
    assert await listed(gateway, BY, status="RENEWED") == [old["ebn"]]
    assert await listed(gateway, BY, status="ACTIVE") == [new["ebn"]]
    assert await on_vehicle(gateway, TWO) == [new["ebn"]]
    assert await on_vehicle(gateway, ONE) == []
    held = await gateway.generate(BY, sent)
    assert (code(held), held.json()["ebn"]) == (
        (409, "DOCUMENT_ALREADY_HAS_EWAY_BILL"),
        new["ebn"],
    )
    again = await renew(gateway, old["ebn"])
    assert (code(again), again.json()["renewed_to"]) == ((409, "ALREADY_RENEWED"), new["ebn"])
    third = (await renew(gateway, new["ebn"])).json()
    assert third["renewed_from"] == new["ebn"]
    cancelled = await post(gateway, VIA, third["ebn"], "cancellation", reason="not needed")
    assert cancelled.status_code == 200
    assert (await gateway.generate(BY, sent)).status_code == 201


async def test_a_renewal_a_microsecond_late_is_refused(gateway: Gateway) -> None:
    ebn = (await generate(gateway, distance_km=350))["ebn"]
    gateway.clock.advance(days=5, hours=8, microseconds=1)
    assert code(await renew(gateway, ebn)) == (409, "RENEWAL_WINDOW_CLOSED")


async def test_a_renewal_raced_against_itself_makes_one_bill(gateway: Gateway) -> None:
    for _ in range(20):
        ebn = (await generate(gateway))["ebn"]
        answers = await asyncio.gather(*(renew(gateway, ebn) for _ in range(6)))
        (won,) = (answer for answer in answers if answer.status_code == 201)
        for answer in answers:
            if answer is not won:
                assert code(answer) == (409, "ALREADY_RENEWED")
                assert answer.json()["renewed_to"] == won.json()["ebn"]


async def test_renewal_against_cancellation(gateway: Gateway) -> None:
    for _ in range(20):
        ebn = (await generate(gateway))["ebn"]
        answers = await asyncio.gather(
            renew(gateway, ebn), post(gateway, BY, ebn, "cancellation", reason="raced")
        )
        assert sorted(answer.status_code for answer in answers) in ([200, 409], [201, 409])
        lost = next(answer for answer in answers if answer.status_code == 409)
        expected = "ALREADY_CANCELLED" if lost is answers[0] else "ALREADY_RENEWED"
        assert code(lost) == (409, expected)


async def test_a_renewal_is_replayed_under_its_key(gateway: Gateway) -> None:
    ebn = (await generate(gateway))["ebn"]
    answers = [
        await gateway.call(
            VIA,
            "POST",
            f"/v1/eway-bills/{ebn}/renewal",
            json={"vehicle_number": TWO, "distance_km": 9, "reason": "x"},
            headers={"Idempotency-Key": "once"},
        )
        for _ in range(2)
    ]
    assert answers[0].content == answers[1].content


# Consolidated bills ----------------------------------------------------------------------------


async def test_a_consolidated_bill_is_valid_for_its_longest_distance(gateway: Gateway) -> None:
    ebns = [(await generate(gateway, distance_km=km))["ebn"] for km in (99, 300, 120)]
    gateway.clock.advance(hours=2)
    answer = await consolidate(gateway, ebns)
    whole = answer.json()
    assert answer.status_code == 201
    assert whole["number"] not in ebns
    assert whole["valid_until"] == "2026-11-26T16:05:09.123456+05:30"  # 300 km: five days.
    assert [item["ebn"] for item in whole["items"]] == ebns
    assert whole["items"][0]["valid_until"] == "2026-11-22T14:05:09.123456+05:30"
    path = f"/v1/consolidated-eway-bills/{whole['number']}"
    for who in (VIA, OFFICER):
        assert (await gateway.call(who, "GET", path)).json() == whole
    for who in (BY, TO, NEXT):
        refused = await gateway.call(who, "GET", path)
        assert code(refused) == (404, "CONSOLIDATED_NOT_FOUND")
    bill = (await gateway.call(BY, "GET", f"/v1/eway-bills/{ebns[0]}")).json()
    assert bill["consolidated_number"] == whole["number"]
    gateway.clock.now += timedelta(days=5)
    assert (await gateway.call(VIA, "GET", path)).json()["status"] == "ACTIVE"
    gateway.clock.advance(microseconds=1)
    late = (await gateway.call(VIA, "GET", path)).json()
    assert late["status"] == "EXPIRED"
    assert [item["status"] for item in late["items"]] == ["EXPIRED"] * 3


async def test_members_say_what_became_of_them(gateway: Gateway) -> None:
    cancelled, renewed, moved, kept = [(await generate(gateway))["ebn"] for _ in range(4)]
    whole = (await consolidate(gateway, [cancelled, renewed, moved, kept])).json()
    await post(gateway, BY, cancelled, "cancellation", reason="not sent")
    await renew(gateway, renewed)
    left = (await move(gateway, moved, THREE)).json()
    assert left["consolidated_number"] is None
    path = f"/v1/consolidated-eway-bills/{whole['number']}"
    items = (await gateway.call(VIA, "GET", path)).json()["items"]
    assert [(item["status"], item["on_board"]) for item in items] == [
        ("CANCELLED", True),
        ("RENEWED", True),
        ("ACTIVE", False),
        ("ACTIVE", True),
    ]


async def test_members_of_two_vehicles_are_refused(gateway: Gateway) -> None:
    """No bill is in two live consolidated bills of different vehicles."""
    ebn = (await generate(gateway))["ebn"]
    assert (await consolidate(gateway, [ebn], ONE)).status_code == 201
    assert faults(await consolidate(gateway, [ebn], TWO)) == [("/ebns/0", "ON_ANOTHER_VEHICLE")]
    first = (await consolidate(gateway, [ebn], ONE)).json()
    await move(gateway, ebn, TWO)
    second = (await consolidate(gateway, [ebn], TWO)).json()
    bill = (await gateway.call(VIA, "GET", f"/v1/eway-bills/{ebn}")).json()
    assert bill["consolidated_number"] == second["number"]
    path = f"/v1/consolidated-eway-bills/{first['number']}"
    assert (await gateway.call(VIA, "GET", path)).json()["items"][0]["on_board"] is False
    await move(gateway, ebn, ONE)  # Back, but not as a member.
    assert (await gateway.call(VIA, "GET", path)).json()["items"][0]["on_board"] is False


async def test_a_member_without_a_vehicle_is_put_on_this_one(gateway: Gateway) -> None:
    await gateway.until_hot()
    ebn = (await generate(gateway, vehicle_number=..., distance_to_transporter_km=1))["ebn"]
    assert await on_vehicle(gateway, TWO) == []
    answers = await asyncio.gather(
        *(consolidate(gateway, [ebn], vehicle) for vehicle in (TWO, THREE) * 4)
    )
    on = {answer.json()["vehicle_number"] for answer in answers if answer.status_code == 201}
    assert len(on) == 1
    assert await on_vehicle(gateway, on.pop()) == [ebn]
    bill = (await gateway.call(BY, "GET", f"/v1/eway-bills/{ebn}")).json()
    assert [each["reason"] for each in bill["conveyances"]] == ["FIRST_CONVEYANCE"]


async def test_every_faulty_member_is_named(gateway: Gateway) -> None:
    good, expired, foreign, unmine, rail, gone = [
        (await generate(gateway, **changes))["ebn"]
        for changes in (
            {},
            {"distance_km": 50},
            {"transporter_id": OTHER},
            {"transporter_id": OTHER, "recipient_gstin": TRANSPORTER},
            {"mode": "RAIL", "vehicle_number": ...},
            {"vehicle_number": TWO},
        )
    ]
    gateway.clock.advance(days=1, microseconds=1)
    ebns = [good, "x", good, expired, foreign, unmine, rail, gone, "999999999999"]
    assert faults(await consolidate(gateway, ebns)) == [
        ("/ebns/1", "EBN_FORMAT"),
        ("/ebns/2", "DOUBLED"),
        ("/ebns/3", "NOT_ACTIVE"),
        ("/ebns/4", "EBN_UNKNOWN"),
        ("/ebns/5", "NOT_YOUR_TRANSPORT"),
        ("/ebns/6", "OFF_THE_ROAD"),
        ("/ebns/7", "ON_ANOTHER_VEHICLE"),
        ("/ebns/8", "EBN_UNKNOWN"),
    ]
    assert faults(await consolidate(gateway, [gone], "?")) == [
        ("/vehicle_number", "VEHICLE_FORMAT")
    ]
    assert faults(await consolidate(gateway, [])) == [("/ebns", "EMPTY")]
    many = [str(212000000000 + index) for index in range(1001)]
    assert faults(await consolidate(gateway, many)) == [("/ebns", "TOO_MANY")]
    read = (await gateway.call(VIA, "GET", f"/v1/eway-bills/{good}")).json()
    assert read["consolidated_number"] is None


@pytest.mark.parametrize("strange", [person(STRANGER), NEXT], ids=["stranger", "other"])
async def test_what_is_not_ones_own_is_unknown(gateway: Gateway, strange: Person) -> None:
    ebn = (await generate(gateway))["ebn"]
    assert faults(await consolidate(gateway, [ebn], who=strange)) == [("/ebns/0", "EBN_UNKNOWN")]


async def test_a_bill_may_change_ever_so_often(gateway: Gateway, dsn: str) -> None:
    ebn = (await generate(gateway))["ebn"]
    direct = await asyncpg.connect(dsn)
    await direct.execute("SET session_replication_role = replica")  # Past the guard.
    await direct.execute("UPDATE eway_bill SET version = 32767")
    await direct.close()
    for _ in range(2):
        assert (await consolidate(gateway, [ebn])).status_code == 201


async def test_a_great_consolidated_bill_keeps_no_reader_waiting(gateway: Gateway) -> None:
    answers = await asyncio.gather(*(gateway.generate(BY, document()) for _ in range(200)))
    ebns = [answer.json()["ebn"] for answer in answers]
    number = (await consolidate(gateway, ebns)).json()["number"]
    path = f"/v1/consolidated-eway-bills/{number}"
    reads = await asyncio.gather(*(gateway.call(OFFICER, "GET", path) for _ in range(20)))
    assert {(read.status_code, len(read.json()["items"])) for read in reads} == {(200, 200)}
    assert gateway.services.lookups.waiting == 0


async def test_each_member_counts_with_its_own_kind_of_cargo(
    dsn: str, redis_url: str, clock: TestClock
) -> None:
    """Under today's rulebook: 20 km over-dimensional are a day, 4,000 km of others twenty."""
    todays = rulebooks_enabled(["2018-rule-138"])
    async with gateway_in_process(dsn, redis_url, clock, todays) as gateway:
        wide = await generate(gateway, distance_km=20, over_dimensional=True)
        far = await generate(gateway, distance_km=4000)
        whole = (await consolidate(gateway, [wide["ebn"], far["ebn"]])).json()
        assert whole["valid_until"] == far["valid_until"] > wide["valid_until"]


async def test_a_bill_whose_document_was_lost_spoils_no_neighbour(
    gateway: Gateway, dsn: str
) -> None:
    """Which only a hand in the record can bring about: its renewal fails alone."""
    sent = document()
    robbed = (await gateway.generate(BY, sent)).json()["ebn"]
    direct = await asyncpg.connect(dsn)
    await direct.execute("UPDATE document_claim SET ebn = 999999999999")
    generation = gateway.services.generation
    async with direct.transaction():
        await direct.execute("LOCK TABLE document_claim IN ACCESS EXCLUSIVE MODE")
        first = asyncio.create_task(gateway.generate(BY, document()))
        await until(lambda: direct.fetchval(WAITS_FOR_TABLE))
        renewing = asyncio.create_task(renew(gateway, robbed))
        await until(lambda: generation.waiting == 1)
        neighbours = [asyncio.create_task(gateway.generate(BY, document())) for _ in range(5)]
        await until(lambda: generation.waiting == 6)
    await direct.close()
    assert code(await renewing) == (500, "INTERNAL_ERROR")
    made = await asyncio.gather(first, *neighbours)
    assert {answer.status_code for answer in made} == {201}
    kept = (await gateway.call(BY, "GET", f"/v1/eway-bills/{robbed}")).json()
    assert (kept["status"], kept["renewed_to"]) == ("ACTIVE", None)
