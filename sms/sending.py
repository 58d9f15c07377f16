"""The sender: leases what is due, looks whether it is still worth sending, sends it, marks it.

It goes in three lines: no password waits behind replies, and no reply behind notices. A sender that
dies between sending and marking leaves a message that is sent again once its lease has ended: at
least once. No text is ever logged, and no mobile number.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from traceback import format_tb
from typing import Final

from ingest import sms_limits
from ingest.outbox import INFORM_SUPPLIER, ONE_TIME_PASSWORD, REPLY, Line
from ingest.owed_messages import (
    Again,
    Dead,
    NotOwed,
    Outcome,
    OwedMessage,
    OwedMessages,
    Sent,
    after_failure,
)
from sms.carrier import Carrier, Origin, Outgoing, PermanentFailure, TemporaryFailure
from sms.owed_words import NotOwedAnyMore, OwedWords
from validators.errors import Refusal

log = logging.getLogger(__name__)

_ASKED_FOR: Final = (REPLY, ONE_TIME_PASSWORD)
_TOLD_ENOUGH: Final = f"its number was told {sms_limits.TOLD_MAX} times within a day"


class Sender:
    """Sends what is owed, through one carrier, as messages of one origin.

    `at_once` is how many replies the carrier may be given at once: no more than it takes in a few
    seconds, since what it has not taken within SEND_SECONDS_MAX counts as failed. Of passwords and
    of all else there are fewer at once, in proportion.
    """

    def __init__(
        self,
        owed: OwedMessages,
        words: OwedWords,
        carrier: Carrier,
        origin: Origin,
        *,
        clock: Callable[[], datetime],
        at_once: int = sms_limits.REPLIES_AT_ONCE,
    ) -> None:
        self._owed = owed
        self._words = words
        self._carrier = carrier
        self._origin = origin
        self._clock = clock
        self._at_once = at_once
        self._closing = False
        self._failures = 0
        self._told_at: datetime | None = None

    async def run(self) -> None:
        """Sends until it is closed; what was begun then is sent and marked before it ends."""
        fewer = max(1, self._at_once * sms_limits.OTHERS_AT_ONCE // sms_limits.REPLIES_AT_ONCE)
        await asyncio.gather(
            self._keep_sending(fewer, Line.PASSWORDS),
            self._keep_sending(self._at_once, Line.REPLIES),
            self._keep_sending(fewer, Line.OTHERS),
        )

    def close(self) -> None:
        """Begins nothing new: `run` ends."""
        self._closing = True

    async def _keep_sending(self, at_once: int, line: Line) -> None:
        sending: set[asyncio.Task[None]] = set()
        room = asyncio.Event()
        # A lease for every message that ends would be a statement for each.
        crowd = at_once // 2

        def ended(task: asyncio.Task[None]) -> None:
            sending.discard(task)
            if len(sending) <= crowd:
                room.set()

        while not self._closing:
            free = at_once - len(sending)
            worded_by = asyncio.get_running_loop().time() + sms_limits.WORDED_SECONDS_MAX
            leased = await self._lease(free, line) if free else ()
            for message in leased:
                task = asyncio.create_task(self._send_and_mark(message, worded_by))
                sending.add(task)
                task.add_done_callback(ended)
            if len(leased) < free:  # Nothing more is due.
                await asyncio.sleep(sms_limits.LOOK_SECONDS)
            elif len(sending) > crowd:
                room.clear()
                await _wait_briefly(room)
        while sending:
            await asyncio.wait(sending)

    async def _lease(self, count: int, line: Line) -> Sequence[OwedMessage]:
        try:
            return await self._owed.lease(self._clock(), count, line)
        except Refusal as refusal:
            self._count_failure(refusal.problem.code)
        except Exception as error:
            log.error("no messages were leased: %s", _where(error))
        return ()

    async def _send_and_mark(self, message: OwedMessage, worded_by: float) -> None:
        try:
            outcome = await self._outcome(message, worded_by)
        except TemporaryFailure as failure:
            outcome = self._failed(message, str(failure))
        except PermanentFailure as failure:
            log.warning("message %d is dead: %s", message.message_id, failure)
            outcome = Dead(self._clock(), str(failure))
        except TimeoutError:
            outcome = self._failed(message, "the carrier did not answer in time")
        except Refusal as refusal:
            outcome = self._failed(message, refusal.problem.code)
        except Exception as error:
            log.error("message %d was not sent: %s", message.message_id, _where(error))
            outcome = self._failed(message, type(error).__name__)
        await self._mark(message, outcome)

    async def _outcome(self, message: OwedMessage, worded_by: float) -> Outcome:
        """What became of a message, sent if it is worth sending. Raises what the carrier does."""
        at = self._clock()
        try:
            # Later than this its lease could end while it is being sent.
            async with asyncio.timeout_at(worded_by):
                template, text = await self._words.of(message, at)
                admitted = message.kind in _ASKED_FOR or await self._owed.admit(message, at)
        except NotOwedAnyMore as why:
            return NotOwed(str(why))
        except TimeoutError:
            raise TemporaryFailure("the record did not answer in time") from None
        if not admitted:
            return _told_enough(message, at)
        reference = str(message.message_id)
        if message.kind == ONE_TIME_PASSWORD:  # Each try has a password of its own.
            reference += f".{message.attempts}"
        outgoing = Outgoing(
            message.mobile,
            text,
            self._origin.header,
            self._origin.entity_id,
            self._origin.template_ids.get(template),
            message.expires_at - at,
            reference,
        )
        async with asyncio.timeout(sms_limits.SEND_SECONDS_MAX):
            carrier_id = await self._carrier.send(outgoing)
        return Sent(self._clock(), carrier_id)

    def _failed(self, message: OwedMessage, reason: str) -> Again | Dead:
        self._count_failure(reason)
        return after_failure(message, self._clock(), reason)

    async def _mark(self, message: OwedMessage, outcome: Outcome) -> None:
        if isinstance(outcome, NotOwed):
            log.info(
                "message %d (%s) is owed no longer: %s",
                message.message_id,
                message.kind,
                outcome.reason,
            )
        for pause in sms_limits.MARK_PAUSES_SECONDS:
            await asyncio.sleep(pause)
            try:
                await self._owed.mark(message, outcome)
            except Refusal as refusal:
                self._count_failure(refusal.problem.code)
            except Exception as error:
                log.error("message %d was not marked: %s", message.message_id, _where(error))
            else:
                return
        log.error(
            "message %d (%s) could not be marked: it is taken up again when its lease ends",
            message.message_id,
            type(outcome).__name__,
        )

    def _count_failure(self, reason: str) -> None:
        """Logs now and then how many failed, and not with each."""
        self._failures += 1
        now = self._clock()
        if self._told_at is None or now >= self._told_at + sms_limits.FAILURES_TOLD_EVERY:
            log.warning("messages that failed: %d, the last: %s", self._failures, reason)
            self._failures, self._told_at = 0, now


def _told_enough(message: OwedMessage, at: datetime) -> Again | Dead:
    """A notice is dropped: the bill itself says as much. What an unregistered supplier must be told
    waits, r1(6) proviso."""
    later = at + sms_limits.PUT_OFF
    if message.kind == INFORM_SUPPLIER and later <= message.expires_at:
        return Again(later)
    return Dead(at, _TOLD_ENOUGH)


def _where(error: Exception) -> str:
    """An error without its words: they may hold those of a message, or a number."""
    return f"{type(error).__name__}\n{''.join(format_tb(error.__traceback__))}"


async def _wait_briefly(room: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(sms_limits.LOOK_SECONDS):
            await room.wait()
    except TimeoutError:
        pass
