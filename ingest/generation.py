"""Use case: generating e-way bills, r1(1), many in one transaction.

A bill may be new, may complete a Part A that waited, or may go on from another by renewal: what it
takes the place of ends in the transaction that stores it.
"""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Final, NamedTuple

from ingest import limits
from ingest.batching import Batcher
from ingest.changes import OutdatedError, store_changes
from ingest.database import Connection
from ingest.holders import why_refused
from ingest.hot_state import vehicle_key
from ingest.notices import Notices
from ingest.notifications import KnownNotifications, Notifications, OutdatedNotificationsError
from ingest.numbers import Numbers
from ingest.outbox import owe_suppliers
from ingest.queries import SQL
from ingest.recording import Recorder, SpoiltError, Written
from ingest.records import new_row
from ingest.replay import Claim, Request, StoredAnswer, claim_all, drop_all, keys_of
from ingest.tag_requirement import TagRequirement
from validators.authority import Person, require_may_generate
from validators.calendar import india_date
from validators.errors import Fault, Refusal, invalid_document
from validators.eway_bill import DocumentKey, EwayBill, generated, key_of
from validators.ins06 import Ins06, examine, hsn_codes
from validators.notification import extra_days
from validators.rulebook import Rulebook, rulebook_in_force

_NOTHING_STORED: Final = frozenset(
    {
        "OVERLOADED",
        "DOCUMENT_ALREADY_HAS_EWAY_BILL",
        "DOCUMENT_ALREADY_HAS_PART_A",
        "RENEWAL_LIMIT_REACHED",
        "RFID_TAG_REQUIRED",
        "ALREADY_VERIFIED_IN_STATE",
    }
)
"""Refusals after which the number is as good as new. Else a document sent again and again would
use up the month's numbers."""


_document_of: Final = attrgetter("document")


class NewBill(NamedTuple):
    """A bill to be stored, and what it takes the place of: a Part A by its reference, or a bill as
    it was and as it will have ended."""

    bill: EwayBill
    document: DocumentKey
    person: Person
    claim: Claim | None
    answer: StoredAnswer
    notification_version: int
    """The newest notification it was decided by."""
    completes: int | None = None
    ends: tuple[EwayBill, EwayBill] | None = None
    refusal: Refusal | None = None
    """Why it is not stored after all, unless its document has a bill: that is told first."""


def _keys(new: NewBill) -> tuple[Hashable, ...]:
    """What keeps two bills out of one batch: an idempotency key, or the same thing to end."""
    keys: tuple[Hashable, ...] = keys_of(new)
    if new.completes is not None:
        keys += (new.completes,)
    return (*keys, new.ends[0].ebn) if new.ends else keys


class Generation:
    """Generates e-way bills for HTTP, bulk and SMS alike."""

    def __init__(
        self,
        recorder: Recorder,
        numbers: Numbers,
        notifications: Notifications,
        tag_requirement: TagRequirement,
        *,
        notices: Notices,
        rulebooks: Sequence[Rulebook],
    ) -> None:
        self._recorder = recorder
        self._numbers = numbers
        self._notifications = notifications
        self._tag_requirement = tag_requirement
        self._notices = notices
        self._rulebooks = rulebooks
        self._commits: Batcher[NewBill, StoredAnswer] = Batcher(
            self._commit,
            batch_max=limits.BATCH_BILLS_MAX,
            waiting_max=limits.WAITING_BILLS_MAX,
            lanes=limits.WRITE_LANES,
            apart=_keys,
        )

    async def generate(
        self, request: Request, form: Ins06, faults: Sequence[Fault]
    ) -> StoredAnswer:
        """Generates the bill a normalised form asks for, r1(1), at the request's instant; it is
        durable on return.

        `faults` are those found while reading the form. Raises Refusal ROLE_NOT_PERMITTED,
        INVALID_DOCUMENT with every fault, NOT_A_PARTY, DOCUMENT_ALREADY_HAS_EWAY_BILL,
        DOCUMENT_ALREADY_HAS_PART_A, RFID_TAG_REQUIRED, IDEMPOTENCY_KEY_REUSED, OVERLOADED or that
        of the record; AlreadyAnsweredError when the claim's key was answered meanwhile.
        """
        person, at, render, claim = request
        rulebook = self.rulebook(at)
        if found := [*faults, *examine(form, india_date(at), rulebook)]:
            raise invalid_document(found)
        require_may_generate(person, form)
        ebn = await self._numbers.take(at)

        def make(known: KnownNotifications) -> NewBill:
            bill = generated(
                form,
                ebn=ebn,
                generated_by=person.id,
                at=at,
                rulebook=rulebook,
                extra_days=extra_days(hsn_codes(form), at, known.notifications).days,
            )
            return NewBill(bill, key_of(bill), person, claim, render(bill), known.version)

        return await self.store(ebn, make)

    async def number(self, at: datetime) -> int:
        """A number of the series, also for what is no e-way bill."""
        return await self._numbers.take(at)

    def give_back(self, number: int, refusal: Refusal) -> None:
        """Takes back a number if nothing was stored under it, which the refusal tells."""
        if refusal.problem.code in _NOTHING_STORED:
            self._numbers.give_back(number)

    def rulebook(self, at: datetime) -> Rulebook:
        """The rulebook in force at an instant."""
        return rulebook_in_force(at, self._rulebooks)

    async def store(self, ebn: int, make: Callable[[KnownNotifications], NewBill]) -> StoredAnswer:
        """Stores the bill of a number with those of its neighbours; it is durable on return. `make`
        decides it, again if there is a notification by then that it was not decided by. Raises as
        `generate`, and OutdatedError when what it was to take the place of has changed."""

        def decide(known: KnownNotifications) -> Awaitable[StoredAnswer]:
            new = make(known)
            # Nearly always there are none, and each step on the way is one for every bill.
            return (
                self._submit_tagged(new, known)
                if known.notifications
                else self._commits.submit(new)
            )

        try:
            return await self._notifications.decided_by_all(decide)
        except OutdatedError:
            self._numbers.give_back(ebn)
            raise
        except Refusal as refusal:
            self.give_back(ebn, refusal)
            raise

    @property
    def waiting(self) -> int:
        """How many bills wait for a transaction."""
        return self._commits.waiting

    async def close(self) -> None:
        """Waits until everything accepted is committed."""
        await self._commits.close()

    async def _submit_tagged(self, new: NewBill, known: KnownNotifications) -> StoredAnswer:
        """Submits the bill, refused if its vehicle has not the tag that it needs, r2(4)."""
        bill, vehicle = new.bill, new.bill.vehicle_number
        if vehicle and bill.part_a.mode == "ROAD":
            refusal = await self._tag_requirement.refusal(
                bill.carrier, vehicle, bill.generated_at, known
            )
            if refusal is not None and _ends_something(new):
                raise refusal
            new = new._replace(refusal=refusal)
        return await self._commits.submit(new)

    async def _commit(self, batch: list[NewBill]) -> Sequence[StoredAnswer | Exception]:
        write = partial(_write, self._notices)
        return await self._recorder.record(batch, write, more=lambda: self._commits.waiting > 0)


async def _write(
    notices: Notices, connection: Connection, batch: Sequence[NewBill]
) -> Written[StoredAnswer]:
    lost = await claim_all(connection, batch)
    answers: dict[int, Exception] = {
        new.bill.ebn: why for new, why in zip(batch, lost, strict=True) if why
    }
    asked = [new for new in batch if new.bill.ebn not in answers]
    stale_keys: Sequence[str] = ()
    # In the order of their documents, so that two transactions never wait in a circle.
    asked.sort(key=_document_of)
    if any(map(_ends_something, asked)):
        outdated, stale_keys = await _end_predecessors(connection, asked)
        answers |= {new.bill.ebn: OutdatedError() for new in outdated}
        await drop_all(connection, outdated)
        asked = [new for new in asked if new.bill.ebn not in answers]
        # Of one document the bill first that it was freed for.
        asked.sort(key=lambda new: (new.document, not _ends_something(new)))
    hot_epoch, stored = await _store(connection, asked)
    while len(stored) < len(asked):
        refused = [new for new in asked if new.bill.ebn not in stored]
        if any(map(_ends_something, refused)):
            raise SpoiltError("a document was taken from the bill that held it")
        held, released = await why_refused(connection, [_asked(new) for new in refused])
        if not released:
            whys = map(_why, refused, held)
            answers |= {new.bill.ebn: why for new, why in zip(refused, whys, strict=True)}
            await drop_all(connection, refused)
            break
        epoch, freed = await _store(connection, refused)
        hot_epoch, stored = epoch if hot_epoch is None else hot_epoch, stored | freed
    bills = [new.bill for new in asked if new.bill.ebn in stored]
    if any(bill.part_a.supplier_contact for bill in bills):
        await owe_suppliers(connection, bills)
    await notices.owe(connection, bills)
    vehicles = {new.bill.vehicle_number for new in asked if new.bill.vehicle_number}
    return Written(
        [answers.get(new.bill.ebn, new.answer) for new in batch],
        hot_epoch,
        [*stale_keys, *(vehicle_key(vehicle) for vehicle in vehicles)],
    )


async def _store(
    connection: Connection, asked: Sequence[NewBill]
) -> tuple[int | None, frozenset[int]]:
    """Stores those whose document is free; answers the epoch of the hot state, as `Written` has it,
    and their numbers."""
    rows = [new_row(new.bill, new.document) for new in asked if new.refusal is None]
    if not rows:
        return None, frozenset()
    (found,) = await connection.fetch(SQL["generate_eway_bills"], rows)
    if found["ebns"] is None:
        return None, frozenset()
    newest = found["notification_version"]
    if any(new.notification_version != newest for new in asked):
        raise OutdatedNotificationsError
    return found["hot_epoch"], frozenset(found["ebns"])


def _why(new: NewBill, held: Refusal) -> Refusal:
    """Why a bill was not stored: what holds its document or, where nothing does, its own reason."""
    return new.refusal if new.refusal and held.problem.code == "CHANGED_MEANWHILE" else held


def _ends_something(new: NewBill) -> bool:
    return new.completes is not None or new.ends is not None


async def _end_predecessors(
    connection: Connection, asked: Sequence[NewBill]
) -> tuple[list[NewBill], Sequence[str]]:
    """Ends what bills take the place of; answers those whose predecessor had changed, and the keys
    of hot state that are no longer true."""
    changed = await store_changes(connection, [new.ends for new in asked if new.ends])
    completing = [new for new in asked if new.completes is not None]
    completed = set()
    if completing:
        rows = await connection.fetch(
            SQL["complete_parts_a"],
            [new.completes for new in completing],
            [new.bill.ebn for new in completing],
        )
        completed = {row["reference"] for row in rows}
    outdated = [
        new
        for new in asked
        if (new.ends and new.ends[0].ebn not in changed.ebns)
        or (new.completes is not None and new.completes not in completed)
    ]
    return outdated, changed.stale_keys


def _asked(new: NewBill) -> tuple[DocumentKey, Person, datetime]:
    return new.document, new.person, new.bill.generated_at
