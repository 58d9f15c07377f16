"""One connection to an SMSC, from its bind to its end."""

import asyncio
import itertools
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from sms.smpp.intake import Intake
from sms.smpp.pdu import (
    Command,
    MalformedError,
    Pdu,
    Status,
    bind_body,
    read_pdu,
    response_to,
    status_name,
    write_pdu,
)
from sms.smpp.settings import SmppSettings

log = logging.getLogger(__name__)
_SEQUENCES: Final = 0x7FFFFFFF
_UNANSWERABLE: Final = (Command.ALERT_NOTIFICATION, Command.OUTBIND)


class LinkLostError(Exception):
    """The connection is at its end; it says why. A request under way may have been carried out."""


class UnansweredError(Exception):
    """The SMSC did not answer a request in time; it may have carried it out."""


class Session:
    """Binds, reads what comes, keeps the link from falling silent, and asks what is asked of it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        settings: SmppSettings,
        intake: Intake,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._settings = settings
        self._intake = intake
        self._sequences = itertools.count(1)
        self._outstanding: dict[int, asyncio.Future[Pdu]] = {}
        self._leaving = False
        self.bound = False
        """Whether the SMSC bound it, and neither side has asked to unbind."""

    async def run(self, on_bound: Callable[[], None]) -> str:
        """Binds and serves the connection to its end: why it ended."""
        tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._keep(on_bound))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            self._end()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def request(self, command: Command, body: bytes = b"") -> Pdu:
        """Sends a request: its response, whatever its status. Raises UnansweredError or
        LinkLostError."""
        if self._writer.is_closing():
            raise LinkLostError("the link was lost")
        sequence = (next(self._sequences) - 1) % _SEQUENCES + 1
        response: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._outstanding[sequence] = response
        self._write(write_pdu(command, Status.ESME_ROK, sequence, body))
        try:
            async with asyncio.timeout(self._settings.answer_seconds):
                return await response
        except TimeoutError:
            raise UnansweredError(f"no answer to {command.name.lower()}") from None
        finally:
            del self._outstanding[sequence]

    async def unbind(self, seconds_max: float) -> None:
        """Takes nothing new, waits so long for what is in progress on both sides, and unbinds."""
        self.bound = False
        self._leaving = True
        try:
            async with asyncio.timeout(seconds_max):
                await self._intake.finished()
                if self._outstanding:
                    await asyncio.wait(self._outstanding.values())
                await self.request(Command.UNBIND)
        except (TimeoutError, UnansweredError, LinkLostError) as error:
            log.warning("SMPP link closed without its unbind: %s", str(error) or "no time left")
        self._writer.close()

    async def _keep(self, on_bound: Callable[[], None]) -> str:
        try:
            response = await self.request(Command.BIND_TRANSCEIVER, bind_body(self._settings))
            if response.status != Status.ESME_ROK:
                return f"bind refused with {status_name(response.status)}"
            self.bound = not self._leaving
            on_bound()
            while True:
                await asyncio.sleep(self._settings.enquire_link_seconds)
                await self.request(Command.ENQUIRE_LINK)
        except (UnansweredError, LinkLostError) as error:
            return str(error)

    async def _read(self) -> str:
        try:
            while True:
                pdu = await read_pdu(self._reader)
                await self._take(pdu)
                await self._writer.drain()
                if pdu.command == Command.UNBIND:
                    return "unbound by the SMSC"
        except MalformedError as error:
            self._write(write_pdu(Command.GENERIC_NACK, error.status, error.sequence))
            return f"a malformed PDU: {error}"
        except (asyncio.IncompleteReadError, OSError):
            return "closed by the SMSC"

    async def _take(self, pdu: Pdu) -> None:
        if pdu.is_response:
            response = self._outstanding.get(pdu.sequence)
            if response is not None and not response.done():
                response.set_result(pdu)
        elif pdu.command == Command.ENQUIRE_LINK:
            self._write(response_to(pdu, Status.ESME_ROK))
        elif pdu.command == Command.DELIVER_SM:
            if self._leaving:
                self._answer(pdu, Status.ESME_RX_T_APPN)
            else:
                self._intake.begin(pdu, self._answer)
        elif pdu.command == Command.UNBIND:
            self.bound = False
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.answer_seconds):
                    await self._intake.finished()
            self._write(response_to(pdu, Status.ESME_ROK))
        elif pdu.command not in _UNANSWERABLE:
            self._write(write_pdu(Command.GENERIC_NACK, Status.ESME_RINVCMDID, pdu.sequence))

    def _answer(self, pdu: Pdu, status: Status) -> None:
        self._write(response_to(pdu, status))

    def _write(self, octets: bytes) -> None:
        # On a connection that is lost it goes nowhere: what was not answered is delivered again.
        if not self._writer.is_closing():
            self._writer.write(octets)

    def _end(self) -> None:
        self.bound = False
        for response in self._outstanding.values():
            if not response.done():
                response.set_exception(LinkLostError("the link was lost"))
        self._writer.close()
