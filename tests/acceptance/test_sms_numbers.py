"""Mobile numbers over HTTP: who registers which, how a password confirms it, and when it ends."""

import json
import logging
import re
from datetime import datetime, timedelta

import asyncpg
import httpx
import pytest

from tests.documents import (
    COMMISSIONER,
    OFFICER,
    READER,
    RECIPIENT,
    STRANGER,
    SUPPLIER,
    TRANSPORTER,
    person,
)
from tests.gateway_in_process import Gateway
from tests.sms_numbers import (
    MOBILE,
    NUMBERS,
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
from tests.tags import OPERATOR
from validators.authority import Person, Role
from validators.calendar import INDIA
from validators.sms_number import (
    PASSWORD_GOOD_FOR,
    PASSWORDS_OF_GSTIN,
    PASSWORDS_OF_ONE_NUMBER,
    PASSWORDS_TO_NUMBER,
    SILENCE_MAX,
    TRIES_MAX,
)

BY, TO, VIA = person(SUPPLIER), person(RECIPIENT), person(TRANSPORTER, Role.TRANSPORTER)
MICROSECOND = timedelta(microseconds=1)


def _said(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


def _faults(answer: httpx.Response) -> list[tuple[str, str]]:
    assert _said(answer) == (422, "INVALID_DOCUMENT")
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


def _shown(instant: datetime) -> str:
    return instant.astimezone(INDIA).isoformat()


async def _list(gateway: Gateway, who: Person = BY) -> list[tuple[str, str]]:
    answer = await gateway.call(who, "GET", NUMBERS)
    assert (answer.status_code, answer.json()["next_cursor"]) == (200, None)
    return [(item["mobile"], item["status"]) for item in answer.json()["items"]]


async def test_a_number_s_life(gateway: Gateway) -> None:
    begun = gateway.clock()
    answer = await register(
        gateway, VIA, "+91 98765 43210", language="hi", notices=["EXPIRES_SOON"]
    )
    expected = {
        "mobile": MOBILE,
        "status": "AWAITING_PASSWORD",
        "language": "hi",
        "notices": ["EXPIRES_SOON"],
        "registered_at": _shown(begun),
        "password_until": None,
        "tries_left": TRIES_MAX,
        "confirmed_at": None,
        "lapses_at": None,
        "ended_at": None,
    }
    assert (answer.status_code, answer.json()) == (201, expected)
    assert await _list(gateway, VIA) == [(MOBILE, "AWAITING_PASSWORD")]
    gateway.clock.advance(seconds=5)
    password = await sent_password(gateway, VIA)
    shown = (await gateway.call(VIA, "GET", NUMBERS)).json()["items"]
    assert shown == [expected | {"password_until": _shown(gateway.clock() + PASSWORD_GOOD_FOR)}]
    gateway.clock.advance(seconds=5)
    expected |= {
        "status": "CONFIRMED",
        "tries_left": None,
        "confirmed_at": _shown(gateway.clock()),
        "lapses_at": _shown(gateway.clock() + SILENCE_MAX),
    }
    answer = await confirm(gateway, VIA, password)
    assert (answer.status_code, answer.json()) == (200, expected)
    number = await known(gateway)
    assert number.acts_for == Person(f"sms:{MOBILE}", Role.TRANSPORTER, TRANSPORTER)
    assert (number.persons, number.language) == ((number.acts_for,), "hi")
    gateway.clock.advance(seconds=5)
    answer = await end(gateway, VIA, "+919876543210")
    expected |= {"status": "ENDED", "ended_at": _shown(gateway.clock())}
    assert (answer.status_code, answer.json()) == (200, expected)
    assert _said(await end(gateway, VIA)) == (404, "SMS_NUMBER_NOT_FOUND")
    assert (await known(gateway)).persons == ()
    assert await _list(gateway, VIA) == []


async def test_who_may(gateway: Gateway) -> None:
    for who in (OFFICER, READER, COMMISSIONER, OPERATOR, None):
        status = 403 if who else 401
        assert (await register(gateway, who)).status_code == status
        assert (await confirm(gateway, who, "123456")).status_code == status
        assert (await end(gateway, who)).status_code == status
        assert (await gateway.call(who, "GET", NUMBERS)).status_code == status


async def test_what_is_wrong_with_a_form(gateway: Gateway) -> None:
    wrong = {"mobile": "AD-VERIFY", "language": "ta", "notices": ["ALL"], "otp": "1"}
    answer = await gateway.call(BY, "POST", NUMBERS, json=wrong)
    assert sorted(_faults(answer)) == [
        ("/language", "NOT_ONE_OF"),
        ("/mobile", "MOBILE_FORMAT"),
        ("/notices/0", "NOT_ONE_OF"),
        ("/otp", "UNKNOWN_FIELD"),
    ]
    answer = await register(gateway, BY, notices=["EXPIRES_SOON"] * 2)
    assert _faults(answer) == [("/notices/1", "DOUBLED")]
    answer = await register(gateway, BY, notices=["EXPIRES_SOON"] * 3)
    assert _faults(answer) == [("/notices", "TOO_MANY")]
    await register(gateway, BY)
    await sent_password(gateway, BY)
    for written in ("12345", "1234567", "12345६", " 12345"):
        assert _faults(await confirm(gateway, BY, written)) == [("/password", "PASSWORD_FORMAT")]
    # None of them was a try.
    shown = (await gateway.call(BY, "GET", NUMBERS)).json()["items"]
    assert shown[0]["tries_left"] == TRIES_MAX
    assert _said(await confirm(gateway, BY, "123456", "AD-VERIFY")) == (404, "SMS_NUMBER_NOT_FOUND")


@pytest.mark.parametrize("late", [timedelta(), MICROSECOND])
async def test_a_password_is_good_for_ten_minutes(gateway: Gateway, late: timedelta) -> None:
    await register(gateway, BY)
    gateway.clock.advance(minutes=9)
    password = await sent_password(gateway, BY)
    gateway.clock.now += PASSWORD_GOOD_FOR + late
    number = await known(gateway)
    assert number.awaits_password
    answer = await confirm(gateway, BY, password)
    assert _said(answer) == ((409, "PASSWORD_EXPIRED") if late else (200, None))
    assert await _list(gateway) == [(MOBILE, "PASSWORD_EXPIRED" if late else "CONFIRMED")]


@pytest.mark.parametrize("late", [timedelta(), MICROSECOND])
async def test_a_password_is_made_within_ten_minutes_of_being_asked_for(
    gateway: Gateway, late: timedelta
) -> None:
    await register(gateway, BY)
    gateway.clock.now += PASSWORD_GOOD_FOR + late
    make = gateway.services.sms.numbers.new_password(SUPPLIER, MOBILE, gateway.clock())
    assert (await make is None) == bool(late)


async def test_the_fifth_try_is_the_last(gateway: Gateway) -> None:
    await register(gateway, BY)
    wrong = another(await sent_password(gateway, BY))
    for left in (4, 3, 2, 1):
        answer = await confirm(gateway, BY, wrong)
        assert (*_said(answer), answer.json()["tries_left"]) == (409, "WRONG_PASSWORD", left)
    # Another sending gives another password and no other tries.
    password = await sent_password(gateway, BY)
    assert _said(await confirm(gateway, BY, another(password)))[1] == "WRONG_PASSWORD"
    assert _said(await confirm(gateway, BY, password)) == (409, "PASSWORD_SPENT")
    assert await _list(gateway) == [(MOBILE, "PASSWORD_SPENT")]
    make = gateway.services.sms.numbers.new_password(SUPPLIER, MOBILE, gateway.clock())
    assert await make is None
    # Whoever asks for another one begins anew.
    await registered(gateway, BY)


async def test_the_fifth_try_may_be_right(gateway: Gateway) -> None:
    await register(gateway, BY)
    password = await sent_password(gateway, BY)
    for _ in range(TRIES_MAX - 1):
        await confirm(gateway, BY, another(password))
    assert (await confirm(gateway, BY, password)).status_code == 200


async def test_of_several_passwords_the_last_is_good(gateway: Gateway) -> None:
    await register(gateway, BY)
    first = await sent_password(gateway, BY)
    while (second := await sent_password(gateway, BY)) == first:
        pass
    assert _said(await confirm(gateway, BY, first)) == (409, "WRONG_PASSWORD")
    assert (await confirm(gateway, BY, second)).status_code == 200


async def test_two_numbers_a_gstin(gateway: Gateway) -> None:
    one, two, three = a_mobile(), a_mobile(), a_mobile()
    await registered(gateway, BY, one)
    await register(gateway, BY, two)
    password = await sent_password(gateway, BY, two)
    assert _said(await register(gateway, BY, three)) == (409, "TOO_MANY_SMS_NUMBERS")
    # The taxpayer and the transporter of one GSTIN have the same two.
    as_transporter = person(SUPPLIER, Role.TRANSPORTER)
    assert _said(await register(gateway, as_transporter, three)) == (409, "TOO_MANY_SMS_NUMBERS")
    assert _said(await register(gateway, BY, one)) == (409, "SMS_NUMBER_ALREADY_CONFIRMED")
    assert (await register(gateway, TO, three)).status_code == 201
    # One whose password is not good any more has no place.
    gateway.clock.now += PASSWORD_GOOD_FOR
    assert _said(await register(gateway, BY, three)) == (409, "TOO_MANY_SMS_NUMBERS")
    gateway.clock.now += MICROSECOND
    assert (await register(gateway, BY, three)).status_code == 201
    assert await _list(gateway) == [(one, "CONFIRMED"), (three, "AWAITING_PASSWORD")]
    assert _said(await confirm(gateway, BY, password, two)) == (404, "SMS_NUMBER_NOT_FOUND")
    # What ended gives its place up.
    await end(gateway, BY, one)
    assert (await register(gateway, BY, two)).status_code == 201


@pytest.mark.parametrize("late", [timedelta(), MICROSECOND])
async def test_a_number_lapses_after_ninety_days_of_silence(
    gateway: Gateway, late: timedelta
) -> None:
    await registered(gateway, BY)
    gateway.clock.now += SILENCE_MAX + late
    lapsed = bool(late)
    assert await _list(gateway) == [(MOBILE, "LAPSED" if lapsed else "CONFIRMED")]
    number = await known(gateway)
    assert (number.acts_for is None, number.persons == ()) == (lapsed, lapsed)
    again = await register(gateway, BY)
    assert _said(again) == ((201, None) if lapsed else (409, "SMS_NUMBER_ALREADY_CONFIRMED"))


async def test_a_number_that_is_heard_does_not_lapse(gateway: Gateway) -> None:
    await registered(gateway, BY)
    numbers = gateway.services.sms.numbers
    confirmed_at = gateway.clock()
    gateway.clock.advance(hours=24, microseconds=-1)
    await numbers.heard(await known(gateway), gateway.clock())
    assert (await known(gateway)).heard_at == confirmed_at  # It is written once a day.
    gateway.clock.now += MICROSECOND
    await numbers.heard(await known(gateway), gateway.clock())
    heard_at = gateway.clock()
    assert (await known(gateway)).heard_at == heard_at
    stale = await known(gateway)
    gateway.clock.now = heard_at + SILENCE_MAX
    assert (await known(gateway)).acts_for is not None
    gateway.clock.now += MICROSECOND
    assert (await known(gateway)).acts_for is None
    # What was read before does not bring it back.
    await numbers.heard(stale, gateway.clock())
    assert await _list(gateway) == [(MOBILE, "LAPSED")]


async def test_passwords_of_one_number(gateway: Gateway) -> None:
    begun = gateway.clock()
    for _ in range(PASSWORDS_OF_ONE_NUMBER):
        assert (await register(gateway, BY)).status_code == 201
        gateway.clock.advance(minutes=1)
    gateway.clock.now = begun + timedelta(minutes=59, seconds=58, microseconds=1)
    refused = await register(gateway, BY)
    assert _said(refused) == (429, "TOO_MANY_PASSWORDS")
    assert refused.headers["retry-after"] == "2"
    # Nobody else is kept from it.
    assert (await register(gateway, TO)).status_code == 201
    gateway.clock.now = begun + timedelta(hours=1) - MICROSECOND
    assert _said(await register(gateway, BY)) == (429, "TOO_MANY_PASSWORDS")
    gateway.clock.now += MICROSECOND
    assert (await register(gateway, BY)).status_code == 201


async def test_passwords_to_one_number(gateway: Gateway) -> None:
    begun = gateway.clock()
    asking = [BY, TO, VIA, person(STRANGER)]
    for index in range(PASSWORDS_TO_NUMBER):
        assert (await register(gateway, asking[index % 4])).status_code == 201
    late = person("05AAACG2140A1ZL")
    gateway.clock.now = begun + timedelta(hours=1) - MICROSECOND
    assert _said(await register(gateway, late)) == (429, "TOO_MANY_PASSWORDS")
    assert (await register(gateway, late, a_mobile())).status_code == 201
    gateway.clock.now += MICROSECOND
    assert (await register(gateway, late)).status_code == 201


async def test_passwords_of_one_gstin(gateway: Gateway) -> None:
    begun = gateway.clock()
    for _ in range(PASSWORDS_OF_GSTIN):
        mobile = a_mobile()
        assert (await register(gateway, BY, mobile)).status_code == 201
        # An end gives none back.
        assert (await end(gateway, BY, mobile)).status_code == 200
    gateway.clock.now = begun + timedelta(hours=24) - MICROSECOND
    assert _said(await register(gateway, BY)) == (429, "TOO_MANY_PASSWORDS")
    gateway.clock.now += MICROSECOND
    assert (await register(gateway, BY)).status_code == 201


async def test_nobody_ends_or_confirms_another_s(gateway: Gateway) -> None:
    await registered(gateway, BY)
    assert _said(await end(gateway, TO)) == (404, "SMS_NUMBER_NOT_FOUND")
    assert (await register(gateway, TO)).status_code == 201
    password = await sent_password(gateway, TO)
    # The password is of one GSTIN, and BY's number is confirmed already.
    assert _said(await confirm(gateway, BY, password)) == (409, "SMS_NUMBER_ALREADY_CONFIRMED")
    assert _said(await confirm(gateway, VIA, password)) == (404, "SMS_NUMBER_NOT_FOUND")
    assert await _list(gateway) == [(MOBILE, "CONFIRMED")]
    for tried in (password, another(password)):
        await confirm(gateway, TO, tried)
    await end(gateway, TO)
    assert await _list(gateway) == [(MOBILE, "CONFIRMED")]


async def test_the_same_key_acts_once(gateway: Gateway, dsn: str) -> None:
    headers = {"Idempotency-Key": "register"}
    answers = [await register(gateway, BY, headers=headers) for _ in range(2)]
    assert answers[0].text == answers[1].text
    assert answers[1].headers["idempotency-replayed"] == "true"
    wrong = another(await sent_password(gateway, BY))
    for _ in range(2):
        answer = await confirm(gateway, BY, wrong, headers={"Idempotency-Key": "wrong"})
        assert answer.json()["tries_left"] == TRIES_MAX - 1
    password = await sent_password(gateway, BY)
    headers = {"Idempotency-Key": "right"}
    answers = [await confirm(gateway, BY, password, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    record = await asyncpg.connect(dsn)
    rows = await record.fetch("SELECT kind, mobile, gstin, expires_at - created_at FROM outbox")
    await record.close()
    assert list(map(tuple, rows)) == [("ONE_TIME_PASSWORD", MOBILE, SUPPLIER, PASSWORD_GOOD_FOR)]


async def test_a_password_is_nowhere_in_clear(
    gateway: Gateway, dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    passwords = []
    await register(gateway, BY)
    passwords.append(await sent_password(gateway, BY))
    await confirm(gateway, BY, another(passwords[0]))
    await confirm(gateway, BY, passwords[0])
    await register(gateway, TO)
    passwords.append(await sent_password(gateway, TO))
    await gateway.services.sms.numbers.confirm_by_sms(message(gateway), another(passwords[1]))
    await _nowhere(dsn, passwords, caplog)
    await gateway.services.sms.numbers.confirm_by_sms(message(gateway), passwords[1])
    await _nowhere(dsn, passwords, caplog)
    assert MOBILE in await _everything(dsn), "the search finds what is there"


async def _nowhere(dsn: str, passwords: list[str], caplog: pytest.LogCaptureFixture) -> None:
    found = await _everything(dsn)
    for password in passwords:
        # Not within a longer number, such as a mobile's.
        whole = rf"(?<![0-9]){password}(?![0-9])"
        assert re.search(whole, found) is None
        assert re.search(whole, caplog.text) is None


async def _everything(dsn: str) -> str:
    """Every text of every table."""
    record = await asyncpg.connect(dsn)
    columns = await record.fetch(
        """SELECT table_name, column_name, data_type FROM information_schema.columns
        JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
          AND data_type IN ('text', 'bytea', 'jsonb', 'ARRAY', 'character varying')"""
    )
    assert len(columns) > 50
    values = []
    for table, column, kind in columns:
        for (value,) in await record.fetch(f'SELECT "{column}" FROM "{table}"'):  # noqa: S608
            if kind == "bytea" and value is not None:
                values.append(bytes(value).decode("latin-1"))
            else:
                values.append(value if isinstance(value, str) else json.dumps(value, default=str))
    await record.close()
    return "\n".join(values)
