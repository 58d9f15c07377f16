"""Load at a fixed rate, whatever the answers do: an open loop over connections that are kept.

As light as Python allows, since it takes from the same cores as what it measures: a request is
made by one format of bytes, of an answer only the status and the length are read. It looks every
millisecond what is due, so a time may be counted up to that much too long, never too short.
"""

import asyncio
import gc
import time
from collections import deque
from collections.abc import Callable
from typing import Final, cast
from urllib.parse import urlsplit

import uvloop
from msgspec import Struct

from loadtest.bench.clients.answer_head import status_and_length
from loadtest.bench.clients.schedule import Percentiles, Schedule, percentiles
from loadtest.bench.figures.figure import FixedRate

_TICK_SECONDS: Final = 0.001
_LATE_SECONDS_MAX: Final = 30.0
"""After the last request was due."""


class Answered(Struct, frozen=True):
    """How many, how long it took, and the share of a core that the client itself used."""

    count: int
    times: Percentiles
    client_cpu: float


def offer(load: FixedRate, first: int, rate: float, seconds: float, connections: int) -> Answered:
    """Sends requests, counted from `first` on, at a rate a second for so many seconds. Raises
    SystemExit when one is not answered as it should."""
    return uvloop.run(_offer(load, first, rate, seconds, connections))


async def _offer(
    load: FixedRate, first: int, rate: float, seconds: float, connections: int
) -> Answered:
    loop = asyncio.get_running_loop()
    url = urlsplit(load.address)
    outcome: asyncio.Future[None] = loop.create_future()
    free: deque[_Connection] = deque()
    times: list[float] = []

    def answered(connection: "_Connection", status: bytes) -> None:
        times.append(time.perf_counter() - connection.due)
        if status != load.status and not outcome.done():
            outcome.set_exception(SystemExit(f"a request was answered {status!r}"))
        free.append(connection)
        if len(times) == schedule.count and not outcome.done():
            outcome.set_result(None)
        send()

    def lost() -> None:
        if not outcome.done():
            outcome.set_exception(SystemExit("a connection was lost"))

    def send() -> None:
        now = time.perf_counter()
        while free and (due := schedule.due(now)) is not None:
            connection = free.popleft()
            connection.due = due
            connection.write(load.request(first + schedule.sent))

    def tick() -> None:
        if not outcome.done():
            send()
            loop.call_later(_TICK_SECONDS, tick)

    for _ in range(connections):
        _, made = await loop.create_connection(
            lambda: _Connection(answered, lost), str(url.hostname), int(url.port or 80)
        )
        free.append(made)
    gc.disable()
    try:
        begins, cpu = time.perf_counter(), time.process_time()
        schedule = Schedule(rate, max(1, round(rate * seconds)), begins)
        tick()
        await asyncio.wait_for(outcome, seconds + _LATE_SECONDS_MAX)
        share = (time.process_time() - cpu) / (time.perf_counter() - begins)
    except TimeoutError:
        raise SystemExit(f"{len(times)} of {schedule.count} requests were answered") from None
    finally:
        gc.enable()
    for connection in free:
        connection.close()
    return Answered(len(times), percentiles(times), share)


class _Connection(asyncio.Protocol):
    """One request at a time; `due` is when the one on its way was to be sent."""

    def __init__(
        self, answered: "Callable[[_Connection, bytes], None]", lost: Callable[[], None]
    ) -> None:
        self.due = 0.0
        self._answered = answered
        self._lost = lost
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.write = self._transport.write

    def data_received(self, data: bytes) -> None:
        self._unread += data
        head = self._unread.find(b"\r\n\r\n") + 4
        if head < 4:
            return
        status, length = status_and_length(self._unread[:head])
        if len(self._unread) >= head + length:
            self._unread = b""
            self._answered(self, status)

    def connection_lost(self, error: Exception | None) -> None:
        self._lost()

    def close(self) -> None:
        """Without a word: what was asked has been answered."""
        self._lost = lambda: None
        self._transport.abort()
