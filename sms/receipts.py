"""Delivery receipts: what a carrier says became of a message it took."""

from collections.abc import Callable
from datetime import datetime

from ingest.owed_messages import OwedMessages


class Receipts:
    """Takes delivery receipts (`sms.smpp.messages.Receipted` is `receive`)."""

    def __init__(self, owed: OwedMessages, clock: Callable[[], datetime]) -> None:
        self._owed = owed
        self._clock = clock

    async def receive(self, carrier_id: str, state: str) -> None:
        """Keeps the state a carrier gives of a message, in SMPP's words: DELIVRD is delivered;
        UNDELIV, EXPIRED, REJECTD and DELETED are dead; others tell nothing. Durable on return. One
        that came before its message was marked waits for that; one of no message of ours is
        dropped. Raises Refusal RECORD_UNAVAILABLE or OVERLOADED."""
        raise NotImplementedError
