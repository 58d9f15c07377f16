"""A notification takes effect on every worker at its instant: no restart, no sleep, no luck."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from ingest import limits
from ingest.notifications import KnownNotifications, Notifications, OutdatedNotificationsError
from tests.documents import (
    COMMISSIONER,
    SUPPLIER,
    document,
    notification,
    person,
)
from tests.gateway_in_process import Gateway, TestClock, gateway_in_process
from tests.waiting import until
from validators.errors import Refusal

BY = person(SUPPLIER)
PATH = "/v1/notifications"
MICROSECOND, DAY = timedelta(microseconds=1), timedelta(days=1)
DAYS = 5
"""Of the 350 km of a document, without any extension."""


@pytest.fixture(autouse=True)
def nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the chore a worker learns of a notification only by what its writes are answered."""

    async def never(_: Notifications) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Notifications, "keep", never)


@pytest.fixture
async def other(
    gateway: Gateway, dsn: str, redis_url: str, clock: TestClock
) -> AsyncIterator[Gateway]:
    """Another worker on the record of `gateway`."""
    async with gateway_in_process(dsn, redis_url, clock) as running:
        yield running


async def _post(gateway: Gateway, sent: dict[str, Any], **headers: str) -> httpx.Response:
    return await gateway.call(COMMISSIONER, "POST", PATH, json=sent, headers=headers)


async def _days(gateway: Gateway, **changes: Any) -> float:
    """For how many days a new bill for milk is valid."""
    answer = await gateway.generate(BY, document(**({"hsn_code": "0401"} | changes)))
    assert answer.status_code == 201, answer.text
    return _validity(answer.json()) / DAY


def _validity(bill: dict[str, Any]) -> timedelta:
    valid_until = datetime.fromisoformat(bill["valid_until"])
    return valid_until - datetime.fromisoformat(bill["generated_at"])


async def test_the_very_next_bill_of_another_worker_is_extended(
    gateway: Gateway, other: Gateway
) -> None:
    assert await _days(other) == DAYS
    answer = await _post(gateway, notification(gateway.clock()))
    assert answer.status_code == 201, answer.text
    assert other.services.notifications.current.version == 0
    assert await _days(other) == DAYS + 2
    assert other.services.notifications.current.version == answer.json()["notification_id"]
    assert await _days(gateway) == DAYS + 2
    assert await _days(other, hsn_code="7215") == DAYS
    rice = {"hsn_code": "1006", "description": "rice", "value": "1.00"}
    assert await _days(other, goods=[rice]) == DAYS
    assert await _days(other, goods=[rice | {"hsn_code": "04011000"}]) == DAYS + 2


async def test_from_the_first_to_the_last_instant(gateway: Gateway, other: Gateway) -> None:
    clock = gateway.clock
    begins = clock() + timedelta(hours=1)
    ends = begins + timedelta(hours=1)
    sent = notification(begins, effective_until=ends.isoformat())
    assert (await _post(gateway, sent)).status_code == 201
    days = []
    for at in (begins - MICROSECOND, begins, ends, ends + MICROSECOND):
        clock.now = at
        days.append((await _days(other), await _days(gateway)))
    assert days == [(DAYS, DAYS), (DAYS + 2, DAYS + 2), (DAYS + 2, DAYS + 2), (DAYS, DAYS)]


async def test_a_batch_decided_before_is_decided_anew_as_one(
    gateway: Gateway, other: Gateway, dsn: str
) -> None:
    """The bills wait for their transaction, decided already, while the notification is posted. One
    of them has a key, and its first try must not have kept it."""
    sql = await asyncpg.connect(dsn)
    number = gateway.services.notifications.current.version
    async with sql.transaction():
        await sql.execute("LOCK TABLE document_claim IN ACCESS EXCLUSIVE MODE")
        first = asyncio.create_task(_days(other, hsn_code="7215"))
        await until(lambda: _blocked(dsn))
        others = [asyncio.create_task(_days(other)) for _ in range(20)]
        keyed = document(hsn_code="0401")
        headers = {"Idempotency-Key": "k"}
        with_key = asyncio.create_task(other.generate(BY, keyed, headers=headers))
        await until(lambda: other.services.generation.waiting == 21)
        posting = asyncio.create_task(_post(gateway, notification(gateway.clock())))
        await until(lambda: _blocked(dsn, "AND wait_event = 'advisory'"))
    assert (await posting).status_code == 201
    assert await first == DAYS
    assert set(await asyncio.gather(*others)) == {DAYS + 2}
    answer = await with_key
    assert (answer.status_code, _validity(answer.json())) == (201, (DAYS + 2) * DAY)
    again = await other.generate(BY, keyed, headers=headers)
    assert (again.content, again.headers["idempotency-replayed"]) == (answer.content, "true")
    assert other.services.notifications.current.version > number
    assert await sql.fetchval("SELECT count(*) FROM eway_bill") == 22
    await sql.close()


async def _blocked(dsn: str, condition: str = "AND wait_event <> 'advisory'") -> bool:
    connection = await asyncpg.connect(dsn)
    try:
        return bool(
            await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "  # noqa: S608
                f"AND wait_event_type = 'Lock' {condition}"
            )
        )
    finally:
        await connection.close()


class Ticking(TestClock):
    """A clock on which no two looks are at the same instant."""

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> TestClock:
    return Ticking() if "ticking" in request.node.name else TestClock()


@pytest.mark.slow
async def test_ticking_every_bill_has_what_was_in_effect_when_it_was_asked_for(
    gateway: Gateway, other: Gateway
) -> None:
    """Two workers generate while notifications are posted, each to begin soon or even too soon."""
    posted: list[dict[str, Any]] = []
    bills: list[dict[str, Any]] = []
    refused = 0

    async def generate(worker: Gateway) -> None:
        while len(posted) < 12:
            answer = await worker.generate(BY, document(hsn_code="0401"))
            assert answer.status_code == 201, answer.text
            bills.append(answer.json())

    async def post() -> None:
        nonlocal refused
        while len(posted) < 12:
            # The delay is from nothing, too soon, to what lets some bills by.
            begins = gateway.clock.now + timedelta(milliseconds=5 * ((len(posted) + refused) % 8))
            answer = await _post(gateway, notification(begins, additional_days=len(posted) + 1))
            if answer.status_code == 201:
                posted.append(answer.json())
            else:
                assert [one["code"] for one in answer.json()["errors"]] == ["IN_THE_PAST"]
                refused += 1

    await asyncio.gather(post(), *(generate(one) for one in (gateway, other) for _ in range(8)))
    wrong = []
    for bill in bills:
        at = datetime.fromisoformat(bill["generated_at"])
        expected = max(
            (
                one["additional_days"]
                for one in posted
                if datetime.fromisoformat(one["effective_from"]) <= at
            ),
            default=0,
        )
        if _validity(bill) != (DAYS + expected) * DAY:
            wrong.append((bill["ebn"], at, expected))
    assert wrong == []
    assert len({_validity(bill) for bill in bills}) > 3
    ids = [one["notification_id"] for one in posted]
    assert ids == sorted(ids)


async def test_a_notification_overtaken_by_its_beginning_while_it_waits_is_refused(
    gateway: Gateway, dsn: str
) -> None:
    """A bill that was decided at or after its beginning may have been committed meanwhile."""
    begins = gateway.clock() + MICROSECOND
    sql = await asyncpg.connect(dsn)
    async with sql.transaction():
        await sql.execute("SELECT pg_advisory_xact_lock_shared(1, 1)")
        posting = asyncio.create_task(_post(gateway, notification(begins)))
        await until(lambda: _blocked(dsn, "AND wait_event = 'advisory'"))
        gateway.clock.now = begins + MICROSECOND
    answer = await posting
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["pointer"], fault["code"]) == (
        422,
        "/effective_from",
        "IN_THE_PAST",
    )
    assert await sql.fetchval("SELECT count(*) FROM notification") == 0
    await sql.close()


async def test_the_record_keeps_what_was_notified(gateway: Gateway, dsn: str) -> None:
    assert (await _post(gateway, notification(gateway.clock()))).status_code == 201
    sql = await asyncpg.connect(dsn)
    for statement in (
        "UPDATE notification SET additional_days = 3",
        "DELETE FROM notification",
        "TRUNCATE notification",
        """INSERT INTO notification (number, kind, effective_from, title, posted_by, posted_at)
           VALUES ('x', 'EXTENSION', now(), 't', 'c', now())""",
        """INSERT INTO notification
               (number, kind, effective_from, title, transporter_class, posted_by, posted_at)
           VALUES ('x', 'RFID_CLASS', now() - interval '1 second', 't', 'c', 'c', now())""",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await sql.execute(statement)
    await sql.close()


@pytest.mark.slow
async def test_a_write_that_takes_long_refuses_the_notification_and_holds_up_nobody(
    gateway: Gateway, dsn: str
) -> None:
    sql = await asyncpg.connect(dsn)
    async with sql.transaction():
        await sql.execute("SELECT pg_advisory_xact_lock_shared(1, 1)")
        answer = await _post(gateway, notification(gateway.clock()))
    assert (answer.status_code, answer.json()["code"]) == (503, "RECORD_UNAVAILABLE")
    await sql.close()
    assert await _days(gateway) == DAYS


async def test_deciding_anew_ends(gateway: Gateway) -> None:
    tries = 0

    async def never_up_to_date(_: KnownNotifications) -> None:
        nonlocal tries
        tries += 1
        raise OutdatedNotificationsError

    with pytest.raises(Refusal) as refused:
        await gateway.services.notifications.decided_by_all(never_up_to_date)
    assert refused.value.problem.code == "RECORD_UNAVAILABLE"
    assert 2 <= tries <= 10


async def test_a_worker_that_looks_learns_without_a_bill(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(limits, "NOTIFICATIONS_SECONDS", 0.0)
    known = gateway.services.notifications
    looking = asyncio.create_task(known.keep())
    answer = await _post(gateway, notification(gateway.clock()))
    await until(lambda: known.current.version == answer.json()["notification_id"])
    looking.cancel()
