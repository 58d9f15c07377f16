"""RFID tags and reads of them for tests."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import httpx

from tests.documents import OFFICER, READER, SUPPLIER, TRANSPORTER, document, person
from tests.gateway_in_process import Gateway
from tests.tags import a_tag, map_tag, unmap_tag
from validators.authority import Person

READS = "/v1/rfid/reads"
BILLS = "/v1/eway-bills"
ELSEWHERE = "MH14CD5678"
CARRIER = person(TRANSPORTER)
OTHER_READER = Person("client-of-lane-8", READER.role, "LANE-8", "27", "Khopoli")

_numbers = itertools.count(1)


def new_vehicle() -> str:
    """A vehicle nobody has seen."""
    number = next(_numbers)
    return f"KA{number // 10_000 % 100:02}AC{number % 10_000:04}"


def read(tag: str, at: datetime, read_id: str = "", /, **changes: Any) -> dict[str, Any]:
    """A sound read, of a read id of its own unless one is given, changed as told; a change to `...`
    removes the member."""
    sound = {
        "read_id": read_id or f"r-{next(_numbers)}",
        "tag": tag,
        "read_at": at.isoformat(),
    } | changes
    return {name: value for name, value in sound.items() if value is not ...}


async def mapped(gateway: Gateway, tag: str, vehicle_number: str) -> None:
    """Maps a tag to a vehicle of the carrier's."""
    answer = await map_tag(gateway, CARRIER, tag, vehicle_number)
    assert answer.status_code in (200, 201), answer.text


async def unmapped(gateway: Gateway, tag: str) -> None:
    """Ends the mapping of a tag."""
    answer = await unmap_tag(gateway, CARRIER, tag)
    assert answer.status_code == 200, answer.text


async def lorry(gateway: Gateway) -> tuple[str, str]:
    """A new tag on a new vehicle."""
    tag, vehicle = a_tag(), new_vehicle()
    await mapped(gateway, tag, vehicle)
    return tag, vehicle


async def loaded(gateway: Gateway, vehicle_number: str, **changes: Any) -> str:
    """The number of a new bill on a vehicle."""
    sent = document(vehicle_number=vehicle_number, **changes)
    answer = await gateway.generate(person(SUPPLIER), sent)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ebn"])


async def send(
    gateway: Gateway, *reads: Mapping[str, Any], who: Person | None = READER
) -> Sequence[dict[str, Any]]:
    """The answers to reads, one a read."""
    answer = await gateway.call(who, "POST", READS, json={"reads": reads})
    assert answer.status_code == 200, answer.text
    answers: list[dict[str, Any]] = answer.json()["reads"]
    assert len(answers) == len(reads)
    return answers


async def counted(dsn: str) -> int:
    """How many reads are on record."""
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM rfid_read"))
    finally:
        await connection.close()


async def post(gateway: Gateway, who: Person, path: str, body: Any) -> dict[str, Any]:
    """What a call that must succeed is answered."""
    answer = await gateway.call(who, "POST", path, json=body)
    assert answer.status_code < 300, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def cancel(gateway: Gateway, ebn: str) -> httpx.Response:
    """A bill's cancellation by its generator."""
    path = f"{BILLS}/{ebn}/cancellation"
    return await gateway.call(person(SUPPLIER), "POST", path, json={"reason": "not sent"})


async def move(gateway: Gateway, ebn: str, vehicle_number: str = ELSEWHERE) -> None:
    """A bill goes on by another vehicle."""
    body = {"vehicle_number": vehicle_number, "reason": "BREAKDOWN", "place": "Hubli"}
    await post(gateway, CARRIER, f"{BILLS}/{ebn}/conveyances", body)


async def renew(gateway: Gateway, ebn: str, vehicle_number: str) -> str:
    """The number of the bill that goes on from another."""
    body = {"vehicle_number": vehicle_number, "distance_km": 50, "reason": "flood"}
    bill = await post(gateway, CARRIER, f"{BILLS}/{ebn}/renewal", body)
    return str(bill["ebn"])


async def verified_at(gateway: Gateway, ebn: str) -> datetime | None:
    """When a bill was first verified in transit."""
    bill = (await gateway.call(OFFICER, "GET", f"{BILLS}/{ebn}")).json()
    written = bill["verified_at"]
    return gateway.clock.at(written) if written else None


async def listed(gateway: Gateway, vehicle: str, **query: Any) -> httpx.Response:
    """GET /v1/rfid/reads by an officer."""
    asked = {"vehicle_number": vehicle, **query}
    return await gateway.call(OFFICER, "GET", READS, params=asked)


def said(answer: dict[str, Any]) -> tuple[Any, ...]:
    """Status, decision and reasons, and what was verified; of a refusal its code."""
    if "code" in answer:
        return answer["status"], answer["code"]
    assert answer["bills"] == len(answer["verified"])
    return answer["status"], answer["decision"], answer["reasons"], answer["verified"]


def passed(*ebns: str) -> tuple[Any, ...]:
    """As `said`, of a read that passed now and verified these."""
    return 201, "PASS", [], list(ebns)


def stopped(*reasons: str) -> tuple[Any, ...]:
    """As `said`, of one that was stopped now."""
    return 201, "STOP", list(reasons), []
