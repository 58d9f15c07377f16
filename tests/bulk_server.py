"""A gateway's side of an upload, small: the bulk contract over real HTTP, broken at will."""

import asyncio
import json
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qs

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

CLIENT = {"client_id": "c-1", "client_secret": "s3cret"}
Json = dict[str, Any]


class Broken(Exception):
    """The server breaks the connection."""


@dataclass
class BulkServer:
    """What the server has seen, and what it is to do wrong. Shared with the test's thread."""

    refuse: Callable[[Json], Json | None] = lambda _: None
    """The answer to a document that is not taken."""
    break_after: deque[int] = field(default_factory=deque)
    """Each request in turn is broken after so many answers, one document more being taken."""
    end_after: int | None = None
    """One request ends without a summary after so many answers, as at a shutdown."""
    refuse_requests: deque[Response] = field(default_factory=deque)
    """Answers to the next requests as a whole."""
    answer_at_the_end: bool = False
    """As through a proxy that passes a request on when it has all of it."""
    hold_after: int | None = None
    """No answers past so many, until `release` is set."""
    release: threading.Event = field(default_factory=threading.Event)

    received: Counter[str] = field(default_factory=Counter)
    """How often each document came, by its number."""
    answered: Counter[str] = field(default_factory=Counter)
    documents: dict[str, Json] = field(default_factory=dict)
    """What was taken, by its number."""
    requests: int = 0
    answers: int = 0
    at_once: int = 0
    tokens: set[str] = field(default_factory=set)
    tokens_given: int = 0
    expires_in: float = 1800
    url: str = ""

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/oauth/token", self._token, methods=["POST"]),
                Route("/v1/invoices/bulk", _Bulk(self, "irn")),
                Route("/v1/eway-bills/bulk", _Bulk(self, "ebn")),
            ]
        )

    async def _token(self, request: Request) -> Response:
        form = {name: value[0] for name, value in parse_qs((await request.body()).decode()).items()}
        if form != {**CLIENT, "grant_type": "client_credentials"}:
            return problem(401, "INVALID_CLIENT", "The client id or the secret is wrong")
        self.tokens_given += 1
        token = f"token-{self.tokens_given}"
        self.tokens.add(token)
        return JSONResponse(
            {"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in}
        )

    def answer(self, line: bytes, number: int, named: str) -> tuple[str, Json]:
        """Decides a document; taken once, it exists."""
        try:
            document = json.loads(line)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            return "", {"line": number, "status": 400, "code": "MALFORMED_JSON", "detail": "no"}
        key = str(document.get("document_number"))
        self.received[key] += 1
        if refused := self.refuse(document):
            return key, {"line": number, **refused}
        if (before := self.documents.get(key)) is None:
            self.documents[key] = document
            return key, {"line": number, "status": 201, named: f"{named}-{key}"}
        if before == document and named == "irn":
            return key, {"line": number, "status": 200, named: f"{named}-{key}"}
        conflict = "DOCUMENT_ALREADY_HAS_EWAY_BILL" if named == "ebn" else "INVOICE_EXISTS"
        own = {named: f"{named}-{key}"} if named == "ebn" else {}
        return key, {"line": number, "status": 409, "code": conflict, "detail": "it is", **own}


class _Bulk:
    """One request, answered while it comes."""

    def __init__(self, server: BulkServer, named: str) -> None:
        self._server = server
        self._named = named

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        server = self._server
        server.requests += 1
        request = Request(scope)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in server.tokens:
            return await problem(401, "UNAUTHENTICATED", "another token")(scope, receive, send)
        if server.refuse_requests:
            return await server.refuse_requests.popleft()(scope, receive, send)
        assert request.headers["content-type"] == "application/x-ndjson"
        server.at_once += 1
        try:
            # uvicorn closes the connection of an answer that an error cuts off.
            await self._serve(receive, send)
        finally:
            server.at_once -= 1
        return None

    async def _serve(self, receive: Receive, send: Send) -> None:
        server = self._server
        breaks = server.break_after.popleft() if server.break_after else None
        ends, server.end_after = server.end_after, None
        await send({"type": "http.response.start", "status": 200,
                    "headers": [(b"content-type", b"application/x-ndjson")]})  # fmt: skip
        number, held = 0, b""
        counts: Counter[int] = Counter()
        late: list[bytes] = []
        async for line in _lines(receive):
            if server.hold_after is not None and server.answers >= server.hold_after:
                await asyncio.to_thread(server.release.wait)
            if ends is not None and number >= ends:
                return await send({"type": "http.response.body", "body": b""})
            number += 1
            key, answer = server.answer(line, number, self._named)
            if breaks is not None and number > breaks:
                raise Broken
            counts[answer["status"]] += 1
            held = json.dumps(answer).encode() + b"\n"
            if server.answer_at_the_end:
                late.append(held)
            else:
                await send({"type": "http.response.body", "body": held, "more_body": True})
            server.answered[key] += 1
            server.answers += 1
        summary = {"received": number, "created": counts[201], "existing": counts[200]}
        last = b"".join(late) + json.dumps({"summary": summary}).encode() + b"\n"
        return await send({"type": "http.response.body", "body": last})


async def _lines(receive: Receive) -> Any:
    torn, more = b"", True
    while more:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise Broken
        *lines, torn = (torn + message.get("body", b"")).split(b"\n")
        for line in lines:
            yield line
        more = message.get("more_body", False)
    if torn:
        yield torn


def problem(status: int, code: str, detail: str, **headers: str) -> Response:
    """RFC 9457."""
    return JSONResponse(
        {"type": f"/problems/{code}", "title": code, "status": status, "code": code,
         "detail": detail},
        status, headers, "application/problem+json",
    )  # fmt: skip


class Serves(Protocol):
    """A gateway's side of something, for a test."""

    url: str
    release: threading.Event

    def app(self) -> Starlette: ...


Server = TypeVar("Server", bound=Serves)


@contextmanager
def serving(server: Server, port: int = 0) -> Iterator[Server]:
    """The server on a port, any free one for 0, in a thread; at the end it holds nothing back."""
    config = uvicorn.Config(
        server.app(), port=port, log_level="critical", loop="uvloop", timeout_graceful_shutdown=1
    )
    uvicorn_server = uvicorn.Server(config)
    with config.bind_socket() as listening:
        listening.listen()  # Whoever comes before the thread is up waits, and is not refused.
        server.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield server
        finally:
            server.release.set()
            uvicorn_server.should_exit = True
            thread.join()
