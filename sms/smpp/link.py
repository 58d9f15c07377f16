"""A bind to an SMSC, kept up: bound again whenever it was lost, until it is closed."""

import asyncio
import itertools
import logging
import random
import ssl
from collections.abc import Callable
from datetime import datetime
from typing import Final

from ingest import sms_limits
from sms.carrier import Outgoing, PermanentFailure, TemporaryFailure
from sms.smpp.counts import Counts
from sms.smpp.intake import Intake
from sms.smpp.messages import Parts, Receipted, Receive
from sms.smpp.pdu import Command, Status, message_id_of, status_name
from sms.smpp.session import LinkLostError, Session, UnansweredError
from sms.smpp.settings import SmppSettings
from sms.smpp.submit_rate import SubmitRate
from sms.smpp.submits import submits

log = logging.getLogger(__name__)
_AT_ITS_LIMIT: Final = (Status.ESME_RTHROTTLED, Status.ESME_RMSGQFUL)
_PASSING: Final = (Status.ESME_RSYSERR, Status.ESME_RX_T_APPN, Status.ESME_RINVBNDSTS)


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
        self.counts = Counts()
        self._settings = settings
        self._intake = Intake(
            receive,
            receipted,
            parts,
            clock,
            default=settings.data_coding_0,
            window=settings.deliver_window,
            counts=self.counts,
        )
        self._rate = SubmitRate(settings.submits_per_second, _monotonic, asyncio.sleep)
        self._window = asyncio.Semaphore(settings.submit_window)
        self._waiting = 0
        self._references = itertools.count(random.randrange(256))  # noqa: S311 no secret
        self._session: Session | None = None
        self._closing = asyncio.Event()

    @property
    def bound(self) -> bool:
        """Whether the SMSC has this link bound, as far as is known."""
        return self._session is not None and self._session.bound

    async def run(self) -> None:
        """Binds, and binds again whenever the link is lost, after a pause that grows while it
        cannot be bound; until it is closed or cancelled. Cancelled, it leaves what is in progress
        unanswered."""
        pause = self._settings.reconnect_seconds
        try:
            while not self._closing.is_set():
                binds = self.counts.binds
                lost = await self._bind_once()
                if self._closing.is_set():
                    break
                if self.counts.binds > binds:
                    pause = self._settings.reconnect_seconds
                log.warning(
                    "SMPP link to %s:%s: %s", self._settings.host, self._settings.port, lost
                )
                await self._pause(pause)
                pause = min(2 * pause, sms_limits.SMPP_RECONNECT_SECONDS_MAX)
        finally:
            self._intake.cancel()

    async def close(self) -> None:
        """Takes nothing new, waits for what is in progress to be answered, and unbinds; `run` ends
        then."""
        self._closing.set()
        if self._session is not None:
            await self._session.unbind(sms_limits.SMPP_UNBIND_SECONDS_MAX)

    async def send(self, message: Outgoing) -> str:
        """Sends a message, in several parts if it is long, and answers the SMSC's id of it, which
        its receipt will name: of a long one that of the last part. Raises PermanentFailure when the
        SMSC will not have it, TemporaryFailure when there is no bind, when the SMSC or this link is
        at its limit, and when nobody knows: another try may then send it twice."""
        bodies = submits(message, self._settings, next(self._references) % 256)
        if self._waiting >= sms_limits.SMPP_SUBMITS_WAITING_MAX:
            raise TemporaryFailure("too many messages wait for the SMSC")
        self._waiting += 1
        try:
            async with self._window:
                return [await self._submit(body) for body in bodies][-1]
        finally:
            self._waiting -= 1

    async def _submit(self, body: bytes) -> str:
        self._bound_session()
        await self._rate.turn()
        try:
            response = await self._bound_session().request(Command.SUBMIT_SM, body)
        except (UnansweredError, LinkLostError) as error:
            raise TemporaryFailure(f"it may have been sent: {error}") from error
        told = status_name(response.status)
        if response.status == Status.ESME_ROK:
            self._rate.taken()
            self.counts.sent += 1
            return message_id_of(response)
        if response.status in _AT_ITS_LIMIT:
            self._rate.throttled()
            self.counts.throttled += 1
            raise TemporaryFailure(told)
        if response.status in _PASSING:
            raise TemporaryFailure(told)
        raise PermanentFailure(told)

    def _bound_session(self) -> Session:
        if self._session is None or not self._session.bound:
            raise TemporaryFailure("not bound")
        return self._session

    async def _bind_once(self) -> str:
        """Connects, binds, and serves the link to its end: why it ended."""
        try:
            async with asyncio.timeout(sms_limits.SMPP_CONNECT_SECONDS_MAX):
                reader, writer = await asyncio.open_connection(
                    self._settings.host,
                    self._settings.port,
                    ssl=ssl.create_default_context() if self._settings.tls else None,
                )
        except (OSError, TimeoutError) as error:
            return f"no connection ({type(error).__name__})"
        if self._closing.is_set():
            writer.close()
            return "closed"
        self._session = Session(reader, writer, self._settings, self._intake)
        try:
            return await self._session.run(self._was_bound)
        finally:
            self._session = None

    def _was_bound(self) -> None:
        self.counts.binds += 1
        log.info("SMPP link to %s:%s: bound", self._settings.host, self._settings.port)

    async def _pause(self, seconds: float) -> None:
        """Waits about so long: many that lost their link at once do not come back at once."""
        try:
            async with asyncio.timeout(seconds * random.uniform(0.5, 1)):  # noqa: S311 no secret
                await self._closing.wait()
        except TimeoutError:
            return


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
