"""/openapi.json, /docs and /docs/errors: the contract for machines and for people, offline."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

import orjson

from gateway.documentation import errors_page, reference_page
from gateway.http import JSON, Answer, Call
from gateway.openapi import openapi
from gateway.operation import Endpoint, Operation

_HTML: Final = b"text/html; charset=utf-8"
_POLICY: Final = (
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
    (b"x-content-type-options", b"nosniff"),
)


def operations(documented: Sequence[Operation]) -> Sequence[Operation]:
    """The operations that show these operations."""
    document = openapi(documented, version("eway-gateway"))
    return (
        _page("/openapi.json", "This contract as OpenAPI 3.1", orjson.dumps(document), JSON),
        _page("/docs", "This contract as a page", reference_page(document), _HTML),
        _page("/docs/errors", "Every refusal, explained", errors_page(), _HTML),
    )


def _page(path: str, summary: str, body: bytes, content_type: bytes) -> Operation:
    return Operation(
        method="GET",
        path=path,
        summary=summary,
        endpoint=_constant(Answer(200, body, content_type, _POLICY)),
        roles=None,
        answers=((200, None),),
        answer_type=content_type.partition(b";")[0],
    )


def _constant(answer: Answer) -> Endpoint:
    async def endpoint(_: Call) -> Answer:
        return answer

    return endpoint
