"""Mobile numbers: what a registration is at an instant, and how many there may be."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from validators.authority import Role
from validators.errors import PROBLEMS, Refusal
from validators.identifiers import mobile_fault, normal_mobile
from validators.sms_number import (
    NUMBERS_MAX,
    PASSWORD_GOOD_FOR,
    PASSWORDS_OF_GSTIN,
    PASSWORDS_OF_ONE_NUMBER,
    PASSWORDS_TO_NUMBER,
    QUIET_MAX,
    SILENCE_MAX,
    TRIES_MAX,
    Confirmation,
    Ending,
    Happened,
    Language,
    NewSmsNumber,
    Notice,
    PasswordAsked,
    Registration,
    State,
    counts,
    ending_of_replaced,
    examine_confirmation,
    examine_number,
    free_slot,
    is_quiet,
    require_awaiting,
    require_passwords_left,
    require_room,
    state,
)

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
TICK = timedelta(microseconds=1)
MOBILE, GSTIN = "9876543210", "27AAPFU0939F1ZV"
NEW = Registration(
    1, GSTIN, Role.TAXPAYER, MOBILE, Language.ENGLISH, (), NOW, None, 0, None, None, None, None
)
SENT = replace(NEW, password_made_at=NOW + timedelta(minutes=3))
CONFIRMED = replace(SENT, confirmed_at=NOW + timedelta(minutes=4))
HEARD = replace(CONFIRMED, heard_at=NOW + timedelta(days=60))
SPENT = replace(SENT, tries=TRIES_MAX)
ENDED = replace(CONFIRMED, ended_at=NOW + timedelta(hours=1), ended_why=Ending.STOPPED)


@pytest.mark.parametrize(
    ("registration", "until", "before", "after"),
    [
        (NEW, NOW + PASSWORD_GOOD_FOR, State.AWAITING_PASSWORD, State.PASSWORD_EXPIRED),
        (
            SENT,
            NOW + timedelta(minutes=13),
            State.AWAITING_PASSWORD,
            State.PASSWORD_EXPIRED,
        ),
        (CONFIRMED, CONFIRMED.confirmed_at, State.CONFIRMED, State.CONFIRMED),
        (CONFIRMED, NOW + timedelta(days=90, minutes=4), State.CONFIRMED, State.LAPSED),
        (HEARD, NOW + timedelta(days=150), State.CONFIRMED, State.LAPSED),
        (SPENT, NOW + timedelta(minutes=13), State.PASSWORD_SPENT, State.PASSWORD_SPENT),
        (ENDED, NOW + timedelta(days=200), State.ENDED, State.ENDED),
    ],
)
def test_states_by_the_clock(
    registration: Registration, until: datetime, before: State, after: State
) -> None:
    assert (state(registration, until), state(registration, until + TICK)) == (before, after)
    counted = (State.AWAITING_PASSWORD, State.CONFIRMED)
    assert counts(registration, until) == (before in counted)
    assert counts(registration, until + TICK) == (after in counted)


def test_the_periods_are_those_written() -> None:
    assert (timedelta(minutes=10), timedelta(days=90)) == (PASSWORD_GOOD_FOR, SILENCE_MAX)
    assert (2, 5, timedelta(days=30)) == (NUMBERS_MAX, TRIES_MAX, QUIET_MAX)


def test_one_try_before_the_last_is_not_spent() -> None:
    assert state(replace(SENT, tries=TRIES_MAX - 1), NOW) is State.AWAITING_PASSWORD


def test_quiet() -> None:
    assert HEARD.heard_at is not None
    for registration, since in ((CONFIRMED, CONFIRMED.confirmed_at), (HEARD, HEARD.heard_at)):
        assert since is not None
        assert not is_quiet(registration, since + QUIET_MAX)
        assert is_quiet(registration, since + QUIET_MAX + TICK)
    assert not is_quiet(SENT, NOW + timedelta(days=365))


def test_room_for_two() -> None:
    others = [replace(CONFIRMED, mobile="6000000001"), replace(SENT, mobile="6000000002")]
    at = NOW + timedelta(minutes=13)
    require_room(others[:1], MOBILE, at)
    with pytest.raises(Refusal, match="TOO_MANY_SMS_NUMBERS"):
        require_room(others, MOBILE, at)
    require_room(others, MOBILE, at + TICK)
    # One of the two may ask for another password, and be confirmed anew when it has lapsed.
    require_room(others, "6000000002", at)
    with pytest.raises(Refusal, match="SMS_NUMBER_ALREADY_CONFIRMED"):
        require_room(others, "6000000001", at)
    require_room(others, "6000000001", NOW + timedelta(days=91))
    assert [free_slot(taken) for taken in ((), (1,), (2,))] == [1, 2, 1]


@pytest.mark.parametrize(
    ("registration", "at", "why"),
    [
        (NEW, NOW, Ending.REPLACED),
        (SENT, NOW + timedelta(minutes=14), Ending.NOT_CONFIRMED),
        (SPENT, NOW, Ending.NOT_CONFIRMED),
        (CONFIRMED, NOW + timedelta(days=91), Ending.LAPSED),
    ],
)
def test_why_one_is_replaced(registration: Registration, at: datetime, why: Ending) -> None:
    assert ending_of_replaced(registration, at) is why


@pytest.mark.parametrize(
    ("registration", "at", "code"),
    [
        (None, NOW, "SMS_NUMBER_NOT_FOUND"),
        (NEW, NOW, "NO_PASSWORD_AWAITED"),
        (SENT, NOW + timedelta(minutes=13), None),
        (SENT, NOW + timedelta(minutes=13) + TICK, "PASSWORD_EXPIRED"),
        (SPENT, NOW, "PASSWORD_SPENT"),
        (CONFIRMED, NOW + timedelta(minutes=4), "SMS_NUMBER_ALREADY_CONFIRMED"),
        (CONFIRMED, NOW + timedelta(days=91), "NO_PASSWORD_AWAITED"),
    ],
)
def test_what_may_be_tried(
    registration: Registration | None, at: datetime, code: str | None
) -> None:
    if code is None:
        assert require_awaiting(registration, at) is registration
        return
    with pytest.raises(Refusal) as refused:
        require_awaiting(registration, at)
    assert refused.value.problem.code == code


def test_what_happened_is_named_as_it_is_refused() -> None:
    named = {Happened.PASSWORD_SPENT, Happened.PASSWORD_EXPIRED, Happened.NO_PASSWORD_AWAITED}
    assert {*named, Happened.WRONG_PASSWORD} <= PROBLEMS.keys()
    assert {State.PASSWORD_SPENT, State.PASSWORD_EXPIRED} <= {*map(str, Happened)}


HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


@pytest.mark.parametrize(
    ("gstin", "mobile", "count", "within"),
    [
        (GSTIN, MOBILE, PASSWORDS_OF_ONE_NUMBER, HOUR),
        ("another", MOBILE, PASSWORDS_TO_NUMBER, HOUR),
        (GSTIN, "another", PASSWORDS_OF_GSTIN, DAY),
        ("another", "another", 1_000, None),
    ],
)
def test_passwords_left(gstin: str, mobile: str, count: int, within: timedelta | None) -> None:
    asked = [PasswordAsked(gstin, mobile, NOW + index * TICK) for index in range(count)][::-1]
    if within is None:
        require_passwords_left(asked, GSTIN, MOBILE, NOW + count * TICK)
        return
    require_passwords_left(asked[1:], GSTIN, MOBILE, NOW + count * TICK)
    for before, seconds in ((TICK, 1), (timedelta(seconds=1), 1), (timedelta(seconds=1) + TICK, 2)):
        with pytest.raises(Refusal, match="TOO_MANY_PASSWORDS") as refused:
            require_passwords_left(asked, GSTIN, MOBILE, NOW + within - before)
        assert refused.value.retry_after_seconds == seconds
    require_passwords_left(asked, GSTIN, MOBILE, NOW + within)


@pytest.mark.parametrize(
    "written",
    [
        MOBILE,
        "+919876543210",
        "919876543210",
        "00919876543210",
        "09876543210",
        " 919876543210",  # As a form makes of +91.
        "+91 98765 43210",
        "+91-9876543210",
        "98765 43210 ",
    ],
)
def test_a_number_however_it_is_dialled(written: str) -> None:
    assert normal_mobile(written) == MOBILE


@pytest.mark.parametrize(
    "written",
    [
        *("", "AD-VERIFY", "56161", "5876543210", "987654321", "98765432100", "+929876543210"),
        *("९८७६५४३२१०", "\uff19876543210", "9876543210\n", "+91+919876543210", "tel:9876543210"),
        *("+9109876543210", "9 8 7 6 5 4 3 2 1 0", "1" * 10_000),
    ],
)
def test_what_is_no_indian_mobile(written: str) -> None:
    assert normal_mobile(written) is None


@given(st.text(max_size=20) | st.from_regex(r"[+0-9 -]{0,20}", fullmatch=True))
def test_a_number_is_its_ten_digits_or_none(written: str) -> None:
    mobile = normal_mobile(written)
    if mobile is not None:
        assert mobile_fault(mobile) is None
        assert normal_mobile(mobile) == mobile


def test_numbers_that_begin_like_a_prefix() -> None:
    for mobile in ("9198765432", "9100000000", "9191919191"):
        assert normal_mobile(mobile) == mobile
        assert normal_mobile(f"91{mobile}") == mobile


def test_forms() -> None:
    form = NewSmsNumber(mobile="+91 98765 43210", notices=list(Notice))
    assert (examine_number(form), form.mobile) == ([], MOBILE)
    twice = [Notice.EXPIRES_SOON] * 3
    for notices, told in (
        (twice[:2], [("/notices/1", "DOUBLED")]),
        (twice, [("/notices", "TOO_MANY")]),
    ):
        faults = examine_number(NewSmsNumber(mobile="1", notices=notices))
        expected = [("/mobile", "MOBILE_FORMAT"), *told]
        assert [(fault.pointer, fault.code) for fault in faults] == expected
    shapeless = NewSmsNumber(mobile=UNSET, notices=UNSET)  # type: ignore[arg-type]
    assert examine_number(shapeless) == []
    assert examine_confirmation(Confirmation(password="012345")) == []
    assert examine_confirmation(Confirmation(password=UNSET)) == []  # type: ignore[arg-type]
    for written in ("12345", "1234567", "12345a", "12345٣", ""):
        (found,) = examine_confirmation(Confirmation(password=written))
        assert (found.pointer, found.code) == ("/password", "PASSWORD_FORMAT")
