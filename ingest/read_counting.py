"""Counting reads of RFID tags: one transaction for many, each counted once and verifying what was
valid on its conveyance, r3(2).

The claim of a read id is the arbiter between whoever sends the same read twice. A bill that was not
verified before is locked, so of its verification and its cancellation exactly one wins, r1(7)
proviso; and what a read was let pass by is looked at again under that lock.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
import msgspec

from ingest import limits
from ingest.changes import OutdatedError, store_changes
from ingest.database import Connection
from ingest.queries import SQL
from ingest.recording import Written
from ingest.records import bill_of
from validators.authority import Person
from validators.errors import Refusal
from validators.eway_bill import EwayBill
from validators.lane import Judgement, LaneDecision, Stay, was_active_on
from validators.life import verified
from validators.reads import CountedRead


class NewRead(NamedTuple):
    """A sound read about to be counted, judged by what was on the conveyance at its instant. It is
    not begun after `due`, a time of the event loop's clock."""

    reader: Person
    read_id: str
    tag: str
    read_at: datetime
    received_at: datetime
    vehicle_number: str | None
    judgement: Judgement
    due: float

    @property
    def identity(self) -> tuple[str, str]:
        """What two reads of one read id have in common."""
        return (self.reader.id, self.read_id)

    @property
    def on_board(self) -> Sequence[Stay]:
        """The stays that let it pass, none where it was stopped."""
        return self.judgement.stays if self.judgement.decision is LaneDecision.PASS else ()

    @property
    def unverified(self) -> list[int]:
        """The bills it may be the first to verify; those that were are closed to cancellation."""
        return [stay.ebn for stay in self.on_board if not stay.verified]

    def counted(self, number: int, ebns: Collection[int]) -> CountedRead:
        """The read as it is kept, with the bills it verified of those on board."""
        on_board = [stay.ebn for stay in self.on_board]
        return CountedRead(
            number,
            self.read_at,
            self.received_at,
            self.reader.id,
            self.read_id,
            self.tag,
            self.vehicle_number,
            self.reader.state or "",
            self.reader.place or "",
            self.judgement.decision.value,
            [reason.value for reason in self.judgement.reasons],
            [ebn for ebn in on_board if ebn in ebns],
            [ebn for ebn in on_board if ebn not in ebns],
        )


class Counted(NamedTuple):
    """A read on record, and whether this call put it there."""

    read: CountedRead
    created: bool


async def count_reads(
    connection: Connection, batch: Sequence[tuple[int, NewRead]]
) -> Written[Counted | Refusal]:
    """Counts reads, r3(2), each given with the number it would have, inside a transaction: what
    they verify is not cancelled from then on, r1(7) proviso. One that was counted before is
    answered as it was then, or READ_ID_REUSED where it was another. One that was let pass by a bill
    that was not valid there then, as it turns out, is neither claimed nor stored: OutdatedError."""
    # Before anything is claimed, which makes no circle: whoever holds a claim has all its bills and
    # waits for no other.
    before = await _locked(connection, {ebn for _, new in batch for ebn in new.unverified})
    sound = [entry async for entry in _by_turns(batch) if _still_passes(entry[1], before)]
    ours = await _claimed(connection, sound) if sound else set()
    first = [(number, new) for number, new in sound if number in ours]
    bills = dict(before)
    reads = [new.counted(number, _verify(new, bills)) async for number, new in _by_turns(first)]
    changes = [(bill, bills[ebn]) for ebn, bill in before.items() if bills[ebn] is not bill]
    stored = await store_changes(connection, changes)
    if len(stored.ebns) != len(changes):
        raise RuntimeError("a bill was changed while it was locked")
    if reads:
        await connection.execute(
            SQL["store_reads"], [msgspec.structs.astuple(one) for one in reads]
        )
    answers: dict[int, Counted | Refusal] = {
        read.read_number: Counted(read, created=True) for read in reads
    }
    if again := [(number, new) for number, new in sound if number not in ours]:
        answers |= await _counted_before(connection, again)
    return Written(
        [answers.get(number, OutdatedError()) for number, _ in batch],
        stored.hot_epoch,
        stored.stale_keys,
    )


async def _by_turns(
    entries: Sequence[tuple[int, NewRead]],
) -> AsyncIterator[tuple[int, NewRead]]:
    """Reads one by one; other requests have their turn when so many bills were looked at."""
    bills = 0
    for entry in entries:
        yield entry
        bills += len(entry[1].on_board)
        if bills >= limits.RFID_BILLS_IN_ONE_GO:
            bills = 0
            await asyncio.sleep(0)


def _still_passes(new: NewRead, bills: Mapping[int, EwayBill]) -> bool:
    """Whether every bill that a read was let pass by was valid there at its instant, as the record
    says now. A change that is committed after the lane was asked may be of an earlier instant."""
    vehicle = new.vehicle_number or ""
    return all(was_active_on(bills[ebn], vehicle, new.read_at) for ebn in new.unverified)


async def _claimed(connection: Connection, batch: Sequence[tuple[int, NewRead]]) -> set[int]:
    # Sorted, so that two transactions never wait for each other in a circle.
    ordered = sorted(batch, key=lambda entry: entry[1].identity)
    rows = await connection.fetch(
        SQL["claim_reads"],
        [new.reader.id for _, new in ordered],
        [new.read_id for _, new in ordered],
        [new.read_at for _, new in ordered],
        [number for number, _ in ordered],
    )
    return {row["read_number"] for row in rows}


async def _locked(connection: Connection, ebns: Collection[int]) -> dict[int, EwayBill]:
    """Bills, and those that go on from them by renewal, by number: as they are until the
    transaction ends."""
    found: dict[int, EwayBill] = {}
    asked = set(ebns)
    while asked:
        rows = await connection.fetch(SQL["lock_bills"], sorted(asked))
        bills = [bill_of(row) for row in rows]
        found |= {bill.ebn: bill for bill in bills}
        asked = {bill.renewed_to for bill in bills if bill.renewed_to} - found.keys()
    return found


def _verify(new: NewRead, bills: dict[int, EwayBill]) -> set[int]:
    """The bills a read verifies. Those of them it is the first to verify are so in `bills`."""
    return {
        stay.ebn
        for stay in new.on_board
        if stay.verified or _is_verified(stay.ebn, new.read_at, bills)
    }


def _is_verified(ebn: int, at: datetime, bills: dict[int, EwayBill]) -> bool:
    """Verifies a bill in `bills`, or what goes on from it: what was verified in transit stays so
    through a renewal. Not where that has been cancelled meanwhile: the cancellation was first."""
    bill = _last_of(ebn, bills)
    try:
        bills[bill.ebn] = verified(bill, max(at, bill.generated_at))
    except Refusal:
        return False
    return True


def _last_of(ebn: int, bills: Mapping[int, EwayBill]) -> EwayBill:
    bill = bills[ebn]
    while bill.renewed_to is not None:
        bill = bills[bill.renewed_to]
    return bill


async def _counted_before(
    connection: Connection, again: Sequence[tuple[int, NewRead]]
) -> dict[int, Counted | Refusal]:
    rows = await connection.fetch(
        SQL["claimed_reads"],
        [new.reader.id for _, new in again],
        [new.read_id for _, new in again],
    )
    held = {row["position"] - 1: row for row in rows}
    answers: dict[int, Counted | Refusal] = {}
    for position, (number, new) in enumerate(again):
        row = held.get(position)
        if row is None:  # Its claim was swept at this moment: it is as free as any, the next time.
            answers[number] = Refusal("RECORD_UNAVAILABLE")
        elif (row["tag"], row["read_at"]) != (new.tag, new.read_at):
            answers[number] = Refusal("READ_ID_REUSED")
        else:
            answers[number] = Counted(read_of(row), created=False)
    return answers


def read_of(row: asyncpg.Record) -> CountedRead:
    """The read a row of `rfid_read` says."""
    return CountedRead(**{name: row[name] for name in CountedRead.__struct_fields__})
