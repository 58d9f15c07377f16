"""Use cases that change one e-way bill: cancellation, the recipient's answer, transfer, hand-over.

Fetch, decide, write: the bill is fetched from hot state, the change decided by a pure function,
and written only if the bill is still at the version it was decided on. Of changes decided on one
version exactly one is written.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from ingest import limits
from ingest.batching import Batcher
from ingest.database import Connection
from ingest.hot_state import bill_key, vehicle_key
from ingest.lookups import Lookups
from ingest.notices import Notices
from ingest.notifications import KnownNotifications, Notifications, OutdatedNotificationsError
from ingest.queries import SQL
from ingest.recording import Recorder, Written
from ingest.records import changed_row
from ingest.replay import Claim, Request, StoredAnswer, claim_all, drop_all, keys_of
from ingest.tag_requirement import TagRequirement
from validators.authority import TRADERS, require_party, require_role
from validators.change_forms import (
    Acceptance,
    Cancellation,
    NewTransporter,
    Transfer,
    examine_acceptance,
    examine_cancellation,
    examine_new_transporter,
    examine_transfer,
)
from validators.errors import Fault, Refusal, invalid_document
from validators.eway_bill import Decision, EwayBill
from validators.lane import stay_of
from validators.life import answered, cancelled, handed_over, moved

Decide = Callable[[EwayBill], EwayBill]
"""The bill after a change; raises Refusal when its state or the person forbids it."""


class _Change(NamedTuple):
    before: EwayBill
    bill: EwayBill
    claim: Claim | None
    answer: StoredAnswer
    notification_version: int
    """The newest notification it was decided by."""


class OutdatedError(Exception):
    """What was decided on has changed since it was fetched."""


class Changes:
    """Changes e-way bills for HTTP and SMS alike.

    Each call raises Refusal ROLE_NOT_PERMITTED, INVALID_DOCUMENT, EWAY_BILL_NOT_FOUND, those of
    the decision it names, CHANGED_MEANWHILE, OVERLOADED or that of the record.
    """

    def __init__(
        self,
        recorder: Recorder,
        lookups: Lookups,
        notifications: Notifications,
        tag_requirement: TagRequirement,
        notices: Notices,
    ) -> None:
        self._recorder = recorder
        self._lookups = lookups
        self._notifications = notifications
        self._tag_requirement = tag_requirement
        self._notices = notices
        self._commits: Batcher[_Change, StoredAnswer] = Batcher(
            self._commit,
            batch_max=limits.BATCH_BILLS_MAX,
            waiting_max=limits.WAITING_BILLS_MAX,
            lanes=limits.WRITE_LANES,
            apart=lambda change: (change.bill.ebn, *keys_of(change)),
        )

    async def cancel(
        self, request: Request, ebn: int, form: Cancellation, faults: Sequence[Fault]
    ) -> StoredAnswer:
        """Cancels a bill, r1(7), as `life.cancelled` decides."""
        _require_sound([*faults, *examine_cancellation(form)])
        by, at = request.person.id, request.at
        return await self._change(request, ebn, lambda bill: cancelled(bill, by, at, form.reason))

    async def answer(
        self, request: Request, ebn: int, form: Acceptance, faults: Sequence[Fault]
    ) -> StoredAnswer:
        """Records the recipient's answer, r1(9), as `life.answered` decides."""
        _require_sound([*faults, *examine_acceptance(form)])
        by, at, decision = request.person.id, request.at, Decision(form.decision)
        return await self._change(
            request, ebn, lambda bill: answered(bill, by, at, decision, form.remark)
        )

    async def transfer(
        self, request: Request, ebn: int, form: Transfer, faults: Sequence[Fault]
    ) -> StoredAnswer:
        """Moves the goods to another conveyance, r1(3), as `life.moved` decides, if it has the RFID
        tag it needs, r2(4): else Refusal RFID_TAG_REQUIRED."""
        _require_sound([*faults, *examine_transfer(form)])
        by, at = request.person.id, request.at
        return await self._change(
            request,
            ebn,
            lambda bill: moved(
                bill,
                by,
                at,
                vehicle_number=form.vehicle_number,
                reason=form.reason,
                place=form.place,
            ),
            by_another=True,
        )

    async def hand_over(
        self, request: Request, ebn: int, form: NewTransporter, faults: Sequence[Fault]
    ) -> StoredAnswer:
        """Hands a bill to another transporter, r1(3), as `life.handed_over` decides, if the vehicle
        it is on has the RFID tag that this one's need, r2(4): else Refusal RFID_TAG_REQUIRED."""
        _require_sound([*faults, *examine_new_transporter(form)])
        by, at = request.person.id, request.at
        return await self._change(
            request,
            ebn,
            lambda bill: handed_over(bill, by, at, form.transporter_id),
            by_another=True,
        )

    @property
    def waiting(self) -> int:
        """How many changes wait for a transaction."""
        return self._commits.waiting

    async def close(self) -> None:
        """Waits until everything accepted is committed."""
        await self._commits.close()

    async def _change(
        self, request: Request, ebn: int, decide: Decide, *, by_another: bool = False
    ) -> StoredAnswer:
        """Changes a bill; `by_another` is whether another conveyance or another transporter carries
        the goods from then on, so that r2(4) asks for a tag on the vehicle, if they are on one."""
        person = request.person
        require_role(person, TRADERS)
        bill = require_party(person, await self._lookups.bill(ebn, request.at))

        async def attempt(known: KnownNotifications) -> StoredAnswer:
            changed = decide(bill)
            if by_another and (vehicle := changed.vehicle_number):
                await self._tag_requirement.require(changed.carrier, vehicle, request.at, known)
            answer = request.render(changed)
            new = _Change(bill, changed, request.claim, answer, known.version)
            return await self._commits.submit(new)

        try:
            return await self._notifications.decided_by_all(attempt)
        except OutdatedError:
            # Somebody else's change came first. If that forbids ours, the reason is ours to know;
            # if not, ours was still decided on a bill that is no longer so: the caller decides.
            decide(require_party(person, await self._lookups.recorded_bill(ebn)))
            raise Refusal("CHANGED_MEANWHILE") from None

    async def _commit(self, batch: list[_Change]) -> Sequence[StoredAnswer | Exception]:
        return await self._recorder.record(batch, partial(_write, self._notices))


class StoredChanges(NamedTuple):
    """The numbers of the bills that were still at the version decided on, the hot state's epoch
    (see `Written`), the keys that are no longer true, and the newest notification, None where
    nothing was stored."""

    ebns: frozenset[int]
    hot_epoch: int | None
    stale_keys: tuple[str, ...]
    notification_version: int | None


async def store_changes(
    connection: Connection, changes: Sequence[tuple[EwayBill, EwayBill]]
) -> StoredChanges:
    """Stores changed bills, each given with the bill before, inside a transaction."""
    if not changes:
        return StoredChanges(frozenset(), None, (), None)
    # In the order of their numbers, so that two transactions never wait in a circle.
    ordered = sorted(changes, key=lambda change: change[0].ebn)
    rows = await connection.fetch(
        SQL["change_eway_bills"], [changed_row(bill, before) for before, bill in ordered]
    )
    keys = {bill_key(row["ebn"]) for row in rows}
    for before, bill in ordered:
        vehicles = (before.vehicle_number, bill.vehicle_number)
        # The stays alone would not do: two moves of one instant differ in the vehicle only.
        if vehicles[0] != vehicles[1] or stay_of(before) != stay_of(bill):
            keys.update(vehicle_key(vehicle) for vehicle in vehicles if vehicle)
    return StoredChanges(
        frozenset(row["ebn"] for row in rows),
        rows[0]["hot_epoch"] if rows else None,
        tuple(keys),
        rows[0]["notification_version"] if rows else None,
    )


async def _write(
    notices: Notices, connection: Connection, batch: Sequence[_Change]
) -> Written[StoredAnswer]:
    lost = await claim_all(connection, batch)
    answers: dict[int, Exception] = {
        change.bill.ebn: why for change, why in zip(batch, lost, strict=True) if why
    }
    asked = [change for change in batch if change.bill.ebn not in answers]
    stored = await store_changes(connection, [(change.before, change.bill) for change in asked])
    newest = stored.notification_version
    if stored.ebns and any(change.notification_version != newest for change in asked):
        raise OutdatedNotificationsError
    outdated = [change for change in asked if change.bill.ebn not in stored.ebns]
    await drop_all(connection, outdated)
    answers |= {change.bill.ebn: OutdatedError() for change in outdated}
    written = [(change.before, change.bill) for change in asked if change.bill.ebn in stored.ebns]
    await notices.owe_new_carriers(connection, written)
    return Written(
        [answers.get(change.bill.ebn, change.answer) for change in batch],
        stored.hot_epoch,
        stored.stale_keys,
    )


def _require_sound(faults: Sequence[Fault]) -> None:
    if faults:
        raise invalid_document(faults)
