"""Verification in transit by officers, r3; the second physical one in a State, r4(2)."""

import asyncio
from typing import Any

import asyncpg
import httpx

from tests.documents import OFFICER, SUPPLIER, TRANSPORTER, document, person
from tests.gateway_in_process import Gateway
from tests.waiting import WAITS_FOR_TABLE, until
from validators.authority import Person, Role

BY, VIA = person(SUPPLIER), person(TRANSPORTER)
ELSEWHERE = Person("client-of-another-officer", Role.OFFICER, "MH-2002", "27")
EVASION: dict[str, Any] = {
    "evasion_information": "a parallel invoice was found",
    "approved_by": "Commissioner",
}


async def generate(gateway: Gateway, vehicle: str = "KA12AB1234") -> str:
    answer = await gateway.generate(BY, document(vehicle_number=vehicle))
    ebn: str = answer.json()["ebn"]
    return ebn


async def verify(gateway: Gateway, ebn: str, who: Person = OFFICER, **body: Any) -> httpx.Response:
    sent = {"place": "Attibele", "result": "OK"} | body
    return await gateway.call(who, "POST", f"/v1/eway-bills/{ebn}/verifications", json=sent)


async def cancel(gateway: Gateway, ebn: str) -> httpx.Response:
    path = f"/v1/eway-bills/{ebn}/cancellation"
    return await gateway.call(BY, "POST", path, json={"reason": "raced"})


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_verification_says_who_where_and_when(gateway: Gateway) -> None:
    ebn = await generate(gateway)
    gateway.clock.advance(hours=1)
    answer = await verify(gateway, ebn, result="DISCREPANCY", remark="two boxes too many")
    told = answer.json()
    assert answer.status_code == 201
    assert {name: told[name] for name in ("ebn", "by", "state", "place", "result", "remark")} == {
        "ebn": ebn,
        "by": OFFICER.id,
        "state": "29",
        "place": "Attibele",
        "result": "DISCREPANCY",
        "remark": "two boxes too many",
    }
    first = (await gateway.call(BY, "GET", f"/v1/eway-bills/{ebn}")).json()
    assert first["verified_at"] == told["verified_at"]
    gateway.clock.advance(hours=1)
    again = (await verify(gateway, ebn)).json()
    assert again["verification_id"] != told["verification_id"]
    read = (await gateway.call(BY, "GET", f"/v1/eway-bills/{ebn}")).json()
    assert read["verified_at"] == told["verified_at"], "the first stays"
    async with gateway.services.database.connection() as connection:
        rows = await connection.fetch("SELECT * FROM verification ORDER BY verification_id")
    assert [row["result"] for row in rows] == ["DISCREPANCY", "OK"]
    assert {row["vehicle_number"] for row in rows} == {"KA12AB1234"}


async def test_an_expired_bill_is_verified_and_said_to_be_expired(gateway: Gateway) -> None:
    ebn = await generate(gateway)
    gateway.clock.advance(days=5)
    assert (await verify(gateway, ebn)).json()["bill_status"] == "ACTIVE"
    gateway.clock.advance(microseconds=1)
    assert (await verify(gateway, ebn)).json()["bill_status"] == "EXPIRED"


async def test_a_second_physical_verification_in_a_state(gateway: Gateway) -> None:
    ebn = await generate(gateway)
    assert (await verify(gateway, ebn)).status_code == 201  # Of papers only.
    assert (await verify(gateway, ebn, physical=True)).status_code == 201
    assert code(await verify(gateway, ebn, physical=True)) == (409, "ALREADY_VERIFIED_IN_STATE")
    assert (await verify(gateway, ebn)).status_code == 201
    assert (await verify(gateway, ebn, ELSEWHERE, physical=True)).status_code == 201
    refused = await verify(gateway, ebn, ELSEWHERE, physical=True)
    assert code(refused) == (409, "ALREADY_VERIFIED_IN_STATE")
    told = await verify(gateway, ebn, physical=True, **EVASION)
    assert (told.status_code, told.json()["approved_by"]) == (201, "Commissioner")


async def test_it_is_the_conveyance_that_was_verified(gateway: Gateway) -> None:
    """r4(2): also under another bill on board; not one that was loaded afterwards."""
    one, two = await generate(gateway), await generate(gateway)
    gateway.clock.advance(hours=1)
    assert (await verify(gateway, one, physical=True)).status_code == 201
    assert code(await verify(gateway, two, physical=True)) == (409, "ALREADY_VERIFIED_IN_STATE")
    gateway.clock.advance(hours=1)
    later, elsewhere = await generate(gateway), await generate(gateway, "MH14CD5678")
    assert (await verify(gateway, later, physical=True)).status_code == 201
    assert (await verify(gateway, elsewhere, physical=True)).status_code == 201


async def test_both_or_neither_of_evasion_and_approval(gateway: Gateway) -> None:
    ebn = await generate(gateway)
    for given, missing in (EVASION, list(EVASION)[::-1]):
        answer = await verify(gateway, ebn, physical=True, **{given: EVASION[given]})
        (fault,) = answer.json()["errors"]
        assert (fault["pointer"], fault["code"]) == (f"/{missing}", "INCOMPLETE")


async def test_physical_verifications_of_one_vehicle_at_once(gateway: Gateway) -> None:
    for index in range(10):
        ebns = [await generate(gateway, f"KA12AB{index:04}") for _ in range(3)]
        gateway.clock.advance(hours=1)
        answers = await asyncio.gather(
            *(verify(gateway, ebn, physical=True) for ebn in ebns for _ in range(3))
        )
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 8


async def test_a_verification_and_a_cancellation_at_once(gateway: Gateway) -> None:
    outcomes = set()
    for index in range(30):
        ebn = await generate(gateway)
        asked = [verify(gateway, ebn), cancel(gateway, ebn)]
        answers = await asyncio.gather(*asked[:: 1 if index % 2 else -1])
        verified, cancelled = answers[:: 1 if index % 2 else -1]
        if verified.status_code == 201:
            assert code(cancelled) == (409, "ALREADY_VERIFIED_IN_TRANSIT")
        else:
            assert code(verified) == (409, "ALREADY_CANCELLED")
            assert cancelled.status_code == 200
        outcomes.add(verified.status_code)
    assert outcomes == {201, 409}, "each wins some"


async def test_a_verification_and_other_changes_at_once(gateway: Gateway) -> None:
    """A transfer at the same moment stops no verification."""
    body = {"vehicle_number": "MH14CD5678", "reason": "OTHER", "place": "Hubli"}
    for _ in range(20):
        ebn = await generate(gateway)
        path = f"/v1/eway-bills/{ebn}/conveyances"
        verified, _ = await asyncio.gather(
            verify(gateway, ebn), gateway.call(VIA, "POST", path, json=body)
        )
        assert verified.status_code == 201


async def renew(gateway: Gateway, ebn: str, vehicle: str) -> str:
    body = {"vehicle_number": vehicle, "distance_km": 90, "reason": "flood"}
    answer = await gateway.call(VIA, "POST", f"/v1/eway-bills/{ebn}/renewal", json=body)
    renewed: str = answer.json()["ebn"]
    return renewed


async def test_a_renewal_does_not_undo_a_verification(gateway: Gateway) -> None:
    """r1(7) proviso and r4(2) go on with the goods, whatever the number of their bill."""
    first = await generate(gateway)
    seen = (await verify(gateway, first, physical=True)).json()
    gateway.clock.advance(hours=1)
    second = await renew(gateway, first, "KA12AB1234")
    third = await renew(gateway, second, "MH14CD5678")
    for ebn in (second, third):
        read = (await gateway.call(OFFICER, "GET", f"/v1/eway-bills/{ebn}")).json()
        assert read["verified_at"] == seen["verified_at"]
    path = f"/v1/eway-bills/{third}/cancellation"
    refused = await gateway.call(VIA, "POST", path, json={"reason": "start anew"})
    assert code(refused) == (409, "ALREADY_VERIFIED_IN_TRANSIT")
    assert code(await verify(gateway, third, physical=True)) == (409, "ALREADY_VERIFIED_IN_STATE")
    assert (await verify(gateway, third, ELSEWHERE, physical=True)).status_code == 201


async def test_a_verification_that_waited_while_the_bill_was_renewed(
    gateway: Gateway, dsn: str
) -> None:
    """Also a later one, which changes no bill, is of the bill as it is when it is stored."""
    ebn = await generate(gateway)
    assert (await verify(gateway, ebn)).status_code == 201
    direct = await asyncpg.connect(dsn)
    async with direct.transaction():
        await direct.execute("LOCK TABLE verification IN ACCESS EXCLUSIVE MODE")
        waiting = asyncio.create_task(verify(gateway, ebn))
        await until(lambda: direct.fetchval(WAITS_FOR_TABLE))
        await renew(gateway, ebn, "MH14CD5678")
    await direct.close()
    assert code(await waiting) == (409, "ALREADY_RENEWED")


async def test_refused_verifications_use_up_no_numbers(gateway: Gateway) -> None:
    ebn = await generate(gateway)
    assert (await verify(gateway, ebn, physical=True)).status_code == 201
    for _ in range(10):
        assert (await verify(gateway, ebn, physical=True)).status_code == 409
    assert int(await generate(gateway)) == int(ebn) + 2
