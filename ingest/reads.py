"""Use case: checkpoint readers send what they have read, and each read counts once, r3(2)."""

import asyncio
import logging
from collections.abc import Awaitable, Iterator, Sequence
from datetime import datetime
from typing import Final, TypeVar

from ingest import limits
from ingest.batching import Batcher, Turns
from ingest.changes import OutdatedError
from ingest.database import Database
from ingest.lanes import NOTHING, Lanes
from ingest.numbers import Numbers
from ingest.past_lanes import PastLanes
from ingest.read_counting import Counted, NewRead, count_reads, read_of
from ingest.recording import Recorder
from validators.authority import READERS, Person, require_role
from validators.errors import Refusal, invalid_document
from validators.identifiers import normal_tag
from validators.reads import CountedRead, SentRead, examine_read

log = logging.getLogger(__name__)

_ATTEMPTS_MAX: Final = 5

Result = TypeVar("Result")
Outcome = Counted | Refusal
"""What became of one read."""


class Reads:
    """Counts reads of RFID tags, and tells what was read."""

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        numbers: Numbers,
        lanes: Lanes,
        past_lanes: PastLanes,
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._numbers = numbers
        self._lanes = lanes
        self._past_lanes = past_lanes
        self._large_calls = 0
        self._slices = Turns(limits.RFID_SLICES_AT_ONCE, limits.RFID_LARGE_CALLS_MAX, "OVERLOADED")
        self._lists = Turns(limits.LISTS_AT_ONCE, limits.LISTS_WAITING_MAX, "OVERLOADED")
        self._commits: Batcher[NewRead, Outcome] = Batcher(
            self._commit,
            batch_max=limits.BATCH_RFID_READS_MAX,
            waiting_max=limits.WAITING_RFID_READS_MAX,
            lanes=limits.WRITE_LANES,
        )

    async def count(self, person: Person, sent: Sequence[SentRead], at: datetime) -> list[Outcome]:
        """Counts the reads of one call, r3(2), each once and judged by its own instant; durable on
        return. One answer a read, in order, and none spoils the others: what a part of them was
        refused with does not hide what was counted. Raises Refusal ROLE_NOT_PERMITTED, or
        OVERLOADED where nothing was done."""
        require_role(person, READERS)
        due = asyncio.get_running_loop().time() + limits.RFID_CALL_SECONDS_MAX
        if len(sent) <= limits.RFID_READS_OF_A_LANE:
            return await self._count(person, sent, at, due)
        if self._large_calls >= limits.RFID_LARGE_CALLS_MAX:
            raise Refusal("OVERLOADED")
        self._large_calls += 1
        try:
            return await self._count_in_slices(person, sent, at, due)
        finally:
            self._large_calls -= 1

    async def page(
        self, vehicle_number: str, before: tuple[datetime, int], count: int
    ) -> Sequence[CountedRead]:
        """At most `count` reads of a vehicle, r3(2), the newest first: those read before an instant
        and, of that instant, numbered below. Raises Refusal OVERLOADED or RECORD_UNAVAILABLE."""
        async with self._lists:
            rows = await self._database.fetch("reads_of_vehicle", vehicle_number, *before, count)
        return [read_of(row) for row in rows]

    async def sweep(self, now: datetime) -> None:
        """Forgets the claims of reads that would be refused for their age, some at a time."""
        before, most = now - limits.READ_CLAIM_KEPT, limits.SWEEP_ROWS_MAX
        deleted = most
        while deleted == most:
            deleted = len(await self._database.fetch("sweep_read_claims", before, most))

    @property
    def waiting(self) -> int:
        """How many reads wait for a transaction."""
        return self._commits.waiting

    @property
    def slices_waiting(self) -> int:
        """How many slices of large calls wait for their turn."""
        return self._slices.waiting

    async def close(self) -> None:
        """Waits until everything accepted is committed."""
        await self._commits.close()

    async def _count_in_slices(
        self, person: Person, sent: Sequence[SentRead], at: datetime, due: float
    ) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for first in range(0, len(sent), limits.RFID_READS_IN_A_SLICE):
            some = sent[first : first + limits.RFID_READS_IN_A_SLICE]
            try:
                async with self._slices:
                    if asyncio.get_running_loop().time() > due:
                        raise _too_late()
                    outcomes += await self._count(person, some, at, due)
            except Refusal as refusal:
                outcomes += [refusal] * len(some)
        return outcomes

    async def _count(
        self, person: Person, some: Sequence[SentRead], at: datetime, due: float
    ) -> list[Outcome]:
        asked = (_outcome(self._judged(person, one, at, due)) for one in some)
        # All of them first, whatever it takes: they are counted in the order they were sent.
        ready = await asyncio.gather(*asked)
        sound = [
            _outcome(self._counted(one, new, at))
            for one, new in zip(some, ready, strict=True)
            if isinstance(new, NewRead)
        ]
        counted = iter(await asyncio.gather(*sound))
        return [next(counted) if isinstance(one, NewRead) else one for one in ready]

    async def _counted(self, sent: SentRead, new: NewRead, at: datetime) -> Outcome:
        """Counts a read; where a change of what it was judged by came in between, judged anew."""
        for _ in range(_ATTEMPTS_MAX):
            try:
                return await self._commits.submit(new)
            except OutdatedError:
                new = await self._judged(new.reader, sent, at, new.due)
        raise Refusal("OVERLOADED", "what is on the vehicle changes all the time")

    async def _judged(self, person: Person, sent: SentRead, at: datetime, due: float) -> NewRead:
        form, shape = sent
        faults = examine_read(form, at - limits.READ_AGE_MAX, at + limits.READ_AHEAD_MAX)
        if found := [*shape, *faults]:
            raise invalid_document(found)
        tag, read_at = normal_tag(form.tag), form.read_at
        carried = NOTHING
        if read_at >= at - limits.READ_LIVE_FOR:
            carried = await self._lanes.ask(tag, at)
        if carried.mapped_since is None or carried.mapped_since > read_at:
            # It may have been on another vehicle then, or on one that it is on no more.
            carried = await self._past_lanes.ask(tag, read_at, at)
        vehicle, judgement = carried.vehicle_number, carried.judged(read_at)
        return NewRead(person, form.read_id, tag, read_at, at, vehicle, judgement, due)

    async def _commit(self, batch: list[NewRead]) -> Sequence[Outcome | Exception]:
        outcomes: list[Outcome | Exception] = []
        for some in _bounded(batch):
            now = asyncio.get_running_loop().time()
            in_time = [new for new in some if new.due >= now]
            recorded: Sequence[Outcome | Exception] = ()
            try:
                if in_time:
                    recorded = await self._record(in_time)
            except Refusal as refusal:
                recorded = [refusal] * len(in_time)
            following = iter(recorded)
            outcomes += [next(following) if new.due >= now else _too_late() for new in some]
        return outcomes

    async def _record(self, some: Sequence[NewRead]) -> Sequence[Outcome | Exception]:
        at = max(new.received_at for new in some)
        numbers = await self._numbers.take_many(at, len(some))
        outcomes = await self._recorder.record(
            list(zip(numbers, some, strict=True)),
            count_reads,
            more=lambda: self._commits.waiting > 0,
        )
        for number, outcome in zip(numbers, outcomes, strict=True):
            if _left_unused(outcome):
                self._numbers.give_back(number)
        return outcomes


async def _outcome(coming: Awaitable[Result]) -> Result | Refusal:
    """What comes, or why it does not: the reads beside it are not to suffer."""
    try:
        return await coming
    except Refusal as refusal:
        return refusal
    except Exception:
        log.exception("a read failed")
        return Refusal("INTERNAL_ERROR")


def _bounded(batch: Sequence[NewRead]) -> Iterator[Sequence[NewRead]]:
    """A batch in parts that each change a bounded number of bills, or those of one read. Reads of
    one lorry have theirs in common."""
    part: list[NewRead] = []
    bills: set[int] = set()
    for new in batch:
        more = bills.union(new.unverified)
        if part and len(more) > max(len(bills), limits.RFID_READ_BILLS_MAX):
            yield part
            part, more = [], set(new.unverified)
        part.append(new)
        bills = more
    yield part


def _too_late() -> Refusal:
    """Of what was not begun in time: a claim is kept for as long after a read could be counted, and
    no longer."""
    return Refusal("OVERLOADED", "the call took too long; of this nothing was done")


def _left_unused(outcome: Outcome | Exception) -> bool:
    """Whether the number taken for a read certainly names none."""
    if isinstance(outcome, Counted):
        return not outcome.created
    if isinstance(outcome, OutdatedError):
        return True
    return isinstance(outcome, Refusal) and outcome.problem.code == "READ_ID_REUSED"
