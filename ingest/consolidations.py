"""Use case: consolidated e-way bills, FORM GST INS-07, r1(4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingest import limits
from ingest.batching import Turns
from ingest.changes import OutdatedError, store_changes
from ingest.database import Connection, Database
from ingest.generation import Generation
from ingest.notifications import Notifications, OutdatedNotificationsError
from ingest.queries import SQL
from ingest.recording import Recorder, Written
from ingest.records import bill_of
from ingest.replay import Claim, Request, StoredAnswer, claim_all
from ingest.tag_requirement import TagRequirement
from validators.authority import TRADERS, Person, Role, require_role
from validators.consolidated import (
    ConsolidatedBill,
    Consolidation,
    consolidated,
    examine_consolidation,
    member_faults,
    members_named,
)
from validators.errors import Fault, Refusal, invalid_document
from validators.eway_bill import EwayBill

_ATTEMPTS_MAX = 3


@dataclass(frozen=True, slots=True)
class Members:
    """A consolidated bill with its members as they are; None where one's month was archived."""

    whole: ConsolidatedBill
    bills: Sequence[EwayBill | None]


@dataclass(frozen=True, slots=True)
class _New:
    whole: ConsolidatedBill
    changes: Sequence[tuple[EwayBill, EwayBill]]
    claim: Claim | None
    answer: StoredAnswer
    notification_version: int
    """The newest notification it was decided by."""


class Consolidations:
    """Generates and reads consolidated e-way bills."""

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        generation: Generation,
        notifications: Notifications,
        tag_requirement: TagRequirement,
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._generation = generation
        self._notifications = notifications
        self._tag_requirement = tag_requirement
        self._turns = Turns(
            limits.CONSOLIDATIONS_AT_ONCE, limits.CONSOLIDATIONS_WAITING_MAX, "OVERLOADED"
        )

    async def consolidate(
        self, request: Request, form: Consolidation, faults: Sequence[Fault]
    ) -> StoredAnswer:
        """Generates one number for many bills on one conveyance, r1(4); durable on return, for all
        of them or none. Raises Refusal ROLE_NOT_PERMITTED, INVALID_DOCUMENT with the faults of
        every member, RFID_TAG_REQUIRED of the conveyance, r2(4), CHANGED_MEANWHILE, OVERLOADED or
        that of the record."""
        person, at, render, claim = request
        require_role(person, TRADERS)
        found = [*faults, *examine_consolidation(form)]
        named, vehicle = members_named(form), form.vehicle_number
        ebns = [ebn for ebn in named if ebn is not None]
        if any(each.pointer == "/vehicle_number" for each in found):
            raise invalid_document(found)  # Whether a member is on it cannot be said.
        number = 0
        async with self._turns:
            for _ in range(_ATTEMPTS_MAX):
                bills = await self._bills(ebns)
                found += member_faults(named, bills, person, vehicle, at)
                if found:
                    raise invalid_document(found)
                known = self._notifications.current
                await self._tag_requirement.require(person.id, vehicle, at, known)
                before = [bills[ebn] for ebn in ebns]
                number = number or await self._generation.number(at)
                whole, after = consolidated(
                    before,
                    number=number,
                    by=person.id,
                    vehicle_number=vehicle,
                    at=at,
                    rulebook=self._generation.rulebook(at),
                )
                changes = list(zip(before, after, strict=True))
                new = _New(whole, changes, claim, render(Members(whole, after)), known.version)
                try:
                    (answer,) = await self._recorder.record([new], _write)
                except OutdatedError:  # A member changed since: all are looked at again.
                    continue
                except OutdatedNotificationsError:
                    await self._notifications.refresh()
                    continue
                if isinstance(answer, Exception):
                    raise answer
                return answer
        raise Refusal("CHANGED_MEANWHILE")

    async def read(self, person: Person, number: int) -> Members:
        """A consolidated bill, to its transporter and to officers. Raises Refusal
        CONSOLIDATED_NOT_FOUND or OVERLOADED."""
        async with self._turns:
            rows = await self._database.fetch("consolidated_bill", number)
            if not rows or (
                person.role is not Role.OFFICER and person.id != rows[0]["transporter_id"]
            ):
                raise Refusal("CONSOLIDATED_NOT_FOUND")
            whole = ConsolidatedBill(**dict(rows[0]))
            bills = await self._bills(whole.ebns)
        return Members(whole, [bills.get(ebn) for ebn in whole.ebns])

    async def _bills(self, ebns: Sequence[int]) -> dict[int, EwayBill]:
        """Bills by their numbers, from the record: a thousand at once would keep everybody else's
        lookups waiting."""
        rows = await self._database.fetch("bills_by_ebn", ebns)
        return {row["ebn"]: bill_of(row) for row in rows}


async def _write(connection: Connection, batch: Sequence[_New]) -> Written[StoredAnswer]:
    (new,) = batch
    (lost,) = await claim_all(connection, batch)
    if lost is not None:
        return Written([lost])
    stored = await store_changes(connection, new.changes)
    if len(stored.ebns) < len(new.changes):
        raise OutdatedError  # Rolls the others back.
    if stored.notification_version != new.notification_version:
        raise OutdatedNotificationsError
    whole = new.whole
    await connection.execute(
        SQL["store_consolidated_bill"],
        whole.number,
        whole.transporter_id,
        whole.vehicle_number,
        whole.generated_at,
        whole.valid_until,
        whole.rulebook,
        whole.ebns,
        whole.moves,
    )
    return Written([new.answer], stored.hot_epoch, stored.stale_keys)
