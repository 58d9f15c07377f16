"""The outbox as it is sent from: what is due is leased, and what became of it is marked.

A lease ends by itself, so what a sender that died had taken is taken up by another. A message that
was sent and not marked is sent again: at least once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from ingest import limits, sms_limits
from ingest.batching import Batcher
from ingest.database import Database
from ingest.outbox import Line
from ingest.queries import SQL
from ingest.recipients import Recipient, recipients_of
from validators.errors import Refusal

log = logging.getLogger(__name__)

_BEYOND_EVERY_ID: Final = 2**63 - 1

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class OwedMessage(NamedTuple):
    """A message to a mobile number that is leased to a sender; `attempts` counts this lease."""

    message_id: int
    kind: str
    mobile: str
    ebn: int | None
    gstin: str | None
    reply: bytes | None
    created_at: datetime
    expires_at: datetime
    attempts: int
    recipient: Recipient


class Sent(NamedTuple):
    """Taken by a carrier at an instant, under an id of its own or none; one that is too long or
    cannot be kept is none."""

    at: datetime
    carrier_id: str | None


class Dead(NamedTuple):
    """Never to be delivered, decided at an instant for a reason."""

    at: datetime
    reason: str


class Again(NamedTuple):
    """To be tried again at an instant."""

    at: datetime


class NotOwed(NamedTuple):
    """Owed no longer, for a reason: it is taken out of the outbox."""

    reason: str


Outcome = Sent | Dead | Again | NotOwed


class Receipt(NamedTuple):
    """A carrier's word on a message that it took, by its own id: delivered, or dead for a
    reason."""

    carrier_id: str
    at: datetime
    dead_reason: str | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that will not be delivered. `sent_at` is when a carrier took it, None if none
    did."""

    message_id: int
    kind: str
    mobile: str
    ebn: int | None
    created_at: datetime
    attempts: int
    sent_at: datetime | None
    dead_at: datetime
    dead_reason: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How many messages wait in each line; for how many seconds the oldest password or reply has;
    and how many dead letters there are. None counts beyond a limit."""

    passwords: int = 0
    replies: int = 0
    others: int = 0
    oldest_seconds: float = 0.0
    dead: int = 0


class OwedMessages:
    """The messages owed to mobile numbers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counted = Counted()
        self._marks: Batcher[tuple[OwedMessage, Outcome], None] = _batcher(
            self._mark_batch, lambda marked: marked[0].message_id
        )
        self._admissions: Batcher[tuple[OwedMessage, datetime], bool] = _batcher(
            self._admit_batch, lambda asked: asked[0].mobile
        )
        self._receipts: Batcher[Receipt, bool] = _batcher(
            self._receive_batch, lambda receipt: receipt.carrier_id
        )

    async def lease(self, at: datetime, count: int, line: Line) -> Sequence[OwedMessage]:
        """At most `count` messages of a line due at an instant, for nobody else until the lease
        ends. Raises Refusal RECORD_UNAVAILABLE."""
        until = at + sms_limits.LEASE
        async with self._database.connection() as connection:
            rows = await connection.fetch(SQL["lease_messages"], at, until, count, line)
            if not rows:
                return []
            recipients = await recipients_of(connection, [row["mobile"] for row in rows])
        return [OwedMessage(**row, recipient=recipients[row["mobile"]]) for row in rows]

    async def admit(self, message: OwedMessage, at: datetime) -> bool:
        """Whether the recipient of a leased message may be told one more; if so it counts from now
        on, once however often it is tried. Of several gateways each may let the last one pass at
        the same instant. Raises Refusal OVERLOADED or RECORD_UNAVAILABLE."""
        return await self._admissions.submit((message, at))

    async def mark(self, message: OwedMessage, outcome: Outcome) -> None:
        """Keeps what became of a leased message; durable on return. Raises as `admit`."""
        await self._marks.submit((message, outcome))

    async def receive(self, receipt: Receipt) -> bool:
        """Keeps a carrier's receipt, unless there was one; whether there is such a message. Durable
        on return. Raises as `admit`."""
        return await self._receipts.submit(receipt)

    async def bury_expired(self, at: datetime) -> None:
        """Makes dead letters of what nobody sent in time, some at a time."""
        await self._by_and_by("bury_expired_messages", at)

    async def sweep(self, at: datetime) -> None:
        """Deletes what expired long ago, some at a time."""
        await self._by_and_by("sweep_messages", at - sms_limits.KEPT)

    async def dead_letters(self, before: int | None, count: int) -> Sequence[DeadLetter]:
        """At most `count` dead letters, those owed last first, numbered below `before`. Raises
        Refusal RECORD_UNAVAILABLE."""
        rows = await self._database.fetch("dead_letters", before or _BEYOND_EVERY_ID, count)
        return [DeadLetter(**row) for row in rows]

    @property
    def counted(self) -> Counted:
        """What waited and what was dead when it was last counted."""
        return self._counted

    async def count(self, at: datetime) -> None:
        """Counts what waits, also what failed and will be tried again, and what is dead."""
        soon = at + sms_limits.TRIED_AGAIN_AFTER_MAX
        (row,) = await self._database.fetch("count_messages", soon, sms_limits.COUNTED_MAX)
        oldest = max(0.0, (at - row["oldest"]).total_seconds()) if row["oldest"] else 0.0
        self._counted = Counted(
            row["passwords"], row["replies"], row["others"], oldest, row["dead"]
        )

    async def keep_counting(self, clock: Callable[[], datetime]) -> None:
        """Counts every few seconds, until cancelled."""
        while True:
            try:
                await self.count(clock())
            except Refusal as refusal:
                log.debug("messages were not counted: %r", refusal)
            except Exception:
                log.exception("messages were not counted")
            await asyncio.sleep(sms_limits.COUNT_SECONDS)

    async def close(self) -> None:
        """Waits until everything marked and received is durable."""
        for batcher in (self._admissions, self._marks, self._receipts):
            await batcher.close()

    async def _by_and_by(self, query: str, at: datetime) -> None:
        done = most = limits.SWEEP_ROWS_MAX
        while done == most:
            done = len(await self._database.fetch(query, at, most))

    async def _mark_batch(self, batch: list[tuple[OwedMessage, Outcome]]) -> Sequence[None]:
        marks: list[tuple[Any, ...]] = []
        drops: list[tuple[int, int]] = []
        for message, outcome in batch:
            lease = (message.message_id, message.attempts)
            match outcome:
                case Sent(at, carrier_id):
                    marks.append((*lease, at, _kept_id(carrier_id), None, None, None))
                case Dead(at, reason):
                    marks.append((*lease, None, None, at, reason, None))
                case Again(at):
                    marks.append((*lease, None, None, None, None, at))
                case NotOwed():
                    drops.append(lease)
        # Each statement is a transaction: two senders never wait for each other in a circle.
        async with self._database.connection() as connection:
            if marks:
                await connection.execute(SQL["mark_messages"], *zip(*marks, strict=True))
            if drops:
                await connection.execute(SQL["drop_messages"], *zip(*drops, strict=True))
        return [None] * len(batch)

    async def _admit_batch(self, batch: list[tuple[OwedMessage, datetime]]) -> Sequence[bool]:
        rows = await self._database.fetch(
            "admit_messages",
            [message.message_id for message, _ in batch],
            [at for _, at in batch],
            sms_limits.TOLD_IN,
            sms_limits.TOLD_MAX,
        )
        admitted = {row["message_id"] for row in rows}
        return [message.message_id in admitted for message, _ in batch]

    async def _receive_batch(self, batch: list[Receipt]) -> Sequence[bool]:
        since = min(receipt.at for receipt in batch) - sms_limits.RECEIPTED_WITHIN
        rows = await self._database.fetch("keep_receipts", *zip(*batch, strict=True), since)
        known = {row["carrier_id"] for row in rows}
        return [receipt.carrier_id in known for receipt in batch]


def after_failure(message: OwedMessage, at: datetime, reason: str) -> Again | Dead:
    """When a message that failed at an instant is tried again: after 5 seconds, doubled with every
    attempt up to 10 minutes; dead if it will have expired by then."""
    doublings = min(message.attempts - 1, 16)
    pause = min(sms_limits.TRIED_AGAIN_AFTER * 2**doublings, sms_limits.TRIED_AGAIN_AFTER_MAX)
    if at + pause > message.expires_at:
        return Dead(at, f"expired: {reason}")
    return Again(at + pause)


def _kept_id(carrier_id: str | None) -> str | None:
    """One id that the record cannot keep would leave every message of its batch unmarked, to be
    sent again."""
    if not carrier_id or len(carrier_id) > sms_limits.CARRIER_ID_CHARACTERS_MAX:
        return None
    return None if "\0" in carrier_id else carrier_id


def _batcher(
    run: Callable[[list[Item]], Awaitable[Sequence[Answer]]], apart: Callable[[Item], Hashable]
) -> Batcher[Item, Answer]:
    """Many of a kind in one statement; those with one key `apart` in different ones."""
    return Batcher(
        run,
        batch_max=limits.BATCH_READS_MAX,
        waiting_max=limits.WAITING_READS_MAX,
        lanes=1,
        apart=lambda item: (apart(item),),
    )
