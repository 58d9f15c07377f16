"""Delivery receipts: what a carrier says became of a message it took."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from ingest import sms_limits
from ingest.owed_messages import OwedMessages, Receipt

log = logging.getLogger(__name__)

_DELIVERED: Final = "DELIVRD"
_DEAD: Final = {
    "UNDELIV": "the carrier could not deliver it (UNDELIV)",
    "EXPIRED": "the carrier could not deliver it in time (EXPIRED)",
    "REJECTD": "the carrier rejected it (REJECTD)",
    "DELETED": "the carrier deleted it (DELETED)",
}


class Receipts:
    """Takes delivery receipts; `receive` is what SMPP's link hands them to."""

    def __init__(self, owed: OwedMessages, clock: Callable[[], datetime]) -> None:
        self._owed = owed
        self._clock = clock

    async def receive(self, carrier_id: str, state: str) -> None:
        """Keeps what a carrier says of a message, in SMPP's words: DELIVRD is delivered; UNDELIV,
        EXPIRED, REJECTD and DELETED are dead; other states are not the last. Durable on return.

        A receipt may come before its message is marked, so it is looked for a few times; one of no
        message of ours is dropped. Raises Refusal OVERLOADED or RECORD_UNAVAILABLE.
        """
        if state != _DELIVERED and state not in _DEAD:
            return
        receipt = Receipt(carrier_id, self._clock(), _DEAD.get(state))
        for pause in sms_limits.RECEIPT_PAUSES_SECONDS:
            await asyncio.sleep(pause)
            if await self._owed.receive(receipt):
                return
        log.info("a receipt (%s) of no message that was sent", state)
