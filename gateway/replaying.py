"""Calls that change something: read the form, act once per Idempotency-Key, answer the result."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from msgspec import Struct

from gateway.http import Answer, Call
from gateway.operation import Endpoint
from gateway.problems import PROBLEM_TYPE, problem_body
from gateway.views import bill_view, encode
from ingest import limits
from ingest.replay import Claim, Replay, Request, StoredAnswer
from validators.errors import Fault, Refusal
from validators.forms import read_form

Form = TypeVar("Form", bound=Struct)

is_key: Final = re.compile(rb"[\x21-\x7e]{1,%d}" % limits.IDEMPOTENCY_KEY_CHARACTERS_MAX).fullmatch
"""Whether an Idempotency-Key, or a carrier's id of a message, is of the form that is kept."""

_KEPT_REFUSALS: Final = frozenset({409})
"""Refusals kept under the key: those decided by state, unless they ask for another try."""

_REPLAYED: Final = ((b"idempotency-replayed", b"true"),)


def changing(
    form_type: type[Form],
    act: Callable[[Call, Request, Form, list[Fault]], Awaitable[StoredAnswer]],
    replay: Replay,
    status: int,
    view: Callable[[Any, datetime], Struct] = bill_view,
) -> Endpoint:
    """An endpoint that reads a form, lets `act` change something, and answers a view of that."""

    def read(body: bytes) -> tuple[Form, list[Fault]]:
        return read_form(body, form_type)

    def render(changed: Any, at: datetime) -> StoredAnswer:
        return StoredAnswer(status, encode(view(changed, at)))

    return acting(read, act, replay, render)


def acting(
    read: Callable[[bytes], tuple[Form, list[Fault]]],
    act: Callable[[Call, Request, Form, list[Fault]], Awaitable[StoredAnswer]],
    replay: Replay,
    render: Callable[[Any, datetime], StoredAnswer],
) -> Endpoint:
    """As `changing`, for a form that is read, or an answer that is rendered, in another way."""

    async def endpoint(call: Call) -> Answer:
        body = await call.body()
        claim = _claim_of(call, body)

        def attempt() -> Awaitable[StoredAnswer]:
            form, faults = read(body)
            request = Request(call.caller, call.at, lambda changed: render(changed, call.at), claim)
            return act(call, request, form, faults)

        if claim is None:
            stored, replayed = await attempt(), False
        else:
            stored, replayed = await replay.answer_once(claim, attempt, partial(_refused, call))
        answer = Answer(stored.status, stored.body, headers=_REPLAYED if replayed else ())
        if stored.status >= 400:
            answer.content_type = PROBLEM_TYPE
        return answer

    return endpoint


def _refused(call: Call, refusal: Refusal) -> StoredAnswer | None:
    """A refusal as it is kept under the key, None for one that is not."""
    if refusal.problem.status not in _KEPT_REFUSALS or refusal.problem.retry:
        return None
    return StoredAnswer(refusal.problem.status, problem_body(refusal, call.request_id))


def _claim_of(call: Call, body: bytes) -> Claim | None:
    """The claim a request makes with its Idempotency-Key, or None without one. Raises Refusal
    INVALID_IDEMPOTENCY_KEY."""
    key = call.headers.get(b"idempotency-key")
    if key is None:
        return None
    if not is_key(key):
        raise Refusal(
            "INVALID_IDEMPOTENCY_KEY",
            f"1 to {limits.IDEMPOTENCY_KEY_CHARACTERS_MAX} visible ASCII characters are taken",
        )
    named = f"{call.scope['method']} {call.scope['path']}\n".encode()
    digest = hashlib.sha256(named + body).digest()
    return Claim(call.caller.client_id, key.decode("ascii"), digest, call.at)
