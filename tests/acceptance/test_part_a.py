"""Part A apart from Part B, r1(1)(b): furnished by one, completed by its transporter."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from ingest import limits
from ingest.outbox import INFORM_SUPPLIER
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
from validators.authority import Person, Role
from validators.rulebook import rulebooks_enabled

BY, TO, VIA = person(SUPPLIER), person(RECIPIENT), person(TRANSPORTER)
DAYS_15 = {"days": 15}


def waiting(**changes: Any) -> dict[str, Any]:
    """An INS-06 without its conveyance."""
    return document(vehicle_number=..., **changes)


async def furnish(gateway: Gateway, who: Person = BY, **changes: Any) -> dict[str, Any]:
    answer = await gateway.generate(who, waiting(**changes))
    assert answer.status_code == 201, answer.text
    furnished: dict[str, Any] = answer.json()
    assert furnished["status"] == "PART_A_ONLY"
    return furnished


async def complete(
    gateway: Gateway, reference: str, who: Person = VIA, vehicle: str = "KA 12 ab 1234"
) -> httpx.Response:
    path = f"/v1/part-a/{reference}/part-b"
    return await gateway.call(who, "PUT", path, json={"vehicle_number": vehicle})


async def withdraw(gateway: Gateway, reference: str, who: Person = BY) -> httpx.Response:
    path = f"/v1/part-a/{reference}/withdrawal"
    return await gateway.call(who, "POST", path, json={"reason": "another transporter"})


async def assigned(gateway: Gateway, who: Person = VIA) -> list[str]:
    answer = await gateway.call(who, "GET", "/v1/part-a?assigned_to=me")
    return [item["part_a_reference"] for item in answer.json()["items"]]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_the_transporter_completes_it_and_validity_runs_from_then(gateway: Gateway) -> None:
    furnished = await furnish(gateway)
    reference = furnished["part_a_reference"]
    assert furnished["furnished_by"] == SUPPLIER
    assert await assigned(gateway) == [reference]
    assert await assigned(gateway, BY) == []
    gateway.clock.advance(days=3)
    answer = await complete(gateway, reference)
    bill = answer.json()
    assert answer.status_code == 201
    assert bill["generated_by"] == TRANSPORTER
    assert bill["furnished_by"] == SUPPLIER
    assert bill["part_b"]["vehicle_number"] == "KA12AB1234"
    for name in ("generated_at", "valid_until"):
        assert bill[name][:10] == {"generated_at": "2026-11-24", "valid_until": "2026-11-29"}[name]
    assert await assigned(gateway) == []
    read = await gateway.call(BY, "GET", f"/v1/part-a/{reference}")
    assert (read.json()["status"], read.json()["ebn"]) == ("COMPLETED", bill["ebn"])
    for party in (BY, TO, VIA):
        again = await gateway.call(party, "GET", f"/v1/eway-bills/{bill['ebn']}")
        assert again.json() == bill


async def test_whoever_lost_the_answer_sends_it_again(gateway: Gateway) -> None:
    reference = (await furnish(gateway))["part_a_reference"]
    first = await complete(gateway, reference)
    again = await complete(gateway, reference)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await complete(gateway, reference, vehicle="KA12AB9999")
    assert code(other) == (409, "PART_A_COMPLETED")
    assert other.json()["ebn"] == first.json()["ebn"]


async def test_only_its_transporter_may_complete_and_only_its_furnisher_withdraw(
    gateway: Gateway,
) -> None:
    reference = (await furnish(gateway))["part_a_reference"]
    for party in (BY, TO):
        assert code(await complete(gateway, reference, party)) == (403, "NOT_THE_TRANSPORTER")
    for party in (TO, VIA):
        assert code(await withdraw(gateway, reference, party)) == (403, "NOT_THE_FURNISHER")
    for stranger in (person(STRANGER), person(OTHER, Role.TRANSPORTER)):
        for answer in (
            await complete(gateway, reference, stranger),
            await withdraw(gateway, reference, stranger),
            await gateway.call(stranger, "GET", f"/v1/part-a/{reference}"),
        ):
            assert code(answer) == (404, "PART_A_NOT_FOUND")
    assert code(await complete(gateway, reference, OFFICER)) == (403, "ROLE_NOT_PERMITTED")
    for nothing in ("PA999999999999", "212000000001", "PA1", "x"):
        assert code(await complete(gateway, nothing)) == (404, "PART_A_NOT_FOUND")


async def test_it_lapses_by_the_clock_after_15_days(gateway: Gateway) -> None:
    furnished = await furnish(gateway)
    late = await furnish(gateway)
    reference = furnished["part_a_reference"]
    gateway.clock.advance(**DAYS_15)
    assert await assigned(gateway) == [reference, late["part_a_reference"]]
    assert (await complete(gateway, reference)).status_code == 201
    gateway.clock.advance(microseconds=1)
    assert await assigned(gateway) == []
    read = await gateway.call(BY, "GET", f"/v1/part-a/{late['part_a_reference']}")
    assert read.json()["status"] == "LAPSED"
    assert code(await complete(gateway, late["part_a_reference"])) == (409, "PART_A_LAPSED")
    assert code(await withdraw(gateway, late["part_a_reference"])) == (409, "PART_A_LAPSED")


@pytest.mark.parametrize("whole", [True, False], ids=["bill", "part A"])
async def test_it_holds_its_document_until_it_lapses(gateway: Gateway, whole: bool) -> None:
    sent = waiting()
    furnished = (await gateway.generate(BY, sent)).json()
    second = sent | ({"vehicle_number": "KA12AB1234"} if whole else {})
    gateway.clock.advance(**DAYS_15)
    for party in (BY, TO):
        refused = await gateway.generate(party, second)
        assert code(refused) == (409, "DOCUMENT_ALREADY_HAS_PART_A")
        assert refused.json()["part_a_reference"] == furnished["part_a_reference"]
    elsewhere = second | {"transporter_id": OTHER, "vehicle_number": "KA12AB1234"}
    unrelated = await gateway.generate(person(OTHER), elsewhere)
    assert code(unrelated) == (409, "DOCUMENT_ALREADY_HAS_PART_A")
    assert "part_a_reference" not in unrelated.json()
    gateway.clock.advance(microseconds=1)
    assert (await gateway.generate(BY, second)).status_code == 201
    lapsed = furnished["part_a_reference"]
    assert code(await complete(gateway, lapsed)) == (409, "PART_A_LAPSED")
    again = await gateway.generate(BY, second)
    held = "DOCUMENT_ALREADY_HAS_EWAY_BILL" if whole else "DOCUMENT_ALREADY_HAS_PART_A"
    assert code(again) == (409, held)


async def test_withdrawn_it_gives_its_document_up(gateway: Gateway) -> None:
    sent = waiting()
    reference = (await gateway.generate(BY, sent)).json()["part_a_reference"]
    withdrawn = await withdraw(gateway, reference)
    assert (withdrawn.status_code, withdrawn.json()["status"]) == (200, "WITHDRAWN")
    assert code(await withdraw(gateway, reference)) == (409, "PART_A_WITHDRAWN")
    assert code(await complete(gateway, reference)) == (409, "PART_A_WITHDRAWN")
    assert (await gateway.generate(BY, sent)).status_code == 201


async def test_a_bill_holds_its_document_against_part_a(gateway: Gateway) -> None:
    sent = document()
    ebn = (await gateway.generate(BY, sent)).json()["ebn"]
    del sent["vehicle_number"]
    refused = await gateway.generate(BY, sent)
    assert code(refused) == (409, "DOCUMENT_ALREADY_HAS_EWAY_BILL")
    assert refused.json()["ebn"] == ebn


async def test_the_document_follows_the_bill_it_became(gateway: Gateway) -> None:
    sent = waiting(supplier_gstin="URP")
    furnished = await gateway.generate(TO, sent)
    bill = (await complete(gateway, furnished.json()["part_a_reference"])).json()
    refused = await gateway.generate(TO, sent)
    assert refused.json()["ebn"] == bill["ebn"]
    path = f"/v1/eway-bills/{bill['ebn']}/cancellation"
    cancelled = await gateway.call(VIA, "POST", path, json={"reason": "not sent"})
    assert cancelled.status_code == 200
    assert (await gateway.generate(TO, sent)).status_code == 201


async def test_many_complete_one_at_once(gateway: Gateway) -> None:
    for _ in range(20):
        reference = (await furnish(gateway))["part_a_reference"]
        vehicles = [f"KA12AB{number:04}" for number in range(6)]
        answers = await asyncio.gather(
            *(complete(gateway, reference, vehicle=vehicle) for vehicle in vehicles)
        )
        (won,) = (answer for answer in answers if answer.status_code == 201)
        assert {code(answer) for answer in answers if answer is not won} == {
            (409, "PART_A_COMPLETED")
        }


async def test_completed_against_withdrawn(gateway: Gateway) -> None:
    for _ in range(20):
        reference = (await furnish(gateway))["part_a_reference"]
        answers = await asyncio.gather(complete(gateway, reference), withdraw(gateway, reference))
        assert sorted(answer.status_code for answer in answers) in ([200, 409], [201, 409])
        read = (await gateway.call(BY, "GET", f"/v1/part-a/{reference}")).json()
        assert read["status"] == ("COMPLETED" if answers[0].status_code == 201 else "WITHDRAWN")


async def test_lists_page_by_page(gateway: Gateway) -> None:
    made = [(await furnish(gateway))["part_a_reference"] for _ in range(5)]
    for query, expected in (("assigned_to", made), ("furnished_by", made[::-1])):
        seen: list[str] = []
        cursor = ""
        while cursor is not None:
            path = f"/v1/part-a?{query}=me&limit=2{cursor and f'&cursor={cursor}'}"
            who = VIA if query == "assigned_to" else BY
            page = (await gateway.call(who, "GET", path)).json()
            seen += [item["part_a_reference"] for item in page["items"]]
            cursor = page["next_cursor"]
        assert seen == expected
    for query in ("", "?assigned_to=me&furnished_by=me", "?assigned_to=you"):
        assert code(await gateway.call(VIA, "GET", f"/v1/part-a{query}")) == (422, "INVALID_QUERY")


async def test_idempotency_key_covers_both_parts(gateway: Gateway) -> None:
    sent, key = waiting(), {"Idempotency-Key": "a"}
    first = await gateway.generate(BY, sent, headers=key)
    again = await gateway.generate(BY, sent, headers=key)
    assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")
    path = f"/v1/part-a/{first.json()['part_a_reference']}/withdrawal"
    for replayed in (False, True):
        body = {"reason": "another transporter"}
        answer = await gateway.call(BY, "POST", path, json=body, headers={"Idempotency-Key": "b"})
        assert (answer.status_code, "Idempotency-Replayed" in answer.headers) == (200, replayed)


async def test_who_may_furnish_a_part_a(gateway: Gateway) -> None:
    """r1(1)(b): supplier or recipient; a transporter for itself needs the conveyance."""
    assert (await gateway.generate(TO, waiting())).status_code == 201
    (fault,) = (await gateway.generate(VIA, waiting())).json()["errors"]
    assert fault["code"] == "CONVEYANCE_REQUIRED"
    refused = await gateway.generate(person(STRANGER), waiting())
    assert code(refused) == (403, "NOT_A_PARTY")
    faulty = await gateway.generate(BY, waiting(hsn_code="1", distance_km=0))
    assert {fault["pointer"] for fault in faulty.json()["errors"]} == {"/hsn_code", "/distance_km"}


async def test_an_unregistered_supplier_is_owed_a_message(gateway: Gateway) -> None:
    """r1(6) proviso: in the transaction of the bill, once, only for the unregistered."""
    contact = {"mobile": "9876543210", "email": "farmer@example.in"}
    told = await gateway.generate(TO, document(supplier_gstin="URP", supplier_contact=contact))
    await gateway.generate(BY, document(supplier_contact=contact))
    await gateway.generate(TO, document(supplier_gstin="URP"))
    waits = await gateway.generate(TO, waiting(supplier_gstin="URP", supplier_contact=contact))
    done = await complete(gateway, waits.json()["part_a_reference"])
    async with gateway.services.database.connection() as connection:
        rows = await connection.fetch("SELECT * FROM outbox ORDER BY message_id")
    assert [(row["kind"], str(row["ebn"]), row["mobile"], row["email"]) for row in rows] == [
        (INFORM_SUPPLIER, bill.json()["ebn"], contact["mobile"], contact["email"])
        for bill in (told, done)
    ]
    assert {row["sent_at"] for row in rows} == {None}


async def test_many_withdrawals_leave_the_connections_to_others(gateway: Gateway) -> None:
    reference = (await furnish(gateway))["part_a_reference"]
    answers = await asyncio.gather(*(withdraw(gateway, reference) for _ in range(60)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 59
    pool = gateway.services.database._pool
    kept = pool.get_size() - pool.get_idle_size()
    assert kept <= limits.CONNECTIONS_KEPT_FOR_WRITES


async def test_what_is_refused_uses_up_no_numbers(gateway: Gateway) -> None:
    sent = waiting()
    first = int((await gateway.generate(BY, sent)).json()["part_a_reference"][2:])
    for _ in range(10):
        assert (await gateway.generate(BY, sent)).status_code == 409
    following = (await gateway.generate(BY, document())).json()
    assert int(following["ebn"]) == first + 1


async def test_the_document_sent_again_while_its_part_a_is_completed(
    gateway: Gateway, dsn: str
) -> None:
    """All in one transaction: neither the completion nor the neighbours are spoilt."""
    sent = waiting()
    reference = (await gateway.generate(BY, sent)).json()["part_a_reference"]
    again = sent | {"vehicle_number": "KA12AB1234"}
    direct = await asyncpg.connect(dsn)
    generation = gateway.services.generation
    async with direct.transaction():
        await direct.execute("LOCK TABLE document_claim IN ACCESS EXCLUSIVE MODE")
        first = asyncio.create_task(gateway.generate(BY, document()))
        await until(lambda: direct.fetchval(WAITS_FOR_TABLE))
        sending = [asyncio.create_task(gateway.generate(BY, again)) for _ in range(2)]
        await until(lambda: generation.waiting == 2)
        completing = asyncio.create_task(complete(gateway, reference))
        await until(lambda: generation.waiting == 3)
        neighbours = [asyncio.create_task(gateway.generate(BY, document())) for _ in range(5)]
        await until(lambda: generation.waiting == 8)
    await direct.close()
    completed = await completing
    assert completed.status_code == 201
    for answer in await asyncio.gather(*sending):
        assert code(answer) == (409, "DOCUMENT_ALREADY_HAS_EWAY_BILL")
        assert answer.json()["ebn"] == completed.json()["ebn"]
    made = await asyncio.gather(first, *neighbours)
    assert {answer.status_code for answer in made} == {201}


async def test_a_document_grown_too_old_meanwhile(
    dsn: str, redis_url: str, clock: TestClock
) -> None:
    """Under today's rulebook, 180 days from its date."""
    todays = rulebooks_enabled(["2018-rule-138"])
    async with gateway_in_process(dsn, redis_url, clock, todays) as gateway:
        dated = (clock().date() - timedelta(days=170)).isoformat()
        references = [
            (await furnish(gateway, document_date=dated))["part_a_reference"] for _ in range(2)
        ]
        clock.advance(days=10)
        assert (await complete(gateway, references[0])).status_code == 201
        clock.advance(days=1)
        late = await complete(gateway, references[1])
        (fault,) = late.json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/document_date", "DOCUMENT_TOO_OLD")


async def test_a_part_a_is_changed_by_nothing_but_its_end(gateway: Gateway) -> None:
    await furnish(gateway)
    async with gateway.services.database.connection() as connection:
        for change in ("form = '{}'", "lapses_at = lapses_at + interval '1 day'"):
            with pytest.raises(asyncpg.CheckViolationError):
                await connection.execute(f"UPDATE part_a SET {change}")  # noqa: S608
        await connection.execute("UPDATE part_a SET withdrawn_at = furnished_at")
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("UPDATE part_a SET withdrawn_at = NULL")
