"""What is known of mobile numbers, from the rows of their registrations."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from ingest import sms_limits
from ingest.sms_registrations import registration_of
from validators.authority import Person
from validators.sms_number import KnownNumber, Language, State, last_heard, state


class NumberAt(NamedTuple):
    """A number and the instant it is asked about."""

    mobile: str
    at: datetime


def known_of(asked: Sequence[NumberAt], rows: Sequence[asyncpg.Record]) -> list[KnownNumber]:
    """What the rows of `known_sms_numbers` say of each number asked about, in their order."""
    grouped = defaultdict[int, list[asyncpg.Record]](list)
    for row in rows:
        grouped[row["position"]].append(row)
    return [_known(one, grouped[position]) for position, one in enumerate(asked, start=1)]


def _known(asked: NumberAt, rows: Sequence[asyncpg.Record]) -> KnownNumber:
    kept = rows[0]
    registrations = [registration_of(row) for row in rows if row["registration_id"] is not None]
    confirmed = [one for one in registrations if state(one, asked.at) is State.CONFIRMED]
    since = asked.at - sms_limits.PASSWORD_TOLD_OF
    awaiting = [one for one in registrations if not one.confirmed_at and one.registered_at >= since]
    acts_by = next((one for one in confirmed if one.gstin == kept["acts_for"]), None)
    persons = {one.gstin: Person(f"sms:{asked.mobile}", one.role, one.gstin) for one in confirmed}
    if confirmed:
        language = Language(kept["number_language"])
    else:
        language = awaiting[-1].language if awaiting else Language.ENGLISH
    return KnownNumber(
        asked.mobile,
        language,
        tuple(persons.values()),
        persons[acts_by.gstin] if acts_by else None,
        bool(awaiting),
        last_heard(acts_by) if acts_by else None,
        kept["told_at"],
    )
