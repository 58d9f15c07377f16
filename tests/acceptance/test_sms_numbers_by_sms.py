"""Mobile numbers as they speak for themselves: CONFIRM, USE, STOP and the language, once each; and
numbers nobody registered."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

import asyncpg
import pytest

from ingest.replay import AlreadyAnsweredError, StoredAnswer
from ingest.sms_strangers import may_be_told
from tests.documents import OTHER, RECIPIENT, STRANGER, SUPPLIER, TRANSPORTER, person
from tests.gateway_in_process import Gateway
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
from validators.authority import Role
from validators.errors import Refusal
from validators.sms_number import (
    CONFIRMED_AT_ONCE_MAX,
    PASSWORD_GOOD_FOR,
    QUIET_MAX,
    SILENCE_MAX,
    TRIES_MAX,
    Language,
)

BY, TO, VIA = person(SUPPLIER), person(RECIPIENT), person(TRANSPORTER, Role.TRANSPORTER)
MICROSECOND = timedelta(microseconds=1)
TOLD, SILENT = StoredAnswer(200, b"Not registered"), StoredAnswer(200, b"")

Record: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def _confirm(gateway: Gateway, password: str, key: str = "") -> str:
    asked = message(gateway, key=key)
    return (await gateway.services.sms.numbers.confirm_by_sms(asked, password)).body.decode()


async def _use(gateway: Gateway, gstin: str) -> str:
    return (await gateway.services.sms.numbers.choose(message(gateway), gstin)).body.decode()


async def _stop(gateway: Gateway) -> str:
    return (await gateway.services.sms.numbers.stop(message(gateway))).body.decode()


async def _acts_for(gateway: Gateway) -> str | None:
    acts_for = (await known(gateway)).acts_for
    return acts_for.id if acts_for else None


async def _replies(record: Record) -> list[str]:
    rows = await record.fetch(
        "SELECT mobile, reply FROM outbox WHERE kind = 'REPLY' ORDER BY message_id"
    )
    assert {row["mobile"] for row in rows} <= {MOBILE}
    return [row["reply"].decode() for row in rows]


async def test_confirmed_from_the_number_itself(gateway: Gateway, record: Record) -> None:
    assert not (await known(gateway)).awaits_password
    await register(gateway, VIA, language="hi")
    assert ((await known(gateway)).awaits_password, (await known(gateway)).language) == (True, "hi")
    assert await _confirm(gateway, "000000") == "NO_PASSWORD_AWAITED None False 0"
    password = await sent_password(gateway, VIA)
    assert await _confirm(gateway, another(password)) == "WRONG_PASSWORD None False 4"
    assert await _confirm(gateway, password) == f"CONFIRMED {TRANSPORTER} False 0"
    assert await _confirm(gateway, password) == "NO_PASSWORD_AWAITED None False 0"
    number = await known(gateway)
    assert (number.awaits_password, number.acts_for) == (False, number.persons[0])
    assert number.persons[0].role is Role.TRANSPORTER
    assert len(await _replies(record)) == 4


async def test_a_message_that_comes_again_is_one_try(gateway: Gateway, record: Record) -> None:
    await register(gateway, BY)
    password = await sent_password(gateway, BY)
    first = await _confirm(gateway, another(password), key="wrong")
    for _ in range(TRIES_MAX):
        with pytest.raises(AlreadyAnsweredError) as again:
            await _confirm(gateway, another(password), key="wrong")
        assert again.value.answer.body.decode() == first
    right = await _confirm(gateway, password, key="right")
    await end(gateway, BY)
    with pytest.raises(AlreadyAnsweredError) as again:
        await _confirm(gateway, password, key="right")
    assert again.value.answer.body.decode() == right
    assert await _replies(record) == [first, right]


async def test_a_message_tries_the_newest_three(gateway: Gateway) -> None:
    traders = [BY, TO, VIA, person(STRANGER)]
    assert len(traders) == CONFIRMED_AT_ONCE_MAX + 1
    for trader in traders:
        await register(gateway, trader)
    passwords = [await sent_password(gateway, trader) for trader in traders]
    assert await _confirm(gateway, passwords[0]) == "WRONG_PASSWORD None False 4"
    shown = [(await gateway.call(who, "GET", NUMBERS)).json()["items"][0] for who in traders]
    assert [one["tries_left"] for one in shown] == [5, 4, 4, 4]
    assert await _confirm(gateway, passwords[1]) == f"CONFIRMED {RECIPIENT} False 0"
    # What was right for one is not wrong for the others.
    shown = [(await gateway.call(who, "GET", NUMBERS)).json()["items"][0] for who in traders]
    assert [one["tries_left"] for one in shown] == [5, None, 4, 4]
    assert await _confirm(gateway, passwords[0]) == f"CONFIRMED {SUPPLIER} True 0"


async def test_what_is_spent_or_expired_is_told_for_an_hour(gateway: Gateway) -> None:
    begun = gateway.clock()
    await register(gateway, BY)
    wrong = another(await sent_password(gateway, BY))
    told = [await _confirm(gateway, wrong) for _ in range(TRIES_MAX + 1)]
    assert told[-2:] == ["WRONG_PASSWORD None False 0", "PASSWORD_SPENT None False 0"]
    await register(gateway, BY)
    password = await sent_password(gateway, BY)
    gateway.clock.now += PASSWORD_GOOD_FOR + MICROSECOND
    assert await _confirm(gateway, password) == "PASSWORD_EXPIRED None False 0"
    gateway.clock.now = begun + timedelta(hours=1)
    assert (await known(gateway)).awaits_password
    gateway.clock.now += MICROSECOND
    assert not (await known(gateway)).awaits_password


async def test_a_number_of_several_acts_for_the_one_it_chose(gateway: Gateway) -> None:
    await registered(gateway, BY)
    assert await _acts_for(gateway) == SUPPLIER
    await register(gateway, TO)
    # A registration alone changes nothing.
    assert await _acts_for(gateway) == SUPPLIER
    password = await sent_password(gateway, TO)
    assert await _confirm(gateway, password) == f"CONFIRMED {RECIPIENT} True 0"
    number = await known(gateway)
    assert number.acts_for is None
    assert [one.id for one in number.persons] == [SUPPLIER, RECIPIENT]
    for nobodys in (TRANSPORTER, "URP"):
        assert await _use(gateway, nobodys) == "NOT_YOURS None False 0"
    assert await _acts_for(gateway) is None
    assert await _use(gateway, RECIPIENT) == f"CHOSEN {RECIPIENT} False 0"
    assert await _acts_for(gateway) == RECIPIENT
    assert await _use(gateway, SUPPLIER) == f"CHOSEN {SUPPLIER} False 0"
    assert await _acts_for(gateway) == SUPPLIER
    # That one ends does not choose the other.
    await end(gateway, BY)
    assert await _acts_for(gateway) is None
    assert [one.id for one in (await known(gateway)).persons] == [RECIPIENT]
    assert await _use(gateway, SUPPLIER) == "NOT_YOURS None False 0"
    await _use(gateway, RECIPIENT)
    # Nor does that it comes back; the number has to choose again.
    await registered(gateway, BY)
    assert await _acts_for(gateway) is None


async def test_what_lapsed_cannot_be_chosen(gateway: Gateway) -> None:
    await registered(gateway, BY)
    gateway.clock.now += SILENCE_MAX
    assert await _use(gateway, SUPPLIER) == f"CHOSEN {SUPPLIER} False 0"  # And was heard by that.
    gateway.clock.now += SILENCE_MAX + MICROSECOND
    assert await _use(gateway, SUPPLIER) == "NOT_YOURS None False 0"


@pytest.mark.parametrize("late", [timedelta(), MICROSECOND])
async def test_a_number_that_may_have_changed_hands(gateway: Gateway, late: timedelta) -> None:
    await registered(gateway, BY)
    await registered(gateway, VIA)
    await _use(gateway, TRANSPORTER)
    gateway.clock.now += QUIET_MAX + late
    await gateway.services.sms.numbers.heard(await known(gateway), gateway.clock())
    # Of the two the one that was not heard from for thirty days ends.
    await registered(gateway, TO)
    number = await known(gateway)
    kept = [] if late else [SUPPLIER]
    assert [one.id for one in number.persons] == [*kept, TRANSPORTER, RECIPIENT]
    assert number.acts_for is None


async def test_whom_a_number_acts_for_when_the_others_were_quiet(gateway: Gateway) -> None:
    await registered(gateway, BY, language="hi")
    gateway.clock.now += QUIET_MAX + MICROSECOND
    await register(gateway, TO)
    password = await sent_password(gateway, TO)
    assert await _confirm(gateway, password) == f"CONFIRMED {RECIPIENT} False 0"
    assert await _acts_for(gateway) == RECIPIENT
    assert (await known(gateway)).language == "en"
    assert (await gateway.call(BY, "GET", NUMBERS)).json()["items"] == []


async def test_stop_ends_every_registration(gateway: Gateway) -> None:
    await registered(gateway, BY)
    await register(gateway, TO)
    password = await sent_password(gateway, TO)
    await registered(gateway, VIA, other := a_mobile())
    assert await _stop(gateway) == "STOPPED None False 0"
    number = await known(gateway)
    assert (number.persons, number.acts_for, number.awaits_password) == ((), None, False)
    refused = await confirm(gateway, TO, password)
    assert refused.json()["code"] == "SMS_NUMBER_NOT_FOUND"
    make = gateway.services.sms.numbers.new_password(RECIPIENT, MOBILE, gateway.clock())
    assert await make is None
    assert (await known(gateway, other)).acts_for is not None
    assert await _stop(gateway) == "STOPPED None False 0"
    # It may be registered again.
    await registered(gateway, BY)
    assert await _acts_for(gateway) == SUPPLIER


async def test_the_language_is_the_number_s(gateway: Gateway) -> None:
    numbers = gateway.services.sms.numbers
    await register(gateway, BY)
    await numbers.speak(message(gateway), Language.HINDI)
    assert (await known(gateway)).language is Language.HINDI
    await confirm(gateway, BY, await sent_password(gateway, BY))
    assert (await known(gateway)).language is Language.HINDI
    # Another taxpayer that registers it does not change it.
    await registered(gateway, TO, language="en")
    assert (await known(gateway)).language is Language.HINDI
    await numbers.speak(message(gateway), Language.ENGLISH)
    assert (await known(gateway)).language is Language.ENGLISH


async def test_nothing_of_a_number_is_left_to_its_next_owner(
    gateway: Gateway, record: Record
) -> None:
    await registered(gateway, BY, language="hi")
    await registered(gateway, TO)
    await end(gateway, TO)
    assert await record.fetchval("SELECT count(*) FROM sms_number") == 1
    assert (await known(gateway)).language is Language.HINDI
    await end(gateway, BY)
    assert await record.fetchval("SELECT count(*) FROM sms_number") == 0


async def test_who_ended_what_and_why_stays_known(gateway: Gateway, record: Record) -> None:
    await register(gateway, BY)
    await registered(gateway, BY)
    await end(gateway, BY)
    await registered(gateway, BY)
    await _stop(gateway)
    await registered(gateway, TO)
    gateway.clock.now += QUIET_MAX + MICROSECOND
    await registered(gateway, VIA)
    gateway.clock.now += SILENCE_MAX + MICROSECOND
    await register(gateway, VIA)
    gateway.clock.now += PASSWORD_GOOD_FOR + MICROSECOND
    await register(gateway, VIA)
    rows = await record.fetch(
        """SELECT gstin, client_id, ended_by, ended_why, password_hash FROM sms_registration
        ORDER BY registration_id"""
    )
    assert [tuple(row) for row in rows] == [
        (SUPPLIER, BY.client_id, SUPPLIER, "REPLACED", None),
        (SUPPLIER, BY.client_id, SUPPLIER, "BY_ITS_GSTIN", None),
        (SUPPLIER, BY.client_id, "SMS", "STOPPED", None),
        (RECIPIENT, TO.client_id, TRANSPORTER, "QUIET", None),
        (TRANSPORTER, VIA.client_id, TRANSPORTER, "LAPSED", None),
        (TRANSPORTER, VIA.client_id, TRANSPORTER, "NOT_CONFIRMED", None),
        (TRANSPORTER, VIA.client_id, None, None, None),
    ]
    for change in ("ended_why = 'STOPPED'", "ended_at = NULL, ended_by = NULL, ended_why = NULL"):
        with pytest.raises(asyncpg.CheckViolationError, match="does not change"):
            await record.execute(
                f"UPDATE sms_registration SET {change} WHERE ended_at IS NOT NULL"  # noqa: S608
            )


async def test_the_record_keeps_a_gstin_to_two(gateway: Gateway, record: Record) -> None:
    for _ in range(2):
        await registered(gateway, BY, a_mobile())
    insert = """INSERT INTO sms_registration
        (gstin, slot, mobile, role, client_id, language, notices, registered_at)
        VALUES ($1, $2, $3, 'taxpayer', 'x', 'en', '{}', now())"""
    for slot in (1, 2):
        with pytest.raises(asyncpg.UniqueViolationError):
            await record.execute(insert, SUPPLIER, slot, a_mobile())
    for slot in (0, 3):
        with pytest.raises(asyncpg.CheckViolationError):
            await record.execute(insert, SUPPLIER, slot, a_mobile())
    await record.execute(insert, OTHER, 1, a_mobile())


async def test_a_stranger_is_told_once_in_a_day(gateway: Gateway, record: Record) -> None:
    strangers = gateway.services.sms.strangers

    async def answered() -> bytes:
        told_at, at = (await known(gateway)).told_at, gateway.clock()
        answer = await strangers.answer(MOBILE, a_claim(gateway), TOLD, SILENT, at)
        assert (answer == TOLD) == may_be_told(told_at, at)
        return answer.body

    begun = gateway.clock()
    assert await answered() == TOLD.body
    assert await answered() == SILENT.body
    gateway.clock.now = begun + timedelta(hours=24)
    assert await answered() == SILENT.body
    gateway.clock.now += MICROSECOND
    assert await answered() == TOLD.body
    assert (await known(gateway)).told_at == gateway.clock()
    assert await _replies(record) == [TOLD.body.decode()] * 2


async def test_a_stranger_s_message_that_comes_again(gateway: Gateway, record: Record) -> None:
    strangers, at = gateway.services.sms.strangers, gateway.clock()
    claims = [a_claim(gateway, key=f"message-from-a-stranger-{index}") for index in range(2)]
    for claim, expected in zip(claims, (TOLD, SILENT), strict=True):
        for _ in range(2):
            assert await strangers.answer(MOBILE, claim, TOLD, SILENT, at) == expected
    assert await _replies(record) == [TOLD.body.decode()]


async def test_strangers_are_forgotten_after_a_day(gateway: Gateway, record: Record) -> None:
    strangers, at = gateway.services.sms.strangers, gateway.clock()
    for index in range(3):
        await strangers.answer(a_mobile(), a_claim(gateway), TOLD, SILENT, at + index * MICROSECOND)
    await strangers.sweep(at + timedelta(hours=24) + MICROSECOND)
    assert await record.fetchval("SELECT count(*) FROM sms_stranger") == 2


async def test_a_flood_of_strangers_goes_together(gateway: Gateway, record: Record) -> None:
    strangers, at = gateway.services.sms.strangers, gateway.clock()
    mobiles = [a_mobile() for _ in range(200)] + [MOBILE] * 50
    answers = await asyncio.gather(
        *(strangers.answer(one, a_claim(gateway, one), TOLD, SILENT, at) for one in mobiles)
    )
    assert answers[:200] == [TOLD] * 200
    assert sorted(answer.body for answer in answers[200:]) == [SILENT.body] * 49 + [TOLD.body]
    assert await record.fetchval("SELECT count(*) FROM outbox") == 201


async def test_a_message_id_of_another_message_is_refused(gateway: Gateway) -> None:
    strangers = gateway.services.sms.strangers
    claim = a_claim(gateway, key="message-used-again")
    await strangers.answer(MOBILE, claim, TOLD, SILENT, gateway.clock())
    with pytest.raises(Refusal) as refused:
        await strangers.answer(
            MOBILE, replace(claim, digest=b"another"), TOLD, SILENT, gateway.clock()
        )
    assert refused.value.problem.code == "IDEMPOTENCY_KEY_REUSED"
