"""Refusals as RFC 9457 problem bodies."""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from msgspec import Struct

from ingest import limits
from validators.errors import Fault, Refusal

PROBLEM_TYPE: Final = b"application/problem+json"


class ProblemBody(Struct, omit_defaults=True):
    """An RFC 9457 problem. `code` is stable; `type` is the path that documents it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    retry: bool = False
    errors: list[Fault] | None = None


class DocumentProblemBody(ProblemBody, omit_defaults=True):
    """A problem that names what stands in the way, if it is the caller's: the e-way bill or the
    Part A the document already has, the bill a Part A became, the one a bill was renewed by, or
    the invoice a number is."""

    ebn: str | None = None
    irn: str | None = None
    part_a_reference: str | None = None
    renewed_to: str | None = None


class PasswordProblemBody(ProblemBody, omit_defaults=True):
    """A problem of a one-time password: where it was wrong, how many tries are left."""

    tries_left: int | None = None


class TokenProblemBody(ProblemBody, omit_defaults=True):
    """A problem of a token request, with the member that OAuth clients read (RFC 6749, 5.2)."""

    error: str | None = None


def documentation_path(code: str) -> str:
    """Where a code is explained."""
    return f"/docs/errors#{code}"


def problem_body(refusal: Refusal, request_id: str) -> bytes:
    """The body of a refusal."""
    problem = refusal.problem
    body: dict[str, Any] = {
        "type": documentation_path(problem.code),
        "title": problem.title,
        "status": problem.status,
        "detail": refusal.detail,
        "code": problem.code,
        "request_id": request_id,
        **refusal.members,
    }
    if problem.retry:
        body["retry"] = True
    if refusal.faults:
        body["errors"] = [
            {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail}
            for fault in refusal.faults
        ]
    return orjson.dumps(body)


def problem_headers(refusal: Refusal) -> Sequence[tuple[bytes, bytes]]:
    """The headers a refusal needs beside its body's."""
    status = refusal.problem.status
    if status in (429, 503):
        seconds = refusal.retry_after_seconds or limits.RETRY_AFTER_SECONDS
        return ((b"retry-after", str(seconds).encode()),)
    if status == 401:
        scheme = b"Basic" if refusal.problem.code == "INVALID_CLIENT" else b"Bearer"
        return ((b"www-authenticate", scheme + b' realm="eway-gateway"'),)
    return ()
