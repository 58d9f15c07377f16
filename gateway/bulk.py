"""Bulk: many documents in one request, an answer line for each while the upload still runs.

Lines are taken in slices. While one is stored the next is decided and a third is read; past that
nothing is read, so TCP slows the sender down. Slices grow with the load by themselves, as batches
do: a line that comes alone goes at once.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from gateway.encodings import too_large
from gateway.http import Call, Stream
from gateway.ndjson import NDJSON, BrokenUploadError, Line, lines_of
from gateway.operation import Endpoint
from gateway.views import encode
from ingest import limits
from validators.authority import Person
from validators.errors import Fault, Refusal

log = logging.getLogger(__name__)

_LAST_OF_ITS_CONNECTION: Final = ((b"connection", b"close"),)


class LineAnswer(Struct, frozen=True, gc=False):
    """What one line is answered: its status, the other members as JSON without their braces, and
    whether what it asks for was there before."""

    status: int
    members: bytes
    existing: bool = False


class BulkLine(Struct, omit_defaults=True, kw_only=True):
    """One answer line; the members beside `line` and `status` are those of the single call."""

    line: int
    status: int
    irn: str | None = None
    ebn: str | None = None
    part_a_reference: str | None = None
    code: str | None = None
    detail: str | None = None
    retry: bool = False
    errors: list[Fault] | None = None


class BulkSummary(Struct):
    """How many lines came, and what became of them."""

    received: int
    created: int
    existing: int
    refused: int


class BulkEnd(Struct):
    """The last line of a complete answer."""

    summary: BulkSummary


Take = Callable[[Person, Sequence[bytes], datetime], Awaitable[Sequence[LineAnswer]]]
"""Decides and stores the documents of some lines at an instant, answering each; durable on
return."""


class Bulk:
    """Serves uploads, a bounded number at once, until it is closed."""

    def __init__(self) -> None:
        self._uploads: set[_Upload] = set()
        self._closing = False

    def endpoint(self, take: Take) -> Endpoint:
        """An endpoint that takes documents of one kind."""

        async def bulk(call: Call) -> Stream:
            of_one = [one for one in self._uploads if one.client_id == call.caller.client_id]
            if (
                self._closing
                or len(self._uploads) >= limits.BULK_UPLOADS_MAX
                or len(of_one) >= limits.BULK_UPLOADS_OF_ONE_MAX
            ):
                raise Refusal("OVERLOADED")
            if b"idempotency-key" in call.headers:
                words = "each line is safe to send again by itself"
                raise Refusal("IDEMPOTENCY_KEY_NOT_TAKEN", words)
            call.require_media_type(NDJSON)
            upload = _Upload(call, take)
            self._uploads.add(upload)
            try:
                await upload.begin()
            except BaseException:
                await self._ended(upload)
                raise
            return Stream(self._answers(upload), NDJSON, _LAST_OF_ITS_CONNECTION)

        return bulk

    async def _answers(self, upload: "_Upload") -> AsyncGenerator[bytes]:
        try:
            async for part in upload.answers():
                yield part
        finally:
            await self._ended(upload)

    async def _ended(self, upload: "_Upload") -> None:
        self._uploads.discard(upload)
        await upload.end()

    def close(self) -> None:
        """Reads no more: what was read is still stored and answered, and the answer then ends
        without its summary, so that the client goes on elsewhere."""
        self._closing = True
        for upload in self._uploads:
            upload.stop_reading()


class _Upload:
    """One upload: lines in, answers out, in the same order."""

    def __init__(self, call: Call, take: Take) -> None:
        self.client_id = call.caller.client_id
        self._call = call
        self._take = take
        self._lines: deque[Line] = deque()
        self._bytes = 0
        self._slices: deque[asyncio.Task[bytes]] = deque()
        self._answer_due = asyncio.Event()
        self._room = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._ended = False
        self._complete = False
        self._refusal: Refusal | None = None
        self._received = self._created = self._existing = 0

    async def begin(self) -> None:
        """Starts reading. Raises the Refusal of a body of which not one line can be read."""
        self._reading = asyncio.create_task(self._read())
        while not (self._slices or self._ended):
            await self._until_due()
        if self._refusal is not None and not self._slices:
            raise self._refusal

    async def answers(self) -> AsyncIterator[bytes]:
        """The answer lines as they are due, some at a time, and the summary if all was read."""
        while self._slices or not self._ended:
            if self._slices and self._slices[0].done():
                answered = self._slices.popleft().result()
                self._send_off()
                yield answered
            else:
                await self._until_due()
        if self._refusal is not None:
            self._received += 1
            yield self._rendered(self._received, [refused(self._refusal)])
        elif self._complete:
            refusals = self._received - self._created - self._existing
            summary = BulkSummary(self._received, self._created, self._existing, refusals)
            yield encode(BulkEnd(summary)) + b"\n"

    def stop_reading(self) -> None:
        """Takes no more lines than were read."""
        if self._reading is not None:
            self._reading.cancel()

    async def end(self) -> None:
        """Returns once nothing of it runs any more; what was being stored is stored, and of what
        else was read nothing is begun."""
        self._lines.clear()
        self.stop_reading()
        if running := [task for task in (self._reading, *self._slices) if task is not None]:
            await asyncio.wait(running)

    async def _until_due(self) -> None:
        self._answer_due.clear()
        await self._answer_due.wait()

    async def _read(self) -> None:
        try:
            async for lines in lines_of(self._call):
                self._lines += lines
                self._bytes += sum(map(len, filter(None, lines)))
                self._send_off()
                while self._slice_is_full():
                    self._room.clear()
                    await self._room.wait()
            self._complete = True
        except Refusal as refusal:
            self._refusal = refusal
        except BrokenUploadError:
            pass  # Whole lines are taken, though there may be nobody left to answer.
        except Exception:
            log.exception("request %s: an upload could not be read", self._call.request_id)
        finally:
            self._ended = True
            self._send_off()
            self._answer_due.set()

    def _slice_is_full(self) -> bool:
        return (
            len(self._lines) >= limits.BULK_SLICE_LINES_MAX
            or self._bytes >= limits.BULK_SLICE_BYTES_MAX
        )

    def _send_off(self) -> None:
        """Has the next slices decided: full ones, and what there is where nothing else is under
        way or nothing more will come."""
        while self._lines and len(self._slices) < limits.BULK_SLICES_AHEAD:
            if not (self._slice_is_full() or self._ended or all(map(_is_done, self._slices))):
                break
            first, slice_bytes, lines = self._received + 1, 0, list[Line]()
            while self._lines and len(lines) < limits.BULK_SLICE_LINES_MAX:
                lines.append(line := self._lines.popleft())
                slice_bytes += len(line or b"")
                if slice_bytes >= limits.BULK_SLICE_BYTES_MAX:
                    break
            self._received += len(lines)
            self._bytes -= slice_bytes
            task = asyncio.create_task(self._answered(first, lines))
            task.add_done_callback(self._slice_done)
            self._slices.append(task)
        if not self._slice_is_full():
            self._room.set()

    def _slice_done(self, _: "asyncio.Task[bytes]") -> None:
        self._send_off()
        self._answer_due.set()

    async def _answered(self, first: int, lines: Sequence[Line]) -> bytes:
        whole = [line for line in lines if line is not None]
        try:
            taken = await self._take(self._call.caller, whole, self._call.clock()) if whole else ()
        except Exception:
            log.exception("request %s: a slice of an upload failed", self._call.request_id)
            taken = [refused(Refusal("INTERNAL_ERROR"))] * len(whole)
        following = iter(taken)
        answers = [_TOO_LONG if line is None else next(following) for line in lines]
        return self._rendered(first, answers)

    def _rendered(self, first: int, answers: Sequence[LineAnswer]) -> bytes:
        rendered = []
        for number, answer in enumerate(answers, first):
            status = answer.status
            self._created += status == 201
            self._existing += answer.existing
            rendered.append(b'{"line":%d,"status":%d,%b}\n' % (number, status, answer.members))
        return b"".join(rendered)


def _is_done(task: "asyncio.Task[bytes]") -> bool:
    return task.done()


def refused(refusal: Refusal, *, existing: bool = False) -> LineAnswer:
    """A refusal as the answer of a line."""
    members: dict[str, Any] = {
        "code": refusal.problem.code,
        "detail": refusal.detail,
        **refusal.members,
    }
    if refusal.problem.retry:
        members["retry"] = True
    if refusal.faults:
        members["errors"] = list(refusal.faults)
    return LineAnswer(refusal.problem.status, encode(members)[1:-1], existing)


_TOO_LONG: Final = refused(too_large(limits.BULK_LINE_BYTES_MAX))
