"""Parts of long messages in the record: none is lost, none counts twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import permutations

import asyncpg
import pytest

from ingest import sms_limits
from ingest.database import Database
from ingest.sms_parts import Part, SmsParts

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = sms_limits.PART_KEPT
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    opened = await Database.connect(dsn, connections_max=8)
    yield opened
    await opened.close()


@pytest.fixture
def parts(database: Database) -> SmsParts:
    return SmsParts(database)


def part(sequence: int, total: int = 3, *, words: bytes = b"words", reference: int = 7) -> Part:
    return Part("919876543210", "56767", reference, total, sequence, 0, words)


async def rows(database: Database) -> list[asyncpg.Record]:
    async with database.connection() as connection:
        return await connection.fetch("SELECT * FROM sms_part ORDER BY sequence")


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
async def test_in_whatever_order_the_last_makes_it_whole(
    parts: SmsParts, order: tuple[int, ...]
) -> None:
    *early, last = order
    for sequence in (*early, *early):
        assert await parts.keep(part(sequence), NOON) is None
    later = NOON + timedelta(minutes=1)
    whole = await parts.keep(part(last), later)
    assert whole is not None
    assert whole.parts == (part(1), part(2), part(3))
    assert whole.at == later
    # Until it is handled each of them has it handed on again, the same.
    for sequence in order:
        assert await parts.keep(part(sequence), later + timedelta(minutes=5)) == whole


async def test_what_was_handled_is_known_for_an_hour(parts: SmsParts, database: Database) -> None:
    assert await parts.keep(part(1, 2), NOON) is None
    whole = await parts.keep(part(2, 2), NOON)
    assert whole is not None
    await parts.forget(whole, NOON)
    await parts.forget(whole, NOON + HOUR)
    for sequence in (1, 2):
        assert await parts.keep(part(sequence, 2), NOON + HOUR) is None
    assert len(await rows(database)) == 2
    assert {row["handled_at"] for row in await rows(database)} == {NOON}
    # A microsecond later they are those of another message.
    assert await parts.keep(part(1, 2), NOON + HOUR + MICROSECOND) is None
    again = await parts.keep(part(2, 2), NOON + HOUR + MICROSECOND)
    assert again is not None
    assert set(again.part_ids).isdisjoint(whole.part_ids)


@pytest.mark.parametrize(("after", "is_whole"), [(HOUR, True), (HOUR + MICROSECOND, False)])
async def test_a_part_waits_an_hour_for_the_others(
    parts: SmsParts, after: timedelta, is_whole: bool
) -> None:
    assert await parts.keep(part(1, 2), NOON) is None
    whole = await parts.keep(part(2, 2), NOON + after)
    assert (whole is not None) == is_whole
    if not is_whole:
        assert await parts.keep(part(1, 2), NOON + after) is not None


async def test_other_words_under_the_reference_are_of_a_later_message(parts: SmsParts) -> None:
    assert await parts.keep(part(1, 2, words=b"old"), NOON) is None
    assert await parts.keep(part(1, 2, words=b"new"), NOON) is None
    whole = await parts.keep(part(2, 2), NOON)
    assert whole is not None
    assert [each.payload for each in whole.parts] == [b"new", b"words"]
    await parts.forget(whole, NOON)
    # And one that was handled is not mixed with the next one.
    assert await parts.keep(part(1, 2, words=b"next"), NOON) is None
    following = await parts.keep(part(2, 2, words=b"one"), NOON)
    assert following is not None
    assert [each.payload for each in following.parts] == [b"next", b"one"]


@pytest.mark.parametrize(
    "other",
    [
        part(2, 2)._replace(source="919876543211"),
        part(2, 2)._replace(destination="56768"),
        part(2, 2, reference=8),
        part(2, 3),
    ],
)
async def test_parts_of_other_messages_do_not_make_it_whole(parts: SmsParts, other: Part) -> None:
    assert await parts.keep(part(1, 2), NOON) is None
    assert await parts.keep(other, NOON) is None
    assert await parts.keep(part(2, 2), NOON) is not None


async def test_parts_at_once_in_two_workers_make_each_message_whole_once(
    database: Database,
) -> None:
    workers = SmsParts(database), SmsParts(database)
    keeping = [
        workers[(reference + sequence) % 2].keep(part(sequence, reference=reference), NOON)
        for sequence in (1, 2, 3)
        for reference in range(100)
    ]
    answers = await asyncio.gather(*keeping)
    wholes = [answer for answer in answers if answer is not None]
    assert sorted(whole.parts[0].reference for whole in wholes) == list(range(100))
    assert all(len(whole.parts) == 3 for whole in wholes)


async def test_the_sweep_deletes_what_is_older_than_an_hour(
    parts: SmsParts, database: Database
) -> None:
    await parts.keep(part(1), NOON - MICROSECOND)
    await parts.keep(part(2), NOON)
    await parts.sweep(NOON + HOUR - MICROSECOND)
    assert [row["sequence"] for row in await rows(database)] == [1, 2]
    await parts.sweep(NOON + HOUR)
    assert [row["sequence"] for row in await rows(database)] == [2]
