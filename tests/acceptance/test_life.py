"""The life of an e-way bill by the clock: every window at its last instant and just after it."""

from typing import Any

import asyncpg
import httpx
import pytest

from tests.documents import (
    OFFICER,
    READER,
    RECIPIENT,
    SUPPLIER,
    TRANSPORTER,
    document,
    person,
)
from tests.gateway_in_process import Gateway
from validators.authority import Person

BY, TO, VIA = person(SUPPLIER), person(RECIPIENT), person(TRANSPORTER)
ROLES = {"supplier": BY, "recipient": TO, "transporter": VIA}
STATUSES = ("ACTIVE", "EXPIRED", "CANCELLED", "RENEWED")
VEHICLE = "KA12AB1234"


@pytest.fixture(params=["hot", "cold"])
async def served(request: pytest.FixtureRequest, gateway: Gateway) -> Gateway:
    """A gateway whose reads come from Redis, and one whose hot state nobody has believed yet."""
    if request.param == "hot":
        await gateway.until_hot()
    return gateway


async def _generate(gateway: Gateway, **changes: Any) -> dict[str, Any]:
    answer = await gateway.generate(BY, document(**changes))
    assert answer.status_code == 201, answer.text
    bill: dict[str, Any] = answer.json()
    return bill


async def _cancel(gateway: Gateway, bill: dict[str, Any], who: Person = BY) -> httpx.Response:
    path = f"/v1/eway-bills/{bill['ebn']}/cancellation"
    return await gateway.call(who, "POST", path, json={"reason": "goods not sent"})


async def _answer(
    gateway: Gateway, bill: dict[str, Any], decision: str = "ACCEPTED"
) -> httpx.Response:
    path = f"/v1/eway-bills/{bill['ebn']}/acceptance"
    return await gateway.call(TO, "POST", path, json={"decision": decision, "remark": "2 torn"})


def _said(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


async def _every_read(gateway: Gateway, ebn: str) -> list[dict[str, Any]]:
    """The bill as everybody who may see it is shown it, each twice."""
    seen = []
    for _ in range(2):
        seen += [
            (await gateway.call(who, "GET", f"/v1/eway-bills/{ebn}")).json()
            for who in (*ROLES.values(), OFFICER)
        ]
        for role, who in ROLES.items():
            listed = await gateway.call(who, "GET", f"/v1/eway-bills?role={role}")
            seen += [bill for bill in listed.json()["items"] if bill["ebn"] == ebn]
    assert len(seen) == 14
    return seen


async def _carried(gateway: Gateway, who: Person) -> list[str]:
    answer = await gateway.call(who, "GET", f"/v1/vehicles/{VEHICLE}/eway-bills")
    return [bill["ebn"] for bill in answer.json()["items"]]


async def _items(gateway: Gateway, who: Person, path: str) -> list[tuple[str, str]]:
    answer = await gateway.call(who, "GET", path)
    return [(bill["ebn"], bill["status"]) for bill in answer.json()["items"]]


async def test_cancellation_at_24_hours_and_a_microsecond_later(served: Gateway) -> None:
    first, second = await _generate(served), await _generate(served)
    served.clock.advance(hours=24)
    cancelled = await _cancel(served, first)
    assert cancelled.status_code == 200
    assert cancelled.json()["cancellation"] == {
        "at": "2026-11-22T14:05:09.123456+05:30",
        "by": SUPPLIER,
        "reason": "goods not sent",
    }
    served.clock.advance(microseconds=1)
    assert _said(await _cancel(served, second)) == (409, "CANCELLATION_WINDOW_CLOSED")
    assert {bill["status"] for bill in await _every_read(served, first["ebn"])} == {"CANCELLED"}
    assert {bill["status"] for bill in await _every_read(served, second["ebn"])} == {"ACTIVE"}


@pytest.mark.parametrize("decision", ["ACCEPTED", "REJECTED"])
async def test_an_answer_at_72_hours_and_a_microsecond_later(
    served: Gateway, decision: str
) -> None:
    first, second = await _generate(served), await _generate(served)
    served.clock.advance(hours=72)
    for bill in await _every_read(served, second["ebn"]):
        assert bill["acceptance"]["status"] == "PENDING"
    answered = await _answer(served, first, decision)
    assert answered.status_code == 200
    assert answered.json()["acceptance"] == {
        "status": decision,
        "until": first["acceptance"]["until"],
        "at": first["acceptance"]["until"],
        "remark": "2 torn",
    }
    served.clock.advance(microseconds=1)
    assert _said(await _answer(served, second)) == (409, "DEEMED_ACCEPTED")
    for bill in await _every_read(served, second["ebn"]):
        assert bill["acceptance"]["status"] == "DEEMED_ACCEPTED"
    for bill in await _every_read(served, first["ebn"]):
        assert bill["acceptance"]["status"] == decision


@pytest.mark.parametrize(
    ("distance_km", "days"),
    [(99, 1), (100, 3), (499, 5), (500, 10), (1000, 20)],
)
async def test_a_bill_is_active_at_valid_until_and_expired_after_it(
    served: Gateway, distance_km: int, days: int
) -> None:
    ebn = (await _generate(served, distance_km=distance_km, transporter_id=TRANSPORTER))["ebn"]
    served.clock.advance(days=days)
    for expected, carried in (("ACTIVE", [ebn]), ("EXPIRED", [])):
        assert {bill["status"] for bill in await _every_read(served, ebn)} == {expected}
        for status in STATUSES:
            for role, who in ROLES.items():
                path = f"/v1/eway-bills?role={role}&status={status}"
                listed = await _items(served, who, path)
                assert listed == ([(ebn, status)] if status == expected else [])
        for who in (OFFICER, READER, VIA):
            assert await _carried(served, who) == carried
        served.clock.advance(microseconds=1)


async def test_status_in_sql_and_in_python_agree_on_bills_of_every_kind(gateway: Gateway) -> None:
    for distance_km in (50, 50, 99, 100, 300, 500, 1000):
        await _generate(gateway, distance_km=distance_km)
    late = await _generate(gateway, distance_km=50)
    assert (await _cancel(gateway, late)).status_code == 200
    renewed = await _generate(gateway, distance_km=50)
    body = {"vehicle_number": VEHICLE, "distance_km": 50, "reason": "flood"}
    path = f"/v1/eway-bills/{renewed['ebn']}/renewal"
    assert (await gateway.call(VIA, "POST", path, json=body)).status_code == 201
    counts = []
    for days in (0, 1, 2, 2, 5, 10, 1):
        for microseconds in (0, 1):
            gateway.clock.advance(days=days * (1 - microseconds), microseconds=microseconds)
            everything = await _items(gateway, BY, "/v1/eway-bills")
            for status in STATUSES:
                listed = await _items(gateway, BY, f"/v1/eway-bills?status={status}")
                assert listed == [entry for entry in everything if entry[1] == status]
            counts.append(sum(status == "ACTIVE" for _, status in everything))
    assert counts[0] == 8
    assert counts[-1] == 0
    assert len(set(counts)) > 4


async def test_a_document_may_be_used_again_once_its_bill_is_cancelled(served: Gateway) -> None:
    sent = document()
    first = (await served.generate(BY, sent)).json()["ebn"]
    refused = await served.generate(BY, sent)
    assert (*_said(refused), refused.json()["ebn"]) == (
        409, "DOCUMENT_ALREADY_HAS_EWAY_BILL", first,
    )  # fmt: skip
    assert (await _cancel(served, {"ebn": first})).status_code == 200
    again = await served.generate(BY, sent)
    assert again.status_code == 201
    second = again.json()["ebn"]
    assert second > first
    refused = await served.generate(TO, sent)
    assert (refused.status_code, refused.json()["ebn"]) == (409, second)
    assert await _carried(served, OFFICER) == [second]


async def test_an_expired_bill_still_holds_its_document(gateway: Gateway) -> None:
    sent = document(distance_km=50)
    first = (await gateway.generate(BY, sent)).json()["ebn"]
    gateway.clock.advance(days=30)
    refused = await gateway.generate(BY, sent)
    assert (refused.status_code, refused.json()["ebn"]) == (409, first)


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"document_date": "2026-04-01"}, 201),
        ({"document_date": "2025-04-01"}, 409),
        ({"document_date": "2025-03-31"}, 201),
        ({"document_type": "CHALLAN"}, 201),
        ({"document_number": "inv-1"}, 409),
        ({"document_number": "INV-01"}, 201),
        ({"recipient_gstin": "URP"}, 409),
        ({"value_of_goods": "1.00", "distance_km": 1}, 409),
    ],
    ids=str,
)
async def test_what_makes_a_document_another(
    gateway: Gateway, other: dict[str, Any], status: int
) -> None:
    sent = document(document_date="2026-03-31", document_number="INV-1")
    assert (await gateway.generate(BY, sent)).status_code == 201
    assert (await gateway.generate(BY, sent | other)).status_code == status


async def test_documents_of_unregistered_suppliers_are_their_generators_own(
    gateway: Gateway,
) -> None:
    sent = document(supplier_gstin="URP", recipient_gstin=RECIPIENT, transporter_id=TRANSPORTER)
    statuses = [(await gateway.generate(who, sent)).status_code for who in (TO, VIA, TO, VIA)]
    assert statuses == [201, 201, 409, 409]


async def test_an_accepted_bill_may_be_cancelled_and_a_cancelled_one_not_accepted(
    served: Gateway,
) -> None:
    bill = await _generate(served)
    assert (await _answer(served, bill)).status_code == 200
    assert _said(await _answer(served, bill, "REJECTED")) == (409, "ALREADY_ANSWERED")
    served.clock.advance(hours=24)
    cancelled = await _cancel(served, bill)
    assert (cancelled.status_code, cancelled.json()["acceptance"]["status"]) == (200, "ACCEPTED")
    unanswered = await _generate(served)
    assert (await _cancel(served, unanswered)).status_code == 200
    for one in (bill, unanswered):
        assert _said(await _answer(served, one)) == (409, "ALREADY_CANCELLED")
        assert _said(await _cancel(served, one)) == (409, "ALREADY_CANCELLED")
    served.clock.advance(hours=73)
    for shown in await _every_read(served, unanswered["ebn"]):
        assert shown["acceptance"]["status"] == "NOT_APPLICABLE"


async def test_a_bill_verified_in_transit_cannot_be_cancelled(gateway: Gateway, dsn: str) -> None:
    bill = await _generate(gateway)
    direct = await asyncpg.connect(dsn)
    # Nobody has read the bill yet, so no older value of it can be in hot state.
    await direct.execute(
        "UPDATE eway_bill SET verified_at = $2, version = version + 1 WHERE ebn = $1",
        int(bill["ebn"]),
        gateway.clock(),
    )
    await direct.close()
    assert _said(await _cancel(gateway, bill)) == (409, "ALREADY_VERIFIED_IN_TRANSIT")
    for shown in await _every_read(gateway, bill["ebn"]):
        assert (shown["status"], shown["verified_at"]) == ("ACTIVE", bill["generated_at"])
    assert (await _answer(gateway, bill)).status_code == 200


async def test_an_unregistered_recipient_has_nothing_to_answer(gateway: Gateway) -> None:
    bill = await _generate(gateway, recipient_gstin="URP")
    for hours in (0, 73):
        gateway.clock.advance(hours=hours)
        read = await gateway.call(BY, "GET", f"/v1/eway-bills/{bill['ebn']}")
        assert read.json()["acceptance"]["status"] == "NOT_APPLICABLE"
