"""An operation: one method of one path, as it is served and as OpenAPI describes it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct
from starlette.types import Receive, Scope, Send

from gateway.http import JSON, Answer, Call, Stream
from gateway.metrics import Metrics
from gateway.problems import PROBLEM_TYPE, problem_body, problem_headers
from gateway.tokens import Tokens
from ingest import limits
from validators.authority import Role, require_role
from validators.errors import Refusal

log = logging.getLogger(__name__)

Endpoint = Callable[[Call], Awaitable[Answer | Stream]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the HTTP contract.

    `refusals` are the codes it may answer beside those any call may; `roles` may use it (None:
    no credentials needed, empty: any role).
    """

    method: str
    path: str
    summary: str
    endpoint: Endpoint
    roles: frozenset[Role] | None
    answers: Sequence[tuple[int, type[Struct] | None]]
    refusals: Sequence[str] = ()
    request: type[Struct] | None = None
    request_types: Sequence[bytes] = (JSON,)
    query: type[Struct] | None = None
    answer_type: bytes = JSON
    description: str = ""
    whole: bool = True
    """Whether a request that came in one piece may be answered in one piece, past ASGI: not where
    either goes in parts, nor where it matters who connected, which a proxy's headers may say."""
    keyed: bool = True
    """Whether a POST may come with an Idempotency-Key. One that only asks has nothing to do once,
    and each line of an upload is safe to send again by itself."""

    @property
    def replayable(self) -> bool:
        """Whether it takes an Idempotency-Key."""
        return self.method == "POST" and self.roles is not None and self.keyed


class OperationRoute:
    """Serves an operation: credentials, endpoint, answer or problem, measurement."""

    def __init__(
        self,
        operation: Operation,
        tokens: Tokens,
        clock: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        self._operation = operation
        self._tokens = tokens
        self._clock = clock
        self.measure = metrics.of_operation(operation.method, operation.path)

    @property
    def key(self) -> tuple[str, str]:
        """Its method and path."""
        return (self._operation.method, self._operation.path)

    @property
    def whole(self) -> bool:
        """Whether a request that came in one piece may be answered past ASGI."""
        return self._operation.whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        answer = await self.answer(scope, receive)
        if isinstance(answer, Stream):
            await _send_stream(send, answer, scope["request_id"])
        else:
            await send_answer(send, answer, scope["request_id"])
        self.measure(answer.status, time.perf_counter() - started)

    async def answer(self, scope: Scope, receive: Receive) -> Answer | Stream:
        """The answer to a request that has its id; never raises an Exception."""
        request_id = scope["request_id"]
        try:
            headers = dict(scope["headers"])
            call = Call(scope, receive, headers, request_id, self._clock, self._clock())
            roles = self._operation.roles
            if roles is not None:
                call.person = self._tokens.person_of(headers.get(b"authorization"), call.at)
                if roles:
                    require_role(call.person, roles)
            return await self._operation.endpoint(call)
        except Refusal as refusal:
            return refused(refusal, request_id)
        except Exception:
            log.exception("request %s to %s failed", request_id, self._operation.path)
            return refused(Refusal("INTERNAL_ERROR"), request_id)


def refused(refusal: Refusal, request_id: str) -> Answer:
    """A refusal as an answer."""
    return Answer(
        refusal.problem.status,
        problem_body(refusal, request_id),
        PROBLEM_TYPE,
        problem_headers(refusal),
    )


def answer_headers(answer: Answer, request_id: str) -> list[tuple[bytes, bytes]]:
    """The headers of an answer: content type, length, request id and its own."""
    return [
        (b"content-type", answer.content_type),
        (b"content-length", b"%d" % len(answer.body)),
        (b"x-request-id", request_id.encode()),
        *answer.headers,
    ]


async def send_answer(send: Send, answer: Answer, request_id: str) -> None:
    """Sends an answer with its headers."""
    headers = answer_headers(answer, request_id)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _send_stream(send: Send, stream: Stream, request_id: str) -> None:
    """Sends an answer part by part, from the first that there is. When it cannot be finished its
    connection is closed, which is how the client knows that there was more."""
    headers = [
        (b"content-type", stream.content_type),
        (b"x-request-id", request_id.encode()),
        *stream.headers,
    ]
    async with aclosing(stream.parts) as parts:
        try:
            # Parts of which the first was never asked for could not be closed.
            part = await anext(parts, None)
            await send({"type": "http.response.start", "status": stream.status, "headers": headers})
            while part is not None:
                if not await _is_read(send, part):
                    log.warning("request %s: the answer was not read", request_id)
                    return
                part = await anext(parts, None)
        except Refusal as refusal:
            log.warning("request %s: the answer broke off: %s", request_id, refusal.detail)
            return
    await send({"type": "http.response.body", "body": b""})


async def _is_read(send: Send, part: bytes) -> bool:
    """Sends a part; whether there was room for it in time."""
    try:
        async with asyncio.timeout(limits.STREAM_UNREAD_SECONDS_MAX):
            await send({"type": "http.response.body", "body": part, "more_body": True})
    except TimeoutError:
        return False
    return True
