"""A bind to an SMSC, kept up: bound again whenever it was lost, until it is closed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sms.carrier import Outgoing
from sms.smpp.messages import Parts, Receipted, Receive
from sms.smpp.settings import SmppSettings


@dataclass(slots=True)
class Counts:
    """What a link has seen since it began, for metrics; parts of a long message count singly."""

    received: int = 0
    """deliver_sm of mobile numbers, answered that they were taken."""
    receipts: int = 0
    sent: int = 0
    """submit_sm that the SMSC took."""
    throttled: int = 0
    """Of either side: told us to slow down, or were told by us."""
    binds: int = 0


class Link:
    """A transceiver's link to one SMSC, and the `sms.carrier.Carrier` that sends through it."""

    def __init__(
        self,
        settings: SmppSettings,
        receive: Receive,
        receipted: Receipted,
        parts: Parts,
        clock: Callable[[], datetime],
    ) -> None:
        raise NotImplementedError

    counts: Counts

    @property
    def bound(self) -> bool:
        """Whether the SMSC has this link bound, as far as is known."""
        raise NotImplementedError

    async def run(self) -> None:
        """Binds, and binds again whenever the link is lost, until it is closed or cancelled."""
        raise NotImplementedError

    async def close(self) -> None:
        """Takes nothing new, waits for what is in progress to be answered, unbinds; `run` ends."""
        raise NotImplementedError

    async def send(self, message: Outgoing) -> str:
        """Sends a message, in several parts if it is long, and answers the SMSC's id of it, which
        its receipt will name. Raises `sms.carrier`'s TemporaryFailure or PermanentFailure."""
        raise NotImplementedError
