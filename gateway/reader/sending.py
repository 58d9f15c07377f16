"""Sends what waits in the spool, one call after another, through whatever is in the way."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

import aiohttp

from gateway.client.pauses import backoff_seconds, broken
from gateway.client.refusals import CallFailed, ComeAgain, TokenRefused
from gateway.reader.call import Answer, Outcome, TooLarge
from gateway.reader.reads import Read
from gateway.reader.spool import Refused, Spool

NEW_READS_WAIT_SECONDS: Final = 1.0
"""So long at most other reads wait for some that are to be sent again, which may be for ever."""
STOP: Final = "STOP"
"""The gateway's decision that somebody should see to."""


class Send(Protocol):
    """Sends a batch and answers as `ReadsCall.send` does."""

    async def __call__(self, batch: Sequence[Read], /) -> list[Answer]: ...


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why not all that was sent is done with."""

    words: str
    pause_seconds: float | None = None
    """What the gateway asks for, None if it does not."""
    answered: bool = False
    """Whether the batch was: it need not go again as it was, and other reads hardly need wait."""


class Sending:
    """Sends all that waits as soon as the last call is answered, so a lone read goes at once.

    A batch without an answer is sent again as it was. Nothing leaves the spool without an answer.
    Reads that the gateway asks for again are passed over until the end of the spool is reached:
    then it begins from the oldest anew. So they delay none behind them, and are never given up.
    """

    def __init__(
        self, send: Send, spool: Spool, *, batch_max: int, tell: Callable[[str], None]
    ) -> None:
        self._send = send
        self._spool = spool
        self._batch_max = batch_max
        """Halved, for as long as the relay runs, when the gateway finds a batch too large."""
        self._tell = tell
        self._batch: list[Read] = []
        """On its way, or to be sent again as it was."""
        self._passed_over = 0
        """So many of the oldest in the spool are to be sent again, when its end is reached."""
        self._new_reads = asyncio.Event()
        self._tries = 0
        """In succession, without a final answer."""
        self.counted = 0
        self.refused = 0
        """Final answers since the start."""

    def wake(self) -> None:
        """Reads have come into the spool."""
        self._new_reads.set()

    async def run(self) -> None:
        """Ends only by cancellation."""
        while True:
            self._new_reads.clear()
            if not self._spool.waiting:
                await self._new_reads.wait()
            trouble = await self._try()
            if trouble is None or trouble.answered:
                self._batch = []
            if trouble is not None:
                await self._pause(trouble)

    async def _try(self) -> _Trouble | None:
        """Sends a batch once. What was in the way, if anything was."""
        try:
            self._batch = self._batch or self._next()
            again = self._settle(await self._send(self._batch))
        except TooLarge as error:
            if len(self._batch) == 1:
                return _Trouble(str(error))
            self._batch_max = len(self._batch) // 2
            words = f"{error}; from now on {self._batch_max:,} reads a call"
            return _Trouble(words, 0.0, answered=True)
        except TokenRefused as error:
            return _Trouble(str(error), None if self._tries else 0.0)
        except ComeAgain as error:
            return _Trouble(str(error), error.pause_seconds)
        except CallFailed as error:
            return _Trouble(str(error))
        except sqlite3.Error as error:
            return _Trouble(f"the spool cannot be written: {error}")
        except (aiohttp.ClientError, OSError) as error:
            return _Trouble(broken(error))
        if again:
            self._passed_over += len(again)
            words = f"it asks to send {len(again):,} reads again: {again[0].reason}"
            return _Trouble(words, answered=True)
        return None

    def _next(self) -> list[Read]:
        if not self._more_behind:
            self._passed_over = 0
        return self._spool.oldest(self._batch_max, passed_over=self._passed_over)

    @property
    def _more_behind(self) -> bool:
        """Whether anything waits behind the reads that were passed over."""
        return self._spool.waiting > self._passed_over

    async def _pause(self, trouble: _Trouble) -> None:
        self._tries += 1
        seconds = trouble.pause_seconds
        if seconds is None:
            seconds = backoff_seconds(self._tries)
        least = min(seconds, NEW_READS_WAIT_SECONDS) if trouble.answered else seconds
        if self._more_behind:
            seconds = least
        waiting = self._spool.waiting
        self._tell(f"gateway: {trouble.words}; {waiting:,} reads wait, going on in {seconds:.1f} s")
        await asyncio.sleep(least)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds - least):
                await self._new_reads.wait()

    def _settle(self, answers: Sequence[Answer]) -> list[Answer]:
        """Takes what is answered for good out of the spool; which are to be sent again."""
        counted = [answer for answer in answers if answer.outcome is Outcome.COUNTED]
        refused = [answer for answer in answers if answer.outcome is Outcome.REFUSED]
        if counted or refused:
            self._spool.settle(
                [answer.read for answer in counted],
                [Refused(answer.read, answer.reason) for answer in refused],
            )
            if self._tries:
                self._tell("gateway: it answers again")
            self._tries = 0
        self.counted += len(counted)
        self.refused += len(refused)
        for answer in refused:
            read = answer.read
            self._tell(f"REFUSED: {read.tag} at {read.read_at.isoformat()}: {answer.reason}")
        for answer in counted:
            if answer.said.get("decision") == STOP:
                self._tell(_stop(answer))
        if ahead := sum(answer.ahead for answer in answers):
            self._tell(
                f"CLOCK: {ahead:,} reads are too far ahead of the gateway's clock, and kept until "
                "it has come so far"
            )
        return [answer for answer in answers if answer.outcome is Outcome.AGAIN]


def _stop(answer: Answer) -> str:
    reasons = answer.said.get("reasons")
    why = ", ".join(map(str, reasons)) if isinstance(reasons, list) else ""
    vehicle = answer.said.get("vehicle_number") or "no known vehicle"
    return f"STOP: {answer.read.tag} at {answer.read.read_at.isoformat()}: {vehicle}: {why}"
