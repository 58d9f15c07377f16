"""What the SMPP adapter hands on, and what it is given to hand it to."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from ingest.sms_parts import Part

SAME_FOR: Final = timedelta(minutes=10)
"""The same words from the same sender, delivered again within this time, are the same message:
at least for so long, and for less than twice as long."""


class Delivered(NamedTuple):
    """A message of a mobile number, whole; `sender` is the number as the SMSC gives it.

    The same message delivered again has the same `message_id`, or has the first's among its
    `earlier_ids`: whoever acts looks for all of them before it acts, and keeps `message_id`. Ids
    are 32 hexadecimal characters. `at` is when it was received, of a long message when its last
    part was.
    """

    message_id: str
    sender: str
    text: str
    at: datetime
    earlier_ids: tuple[str, ...] = ()


Receive = Callable[[Delivered], Awaitable[None]]
"""Returns once what the message does is committed: only then the SMSC is told that it was taken.
A Refusal that asks for another try, and any error that is none, has the SMSC deliver it again; a
Refusal that does not is final."""

Receipted = Callable[[str, str], Awaitable[None]]
"""Takes the SMSC's id of a message sent, as it wrote it in the receipt, and its state: DELIVRD,
UNDELIV, EXPIRED, REJECTD, DELETED, ACCEPTD, ENROUTE or UNKNOWN. As often as the SMSC says it."""


class Parts(Protocol):
    """Where the parts of long messages are kept until they are whole (`ingest.sms_parts`)."""

    async def keep(self, part: Part, at: datetime) -> Sequence[Part] | None:
        """Returns once the part is durable: all parts in order when it made its message whole, or
        it was whole already and is not forgotten; None when there is nothing to hand on."""
        ...

    async def forget(self, parts: Sequence[Part]) -> None:
        """The message was handled: a part of it that comes again is not kept a second time."""
        ...
