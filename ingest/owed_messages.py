"""The outbox as it is sent from: what is due is leased, and what became of it is marked.

A lease ends by itself, so what a sender that died had taken is taken up by another. A message that
was sent and not marked is sent again: at least once, never not at all.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from ingest.database import Database


class OwedMessage(NamedTuple):
    """A message to a mobile number that is leased to a sender; `attempts` counts this lease.

    `registered` is whether the number is registered and confirmed (for `gstin`, where that is
    given), `notices` what it wants to be told, and `stopped_at` when a number that is registered no
    longer said so.
    """

    message_id: int
    kind: str
    mobile: str
    ebn: int | None
    gstin: str | None
    reply: bytes | None
    created_at: datetime
    expires_at: datetime
    attempts: int
    language: str | None
    notices: Sequence[str]
    registered: bool
    stopped_at: datetime | None


class Became(NamedTuple):
    """What became of a leased message at an instant: taken by a carrier, who may have named it;
    dead, for a reason; or neither, and to be tried again at an instant, for a reason."""

    message: OwedMessage
    at: datetime
    carrier_id: str | None = None
    dead_reason: str | None = None
    again_at: datetime | None = None


class Receipt(NamedTuple):
    """A carrier's word on a message that it took, by its own id: delivered, or dead for a
    reason."""

    carrier_id: str
    at: datetime
    dead_reason: str | None = None


class DeadLetter(NamedTuple):
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
    reason: str


class Waiting(NamedTuple):
    """How many messages are due, how long the oldest of them is due (seconds), and how many dead
    letters there are, up to the most that are counted."""

    due: int
    oldest_seconds: float
    dead: int


class OwedMessages:
    """The messages owed to mobile numbers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lease(
        self, at: datetime, until: datetime, count: int, *, awaited: bool
    ) -> Sequence[OwedMessage]:
        """At most `count` messages due at an instant, each for nobody else until another. `awaited`
        are replies and passwords, for which somebody looks at a telephone; else all others. Raises
        Refusal RECORD_UNAVAILABLE."""
        raise NotImplementedError

    async def admit(self, message: OwedMessage, at: datetime) -> bool:
        """Whether the recipient may be told one more within 24 hours; if so it counts from now on,
        once however often it is tried."""
        raise NotImplementedError

    async def mark(self, became: Became) -> None:
        """Keeps what became of a message; durable on return."""
        raise NotImplementedError

    async def receive(self, receipt: Receipt) -> bool:
        """Keeps a carrier's receipt; whether there is such a message. Durable on return."""
        raise NotImplementedError

    async def bury_expired(self, at: datetime) -> None:
        """Makes dead letters of what nobody sent in time, some at a time."""
        raise NotImplementedError

    async def sweep(self, at: datetime) -> None:
        """Deletes what is long past its time, some at a time."""
        raise NotImplementedError

    async def waiting(self, at: datetime) -> Waiting:
        """What waits and what is dead."""
        raise NotImplementedError

    async def dead_letters(self, before: int | None, count: int) -> Sequence[DeadLetter]:
        """At most `count` dead letters, those owed last first, from below a message's number
        on."""
        raise NotImplementedError

    async def close(self) -> None:
        """Waits until everything marked is durable."""
        raise NotImplementedError


def again_at(message: OwedMessage, at: datetime) -> datetime | None:
    """When a message that failed is tried again: after 5 seconds, doubled with every attempt up to
    10 minutes; None where it would have expired by then."""
    raise NotImplementedError


_ = timedelta
