"""Two workers at one tag in the same instant: one order, and a history that is exact."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import asyncpg
import httpx
import pytest

from tests.documents import OFFICER, OTHER, TRANSPORTER, person
from tests.gateway_in_process import Gateway, TestClock, gateway_in_process
from tests.tags import TAG, TAGS, a_tag, map_tag, unmap_tag
from tests.waiting import until

VIA, ANOTHER = person(TRANSPORTER), person(OTHER)
VEHICLES = ("KA12AB1234", "MH14CD5678")
ROUNDS = 12
HISTORY = """SELECT vehicle_number, since, until FROM rfid_tag_history
    WHERE tag = $1 ORDER BY mapping_id"""
WAITING = """SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"""


@dataclass(frozen=True)
class Workers:
    """Two gateways on one record, and the record itself."""

    one: Gateway
    two: Gateway
    record: "asyncpg.Connection[asyncpg.Record]"

    async def race(self, tag: str, *calls: Any) -> list[httpx.Response]:
        """The answers of calls that all wait for the tag before any of them has it: whichever
        waits first is served first."""
        asked: list[asyncio.Task[httpx.Response]] = []
        async with self.record.transaction():
            await self.record.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", tag)
            for call in calls:
                asked.append(asyncio.create_task(call))
                await until(self._all_wait(len(asked)))
            assert not any(one.done() for one in asked)
        return [await one for one in asked]

    def _all_wait(self, count: int) -> Callable[[], Awaitable[bool]]:
        async def waiting() -> bool:
            return bool(await self.record.fetchval(WAITING) == count)

        return waiting


class _Uneven(TestClock):
    """A clock that goes on, and back a little every third time."""

    def __call__(self) -> datetime:
        ticks = int(self.now.timestamp() * 1000)
        self.now += timedelta(milliseconds=-3 if ticks % 3 == 0 else 5)
        return self.now


@pytest.fixture
def clock() -> TestClock:
    return _Uneven()


@pytest.fixture
async def workers(
    gateway: Gateway, dsn: str, redis_url: str, clock: TestClock
) -> AsyncIterator[Workers]:
    record = await asyncpg.connect(dsn)
    async with gateway_in_process(dsn, redis_url, clock) as other:
        yield Workers(gateway, other, record)
    await record.close()


async def _history(workers: Workers, tag: str) -> list[dict[str, Any]]:
    """Every mapping of a tag, oldest first, checked to follow each other."""
    read = await workers.one.call(OFFICER, "GET", f"{TAGS}/{tag}")
    shown = read.json()
    live = [shown["mapping"]] if shown["mapping"] else []
    mappings: list[dict[str, Any]] = [*shown["history"][::-1], *live]
    for before, after in pairwise(mappings):
        assert before["since"] <= before["until"] <= after["since"]
    return mappings


async def test_of_two_transporters_one_gets_the_tag(workers: Workers) -> None:
    winners = Counter[str]()
    for index in range(4):
        tag = a_tag()
        calls = (
            map_tag(workers.one, VIA, tag, VEHICLES[0]),
            map_tag(workers.two, ANOTHER, tag, VEHICLES[0]),
        )
        answers = await workers.race(tag, *calls[:: 1 if index % 2 else -1])
        assert [answer.status_code for answer in answers] == [201, 409]
        won, lost = (answer.json() for answer in answers)
        assert lost["code"] == "TAG_OF_ANOTHER"
        assert await _history(workers, tag) == [won]
        winners[won["transporter_id"]] += 1
    assert len(winners) == 2, "each wins some"


async def test_of_two_mappings_by_one_transporter_one_follows_the_other(workers: Workers) -> None:
    for vehicles in (VEHICLES, VEHICLES[:1] * 2):
        tag = a_tag()
        answers = await workers.race(
            tag,
            map_tag(workers.one, VIA, tag, vehicles[0]),
            map_tag(workers.two, VIA, tag, vehicles[1]),
        )
        assert [answer.status_code for answer in answers] == [201, 200]
        mappings = await _history(workers, tag)
        assert len(mappings) == len(set(vehicles))
        assert {one["vehicle_number"] for one in mappings} == set(vehicles)
        told = [answer.json() for answer in answers]
        assert [(one["vehicle_number"], one["since"]) for one in mappings] == [
            *dict.fromkeys((one["vehicle_number"], one["since"]) for one in told)
        ]
        # Without a gap: what ends begins the next.
        assert [one.get("until") for one in mappings] == [
            *(one["since"] for one in mappings[1:]),
            None,
        ]


async def test_a_tag_unmapped_twice_at_once_ends_once(workers: Workers) -> None:
    await map_tag(workers.one, VIA, TAG, VEHICLES[0])
    answers = await workers.race(
        TAG, unmap_tag(workers.one, VIA, TAG), unmap_tag(workers.two, VIA, TAG)
    )
    assert [answer.status_code for answer in answers] == [200, 404]
    assert len(await _history(workers, TAG)) == 1


async def test_whatever_two_workers_do_nothing_is_lost(workers: Workers) -> None:
    """Mapped and unmapped again and again over both, by a clock that is not even monotonic: the
    record holds the mappings that were answered and no others, and none overlaps the next."""
    answered: set[tuple[str, datetime]] = set()
    ended: list[tuple[datetime, datetime]] = []

    async def busy(worker: Gateway, first: int) -> None:
        for index in range(first, first + 2 * ROUNDS):
            if index % 4 == 3:
                answer = await unmap_tag(worker, VIA, TAG)
                if answer.status_code == 200:
                    ended.append((_at(answer, "since"), _at(answer, "until")))
                else:
                    assert answer.json()["code"] == "TAG_NOT_FOUND"
            else:
                answer = await map_tag(worker, VIA, TAG, VEHICLES[index % 2])
                assert answer.status_code in (200, 201), answer.text
                answered.add((answer.json()["vehicle_number"], _at(answer, "since")))

    both = (workers.one, workers.two)
    await asyncio.gather(*(busy(worker, first) for first in (0, 1, 2) for worker in both))
    past = await workers.record.fetch(HISTORY, TAG)
    live = await workers.record.fetch("SELECT vehicle_number, since FROM rfid_tag")
    assert {(row["vehicle_number"], row["since"]) for row in (*past, *live)} == answered
    spans = [(row["since"], row["until"]) for row in past]
    assert all(since <= until for since, until in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert not live or spans[-1][1] <= live[0]["since"]
    gaps = {before for before, after in pairwise(spans) if before[1] < after[0]}
    assert gaps <= set(ended), "only an unmapping leaves a gap"
    assert set(ended) <= set(spans)


def _at(answer: httpx.Response, name: str) -> datetime:
    return datetime.fromisoformat(answer.json()[name])
