"""Registrations of mobile numbers as they are stored, and what changes them within a transaction.

Whoever changes registrations has locked them, in the order they were made.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from ingest.clients import secret_matches
from ingest.database import Connection
from ingest.queries import SQL
from validators.authority import Person, Role
from validators.sms_number import (
    CONFIRMED_AT_ONCE_MAX,
    PASSWORDS_OF_GSTIN_WITHIN,
    PASSWORDS_OF_ONE_NUMBER_WITHIN,
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
    free_slot,
    is_quiet,
    require_passwords_left,
    require_room,
    state,
)


class Confirmed(NamedTuple):
    """A registration as it was confirmed, and whether its number acts for nobody until it
    chooses."""

    registration: Registration
    must_choose: bool


def registration_of(row: asyncpg.Record) -> Registration:
    """A registration from its row."""
    why = row["ended_why"]
    return Registration(
        row["registration_id"],
        row["gstin"],
        Role(row["role"]),
        row["mobile"],
        Language(row["language"]),
        tuple(map(Notice, row["notices"])),
        row["registered_at"],
        row["password_made_at"],
        row["tries"],
        row["confirmed_at"],
        row["heard_at"],
        row["ended_at"],
        Ending(why) if why else None,
    )


async def end_all(
    connection: Connection,
    ending: Sequence[tuple[Registration, Ending]],
    *,
    by: str,
    at: datetime,
) -> list[Registration]:
    """Ends registrations, each for its reason; answers them as they are then."""
    if not ending:
        return []
    rows = await connection.fetch(
        SQL["end_sms_registrations"],
        [registration.registration_id for registration, _ in ending],
        [why for _, why in ending],
        at,
        by,
    )
    return [registration_of(row) for row in rows]


async def register(
    connection: Connection, person: Person, form: NewSmsNumber, at: datetime
) -> Registration:
    """A number registered for a person's GSTIN from now on. What was registered of the same number
    ends, and what has no claim to a place. Raises Refusal as `require_room` and
    `require_passwords_left`."""
    gstin, mobile = person.id, form.mobile
    await connection.execute(SQL["lock_sms_registering"], gstin, mobile)
    live = await connection.fetch(SQL["lock_sms_registrations_of_gstin"], gstin)
    registrations = [registration_of(row) for row in live]
    require_room(registrations, mobile, at)
    asked = await connection.fetch(
        SQL["passwords_asked_for"],
        gstin,
        at - PASSWORDS_OF_GSTIN_WITHIN,
        mobile,
        at - PASSWORDS_OF_ONE_NUMBER_WITHIN,
    )
    require_passwords_left([PasswordAsked(*row) for row in asked], gstin, mobile, at)
    ending = [
        (one, ending_of_replaced(one, at))
        for one in registrations
        if one.mobile == mobile or not counts(one, at)
    ]
    await end_all(connection, ending, by=gstin, at=at)
    ended = {one.registration_id for one, _ in ending}
    slot = free_slot(row["slot"] for row in live if row["registration_id"] not in ended)
    (row,) = await connection.fetch(
        SQL["register_sms_number"],
        gstin,
        slot,
        mobile,
        person.role,
        person.client_id,
        form.language,
        form.notices,
        at,
    )
    return registration_of(row)


class Locked:
    """The registrations of one number, locked until the transaction ends, with their hashes."""

    def __init__(self, connection: Connection, mobile: str, rows: Sequence[asyncpg.Record]) -> None:
        self._connection = connection
        self._mobile = mobile
        self._hashes = {row["registration_id"]: row["password_hash"] for row in rows}
        self.registrations = [registration_of(row) for row in rows]

    @classmethod
    async def of(cls, connection: Connection, mobile: str) -> "Locked":
        """Those of a number that have not ended."""
        rows = await connection.fetch(SQL["lock_sms_registrations_of_mobile"], mobile)
        return cls(connection, mobile, rows)

    def of_gstin(self, gstin: str) -> Registration | None:
        """The one for a GSTIN."""
        return next((one for one in self.registrations if one.gstin == gstin), None)

    def awaiting(self, at: datetime) -> list[Registration]:
        """Those whose password may be tried, the newest first, and not more of them than a message
        is tried at."""
        found = [
            one
            for one in reversed(self.registrations)
            if state(one, at) is State.AWAITING_PASSWORD and one.password_made_at is not None
        ]
        return found[:CONFIRMED_AT_ONCE_MAX]

    def why_nothing_awaits(self, at: datetime) -> Happened:
        """Why there is no password to be tried: what became of the newest."""
        for one in reversed(self.registrations):
            if (found := state(one, at)) in (State.PASSWORD_SPENT, State.PASSWORD_EXPIRED):
                return Happened(found)
        return Happened.NO_PASSWORD_AWAITED

    async def with_password(
        self, tried: Sequence[Registration], password: str
    ) -> Registration | None:
        """The first whose password this is; None if it is wrong, which counts against each of
        them. The lock is held meanwhile, so that no try goes uncounted."""
        for one in tried:
            stored = self._hashes[one.registration_id]
            if await asyncio.to_thread(secret_matches, password, stored):
                return one
        ids = [one.registration_id for one in tried]
        await self._connection.execute(SQL["count_sms_tries"], ids)
        return None

    async def confirm(self, chosen: Registration, at: datetime) -> Confirmed:
        """Confirms one. A number that is others' already has to choose from now on, and those that
        nothing was heard for lately end: it may have changed hands."""
        others = [
            one
            for one in self.registrations
            if one is not chosen and state(one, at) is State.CONFIRMED
        ]
        quiet = [one for one in others if is_quiet(one, at)]
        await self.end(quiet, Ending.QUIET, by=chosen.gstin, at=at)
        must_choose = len(quiet) < len(others)
        (row,) = await self._connection.fetch(
            SQL["confirm_sms_registration"], chosen.registration_id, at
        )
        acts_for = None if must_choose else chosen.gstin
        await self._connection.execute(
            SQL["keep_sms_number"], self._mobile, chosen.language, acts_for
        )
        return Confirmed(registration_of(row), must_choose)

    async def end(
        self, ending: Sequence[Registration], why: Ending, *, by: str, at: datetime
    ) -> list[Registration]:
        """Ends some of them and answers them as they are then. Of a number that nobody is left of
        nothing is kept: the next to confirm it may be somebody else."""
        ended = await end_all(self._connection, [(one, why) for one in ending], by=by, at=at)
        left = [one for one in self.registrations if one not in ending]
        if not any(one.confirmed_at for one in left):
            await self._connection.execute(SQL["forget_sms_number"], self._mobile)
        return ended
