"""What the SMPP adapter hands on, and what it is given to hand it to."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple, Protocol

from ingest.sms_parts import Part, Whole


class Delivered(NamedTuple):
    """A message of a mobile number, whole; `sender` is the number as the SMSC gives it.

    The same message delivered again has the same `message_id`, or has the first's among its
    `earlier_ids`: whoever acts looks for all of them before it acts, and keeps `message_id`
    (`sms.smpp.identity` says for how long they are the same). `at` is when it was received, of a
    long message when its last part was.
    """

    message_id: str
    sender: str
    text: str
    at: datetime
    earlier_ids: tuple[str, ...] = ()


Receive = Callable[[Delivered], Awaitable[None]]
"""Returns once what the message does is committed: only then the SMSC is told that it was taken.
A Refusal that asks for another try, and an error that is no Refusal, has the SMSC deliver it again;
any other Refusal is final."""

Receipted = Callable[[str, str], Awaitable[None]]
"""Takes the SMSC's id of a message sent, as it wrote it in the receipt, and its state: DELIVRD,
UNDELIV, EXPIRED, REJECTD, DELETED, ACCEPTD, ENROUTE, UNKNOWN, or what else the SMSC calls it. As
often as the SMSC says it; what it raises is treated as what `Receive` raises."""


class Parts(Protocol):
    """Where the parts of long messages are kept until they are whole: `ingest.sms_parts`."""

    async def keep(self, part: Part, at: datetime) -> Whole | None:
        """Returns once the part is durable: the message it makes whole, or belongs to while that
        is whole and not handled; None when there is nothing to hand on."""
        ...

    async def forget(self, whole: Whole, at: datetime) -> None:
        """The message was handled: its parts wait no longer."""
        ...
