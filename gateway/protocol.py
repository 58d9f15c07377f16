"""HTTP/1.1 by uvicorn, with a short way in for requests that come whole.

ASGI takes a body and gives an answer in parts, through queues and messages. Nearly every request
here is one small document that arrives in one piece with its headers. Such a request goes straight
to its operation, and its answer leaves in one write: half of what HTTP costs (docs/performance.md).
What comes in pieces, what is streamed and what nobody serves goes through ASGI, as uvicorn has it.

For both ways connections, the order of answers and shutdown are uvicorn's. What uvicorn leaves
without a bound has one here: the head of a request, the time it takes, and what is read ahead.
"""

import asyncio
import time
from typing import Any, Final, cast

from starlette.types import Message, Scope
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from gateway.edge import Edge
from gateway.http import Answer, Stream
from gateway.operation import OperationRoute, answer_headers
from ingest import limits

_HEAD_TOO_LARGE: Final = STATUS_LINE[431] + b"content-length: 0\r\nconnection: close\r\n\r\n"


class Protocol(HttpToolsProtocol):
    """One connection. The application it serves is an `Edge`."""

    _whole: "WholeRequest | None" = None
    """The request being read, as long as it may turn out to have come whole."""
    _in_head = False
    _in_body = False
    _head_bytes = 0
    """Of a head that takes more than one read."""
    _head_until = 0.0
    _deaf = False
    """Nothing of what still comes is read: it follows what was no HTTP."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Waits for a first request no longer than for the next."""
        super().connection_made(transport)
        self._edge = cast(Edge, self.config.app)
        self._close_unless_heard(self.timeout_keep_alive)

    def connection_lost(self, exc: Exception | None) -> None:
        """Lets go of the requests, which hold the connection in turn."""
        self._unset_keepalive_if_required()
        super().connection_lost(exc)
        self.cycle = cast(RequestResponseCycle, None)
        self.pipeline.clear()

    def data_received(self, data: bytes) -> None:
        """Reads what came. A request that is not whole by then goes the long way."""
        if self._deaf:
            return
        begun_before = self._in_head
        super().data_received(data)
        if self._deaf or self.transport.is_closing():
            return
        if self._whole is not None:
            body, self._whole = self._whole.body, None
            self._long_way()
            if body:
                super().on_body(body)
        elif self._in_head:
            self._wait_for_rest_of_head(len(data) if begun_before else 0)
        elif self._is_idle():
            self._close_unless_heard(self.timeout_keep_alive)

    def on_message_begin(self) -> None:
        """Begins to read a request. What ASGI needs of it is made where that is gone through."""
        self.url = b""
        self.headers = []
        self._in_head, self._head_bytes, self._head_until = True, 0, 0.0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Takes a header. What follows a body in chunks as trailers is none."""
        if self._in_head:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Begins a request: the short way if there is one for it."""
        self._in_head, self._in_body = False, True
        self._whole = self._short_way()
        if self._whole is None:
            self._long_way()

    def on_body(self, body: bytes) -> None:
        """Takes a part of a body."""
        if self._whole is None:
            super().on_body(body)
        else:
            self._whole.body += body

    def on_message_complete(self) -> None:
        """Has the request answered, after those that came before it on the connection."""
        self._in_body = False
        if self._whole is None:
            super().on_message_complete()
            return
        before, whole = self.cycle, self._whole
        self._whole = None
        self.cycle = cast(RequestResponseCycle, whole)
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_response_complete(self) -> None:
        """Lets the next request have its turn, and reads no more while others wait behind it."""
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP. What was asked before it is answered first, and then the
        connection is closed without a word: whoever reads 400 takes it for that answer."""
        self._deaf = True
        if self._in_body or self.cycle is None or self.cycle.response_complete:
            super().send_400_response(msg)
        else:
            last = self.pipeline[0][0] if self.pipeline else self.cycle
            last.keep_alive = False

    def _wait_for_rest_of_head(self, more_bytes: int) -> None:
        """Waits a bounded time for the rest of a head, of which there may only be so much."""
        if not self._head_until:
            self._head_until = self.loop.time() + limits.HEAD_SECONDS_MAX
        self._head_bytes += more_bytes
        if self._head_bytes <= limits.HEAD_BYTES_MAX:
            if self._is_idle():  # Else the time begins with the answer that is due.
                self._close_unless_heard(self._head_until - self.loop.time())
            return
        self._deaf = True
        # Closed at once, what still comes would make the kernel take the answer back.
        self.transport.write(_HEAD_TOO_LARGE)
        self.transport.write_eof()
        self._close_unless_heard(limits.HEAD_SECONDS_MAX)

    def _is_idle(self) -> bool:
        """Whether neither a body is awaited here nor an answer there."""
        return not self._in_body and (self.cycle is None or self.cycle.response_complete)

    def _close_unless_heard(self, seconds: float) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            max(seconds, 0.0), self.timeout_keep_alive_handler
        )

    def _long_way(self) -> None:
        """Begins the request as uvicorn does, with all that was read of it."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.on_url(url)
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()

    def _short_way(self) -> "WholeRequest | None":
        if self.parser.should_upgrade() or self.parser.get_http_version() != "1.1":
            return None
        raw, _, query = self.url.partition(b"?")
        if b"%" in raw or b"#" in self.url or not raw.isascii():
            return None
        method, path = self.parser.get_method().decode("ascii"), raw.decode("ascii")
        route, parameters = self._edge.route(method, path)
        if route is None or not route.whole or method == "HEAD":
            return None
        scope = {
            "method": method,
            "path": path,
            "path_params": parameters,
            "query_string": query,
            "headers": self.headers,
            "request_id": self._edge.request_id(),
        }
        return WholeRequest(self, route, scope, keep_alive=self.parser.should_keep_alive())


class WholeRequest:
    """A request that came whole; to uvicorn what its RequestResponseCycle is."""

    def __init__(
        self, protocol: Protocol, route: OperationRoute, scope: Scope, *, keep_alive: bool
    ) -> None:
        self.body = b""
        self.keep_alive = keep_alive
        self.disconnected = False
        self.response_complete = False
        self.message_event = _UNHEARD
        self._protocol = protocol
        self._scope = scope
        self._route = route

    async def run_asgi(self, _: Any) -> None:
        """Answers it. An answer that nobody waits for any more is not sent. Where it is cancelled,
        after the time for draining, the connection is closed without a word."""
        started = time.perf_counter()
        try:
            answer = await self._route.answer(self._scope, self._receive)
            self.body = b""
            if isinstance(answer, Stream):
                raise TypeError(f"{self._route.key} answers in parts: it is not `whole`")
            if self._protocol.flow.write_paused and not self.disconnected:
                await self._protocol.flow.drain()
        except BaseException:
            # Nobody is left waiting for what will not come.
            self._protocol.transport.close()
            raise
        if not self.disconnected:
            self._send(answer)
        self._route.measure(answer.status, time.perf_counter() - started)

    def _send(self, answer: Answer) -> None:
        protocol = self._protocol
        headers = protocol.server_state.default_headers + answer_headers(
            answer, self._scope["request_id"]
        )
        if not self.keep_alive:
            headers.append((b"connection", b"close"))
        written = [b"%b: %b\r\n" % header for header in headers]
        protocol.transport.write(
            b"".join([STATUS_LINE[answer.status], *written, b"\r\n", answer.body])
        )
        self.response_complete = True
        if not self.keep_alive:
            protocol.transport.close()
        protocol.on_response_complete()

    async def _receive(self) -> Message:
        return {"type": "http.request", "body": self.body, "more_body": False}


_UNHEARD: Final = asyncio.Event()
"""uvicorn sets it to wake whoever waits for more of a request; of a whole one there is no more."""
