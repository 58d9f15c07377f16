"""Mobile numbers that send e-way bills by SMS: how one is registered, confirmed and lapses.

A registration is of one number for one GSTIN. It is begun by whoever the GSTIN belongs to,
confirmed by a one-time password sent to the number, and lapses when nothing is heard from it.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

from msgspec import Meta, Struct

from validators.authority import Person, Role
from validators.errors import Fault, Refusal, fault
from validators.identifiers import mobile_fault, normal_mobile

NUMBERS_MAX: Final = 2
"""Of one GSTIN: confirmed, or awaiting a password that is still good."""
TRIES_MAX: Final = 5
"""At the password of one registration, however often it was sent."""
PASSWORD_DIGITS: Final = 6
PASSWORD_GOOD_FOR: Final = timedelta(minutes=10)
"""From when it was made, up to and including."""
SILENCE_MAX: Final = timedelta(days=90)
"""After which a carrier may give the number to somebody else: a registration has lapsed then."""
QUIET_MAX: Final = timedelta(days=30)
"""A registration not heard from for longer ends when its number is confirmed for somebody else: it
may have changed hands."""
PASSWORDS_OF_ONE_NUMBER: Final = 3
"""One GSTIN may ask for, for one number, in `PASSWORDS_OF_ONE_NUMBER_WITHIN`."""
PASSWORDS_TO_NUMBER: Final = 10
"""All GSTINs together may ask for, for one number, in the same time: its owner is not flooded, and
no single taxpayer can use them up for the others."""
PASSWORDS_OF_ONE_NUMBER_WITHIN: Final = timedelta(hours=1)
PASSWORDS_OF_GSTIN: Final = 10
"""One GSTIN may ask for, for whatever numbers, in `PASSWORDS_OF_GSTIN_WITHIN`."""
PASSWORDS_OF_GSTIN_WITHIN: Final = timedelta(hours=24)
CONFIRMED_AT_ONCE_MAX: Final = 3
"""Registrations of a number, the newest, that a password sent from it is tried at."""

_PASSWORD: Final = re.compile(f"[0-9]{{{PASSWORD_DIGITS}}}").fullmatch


class Language(StrEnum):
    """In which a number is answered."""

    ENGLISH = "en"
    HINDI = "hi"


class Notice(StrEnum):
    """What a number may be told of without having asked."""

    GENERATED_AGAINST_YOU = "GENERATED_AGAINST_YOU"
    EXPIRES_SOON = "EXPIRES_SOON"


class State(StrEnum):
    """What a registration is at an instant."""

    AWAITING_PASSWORD = "AWAITING_PASSWORD"
    PASSWORD_EXPIRED = "PASSWORD_EXPIRED"
    PASSWORD_SPENT = "PASSWORD_SPENT"
    CONFIRMED = "CONFIRMED"
    LAPSED = "LAPSED"
    ENDED = "ENDED"


class Ending(StrEnum):
    """Why a registration ended."""

    BY_ITS_GSTIN = "BY_ITS_GSTIN"
    STOPPED = "STOPPED"
    """By STOP from the number."""
    REPLACED = "REPLACED"
    """Another password was asked for."""
    NOT_CONFIRMED = "NOT_CONFIRMED"
    LAPSED = "LAPSED"
    QUIET = "QUIET"
    """The number was confirmed for another GSTIN, see `QUIET_MAX`."""


class NewSmsNumber(Struct, forbid_unknown_fields=True, kw_only=True):
    """The mobile number to be registered, in which language it is answered, and of what it is told
    without having asked."""

    mobile: Annotated[str, Meta(description="10 digits, with or without +91")]
    language: Language = Language.ENGLISH
    notices: list[Notice] = []


class Confirmation(Struct, forbid_unknown_fields=True, kw_only=True):
    """The one-time password that was sent to the number."""

    password: Annotated[str, Meta(description=f"{PASSWORD_DIGITS} digits")]


class Registration(Struct, frozen=True):
    """A mobile number registered for a GSTIN, by whom and since when. Its password is kept apart.

    `heard_at` is when it last sent something for this GSTIN, to the day.
    """

    registration_id: int
    gstin: str
    role: Role
    mobile: str
    language: Language
    notices: tuple[Notice, ...]
    registered_at: datetime
    password_made_at: datetime | None
    tries: int
    confirmed_at: datetime | None
    heard_at: datetime | None
    ended_at: datetime | None
    ended_why: Ending | None


class Happened(StrEnum):
    """What came of a message about the number it came from."""

    CONFIRMED = "CONFIRMED"
    WRONG_PASSWORD = "WRONG_PASSWORD"
    PASSWORD_EXPIRED = "PASSWORD_EXPIRED"
    PASSWORD_SPENT = "PASSWORD_SPENT"
    NO_PASSWORD_AWAITED = "NO_PASSWORD_AWAITED"
    CHOSEN = "CHOSEN"
    NOT_YOURS = "NOT_YOURS"
    STOPPED = "STOPPED"
    LANGUAGE_SET = "LANGUAGE_SET"


class Outcome(NamedTuple):
    """What came of a message: for which GSTIN (CONFIRMED, CHOSEN) and, where the password was
    wrong, how many tries are left."""

    happened: Happened
    gstin: str | None = None
    must_choose: bool = False
    """CONFIRMED: the number is several GSTINs' now, and acts for none until it chooses."""
    tries_left: int = 0


class KnownNumber(Struct, frozen=True):
    """What is known of a mobile number at an instant.

    `persons` are those it may act for. `acts_for` is the one it chose, or was confirmed for when
    there was no other; None until it has chosen. That another's registration ends does not choose
    for it. `awaits_password` says that one was asked for lately, good still or not.
    `told_at` is when it was last answered as a stranger.
    """

    mobile: str
    language: Language
    persons: tuple[Person, ...]
    acts_for: Person | None
    awaits_password: bool
    heard_at: datetime | None
    """Of the registration it acts by."""
    told_at: datetime | None


def examine_number(form: NewSmsNumber) -> list[Fault]:
    """The faults of a registration; its number is brought to the spelling that is stored."""
    faults = []
    if isinstance(form.mobile, str):
        form.mobile = normal_mobile(form.mobile) or form.mobile
        if code := mobile_fault(form.mobile):
            faults.append(fault("/mobile", code))
    if isinstance(form.notices, list):
        if len(form.notices) > len(Notice):
            faults.append(fault("/notices", "TOO_MANY"))
        else:
            faults += [
                fault(f"/notices/{index}", "DOUBLED")
                for index, notice in enumerate(form.notices)
                if notice in form.notices[:index]
            ]
    return faults


def examine_confirmation(form: Confirmation) -> list[Fault]:
    """The faults of a confirmation; what is no password is not a try."""
    if isinstance(form.password, str) and not _PASSWORD(form.password):
        return [fault("/password", "PASSWORD_FORMAT")]
    return []


def state(registration: Registration, at: datetime) -> State:
    """What a registration is at an instant: expiry and lapse are facts of the clock."""
    if registration.ended_at is not None:
        return State.ENDED
    if (heard := last_heard(registration)) is not None:
        return State.CONFIRMED if at <= heard + SILENCE_MAX else State.LAPSED
    if registration.tries >= TRIES_MAX:
        return State.PASSWORD_SPENT
    # Until a password is made there is as long to send it as it will be good.
    since = registration.password_made_at or registration.registered_at
    return State.AWAITING_PASSWORD if at <= since + PASSWORD_GOOD_FOR else State.PASSWORD_EXPIRED


def last_heard(registration: Registration) -> datetime | None:
    """When the number last showed that it is its owner's who was confirmed; None before that."""
    if registration.confirmed_at is None:
        return None
    return max(registration.confirmed_at, registration.heard_at or registration.confirmed_at)


def counts(registration: Registration, at: datetime) -> bool:
    """Whether a registration is one of the two a GSTIN may have."""
    return state(registration, at) in (State.CONFIRMED, State.AWAITING_PASSWORD)


def free_slot(taken: Iterable[int]) -> int:
    """The first of a GSTIN's two places that no registration has."""
    return min(set(range(1, NUMBERS_MAX + 1)).difference(taken))


def is_quiet(registration: Registration, at: datetime) -> bool:
    """Whether a confirmed registration ends when its number is confirmed for another GSTIN."""
    heard = last_heard(registration)
    return heard is not None and at > heard + QUIET_MAX


def require_room(registrations: Sequence[Registration], mobile: str, at: datetime) -> None:
    """That a GSTIN with these registrations may register a number. Raises Refusal
    SMS_NUMBER_ALREADY_CONFIRMED or TOO_MANY_SMS_NUMBERS."""
    if any(one.mobile == mobile and state(one, at) is State.CONFIRMED for one in registrations):
        raise Refusal("SMS_NUMBER_ALREADY_CONFIRMED")
    others = [one for one in registrations if one.mobile != mobile and counts(one, at)]
    if len(others) >= NUMBERS_MAX:
        raise Refusal("TOO_MANY_SMS_NUMBERS")


def ending_of_replaced(registration: Registration, at: datetime) -> Ending:
    """Why a registration ends that makes room for another."""
    match state(registration, at):
        case State.AWAITING_PASSWORD:
            return Ending.REPLACED
        case State.LAPSED:
            return Ending.LAPSED
        case _:
            return Ending.NOT_CONFIRMED


class PasswordAsked(NamedTuple):
    """A password that was asked for: for which GSTIN and number, and when."""

    gstin: str
    mobile: str
    at: datetime


def require_passwords_left(
    asked: Sequence[PasswordAsked], gstin: str, mobile: str, at: datetime
) -> None:
    """That after these another password may be asked for. Raises Refusal TOO_MANY_PASSWORDS, with
    when one may."""
    of_gstin = [one.at for one in asked if one.gstin == gstin]
    to_number = [one.at for one in asked if one.mobile == mobile]
    of_both = [one.at for one in asked if (one.gstin, one.mobile) == (gstin, mobile)]
    free_at = max(
        _free_at(of_both, PASSWORDS_OF_ONE_NUMBER, PASSWORDS_OF_ONE_NUMBER_WITHIN, at),
        _free_at(to_number, PASSWORDS_TO_NUMBER, PASSWORDS_OF_ONE_NUMBER_WITHIN, at),
        _free_at(of_gstin, PASSWORDS_OF_GSTIN, PASSWORDS_OF_GSTIN_WITHIN, at),
    )
    if free_at > at:
        seconds = -((at - free_at) // timedelta(seconds=1))
        raise Refusal("TOO_MANY_PASSWORDS", retry_after_seconds=seconds)


def _free_at(
    instants: Sequence[datetime], count_max: int, within: timedelta, at: datetime
) -> datetime:
    """From when on there were fewer than so many within so long."""
    if len(instants) < count_max:
        return at
    return sorted(instants)[-count_max] + within


def require_awaiting(registration: Registration | None, at: datetime) -> Registration:
    """A registration whose password may be tried. Raises Refusal SMS_NUMBER_NOT_FOUND,
    SMS_NUMBER_ALREADY_CONFIRMED, NO_PASSWORD_AWAITED, PASSWORD_SPENT or PASSWORD_EXPIRED."""
    if registration is None:
        raise Refusal("SMS_NUMBER_NOT_FOUND")
    found = state(registration, at)
    if found is State.CONFIRMED:
        raise Refusal("SMS_NUMBER_ALREADY_CONFIRMED")
    if found in (State.PASSWORD_SPENT, State.PASSWORD_EXPIRED):
        raise Refusal(found)
    if found is not State.AWAITING_PASSWORD or registration.password_made_at is None:
        raise Refusal("NO_PASSWORD_AWAITED")
    return registration
