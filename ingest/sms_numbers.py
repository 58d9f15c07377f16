"""Use cases of mobile numbers that send e-way bills by SMS: who registers one, how it is confirmed,
and whom it acts for (docs/sms-numbers.md).

A one-time password exists in clear only while it is sent: what is owed names the number, and
whoever sends it makes the password.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from ingest import limits, sms_limits
from ingest.batching import Batcher, Turns
from ingest.clients import hash_secret
from ingest.database import Connection, Database
from ingest.outbox import ONE_TIME_PASSWORD, Owed, owe
from ingest.queries import SQL
from ingest.rare_writes import RareWrites
from ingest.recording import Written
from ingest.replay import Answered, Claim, Request, StoredAnswer, claim_all
from ingest.sms_known import NumberAt, known_of
from ingest.sms_registrations import Locked, register, registration_of
from validators.authority import TRADERS, Person, require_role
from validators.errors import Fault, Refusal, invalid_document
from validators.sms_number import (
    PASSWORD_DIGITS,
    PASSWORD_GOOD_FOR,
    SILENCE_MAX,
    TRIES_MAX,
    Confirmation,
    Ending,
    Happened,
    KnownNumber,
    Language,
    NewSmsNumber,
    Outcome,
    Registration,
    State,
    examine_confirmation,
    examine_number,
    require_awaiting,
    state,
)

_THE_NUMBER = "SMS"
"""Who ended a registration, where it was the number itself."""


class SmsRequest(NamedTuple):
    """What a message asks about the number it came from, at which instant, how it is answered, and
    under which claim."""

    mobile: str
    at: datetime
    render: Callable[[Outcome], StoredAnswer]
    claim: Claim


class SmsNumbers:
    """Registers mobile numbers, and tells what is known of one."""

    def __init__(self, database: Database, writes: RareWrites, writes_by_sms: RareWrites) -> None:
        self._database = database
        self._writes = writes
        # Apart, so that what a taxpayer asks over HTTP holds up no telephone.
        self._writes_by_sms = writes_by_sms
        self._hashing = Turns(
            limits.SECRET_CHECKS_AT_ONCE, limits.SECRET_CHECKS_WAITING_MAX, "OVERLOADED"
        )
        self._lookups: Batcher[NumberAt, KnownNumber] = Batcher(
            self._look_up,
            batch_max=limits.BATCH_READS_MAX,
            waiting_max=limits.WAITING_READS_MAX,
            lanes=1,
        )
        self._hearings: Batcher[tuple[str, str, datetime], None] = Batcher(
            self._mark_heard,
            batch_max=limits.BATCH_READS_MAX,
            waiting_max=limits.WAITING_READS_MAX,
            lanes=1,
            apart=lambda heard: (heard[:2],),
        )

    # What is known of a number.

    async def known(self, mobile: str, at: datetime) -> KnownNumber:
        """What is known of a number of ten digits at an instant. Raises Refusal OVERLOADED or
        RECORD_UNAVAILABLE."""
        return await self._lookups.submit(NumberAt(mobile, at))

    async def heard(self, number: KnownNumber, at: datetime) -> None:
        """A message of the number's was acted on: it is still its owner's, for whom it acts for.
        Written once a day; raises as `known`."""
        if number.acts_for is None or number.heard_at is None:
            return
        if at >= number.heard_at + sms_limits.HEARD_EVERY:
            await self._hearings.submit((number.mobile, number.acts_for.id, at))

    async def of(self, person: Person) -> Sequence[Registration]:
        """The registrations of a trader that have not ended, the oldest first. Raises Refusal
        ROLE_NOT_PERMITTED, OVERLOADED or RECORD_UNAVAILABLE."""
        require_role(person, TRADERS)
        rows = await self._writes.fetch("sms_registrations_of_gstin", person.id)
        return [registration_of(row) for row in rows]

    # Over HTTP, by whoever the GSTIN belongs to.

    async def register(
        self, request: Request, form: NewSmsNumber, faults: Sequence[Fault]
    ) -> StoredAnswer:
        """Registers a number for the caller's GSTIN; a one-time password is owed to it. Raises
        Refusal ROLE_NOT_PERMITTED, INVALID_DOCUMENT, those of `require_room` and
        `require_passwords_left`, and those of `RareWrites.write`."""
        person, at, render, claim = request
        require_role(person, TRADERS)
        if found := [*faults, *examine_number(form)]:
            raise invalid_document(found)

        async def write(connection: Connection) -> Written[StoredAnswer]:
            registration = await register(connection, person, form, at)
            password = Owed(
                ONE_TIME_PASSWORD,
                created_at=at,
                due_at=at,
                expires_at=at + PASSWORD_GOOD_FOR,
                mobile=registration.mobile,
                gstin=registration.gstin,
            )
            await owe(connection, [password])
            return await _claimed(connection, claim, render(registration))

        return await self._writes.write(write)

    async def confirm(
        self, request: Request, mobile: str, form: Confirmation, faults: Sequence[Fault]
    ) -> StoredAnswer:
        """Confirms a number for the caller's GSTIN by its password. Raises Refusal
        ROLE_NOT_PERMITTED, INVALID_DOCUMENT, those of `require_awaiting`, WRONG_PASSWORD (the try
        is counted), and those of `RareWrites.write`."""
        person, at, render, claim = request
        require_role(person, TRADERS)
        if found := [*faults, *examine_confirmation(form)]:
            raise invalid_document(found)

        async def write(connection: Connection) -> Written[StoredAnswer]:
            locked = await Locked.of(connection, mobile)
            awaiting = require_awaiting(locked.of_gstin(person.id), at)
            if not await locked.with_password([awaiting], form.password):
                # An answer and no raise: the try is committed.
                left = TRIES_MAX - awaiting.tries - 1
                return Written([Refusal("WRONG_PASSWORD", tries_left=left)])
            confirmed = await locked.confirm(awaiting, at)
            return await _claimed(connection, claim, render(confirmed.registration))

        return await self._writes.write(write)

    async def end(self, person: Person, mobile: str, *, at: datetime) -> Registration:
        """Ends the caller's registration of a number and answers it as it ended; of others'
        nothing changes. Raises Refusal ROLE_NOT_PERMITTED, SMS_NUMBER_NOT_FOUND and those of
        `RareWrites.write`."""
        require_role(person, TRADERS)

        async def write(connection: Connection) -> Written[Registration]:
            locked = await Locked.of(connection, mobile)
            own = locked.of_gstin(person.id)
            if own is None:
                raise Refusal("SMS_NUMBER_NOT_FOUND")
            return Written(await locked.end([own], Ending.BY_ITS_GSTIN, by=person.id, at=at))

        return await self._writes.write(write)

    # By SMS, from the number itself. Each raises AlreadyAnsweredError for a message that was acted
    # on, Refusal IDEMPOTENCY_KEY_REUSED and those of `RareWrites.write`.

    async def confirm_by_sms(self, request: SmsRequest, password: str) -> StoredAnswer:
        """Confirms the number for whose password this is: of those that await one the newest, a few
        at most. A wrong one counts against each of them."""

        async def decide(_: Connection, locked: Locked) -> Outcome:
            tried = locked.awaiting(request.at)
            if not tried:
                return Outcome(locked.why_nothing_awaits(request.at))
            chosen = await locked.with_password(tried, password)
            if chosen is None:
                left = max(TRIES_MAX - one.tries - 1 for one in tried)
                return Outcome(Happened.WRONG_PASSWORD, tries_left=left)
            confirmed = await locked.confirm(chosen, request.at)
            return Outcome(Happened.CONFIRMED, chosen.gstin, confirmed.must_choose)

        return await self._act(request, decide)

    async def choose(self, request: SmsRequest, gstin: str) -> StoredAnswer:
        """The number acts for this GSTIN from now on, if it is one of its own."""

        async def decide(connection: Connection, locked: Locked) -> Outcome:
            own = locked.of_gstin(gstin)
            if own is None or state(own, request.at) is not State.CONFIRMED:
                return Outcome(Happened.NOT_YOURS)
            await connection.execute(
                SQL["choose_for_sms_number"], request.mobile, own.registration_id, request.at
            )
            return Outcome(Happened.CHOSEN, gstin)

        return await self._act(request, decide)

    async def stop(self, request: SmsRequest) -> StoredAnswer:
        """Ends every registration of the number at once."""

        async def decide(_: Connection, locked: Locked) -> Outcome:
            everything = locked.registrations
            await locked.end(everything, Ending.STOPPED, by=_THE_NUMBER, at=request.at)
            return Outcome(Happened.STOPPED)

        return await self._act(request, decide)

    async def speak(self, request: SmsRequest, language: Language) -> StoredAnswer:
        """The number is answered in this language from now on."""

        async def decide(connection: Connection, _: Locked) -> Outcome:
            await connection.execute(SQL["set_sms_language"], request.mobile, language)
            return Outcome(Happened.LANGUAGE_SET)

        return await self._act(request, decide)

    # For whoever sends the passwords.

    async def new_password(self, gstin: str, mobile: str, at: datetime) -> str | None:
        """A one-time password for a number, to be sent at once; None if none is awaited any more.
        Of several the last is good, and the tries at all of them together are counted. It is
        kept as a hash only. Raises Refusal OVERLOADED or RECORD_UNAVAILABLE."""
        password = f"{secrets.randbelow(10**PASSWORD_DIGITS):0{PASSWORD_DIGITS}}"
        async with self._hashing:
            salt = secrets.token_bytes(16)
            hashed = await asyncio.to_thread(hash_secret, password, salt)
            asked_since = at - PASSWORD_GOOD_FOR
            made = await self._database.fetch(
                "make_sms_password", gstin, mobile, hashed, at, asked_since, TRIES_MAX
            )
        return password if made else None

    async def close(self) -> None:
        """Waits until what was heard is kept."""
        await self._hearings.close()

    async def _act(
        self,
        request: SmsRequest,
        decide: Callable[[Connection, Locked], Awaitable[Outcome]],
    ) -> StoredAnswer:
        """Decides on the number's registrations under their lock, and claims the answer in the same
        transaction: whatever the outcome, it is of one message."""

        async def write(connection: Connection) -> Written[StoredAnswer]:
            outcome = await decide(connection, await Locked.of(connection, request.mobile))
            return await _claimed(connection, request.claim, request.render(outcome))

        return await self._writes_by_sms.write(write)

    async def _look_up(self, asked: list[NumberAt]) -> Sequence[KnownNumber]:
        since = min(one.at for one in asked) - sms_limits.PASSWORD_TOLD_OF
        mobiles = [one.mobile for one in asked]
        return known_of(asked, await self._database.fetch("known_sms_numbers", mobiles, since))

    async def _mark_heard(self, heard: list[tuple[str, str, datetime]]) -> Sequence[None]:
        columns = zip(*heard, strict=True)
        await self._database.fetch("mark_sms_heard", *columns, SILENCE_MAX, sms_limits.HEARD_EVERY)
        return [None] * len(heard)


async def _claimed(
    connection: Connection, claim: Claim | None, answer: StoredAnswer
) -> Written[StoredAnswer]:
    """The answer, kept under its claim. Raises AlreadyAnsweredError or Refusal
    IDEMPOTENCY_KEY_REUSED, which ends the transaction."""
    (lost,) = await claim_all(connection, [Answered(claim, answer)])
    if lost is not None:
        raise lost
    return Written([answer])
