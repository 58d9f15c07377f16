"""Lines of a request body as they arrive, of any number, with bounded memory."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from starlette.types import Message

from gateway.encodings import Decompressor
from gateway.http import Call
from ingest import limits

NDJSON: Final = b"application/x-ndjson"

Line = bytes | None
"""One line without its end; None for one that is longer than a document may be."""


async def lines_of(call: Call) -> AsyncIterator[list[Line]]:
    """The lines of a body, some at a time as they arrive; the last may lack its line feed. Raises
    Refusal UNSUPPORTED_CONTENT_ENCODING before the first, MALFORMED_BODY after the last that was
    sound. The end of the connection ends the lines, and what came of the last one is not one:
    BrokenUploadError."""
    encoding = call.headers.get(b"content-encoding", b"identity")
    decompressor = Decompressor(encoding, limits.BULK_COMPRESSED_MEMBERS_MAX)
    lines = _Lines()
    more = True
    while more:
        message = await _received(call)
        for part in decompressor.parts(message.get("body", b""), limits.BULK_CHUNK_BYTES):
            if whole := lines.of(part):
                yield whole
            # What was compressed may be a thousand times as much: others have their turn.
            await asyncio.sleep(0)
        more = message.get("more_body", False)
    decompressor.end()
    if last := lines.last():
        yield last


class BrokenUploadError(Exception):
    """The connection ended, or nothing came for too long."""


async def _received(call: Call) -> Message:
    try:
        async with asyncio.timeout(limits.BULK_IDLE_SECONDS_MAX):
            message = await call.receive()
    except TimeoutError as error:
        raise BrokenUploadError from error
    if message["type"] == "http.disconnect":
        raise BrokenUploadError
    return message


class _Lines:
    """Cuts what arrives into lines, keeping no more than one unfinished line."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._too_long = False

    def of(self, part: bytes) -> list[Line]:
        """The lines that a part completes."""
        first, *others = part.split(b"\n")
        self._add(first)
        if not others:
            return []
        whole: list[Line] = [self._finished()]
        beginning = others.pop()
        whole += others if len(part) <= limits.BULK_LINE_BYTES_MAX else map(_bounded, others)
        self._add(beginning)
        return whole

    def last(self) -> list[Line]:
        """The line that was not ended, if there is one."""
        return [self._finished()] if self._rest or self._too_long else []

    def _add(self, beginning: bytes) -> None:
        if len(self._rest) + len(beginning) > limits.BULK_LINE_BYTES_MAX:
            self._too_long = True
        if self._too_long:
            self._rest.clear()
        else:
            self._rest += beginning

    def _finished(self) -> Line:
        line = None if self._too_long else bytes(self._rest)
        self._rest.clear()
        self._too_long = False
        return line


def _bounded(line: bytes) -> Line:
    return line if len(line) <= limits.BULK_LINE_BYTES_MAX else None
