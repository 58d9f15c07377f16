"""HTTP/1.1 by uvicorn, with a short way in for requests that come whole.

ASGI takes a body and gives an answer in parts, through queues and messages. Nearly every request
here is one small document that arrives in one piece with its headers. Such a request goes straight
to its operation, and its answer leaves in one write: half the cost of the request
(docs/performance.md). What comes in pieces, what is streamed and what nobody serves goes through
ASGI, as uvicorn has it; connections, their order, pipelining, time-outs and shutdown are uvicorn's
for both.
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
from gateway.operation import OperationRoute, answer_head


class Protocol(HttpToolsProtocol):
    """One connection. The application it serves is an `Edge`."""

    _whole: "WholeRequest | None" = None
    """The request being read, as long as it may turn out to have come whole."""

    def data_received(self, data: bytes) -> None:
        """Reads what came. A request that is not whole by then goes the long way."""
        super().data_received(data)
        if self._whole is not None and not self.transport.is_closing():
            body, self._whole = self._whole.body, None
            self._long_way()
            if body:
                super().on_body(body)

    def on_message_begin(self) -> None:
        """Begins to read a request. What ASGI needs of it is made where that is gone through."""
        self.url = b""
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Takes a header."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Begins a request: the short way if there is one for it."""
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
        edge = cast(Edge, self.config.app)
        method, path = self.parser.get_method().decode("ascii"), raw.decode("ascii")
        route, parameters = edge.route(method, path)
        if route is None or not route.whole or method == "HEAD":
            return None
        scope = {
            "method": method,
            "path": path,
            "path_params": parameters,
            "query_string": query,
            "headers": self.headers,
            "request_id": edge.request_id(),
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
        """Answers it. An answer that nobody waits for any more is not sent."""
        started = time.perf_counter()
        try:
            answer = await self._route.answer(self._scope, self._receive)
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
        protocol.transport.write(
            b"%b%b%b%b\r\n%b"
            % (
                STATUS_LINE[answer.status],
                b"".join([b"%b: %b\r\n" % each for each in protocol.server_state.default_headers]),
                answer_head(answer, self._scope["request_id"]),
                b"" if self.keep_alive else b"connection: close\r\n",
                answer.body,
            )
        )
        self.response_complete = True
        if not self.keep_alive:
            protocol.transport.close()
        protocol.on_response_complete()

    async def _receive(self) -> Message:
        return {"type": "http.request", "body": self.body, "more_body": False}


_UNHEARD: Final = asyncio.Event()
"""uvicorn sets it to wake whoever waits for more of a request; of a whole one there is no more."""
