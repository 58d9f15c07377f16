"""What is shown of mobile numbers that send e-way bills by SMS. Never a password."""

from datetime import datetime

from msgspec import Struct

from validators.calendar import INDIA, india_time
from validators.sms_number import (
    PASSWORD_GOOD_FOR,
    SILENCE_MAX,
    TRIES_MAX,
    Language,
    Notice,
    Registration,
    State,
    last_heard,
    state,
)


class SmsNumberView(Struct):
    """A mobile number registered for the caller's GSTIN, as it is now.

    `password_until` is when its password is good no more, null before it was sent and once it is
    confirmed; `lapses_at` is when it has to be confirmed anew unless something is heard from it.
    """

    mobile: str
    status: State
    language: Language
    notices: list[Notice]
    registered_at: datetime
    password_until: datetime | None
    tries_left: int | None
    confirmed_at: datetime | None
    lapses_at: datetime | None
    ended_at: datetime | None


class SmsNumberList(Struct):
    """The numbers of a GSTIN: at most two, so there is never a next page."""

    items: list[SmsNumberView]
    next_cursor: str | None


def sms_number_view(registration: Registration, at: datetime) -> SmsNumberView:
    """A registration as it is at an instant; instants are shown on India's clock."""
    found, made_at = state(registration, at), registration.password_made_at
    awaited = registration.confirmed_at is None and found is not State.ENDED
    heard = last_heard(registration)
    return SmsNumberView(
        registration.mobile,
        found,
        registration.language,
        list(registration.notices),
        registration.registered_at.astimezone(INDIA),
        india_time(made_at + PASSWORD_GOOD_FOR if made_at and awaited else None),
        TRIES_MAX - registration.tries if awaited else None,
        india_time(registration.confirmed_at),
        india_time(heard + SILENCE_MAX if heard else None),
        india_time(registration.ended_at),
    )
