"""RFID tags and reads of them for tests."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from tests.documents import READER, SUPPLIER, TRANSPORTER, document, person
from tests.gateway_in_process import Gateway
from tests.tags import a_tag, map_tag, unmap_tag
from validators.authority import Person

READS = "/v1/rfid/reads"
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
