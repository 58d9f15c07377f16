"""Two workers at one number or one GSTIN in the same instant."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest

from ingest.replay import AlreadyAnsweredError, StoredAnswer
from tests.documents import OTHER, RECIPIENT, STRANGER, SUPPLIER, TRANSPORTER, person
from tests.gateway_in_process import Gateway, TestClock, gateway_in_process
from tests.sms_numbers import (
    MOBILE,
    NUMBERS,
    a_claim,
    a_mobile,
    another,
    confirm,
    end,
    known,
    message,
    register,
    registered,
    sent_password,
)
from tests.waiting import until
from validators.authority import Person
from validators.sms_number import PASSWORDS_TO_NUMBER, TRIES_MAX

BY, TO, VIA = person(SUPPLIER), person(RECIPIENT), person(TRANSPORTER)
LOCKED_GSTIN = "SELECT pg_advisory_xact_lock(hashtextextended($1, 1))"
LOCKED_MOBILE = "SELECT pg_advisory_xact_lock(hashtextextended($1, 2))"
LOCKED_ROWS = "SELECT FROM sms_registration WHERE mobile = $1 FOR UPDATE"
LOCKED_STRANGER = "SELECT FROM sms_stranger WHERE mobile = $1 FOR UPDATE"
WAITING = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'"""


@dataclass(frozen=True)
class Workers:
    """Two gateways on one record, and the record itself."""

    one: Gateway
    two: Gateway
    record: "asyncpg.Connection[asyncpg.Record]"

    async def race(self, lock: str, key: str, *calls: Coroutine[Any, Any, Any]) -> list[Any]:
        """What becomes of calls, one a worker, that both wait for a lock before either has it."""
        async with self.record.transaction():
            await self.record.execute(lock, key)
            asked = [asyncio.create_task(call) for call in calls]
            await until(self._wait(len(calls)))
        return await asyncio.gather(*asked, return_exceptions=True)

    def _wait(self, count: int) -> Callable[[], Awaitable[bool]]:
        async def waiting() -> bool:
            await self.record.execute("SELECT pg_stat_clear_snapshot()")
            return bool(await self.record.fetchval(WAITING) == count)

        return waiting


@pytest.fixture
async def workers(
    gateway: Gateway, dsn: str, redis_url: str, clock: TestClock
) -> AsyncIterator[Workers]:
    record = await asyncpg.connect(dsn)
    async with gateway_in_process(dsn, redis_url, clock) as other:
        yield Workers(gateway, other, record)
    await record.close()


def _codes(answers: list[httpx.Response]) -> list[tuple[int, str | None]]:
    said = [(answer.status_code, answer.json().get("code")) for answer in answers]
    return sorted(said, key=lambda one: one[0])


async def test_two_numbers_a_gstin(workers: Workers) -> None:
    await registered(workers.one, BY)
    answers = await workers.race(
        LOCKED_GSTIN,
        SUPPLIER,
        register(workers.one, BY, a_mobile()),
        register(workers.two, BY, a_mobile()),
    )
    assert _codes(answers) == [(201, None), (409, "TOO_MANY_SMS_NUMBERS")]


async def test_one_number_registered_twice_at_once_is_one(workers: Workers) -> None:
    answers = await workers.race(
        LOCKED_GSTIN, SUPPLIER, register(workers.one, BY), register(workers.two, BY)
    )
    assert [answer.status_code for answer in answers] == [201, 201]
    shown = (await workers.one.call(BY, "GET", NUMBERS)).json()["items"]
    assert [one["mobile"] for one in shown] == [MOBILE]
    await confirm(workers.two, BY, await sent_password(workers.one, BY))
    assert (await known(workers.one)).acts_for is not None


async def test_the_last_password_for_a_number(workers: Workers) -> None:
    asking = [BY, TO, VIA]
    for index in range(PASSWORDS_TO_NUMBER - 1):
        assert (await register(workers.one, asking[index % 3])).status_code == 201
    answers = await workers.race(
        LOCKED_MOBILE,
        MOBILE,
        register(workers.one, person(OTHER)),
        register(workers.two, person(STRANGER)),
    )
    assert _codes(answers) == [(201, None), (429, "TOO_MANY_PASSWORDS")]


async def test_tries_at_once_are_counted(workers: Workers) -> None:
    await register(workers.one, BY)
    password = await sent_password(workers.one, BY)
    wrong, gateways = another(password), (workers.one, workers.two)
    answers = await asyncio.gather(
        *(confirm(gateways[index % 2], BY, wrong) for index in range(2 * TRIES_MAX))
    )
    codes = Counter(answer.json()["code"] for answer in answers)
    assert codes == {"WRONG_PASSWORD": TRIES_MAX, "PASSWORD_SPENT": TRIES_MAX}
    left = sorted(answer.json().get("tries_left", -1) for answer in answers)
    assert left[TRIES_MAX:] == [*range(TRIES_MAX)]
    assert (await confirm(workers.one, BY, password)).json()["code"] == "PASSWORD_SPENT"


async def test_one_message_at_both_workers_acts_once(workers: Workers) -> None:
    await register(workers.one, BY)
    password = another(await sent_password(workers.one, BY))
    gateways = (workers.one, workers.two)
    answers = await workers.race(
        LOCKED_ROWS,
        MOBILE,
        *(
            one.services.sms.numbers.confirm_by_sms(message(one, key="the-same"), password)
            for one in gateways
        ),
    )
    (acted,) = (one for one in answers if isinstance(one, StoredAnswer))
    (again,) = (one for one in answers if isinstance(one, AlreadyAnsweredError))
    assert again.answer == acted
    shown = (await workers.one.call(BY, "GET", NUMBERS)).json()["items"]
    assert shown[0]["tries_left"] == TRIES_MAX - 1
    assert await workers.record.fetchval("SELECT count(*) FROM outbox WHERE kind = 'REPLY'") == 1


async def test_confirmed_for_two_at_once_it_has_to_choose(workers: Workers) -> None:
    passwords = {}
    for who in (BY, TO):
        await register(workers.one, who)
        passwords[who] = await sent_password(workers.one, who)
    answers = await workers.race(
        LOCKED_ROWS,
        MOBILE,
        confirm(workers.one, BY, passwords[BY]),
        confirm(workers.two, TO, passwords[TO]),
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    number = await known(workers.one)
    assert ({one.id for one in number.persons}, number.acts_for) == ({SUPPLIER, RECIPIENT}, None)


@pytest.mark.parametrize("ender", ["end", "stop"])
async def test_ended_and_confirmed_at_once(workers: Workers, ender: str) -> None:
    """Whichever is first, nothing acts for a GSTIN that ended it."""
    await register(workers.one, BY)
    password = await sent_password(workers.one, BY)
    stopping: Coroutine[Any, Any, Any] = (
        end(workers.two, BY)
        if ender == "end"
        else workers.two.services.sms.numbers.stop(message(workers.two))
    )
    confirmed, _ = await workers.race(
        LOCKED_ROWS, MOBILE, confirm(workers.one, BY, password), stopping
    )
    said = confirmed.status_code, confirmed.json().get("code")
    assert said in ((200, None), (404, "SMS_NUMBER_NOT_FOUND"))
    number = await known(workers.one)
    assert (number.persons, number.acts_for) == ((), None)


async def test_a_stranger_at_both_workers_is_told_once(workers: Workers) -> None:
    told, silent = StoredAnswer(200, b"Not registered"), StoredAnswer(200, b"")
    gateways: tuple[Gateway, ...] = (workers.one, workers.two)
    at = workers.one.clock()
    await workers.one.services.sms.strangers.answer(MOBILE, a_claim(workers.one), told, silent, at)
    workers.one.clock.advance(hours=24, microseconds=1)
    answers = await workers.race(
        LOCKED_STRANGER,
        MOBILE,
        *(
            one.services.sms.strangers.answer(MOBILE, a_claim(one), told, silent, one.clock())
            for one in gateways
        ),
    )
    assert sorted(answers) == sorted([told, silent])


async def test_whatever_two_workers_do_a_gstin_has_two_numbers_at_most(workers: Workers) -> None:
    gateways = (workers.one, workers.two)
    mobiles = [a_mobile() for _ in range(3)]

    async def busy(gateway: Gateway, mobile: str, who: Person) -> None:
        for _ in range(3):
            if (await register(gateway, who, mobile)).status_code == 201:
                password = await gateway.services.sms.numbers.new_password(
                    who.id, mobile, gateway.clock()
                )
                await confirm(gateway, who, password or "000000", mobile)
                await gateway.services.sms.numbers.stop(message(gateway, mobile))

    await asyncio.gather(
        *(
            busy(gateway, mobile, who)
            for gateway in gateways
            for mobile in mobiles
            for who in (BY, TO)
        )
    )
    rows = await workers.record.fetch("SELECT gstin, ended_at, confirmed_at FROM sms_registration")
    assert any(row["confirmed_at"] for row in rows)
    live = Counter(row["gstin"] for row in rows if row["ended_at"] is None)
    assert all(count <= 2 for count in live.values())
