"""The outbox as it is sent from: leased once, marked by whoever has the lease, counted, swept."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import pytest

from ingest import sms_limits
from ingest.database import Database
from ingest.outbox import Line
from ingest.owed_messages import (
    Again,
    Counted,
    Dead,
    NotOwed,
    Outcome,
    OwedMessage,
    OwedMessages,
    Receipt,
    Sent,
    after_failure,
)
from ingest.recipients import Recipient
from tests.documents import SUPPLIER
from tests.gateway_in_process import TestClock
from tests.owed import (
    MICROSECOND,
    MINUTE,
    MOBILE,
    ended,
    owed,
    registered,
    row_of,
    rows_for_nothing,
)

LEASE = sms_limits.LEASE


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    opened = await Database.connect(dsn, connections_max=8)
    yield opened
    await opened.close()


@pytest.fixture
async def sql(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


@pytest.fixture
def outbox(database: Database) -> OwedMessages:
    return OwedMessages(database)


@pytest.fixture
def at(clock: TestClock) -> datetime:
    return clock()


async def _leased(outbox: OwedMessages, at: datetime, count: int = 10) -> list[int]:
    return sorted(one.message_id for one in await outbox.lease(at, count, Line.REPLIES))


async def test_leased_from_when_it_is_due_until_it_expires(
    outbox: OwedMessages, sql: asyncpg.Connection, at: datetime
) -> None:
    number = await owed(sql, at)
    assert await _leased(outbox, at - MICROSECOND) == []
    assert await _leased(outbox, at) == [number]
    late = await owed(sql, at)
    assert await _leased(outbox, at + 10 * MINUTE + MICROSECOND) == []
    assert await _leased(outbox, at + 10 * MINUTE) == [number, late]


async def test_a_lease_ends_and_what_died_with_its_sender_is_taken_up(
    outbox: OwedMessages, sql: asyncpg.Connection, at: datetime
) -> None:
    number = await owed(sql, at)
    assert await _leased(outbox, at) == [number]
    assert await _leased(outbox, at + LEASE - MICROSECOND) == []
    (again,) = await outbox.lease(at + LEASE, 10, Line.REPLIES)
    assert (again.message_id, again.attempts) == (number, 2)


async def test_the_oldest_first_each_line_by_itself_and_no_more_than_asked_for(
    outbox: OwedMessages, sql: asyncpg.Connection, at: datetime
) -> None:
    numbers = [
        await owed(sql, at, kind=kind, due_at=at - minutes * MINUTE)
        for kind, minutes in (
            ("REPLY", 1), ("ONE_TIME_PASSWORD", 2), ("EXPIRES_SOON", 4), ("INFORM_SUPPLIER", 3),
        )
    ]  # fmt: skip
    found = {line: [one.message_id for one in await outbox.lease(at, 10, line)] for line in Line}
    assert found == {
        Line.PASSWORDS: [numbers[1]],
        Line.REPLIES: [numbers[0]],
        Line.OTHERS: [numbers[2], numbers[3]],
    }


async def test_senders_that_lease_at_once_never_lease_one_message(
    outbox: OwedMessages, sql: asyncpg.Connection, at: datetime
) -> None:
    for _ in range(100):
        await owed(sql, at)
    leased = await asyncio.gather(*(_leased(outbox, at, 7) for _ in range(20)))
    numbers = [number for some in leased for number in some]
    assert len(numbers) == len(set(numbers)) > 7
    while more := await _leased(outbox, at, 7):
        numbers += more
    assert len(numbers) == len(set(numbers)) == 100


async def test_email_only_waits_for_nobody(
    outbox: OwedMessages, sql: asyncpg.Connection, at: datetime
) -> None:
    await owed(sql, at, mobile=None, email="farmer@example.in")
    assert await _leased(outbox, at) == []
    await outbox.bury_expired(at + 11 * MINUTE)
    assert await outbox.dead_letters(None, 10) == []


async def test_what_became_of_messages_is_marked(
    outbox: OwedMessages, sql: asyncpg.Connection, at: datetime
) -> None:
    numbers = [await owed(sql, at) for _ in range(5)]
    leased = {one.message_id: one for one in await outbox.lease(at, 10, Line.REPLIES)}
    later = at + MINUTE
    outcomes: list[Outcome] = [
        Sent(later, "c1"),
        Sent(later, ""),
        Dead(later, "no"),
        Again(later),
        NotOwed("x"),
    ]
    await asyncio.gather(
        *(outbox.mark(leased[n], outcome) for n, outcome in zip(numbers, outcomes, strict=True))
    )
    columns = ("sent_at", "carrier_id", "dead_at", "dead_reason", "due_at")
    rows = [await row_of(sql, number) for number in numbers]
    assert [row and tuple(row[column] for column in columns) for row in rows] == [
        (later, "c1", None, None, at + LEASE),
        (later, None, None, None, at + LEASE),
        (None, None, later, "no", at + LEASE),
        (None, None, None, None, later),
        None,
    ]
    assert await _leased(outbox, later) == [numbers[3]]
    assert await _leased(outbox, later + LEASE) == [numbers[3]]


async def test_only_sent_is_marked_by_a_sender_whose_lease_has_ended(
    outbox: OwedMessages, sql: asyncpg.Connection, at: datetime
) -> None:
    number = await owed(sql, at)
    (slow,) = await outbox.lease(at, 1, Line.REPLIES)
    (quick,) = await outbox.lease(at + LEASE, 1, Line.REPLIES)
    before = await row_of(sql, number)
    for outcome in (Again(at), Dead(at, "no"), NotOwed("x")):
        await outbox.mark(slow, outcome)
        assert await row_of(sql, number) == before
    await outbox.mark(slow, Sent(at + LEASE, "slow"))
    await outbox.mark(quick, Sent(at + LEASE, "quick"))
    await outbox.mark(quick, Dead(at + LEASE, "no"))
    row = await row_of(sql, number)
    assert row
    assert (row["carrier_id"], row["dead_at"]) == ("slow", None)


@pytest.mark.parametrize(
    ("carrier_id", "kept"),
    [
        ("a" * sms_limits.CARRIER_ID_CHARACTERS_MAX, True),
        ("a" * (sms_limits.CARRIER_ID_CHARACTERS_MAX + 1), False),
        ("a\0b", False),
    ],
)
async def test_an_id_that_cannot_be_kept_leaves_nothing_unmarked(
    outbox: OwedMessages, sql: asyncpg.Connection, at: datetime, carrier_id: str, *, kept: bool
) -> None:
    numbers = [await owed(sql, at), await owed(sql, at)]
    messages = await outbox.lease(at, 2, Line.REPLIES)
    ids = dict(zip(numbers, ("good", carrier_id), strict=True))
    marks = [outbox.mark(each, Sent(at, ids[each.message_id])) for each in messages]
    await asyncio.gather(*marks)
    rows = [await row_of(sql, number) for number in numbers]
    assert [row and row["sent_at"] for row in rows] == [at, at]
    assert [row and row["carrier_id"] for row in rows] == ["good", carrier_id if kept else None]


async def test_marks_and_receipts_look_at_their_own_messages_only(
    sql: asyncpg.Connection, at: datetime
) -> None:
    """Also when a backlog has come that PostgreSQL's statistics know nothing of: a mark that took
    too long would have everything sent again."""
    many = 5000
    await sql.execute(
        """INSERT INTO outbox (kind, mobile, reply, created_at, due_at, expires_at, sent_at,
               carrier_id)
           SELECT 'REPLY', $2, 'x', $1::timestamptz, $1, $1, CASE WHEN odd THEN $1 END,
               CASE WHEN odd THEN 'c' || i END
           FROM generate_series(1, $3::integer) AS i, LATERAL (SELECT i % 2 = 1) AS whether (odd)
           ORDER BY i""",
        at,
        MOBILE,
        many,
    )
    batch = list(range(2, 2 * 64 + 2, 2))
    none = [None] * len(batch)
    for query, columns in (
        ("mark_messages", (batch, [0] * 64, [at] * 64, none, none, none, none)),
        ("drop_messages", (batch, [7] * 64)),
        ("keep_receipts", ([f"c{i - 1}" for i in batch], [at] * 64, none, at - MINUTE)),
    ):
        assert await rows_for_nothing(sql, query, *columns) <= 2 * many, query


async def _sent(outbox: OwedMessages, at: datetime, carrier_id: str) -> None:
    (message,) = await outbox.lease(at, 1, Line.REPLIES)
    await outbox.mark(message, Sent(at, carrier_id))


async def test_receipts(outbox: OwedMessages, sql: asyncpg.Connection, at: datetime) -> None:
    delivered, dead = [await owed(sql, at), await owed(sql, at)]
    await _sent(outbox, at, "one")
    await _sent(outbox, at, "two")
    assert await outbox.receive(Receipt("none", at)) is False
    later = at + MINUTE
    receipts = [Receipt("one", later), Receipt("two", later, "UNDELIV"), Receipt("one", at, "late")]
    assert await asyncio.gather(*map(outbox.receive, receipts)) == [True] * 3
    rows = [await row_of(sql, number) for number in (delivered, dead)]
    assert [row and (row["delivered_at"], row["dead_at"], row["dead_reason"]) for row in rows] == [
        (later, None, None),
        (None, later, "UNDELIV"),
    ]
    (letter,) = await outbox.dead_letters(None, 10)
    assert (letter.message_id, letter.sent_at, letter.dead_reason) == (dead, at, "UNDELIV")


async def test_a_carrier_s_id_is_of_the_message_sent_within_a_week(
    outbox: OwedMessages, sql: asyncpg.Connection, at: datetime
) -> None:
    await owed(sql, at)
    await _sent(outbox, at, "again")
    week = at + sms_limits.RECEIPTED_WITHIN
    assert await outbox.receive(Receipt("again", week)) is False
    assert await outbox.receive(Receipt("again", week - MICROSECOND)) is True


async def test_nobody_sent_it_in_time(
    outbox: OwedMessages, sql: asyncpg.Connection, at: datetime
) -> None:
    number = await owed(sql, at)
    held = await owed(sql, at, due_at=at + 20 * MINUTE)
    expires = at + 10 * MINUTE
    await outbox.bury_expired(expires)
    assert await outbox.dead_letters(None, 10) == []
    await outbox.bury_expired(expires + MICROSECOND)
    (letter,) = await outbox.dead_letters(None, 10)
    assert (letter.message_id, letter.dead_at, letter.dead_reason, letter.attempts) == (
        number, expires + MICROSECOND, "expired", 0,
    )  # fmt: skip
    assert held > number


async def test_swept_thirty_days_after_it_expired(
    outbox: OwedMessages, sql: asyncpg.Connection, at: datetime
) -> None:
    number = await owed(sql, at)
    past = at + 10 * MINUTE + timedelta(days=30)
    await outbox.sweep(past)
    assert await row_of(sql, number)
    await outbox.sweep(past + MICROSECOND)
    assert await row_of(sql, number) is None


async def test_what_waits_is_counted(
    outbox: OwedMessages, sql: asyncpg.Connection, at: datetime
) -> None:
    await owed(sql, at - MINUTE)
    await owed(sql, at, kind="EXPIRES_SOON", due_at=at + sms_limits.TRIED_AGAIN_AFTER_MAX)
    await owed(sql, at, kind="EXPIRES_SOON", due_at=at + timedelta(hours=1))
    await outbox.lease(at, 1, Line.REPLIES)
    await owed(sql, at, kind="ONE_TIME_PASSWORD")
    await owed(sql, at, dead_at=at, dead_reason="x")
    await outbox.count(at)
    assert outbox.counted == Counted(passwords=1, replies=1, others=1, oldest_seconds=60.0, dead=1)


async def test_told_so_often_a_day_and_counted_once_however_often_tried(
    outbox: OwedMessages, sql: asyncpg.Connection, at: datetime
) -> None:
    most, day = sms_limits.TOLD_MAX, sms_limits.TOLD_IN
    for _ in range(most + 1):
        await owed(sql, at, kind="EXPIRES_SOON", expires_at=at + 2 * day)
    other = await owed(sql, at, kind="EXPIRES_SOON", mobile="9845012346")
    leased = await outbox.lease(at, 100, Line.OTHERS)
    mine = [one for one in leased if one.message_id != other]
    (theirs,) = (one for one in leased if one.message_id == other)
    told = await asyncio.gather(*(outbox.admit(one, at) for one in mine))
    assert sorted(told) == [False] + [True] * most
    assert await outbox.admit(theirs, at)
    refused = mine[told.index(False)]
    admitted = mine[told.index(True)]
    assert await outbox.admit(admitted, at + MINUTE)
    assert not await outbox.admit(refused, at + day - MICROSECOND)
    assert await outbox.admit(refused, at + day)


def _tried(attempts: int, at: datetime, seconds: float) -> OwedMessage:
    expires = at + timedelta(seconds=seconds)
    return OwedMessage(1, "REPLY", MOBILE, None, None, b"", at, expires, attempts, Recipient())


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 5), (2, 10), (3, 20), (7, 320), (8, 600), (9, 600), (32767, 600)],
)
def test_tried_again_later_and_later_until_it_would_have_expired(
    attempts: int, seconds: int
) -> None:
    at = TestClock()()
    again = at + timedelta(seconds=seconds)
    assert after_failure(_tried(attempts, at, seconds), at, "why") == Again(again)
    dead = after_failure(_tried(attempts, at, seconds - 1e-6), at, "why")
    assert dead == Dead(at, "expired: why")


async def test_what_is_known_of_a_number_comes_with_its_message(
    outbox: OwedMessages, sql: asyncpg.Connection, at: datetime
) -> None:
    await owed(sql, at)

    async def recipient() -> Recipient:
        nonlocal at
        at += LEASE
        (message,) = await outbox.lease(at, 1, Line.REPLIES)
        return message.recipient

    assert await recipient() == Recipient()
    one = await registered(sql, SUPPLIER, at, confirmed=False, language="hi")
    found = await recipient()
    assert (found.language(SUPPLIER), found.language(None)) == ("hi", "en")
    await sql.execute("INSERT INTO sms_number VALUES ($1, 'hi')", MOBILE)
    assert (await recipient()).language(None) == "hi"
    await ended(sql, one, at)
    assert (await recipient()).stopped_at == at - LEASE
    two = await registered(sql, SUPPLIER, at)
    assert (await recipient()).stopped_at is None
    await ended(sql, two, at, "BY_ITS_GSTIN")
    assert (await recipient()) == Recipient((), found.language(SUPPLIER), None)


async def test_the_record_keeps_one_end_a_message(sql: asyncpg.Connection, at: datetime) -> None:
    for wrong in (
        {"dead_at": at},
        {"dead_reason": "x"},
        {"delivered_at": at},
        {"sent_at": at, "dead_at": at - MICROSECOND, "dead_reason": "x"},
        {"sent_at": at, "delivered_at": at, "dead_at": at, "dead_reason": "x"},
        {"mobile": None},
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await owed(sql, at, **wrong)
