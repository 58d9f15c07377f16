"""The connection to the RFID reader: LLRP 1.0.1 over TCP, kept up for as long as the relay lives.

What is said to the reader, and in which order, is sllurp's: its messages and its state machine. The
bytes are carried here. sllurp's own transport takes 4096 bytes at a time and throws away the rest
of what it holds when one message cannot be decoded, which loses the next ones and the place where
they begin; it waits for ever for a reader that has gone silent; and it ends its thread, with the
socket open, on an error it does not expect.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sllurp.llrp import LLRPClient, LLRPMessage, LLRPReaderConfig, LLRPReaderState
from sllurp.llrp_errors import ReaderConfigurationError

from gateway.client.pauses import backoff_seconds, broken
from gateway.reader.reports import HEADER, RO_ACCESS_REPORT, TYPE_BITS, DamagedMessage, tags_of

MESSAGE_BYTES_MAX: Final = 256 * 1024
"""Far more than a reader has to say at once. Past it the place in the stream is taken for lost."""
SETUP_SECONDS: Final = 10.0
"""From the connection until the reader reads; a reader that is slower is connected anew."""
FAREWELL_SECONDS: Final = 2.0
SILENT_INTERVALS: Final = 3
"""A reader that says nothing for so many keepalive intervals has gone."""
ALL_ANTENNAS: Final = (0,)
_SESSION: Final = 1
"""Of Gen2. In session 1 a tag that was read answers again within 5 s for as long as it is there, so
a lorry that waits is seen waiting. In sessions 2 and 3 (2 is sllurp's own choice) it is silent
while the reader's field holds it, and would be a new pass when it speaks again."""
_CLOSE_CONNECTION_RESPONSE: Final = 4


class ReaderLost(Exception):
    """The connection to the reader is of no more use; the message says why."""


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """Which reader, and how it is to read."""

    host: str
    port: int
    antennas: tuple[int, ...]
    """`ALL_ANTENNAS`, or numbers from 1."""
    power_dbm: float | None
    """None for the greatest the reader has."""
    keepalive_seconds: float

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class ReaderLink:
    """Connects to the reader, has it read, tells what it reads; again and again, for ever."""

    def __init__(
        self,
        settings: ReaderSettings,
        *,
        saw: Callable[[list[str]], None],
        tell: Callable[[str], None],
    ) -> None:
        """`saw` is given the tags of each report as it comes, `tell` what a person should know."""
        self._settings = settings
        self._saw = saw
        self._tell = tell
        self.reading = False
        """Whether the reader is connected and reads."""

    async def run(self) -> None:
        """Ends only by cancellation; then the reader is told to stop, if it still listens."""
        tries = 0
        with _told(self._tell):
            while True:
                try:
                    await self._session()
                except (ReaderLost, ReaderConfigurationError) as error:
                    trouble = str(error)
                except (OSError, EOFError) as error:
                    trouble = broken(error)
                tries = 1 if self.reading else tries + 1
                self.reading = False
                pause_seconds = backoff_seconds(tries)
                self._tell(
                    f"reader {self._settings}: {trouble}; connecting in {pause_seconds:.1f} s"
                )
                await asyncio.sleep(pause_seconds)

    async def _session(self) -> None:
        """One connection, from its beginning to its end, which is always an exception."""
        async with _within(SETUP_SECONDS, "it does not answer"):
            incoming, outgoing = await asyncio.open_connection(
                self._settings.host, self._settings.port
            )
        try:
            client = _Client(_config(self._settings), transport_tx_write=outgoing.write)
            conversation = _Conversation(client, incoming, self._saw, self._tell)
            async with _within(SETUP_SECONDS, "it does not begin to read"):
                await conversation.until(LLRPReaderState.STATE_INVENTORYING)
            self.reading = True
            self._tell(f"reader {self._settings}: reading")
            silence_seconds = self._settings.keepalive_seconds * SILENT_INTERVALS
            try:
                while True:
                    async with _within(silence_seconds, "it is silent"):
                        await conversation.hear()
            except asyncio.CancelledError:
                await _farewell(client, conversation)
                raise
        finally:
            outgoing.close()


class _Client(LLRPClient):  # type: ignore[misc]
    """sllurp's client, with a report for each tag as soon as it is seen, and no more power than
    was asked for."""

    def getROSpec(self, force_new: bool = False) -> Any:  # noqa: N802 - sllurp's name
        # Without N sllurp asks for a report at the end of an inventory that it never lets end.
        rospec = super().getROSpec(force_new)
        rospec["ROReportSpec"]["N"] = 1
        return rospec

    def setTxPowerDbm(self, tx_pow_dbm: dict[int, float] | None = None) -> None:  # noqa: N802
        # sllurp takes a power below the reader's least for its word for the greatest, 0.
        powers = list(enumerate(self.tx_power_table))[1:]
        chosen = {}
        for antenna, wanted in (tx_pow_dbm or {}).items():
            possible = [(dbm, index) for index, dbm in powers if dbm <= wanted]
            if not possible:
                least = min(dbm for _, dbm in powers)
                raise ReaderConfigurationError(f"its least power is {least:g} dBm")
            chosen[antenna] = max(possible)[1]
        self.setTxPower(chosen)


class _Conversation:
    """Hears the messages of one connection: tags go to `saw`, the others to sllurp."""

    def __init__(
        self,
        client: LLRPClient,
        incoming: asyncio.StreamReader,
        saw: Callable[[list[str]], None],
        tell: Callable[[str], None],
    ) -> None:
        self._client = client
        self._incoming = incoming
        self._saw = saw
        self._tell = tell
        self._header = b""
        """Of a message whose rest has not come yet."""

    async def until(self, state: int) -> None:
        """Hears until sllurp is in this state."""
        while self._client.state != state:
            await self.hear()

    async def hear(self) -> int:
        """Hears one message and answers its type. One that is damaged is told, and passed over.

        Raises ReaderLost when the place in the stream is lost, ReaderConfigurationError when the
        reader does not do what it is asked, OSError and IncompleteReadError when it has gone.
        """
        if not self._header:
            self._header = await self._incoming.readexactly(HEADER.size)
        kind, length, _ = HEADER.unpack(self._header)
        if not HEADER.size <= length <= MESSAGE_BYTES_MAX:
            raise ReaderLost(f"it sends a message of {length} bytes, which is none")
        rest = await self._incoming.readexactly(length - HEADER.size)
        message, self._header = self._header + rest, b""
        kind &= TYPE_BITS
        if kind == RO_ACCESS_REPORT:
            try:
                tags = tags_of(message)
            except DamagedMessage as error:
                self._tell(f"the reader sent a damaged report: {error}")
            else:
                self._saw(tags)
        elif kind != _CLOSE_CONNECTION_RESPONSE:  # Which sllurp does not expect.
            self._hand_over(kind, message)
        return int(kind)

    def _hand_over(self, kind: int, message: bytes) -> None:
        try:
            self._client.handleMessage(LLRPMessage(msgbytes=message))
        except ReaderConfigurationError:
            raise
        except Exception as error:  # sllurp raises whatever its decoders come upon.
            self._tell(f"the reader sent a damaged message {kind}: {error!r}")


async def _farewell(client: LLRPClient, conversation: _Conversation) -> None:
    """Has the reader stop and close, if it does so soon; what it still reports is heard."""

    def close(*_: object) -> None:
        client.sendMessage({"CLOSE_CONNECTION": {}})

    try:
        async with asyncio.timeout(FAREWELL_SECONDS):
            client.stopPolitely(onCompletion=close, disconnect=True)
            while await conversation.hear() != _CLOSE_CONNECTION_RESPONSE:
                pass
    except (ReaderLost, ReaderConfigurationError, OSError, EOFError):
        return


def _config(settings: ReaderSettings) -> LLRPReaderConfig:
    """What sllurp is told. It changes what it is given, so each connection has its own."""
    content = LLRPReaderConfig().tag_content_selector
    return LLRPReaderConfig(
        {
            "antennas": list(settings.antennas),
            "tx_power_dbm": settings.power_dbm,
            "session": _SESSION,
            "keepalive_interval": int(settings.keepalive_seconds * 1000),
            # The EPC is always reported; when it was seen this host's clock says.
            "tag_content_selector": dict.fromkeys(content, False),
        }
    )


@asynccontextmanager
async def _within(seconds: float, failing: str) -> AsyncIterator[None]:
    """Raises ReaderLost, with what is failing, when the block takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise ReaderLost(f"{failing} for {seconds:g} s") from error


@contextmanager
def _told(tell: Callable[[str], None]) -> Iterator[None]:
    """What sllurp warns of is told as everything is."""
    log, handler = logging.getLogger("sllurp"), _Telling(tell)
    log.addHandler(handler)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)


class _Telling(logging.Handler):
    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._told_to = tell

    def emit(self, record: logging.LogRecord) -> None:
        self._told_to(f"the reader: {record.getMessage()}")
