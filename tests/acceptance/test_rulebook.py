"""The rulebook in force and the Commissioner's notifications through HTTP."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.documents import (
    COMMISSIONER,
    OFFICER,
    READER,
    RECIPIENT,
    SUPPLIER,
    TRANSPORTER,
    document,
    notification,
    person,
)
from tests.gateway_in_process import Gateway, TestClock, gateway_in_process
from validators.rulebook import RULEBOOKS

BY = person(SUPPLIER)
PATH = "/v1/notifications"
MICROSECOND, DAY = timedelta(microseconds=1), timedelta(days=1)


@pytest.fixture
async def other(
    gateway: Gateway, dsn: str, redis_url: str, clock: TestClock
) -> AsyncIterator[Gateway]:
    """Another worker on the record of `gateway`."""
    async with gateway_in_process(dsn, redis_url, clock) as running:
        yield running


async def _post(gateway: Gateway, sent: dict[str, Any], **headers: str) -> httpx.Response:
    return await gateway.call(COMMISSIONER, "POST", PATH, json=sent, headers=headers)


async def test_the_same_number_once_also_at_the_same_time(gateway: Gateway, other: Gateway) -> None:
    sent = notification(gateway.clock())
    answers = await asyncio.gather(*(_post(one, sent) for one in (gateway, other) * 3))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    codes = {answer.json().get("code") for answer in answers} - {None}
    assert codes == {"NOTIFICATION_EXISTS"}


async def test_an_idempotency_key_is_answered_as_the_first_time(
    gateway: Gateway, other: Gateway
) -> None:
    key = {"Idempotency-Key": "n1"}
    sent = notification(gateway.clock())
    answers = await asyncio.gather(*(_post(one, sent, **key) for one in (gateway, other) * 3))
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (201, answers[0].content)
    }
    gateway.clock.advance(hours=1)  # By now it would lie in the past.
    again = await _post(other, sent, **key)
    assert (again.content, again.headers["idempotency-replayed"]) == (answers[0].content, "true")
    reused = await _post(gateway, sent | {"title": "Another"}, **key)
    assert reused.json()["code"] == "IDEMPOTENCY_KEY_REUSED"
    taken = notification(gateway.clock(), number=sent["number"])
    for replayed in (False, True):
        refused = await _post(gateway, taken, **{"Idempotency-Key": "n2"})
        assert refused.json()["code"] == "NOTIFICATION_EXISTS"
        assert ("idempotency-replayed" in refused.headers) is replayed


@pytest.mark.parametrize("who", [BY, OFFICER, READER], ids=lambda one: one.role)
async def test_only_the_commissioner_notifies_and_anybody_known_reads(
    gateway: Gateway, who: Any
) -> None:
    sent = notification(gateway.clock())
    refused = await gateway.call(who, "POST", PATH, json=sent)
    assert (refused.status_code, refused.json()["code"]) == (403, "ROLE_NOT_PERMITTED")
    assert (await gateway.call(who, "GET", "/v1/rulebook")).status_code == 200
    assert (await gateway.call(None, "GET", "/v1/rulebook")).status_code == 401


async def test_the_faults_of_a_notification_are_told_at_once(gateway: Gateway) -> None:
    sent = notification(
        gateway.clock() - MICROSECOND,
        effective_until=(gateway.clock() - DAY).isoformat(),
        hsn_prefixes=["4"],
        states=["00"],
    )
    answer = await _post(gateway, sent)
    assert answer.status_code == 422
    assert {(one["pointer"], one["code"]) for one in answer.json()["errors"]} == {
        ("/effective_from", "IN_THE_PAST"),
        ("/effective_until", "NOT_AFTER_ITS_BEGINNING"),
        ("/hsn_prefixes/0", "HSN_PREFIX_FORMAT"),
        ("/states", "NOT_OF_THIS_KIND"),
        ("/states/0", "STATE_FORMAT"),
    }


async def test_the_rulebook_tells_what_is_in_effect_and_what_is_announced(
    gateway: Gateway, other: Gateway
) -> None:
    now = gateway.clock()
    over = notification(now, effective_until=(now + MICROSECOND).isoformat())
    later = notification(now + 2 * DAY)
    rfid = notification(
        now, kind="RFID_CLASS", hsn_prefixes=..., additional_days=..., transporter_class="TANKER"
    )
    instead = notification(
        now, kind="INVOICE_INSTEAD", hsn_prefixes=..., additional_days=...,
        states=["29"], documents=["TAX_INVOICE"],
    )  # fmt: skip
    posted = [(await _post(gateway, sent)).json() for sent in (over, later, rfid, instead)]
    gateway.clock.advance(days=1)
    rules = (await other.call(READER, "GET", "/v1/rulebook")).json()
    assert rules["notifications_in_effect"] == posted[2:]
    assert rules["notifications_announced"] == [posted[1]]
    assert posted[3]["documents"] == ["TAX_INVOICE"]
    assert posted[3]["additional_days"] is None
    assert datetime.fromisoformat(posted[1]["effective_from"]) == now + 2 * DAY
    book = rules["rulebook"]
    assert (book["version"], book["threshold"]) == ("2017-06", "50000.00")
    assert book["validity"]["table"][-1] == {"below_km": None, "days": 20}
    assert book["source"].startswith("17th GST Council")


async def test_todays_rulebook_by_setting(dsn: str, redis_url: str, clock: TestClock) -> None:
    async with gateway_in_process(dsn, redis_url, clock, RULEBOOKS) as gateway:
        answer = await gateway.generate(BY, document(distance_km=350))
        bill = answer.json()
        assert bill["rulebook"] == "2018-rule-138"
        assert bill["valid_until"] == "2026-11-24T00:00:00+05:30"
        assert bill["generated_at"].startswith("2026-11-21T14:05")
        large = document(distance_km=350, over_dimensional=True, vehicle_number="KA01AA0001")
        assert (await gateway.generate(BY, large)).json()["valid_until"].startswith("2026-12-10T00")
        old = await gateway.generate(BY, document(document_date="2026-05-24"))
        (fault,) = old.json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/document_date", "DOCUMENT_TOO_OLD")
        assert (await gateway.generate(BY, document(document_date="2026-05-25"))).status_code == 201
        rules = (await gateway.call(BY, "GET", "/v1/rulebook")).json()["rulebook"]
        assert rules["effective_from"] == "2025-01-01T00:00:00+05:30"
        assert (rules["validity"]["table"], rules["validity"]["km_per_day"]) == ([], 200)
        # After months it is still seen on its vehicle.
        far = document(distance_km=4000, over_dimensional=True, vehicle_number="KA01AA0002")
        ebn = (await gateway.generate(BY, far)).json()["ebn"]
        clock.now = datetime.fromisoformat("2027-06-10T00:00:00+05:30")
        seen = await gateway.call(OFFICER, "GET", "/v1/vehicles/KA01AA0002/eway-bills")
        assert [one["ebn"] for one in seen.json()["items"]] == [ebn]
        clock.advance(microseconds=1)
        seen = await gateway.call(OFFICER, "GET", "/v1/vehicles/KA01AA0002/eway-bills")
        assert seen.json()["items"] == []


async def test_a_bill_of_before_a_rulebook_was_enabled_keeps_its_own(
    gateway: Gateway, dsn: str, redis_url: str, clock: TestClock
) -> None:
    before = (await gateway.generate(BY, document())).json()
    async with gateway_in_process(dsn, redis_url, clock, RULEBOOKS) as changed:
        read = await changed.call(person(RECIPIENT), "GET", f"/v1/eway-bills/{before['ebn']}")
    assert read.json() == before


async def test_documents_carried_in_place_of_the_bill(gateway: Gateway, other: Gateway) -> None:
    """r2(5): between States that both have it, from its instant on, whichever worker is asked."""
    begins = gateway.clock() + DAY
    sent = notification(
        begins,
        kind="INVOICE_INSTEAD",
        hsn_prefixes=...,
        additional_days=...,
        states=["27", "29"],
        documents=["TAX_INVOICE", "DELIVERY_CHALLAN"],
    )
    assert (await _post(gateway, sent)).status_code == 201

    async def instead(**changes: Any) -> list[str]:
        asked = document(**changes)
        answer = await other.call(BY, "POST", "/v1/eway-bills/requirement", json=asked)
        told: list[str] = answer.json()["carry_instead"]
        return told

    gateway.clock.now = begins - MICROSECOND
    assert await instead() == []
    gateway.clock.now = begins
    assert await instead() == ["DELIVERY_CHALLAN", "TAX_INVOICE"]
    assert await instead(recipient_gstin="URP") == ["DELIVERY_CHALLAN", "TAX_INVOICE"]
    assert await instead(recipient_gstin="05AAACG2140A1ZL") == []


async def test_an_extension_counts_for_part_b_and_renewal_too(
    gateway: Gateway, other: Gateway
) -> None:
    """Decided by the other worker's very next bill, with nothing refreshed in between."""
    transporter = person(TRANSPORTER)
    milk = {"hsn_code": "0401", "distance_km": 50, "transporter_id": TRANSPORTER}
    furnished = await gateway.generate(BY, document(vehicle_number=..., **milk))
    path = f"/v1/part-a/{furnished.json()['part_a_reference']}/part-b"
    plain = (await gateway.generate(BY, document(**milk))).json()
    assert (await _post(gateway, notification(gateway.clock()))).status_code == 201
    body = {"vehicle_number": "KA12AB1234"}
    completed = (await other.call(transporter, "PUT", path, json=body)).json()
    more = notification(gateway.clock(), additional_days=5)
    assert (await _post(gateway, more)).status_code == 201
    renewal = body | {"distance_km": 50, "reason": "flood"}
    again = f"/v1/eway-bills/{plain['ebn']}/renewal"
    renewed = (await other.call(transporter, "POST", again, json=renewal)).json()
    days = [
        (gateway.clock.at(bill["valid_until"]) - gateway.clock()) / DAY
        for bill in (plain, completed, renewed)
    ]
    assert days == [1, 3, 6]
