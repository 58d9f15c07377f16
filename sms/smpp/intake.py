"""What is done with a deliver_sm before it is answered."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from sms.smpp.characters import Charset, decode
from sms.smpp.counts import Counts
from sms.smpp.deliveries import Delivery, UnreadableError, read_delivery
from sms.smpp.identity import Identity, identity_of, identity_of_whole
from sms.smpp.messages import Delivered, Parts, Receipted, Receive
from sms.smpp.pdu import Pdu, Status
from validators.errors import Refusal

log = logging.getLogger(__name__)
_SLOWER: Final = ("OVERLOADED", "TOO_MANY_MESSAGES")


class Intake:
    """Takes many deliver_sm at once, over one connection after the other.

    What is in progress when a connection is lost goes on: the same message, delivered again
    meanwhile over the next one, waits for it and is answered the same.
    """

    def __init__(
        self,
        receive: Receive,
        receipted: Receipted,
        parts: Parts,
        clock: Callable[[], datetime],
        *,
        default: Charset,
        window: int,
        counts: Counts,
    ) -> None:
        self._receive = receive
        self._receipted = receipted
        self._parts = parts
        self._clock = clock
        self._default = default
        self._window = window
        self._counts = counts
        self._tasks: set[asyncio.Task[None]] = set()
        self._handled: dict[str, asyncio.Task[None]] = {}

    def begin(self, pdu: Pdu, answer: Callable[[Pdu, Status], None]) -> None:
        """Takes a deliver_sm and answers it when what it does is committed; at once when too many
        are in progress."""
        if len(self._tasks) >= self._window:
            self._counts.throttled += 1
            answer(pdu, Status.ESME_RTHROTTLED)
            return
        task = asyncio.create_task(self._answer(pdu, answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finished(self) -> None:
        """Returns when all that was begun is answered."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def cancel(self) -> None:
        """Gives up what is in progress, unanswered."""
        for task in (*self._tasks, *self._handled.values()):
            task.cancel()

    async def _answer(self, pdu: Pdu, answer: Callable[[Pdu, Status], None]) -> None:
        answer(pdu, await self._status(pdu))

    async def _status(self, pdu: Pdu) -> Status:
        try:
            await self._take(read_delivery(pdu.octets))
        except UnreadableError as error:
            log.warning("SMPP deliver_sm not readable: %s", error)
            return Status.ESME_RX_P_APPN
        except Refusal as refusal:
            log.warning("SMPP deliver_sm refused: %s", refusal.problem.code)
            if refusal.problem.code in _SLOWER:
                self._counts.throttled += 1
                return Status.ESME_RTHROTTLED
            return Status.ESME_RX_T_APPN if refusal.problem.retry else Status.ESME_RX_P_APPN
        except Exception as error:
            # Neither what the error says nor the message: both may hold what nobody is to read.
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("SMPP deliver_sm failed: %s\n%s", type(error).__qualname__, where)
            return Status.ESME_RX_T_APPN
        return Status.ESME_ROK

    async def _take(self, delivery: Delivery) -> None:
        if delivery.is_receipt:
            if delivery.receipt is None:
                log.warning("SMPP receipt without an id or a state")
                return
            await self._receipted(*delivery.receipt)
            self._counts.receipts += 1
            return
        at = self._clock()
        if (part := delivery.part()) is None:
            text = decode(delivery.payload, delivery.data_coding, self._default)
            await self._once(delivery.source, text, identity_of(delivery, at), at)
        elif (whole := await self._parts.keep(part, at)) is not None:
            text = self._text_of([(each.data_coding, each.payload) for each in whole.parts])
            await self._once(part.source, text, identity_of_whole(whole), whole.at)
            await self._parts.forget(whole, at)
        self._counts.received += 1

    def _text_of(self, parts: list[tuple[int, bytes]]) -> str:
        codings = {data_coding for data_coding, _ in parts}
        if len(codings) == 1:
            # Joined before it is decoded: a character may be cut in two.
            return decode(b"".join(octets for _, octets in parts), codings.pop(), self._default)
        return "".join(decode(octets, coding, self._default) for coding, octets in parts)

    async def _once(self, sender: str, text: str, identity: Identity, at: datetime) -> None:
        """Hands a message on, or waits for the one that is the same and is in progress."""
        if (handled := self._handled.get(identity.words)) is None:
            message = Delivered(identity.message_id, sender, text, at, identity.earlier_ids)
            handled = asyncio.create_task(_handed(self._receive(message)))
            self._handled[identity.words] = handled
            handled.add_done_callback(lambda _: self._handled.pop(identity.words))
        await asyncio.shield(handled)


async def _handed(receiving: Awaitable[None]) -> None:
    await receiving
