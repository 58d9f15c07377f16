"""A request and its answer, as the endpoints see them: bounded bodies in, bytes out."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from gateway.encodings import decompressed, too_large
from ingest import limits
from validators.authority import Person
from validators.errors import Refusal, fault
from validators.identifiers import ebn_of, normal_mobile, part_a_number_of, report_id_of, tag_of

JSON: Final = b"application/json"
FORM: Final = b"application/x-www-form-urlencoded"

Named = TypeVar("Named", int, str)


@dataclass(slots=True)
class Answer:
    """What is sent back. `headers` are those beside content type, length and request id."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: Sequence[tuple[bytes, bytes]] = ()


@dataclass(slots=True)
class Stream:
    """An answer sent in parts as they come; its length is not known before."""

    parts: AsyncGenerator[bytes]
    content_type: bytes
    headers: Sequence[tuple[bytes, bytes]] = ()
    status: int = 200


@dataclass(slots=True)
class Call:
    """One request: who asks (None where no credentials are needed), when, and what."""

    scope: Scope
    receive: Receive
    headers: Mapping[bytes, bytes]
    request_id: str
    clock: Callable[[], datetime]
    at: datetime
    """When it is decided: once the whole body is here, so that nobody can send the headers in time
    and the body late."""
    person: Person | None = None

    @property
    def caller(self) -> Person:
        """The authenticated person; only for endpoints that need one."""
        if self.person is None:
            raise Refusal("UNAUTHENTICATED")
        return self.person

    def path_parameter(self, name: str) -> str:
        """A parameter of the path."""
        return str(self.scope["path_params"][name])

    def ebn(self) -> int:
        """The e-way bill number of the path. Raises Refusal EWAY_BILL_NOT_FOUND for what is none:
        there is no such bill."""
        return self._named("ebn", ebn_of, "EWAY_BILL_NOT_FOUND")

    def consolidated_number(self) -> int:
        """The consolidated bill of the path. Raises Refusal CONSOLIDATED_NOT_FOUND."""
        return self._named("number", ebn_of, "CONSOLIDATED_NOT_FOUND")

    def reference(self) -> int:
        """The Part A of the path. Raises Refusal PART_A_NOT_FOUND for what names none."""
        return self._named("reference", part_a_number_of, "PART_A_NOT_FOUND")

    def inspection_id(self) -> int:
        """The inspection of the path. Raises Refusal INSPECTION_NOT_FOUND for what names none."""
        return self._named("inspection_id", report_id_of, "INSPECTION_NOT_FOUND")

    def tag(self) -> str:
        """The RFID tag of the path. Raises Refusal TAG_NOT_FOUND for what is none."""
        return self._named("tag", tag_of, "TAG_NOT_FOUND")

    def mobile(self) -> str:
        """The mobile number of the path. Raises Refusal SMS_NUMBER_NOT_FOUND for what is none."""
        return self._named("mobile", normal_mobile, "SMS_NUMBER_NOT_FOUND")

    def _named(self, name: str, named_by: Callable[[str], Named | None], code: str) -> Named:
        named = named_by(self.path_parameter(name))
        if named is None:
            raise Refusal(code)
        return named

    def query(self) -> dict[str, str]:
        """The query parameters. Raises Refusal INVALID_QUERY when one is given twice or is not
        UTF-8."""
        return _fields(self.scope["query_string"], "INVALID_QUERY")

    def require_media_type(self, *media_types: bytes) -> bytes:
        """Which of them the body is of; the first where it does not say. Raises Refusal
        UNSUPPORTED_MEDIA_TYPE for a body that says it is of another."""
        content_type = self.headers.get(b"content-type")
        if content_type is None or content_type == media_types[0]:
            return media_types[0]
        given = content_type.partition(b";")[0].strip().lower()
        if given not in media_types:
            taken = b" or ".join(media_types).decode()
            raise Refusal("UNSUPPORTED_MEDIA_TYPE", f"send the body as {taken}")
        return given

    async def body(self, media_type: bytes = JSON, bytes_max: int = limits.BODY_BYTES_MAX) -> bytes:
        """The whole body, decompressed; from now on the call is of this instant. Raises Refusal
        UNSUPPORTED_MEDIA_TYPE, UNSUPPORTED_CONTENT_ENCODING, BODY_TOO_LARGE or MALFORMED_BODY."""
        self.require_media_type(media_type)
        message = await self.receive()
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            try:
                async with asyncio.timeout(limits.BODY_SECONDS_MAX):
                    body = await self._rest_of(body, bytes_max)
            except TimeoutError as error:
                raise Refusal("MALFORMED_BODY", "the body took too long to arrive") from error
        elif len(body) > bytes_max:
            raise too_large(bytes_max)
        self.at = self.clock()
        encoding = self.headers.get(b"content-encoding")
        return decompressed(body, encoding, bytes_max) if encoding else body

    async def _rest_of(self, first: bytes, bytes_max: int) -> bytes:
        parts, size, more = [first], len(first), True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Refusal("MALFORMED_BODY", "the connection ended within the body")
            size += len(message.get("body", b""))
            # What is too large is still read to a bound, so that the client hears why.
            if size > limits.BODY_BYTES_DRAINED_MAX:
                break
            if size <= bytes_max:
                parts.append(message["body"])
            more = message.get("more_body", False)
        if size > bytes_max:
            raise too_large(bytes_max)
        return b"".join(parts)


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of a form-encoded body. Raises Refusal MALFORMED_BODY as `Call.query` does
    INVALID_QUERY."""
    return _fields(body, "MALFORMED_BODY")


def _fields(encoded: bytes, code: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=limits.QUERY_FIELDS_MAX,
        )
    except ValueError as error:
        raise Refusal(code, str(error)) from error
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = tuple(
            fault(f"/{name}", "DUPLICATE_KEY") for name in fields if names.count(name) > 1
        )
        raise Refusal(code, faults=doubled)
    return fields
