"""Idempotency-Key through HTTP: the same request again is answered what the first was."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.documents import OTHER, RECIPIENT, SUPPLIER, document, person
from tests.gateway_in_process import Gateway, TestClock, gateway_in_process
from validators.authority import Person, Role

BY, TO = person(SUPPLIER), person(RECIPIENT)
BILLS = "/v1/eway-bills"
REASON = {"reason": "goods not sent"}


async def _post(
    gateway: Gateway, body: dict[str, Any], key: str, *, path: str = BILLS, who: Person = BY
) -> httpx.Response:
    return await gateway.call(who, "POST", path, json=body, headers={"Idempotency-Key": key})


def _assert_replayed(replay: httpx.Response, first: httpx.Response) -> None:
    assert "idempotency-replayed" not in first.headers
    assert replay.headers["idempotency-replayed"] == "true"
    assert (replay.status_code, replay.content) == (first.status_code, first.content)
    assert replay.headers["content-type"] == first.headers["content-type"]
    assert replay.headers["x-request-id"] != first.headers["x-request-id"]


async def _count(gateway: Gateway, **listed: str) -> int:
    answer = await gateway.call(BY, "GET", BILLS, params={"limit": "500"} | listed)
    return len(answer.json()["items"])


async def test_a_created_bill_is_answered_again_to_the_byte(gateway: Gateway) -> None:
    sent = document()
    first = await _post(gateway, sent, "k1")
    assert first.status_code == 201
    gateway.clock.advance(hours=1)
    _assert_replayed(await _post(gateway, sent, "k1"), first)
    assert await _count(gateway) == 1


async def test_a_refusal_by_state_is_answered_again_after_the_state_has_changed(
    gateway: Gateway,
) -> None:
    sent = document()
    ebn = (await gateway.generate(BY, sent)).json()["ebn"]
    first = await _post(gateway, sent, "k1")
    assert (first.status_code, first.json()["ebn"]) == (409, ebn)
    await gateway.call(BY, "POST", f"{BILLS}/{ebn}/cancellation", json=REASON)
    _assert_replayed(await _post(gateway, sent, "k1"), first)
    assert (await _post(gateway, sent, "k2")).status_code == 201


@pytest.mark.parametrize(
    ("call", "who", "body"),
    [("cancellation", BY, REASON), ("acceptance", TO, {"decision": "REJECTED"})],
)
async def test_a_change_is_answered_again_though_it_could_not_be_made_again(
    gateway: Gateway, call: str, who: Person, body: dict[str, Any]
) -> None:
    ebn = (await gateway.generate(BY, document())).json()["ebn"]
    path = f"{BILLS}/{ebn}/{call}"
    first = await _post(gateway, body, "k1", path=path, who=who)
    assert first.status_code == 200
    _assert_replayed(await _post(gateway, body, "k1", path=path, who=who), first)
    again = await _post(gateway, body, "k2", path=path, who=who)
    assert again.status_code == 409
    _assert_replayed(await _post(gateway, body, "k2", path=path, who=who), again)


async def test_a_key_is_for_one_body_and_one_path(gateway: Gateway) -> None:
    sent = document()
    reused = (422, "IDEMPOTENCY_KEY_REUSED")
    first = await _post(gateway, sent, "k1")
    other_ebn = (await gateway.generate(BY, document())).json()["ebn"]
    paths = [f"{BILLS}/{ebn}/cancellation" for ebn in (first.json()["ebn"], other_ebn)]
    assert (await _post(gateway, REASON, "k2", path=paths[0])).status_code == 200
    others = [
        await _post(gateway, document(), "k1"),
        await _post(gateway, sent | {"distance_km": 351}, "k1"),
        await _post(gateway, {}, "k1"),
        await _post(gateway, REASON, "k1", path=paths[1]),
        await _post(gateway, REASON, "k2", path=paths[1]),
        await _post(gateway, {"reason": "another"}, "k2", path=paths[0]),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in others] == [reused] * 6
    _assert_replayed(await _post(gateway, sent, "k1"), first)
    assert await _count(gateway, status="ACTIVE") == 1


async def test_keys_are_a_clients_own(gateway: Gateway) -> None:
    sent = document()
    second_client = Person("second-client", Role.TAXPAYER, SUPPLIER)
    first = await _post(gateway, sent, "k1")
    theirs = await _post(gateway, sent, "k1", who=second_client)
    assert (first.status_code, theirs.status_code) == (201, 409)
    assert "idempotency-replayed" not in theirs.headers
    another = await _post(gateway, document(recipient_gstin=OTHER), "k1", who=person(OTHER))
    assert another.status_code == 201


@pytest.mark.parametrize(
    ("faulty", "status"),
    [({"hsn_code": "7"}, 422), ({"supplier_gstin": OTHER, "recipient_gstin": OTHER}, 403)],
)
async def test_a_refused_document_does_not_use_up_its_key(
    gateway: Gateway, faulty: dict[str, Any], status: int
) -> None:
    sent = document()
    refused = await _post(gateway, sent | faulty, "k1")
    assert (refused.status_code, "idempotency-replayed" in refused.headers) == (status, False)
    first = await _post(gateway, sent, "k1")
    assert first.status_code == 201
    _assert_replayed(await _post(gateway, sent, "k1"), first)


async def test_what_was_not_found_may_be_found_under_the_same_key(gateway: Gateway) -> None:
    probe = (await gateway.generate(BY, document())).json()["ebn"]
    path = f"{BILLS}/{int(probe) + 1}/cancellation"
    assert (await _post(gateway, REASON, "k1", path=path)).status_code == 404
    assert (await gateway.generate(BY, document())).json()["ebn"] == str(int(probe) + 1)
    assert (await _post(gateway, REASON, "k1", path=path)).status_code == 200


async def test_twenty_at_once_are_one_bill(gateway: Gateway) -> None:
    sent = document()
    answers = await asyncio.gather(*(_post(gateway, sent, "k1") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    replayed = Counter(answer.headers.get("idempotency-replayed") for answer in answers)
    assert replayed == {None: 1, "true": 19}
    assert await _count(gateway) == 1


async def test_twenty_cancellations_at_once_under_one_key_are_one(gateway: Gateway) -> None:
    ebn = (await gateway.generate(BY, document())).json()["ebn"]
    path = f"{BILLS}/{ebn}/cancellation"
    answers = await asyncio.gather(*(_post(gateway, REASON, "k1", path=path) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


async def test_one_key_with_two_bodies_at_once_makes_one_bill(gateway: Gateway) -> None:
    two = [document(), document()]
    answers = await asyncio.gather(*(_post(gateway, two[turn % 2], "k1") for turn in range(20)))
    told = Counter(answer.json().get("code") for answer in answers)
    assert told == {None: 10, "IDEMPOTENCY_KEY_REUSED": 10}
    assert await _count(gateway) == 1


async def test_a_key_is_kept_24_hours(gateway: Gateway) -> None:
    sent = document()
    first = await _post(gateway, sent, "k1")
    gateway.clock.advance(hours=24)
    _assert_replayed(await _post(gateway, sent, "k1"), first)
    gateway.clock.advance(microseconds=1)
    again = await _post(gateway, sent, "k1")
    assert (again.status_code, "idempotency-replayed" in again.headers) == (409, False)
    _assert_replayed(await _post(gateway, sent, "k1"), again)
    gateway.clock.advance(hours=24, microseconds=1)
    assert (await _post(gateway, document(), "k1")).status_code == 201


async def test_keys_survive_a_restart_and_the_loss_of_redis(
    dsn: str, redis_url: str, clock: TestClock
) -> None:
    sent = document()
    async with gateway_in_process(dsn, redis_url, clock) as before:
        first = await _post(before, sent, "k1")
    assert first.status_code == 201
    clock.advance(hours=23)
    async with gateway_in_process(dsn, redis_url, clock) as after:
        _assert_replayed(await _post(after, sent, "k1"), first)
        assert await _count(after) == 1


@pytest.mark.parametrize("at_once", [False, True])
async def test_two_workers_share_their_keys(
    gateway: Gateway, dsn: str, redis_url: str, at_once: bool
) -> None:
    sent = document()
    async with gateway_in_process(dsn, redis_url, gateway.clock) as other:
        workers = [gateway, other] * 5
        if at_once:
            answers = list(await asyncio.gather(*(_post(one, sent, "k1") for one in workers)))
        else:
            answers = [await _post(one, sent, "k1") for one in workers]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await _count(gateway) == 1


async def test_unusable_keys_are_refused_and_the_longest_is_taken(gateway: Gateway) -> None:
    unusable = ["", "two words", "tab\there", "k" * 129, "clé".encode()]
    sent = document()
    for key in unusable:
        answer = await gateway.generate(BY, sent, headers={"Idempotency-Key": key})
        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_IDEMPOTENCY_KEY")
    assert (await _post(gateway, sent, "~!" * 64)).status_code == 201
