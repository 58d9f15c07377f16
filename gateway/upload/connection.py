"""One connection of an upload: documents go out while their answers come in."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import orjson
from aiohttp.abc import AbstractStreamWriter

from gateway.client.refusals import CallFailed, TokenRefused, refusal
from gateway.upload.documents import FAILED, Document, Outcome, outcome

SEGMENT_DOCUMENTS: Final = 50_000
"""Documents of one request. A request that ends now and then lets a gateway restart in peace, and
the next one may go to another of its workers."""
UNANSWERED_DOCUMENTS_MAX: Final = 8192
UNANSWERED_BYTES_MAX: Final = 16 * 1024 * 1024
"""What is kept to be sent again: the memory an upload takes."""
BLOCK_DOCUMENTS: Final = 64
BLOCK_BYTES: Final = 256 * 1024
OPENING_BYTES: Final = 16 * 1024
OPENING_SECONDS: Final = 1.0
"""Only so much is sent until the gateway begins to answer, or this time is over: a refusal of the
whole request would not be heard on a connection that it closes upon a body it has not read."""
STALLED_SECONDS: Final = 5.0
"""When so much is unanswered for so long, the request ends: a proxy between may be waiting for its
end before it passes it on."""
ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024
TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=120)

Take = Callable[[], list[Document]]
"""A block of documents that nobody has taken yet; none when there are no more."""
Answered = Callable[[list[tuple[Document, dict[str, Any]]]], None]
"""Told the final answers, each with its document, as they come."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where documents go."""

    session: aiohttp.ClientSession
    url: str


class Connection:
    """Sends documents, one request after another, and keeps what is not answered."""

    def __init__(self, target: Target, take: Take, answered: Answered) -> None:
        self._target = target
        self._take = take
        self._answered = answered
        self._waiting: deque[Document] = deque()
        """To be sent, before any new ones."""
        self.final = 0
        """Final answers there have been."""
        self._failing: list[tuple[Document, dict[str, Any]]] = []

    def has_more(self) -> bool:
        """Whether there is anything left for this connection to send."""
        if not self._waiting:
            self._waiting.extend(self._take())
        return bool(self._waiting)

    @property
    def only_failing(self) -> bool:
        """Whether nothing is left but what the gateway failed to decide when it came last."""
        return bool(self._failing)

    def hand_over_failing(self) -> list[tuple[Document, dict[str, Any]]]:
        """Those documents, each with its answer; this connection is done with them."""
        failing, self._failing = self._failing, []
        self._waiting.clear()
        return failing

    async def send(self, token: str) -> int:
        """One request: answers how many documents the gateway asks to send again.

        Whatever it raises, no document is lost and none that was answered is sent again: it tells
        each answer to `answered` first. Raises ComeAgain, TokenRefused, CallFailed, and
        aiohttp.ClientError, OSError or TimeoutError for a connection that broke.
        """
        request = _Request(self._waiting, self._take)
        self._failing = []
        try:
            async with self._target.session.post(
                self._target.url,
                data=_Body(request.body()),
                headers={
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/x-ndjson",
                    # A proxy that compresses answers holds them back.
                    "Accept-Encoding": "identity",
                },
                allow_redirects=False,
                timeout=TIMEOUT,
            ) as response:
                if response.status == 401:
                    raise TokenRefused(str(await refusal(response)))
                if response.status != 200:
                    raise await refusal(response)
                request.begun.set()
                async for answers in _batches(response.content):
                    answered = request.match(answers)
                    self._answered(answered)
                    self.final += len(answered)
        finally:
            self._waiting = request.end()
        self._failing = request.only_failing()
        return request.asked_again


class _Body(aiohttp.AsyncIterablePayload):
    """A body that writes its own end.

    When aiohttp writes it, on a connection that is closing, it also forgets who waits for an answer
    on it, and drops the time-out of the wait: nobody would be told that the connection broke.
    """

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        await super().write_with_length(writer, content_length)
        await writer.write_eof()


class _Request:
    """The documents of one request, on their way and back."""

    def __init__(self, waiting: deque[Document], take: Take) -> None:
        self._waiting = waiting
        self._take = take
        self._unanswered: deque[Document] = deque()
        self._kept_bytes = 0
        self._again: list[tuple[Document, dict[str, Any]]] = []
        self._answers = 0
        self._room = asyncio.Event()
        self.begun = asyncio.Event()
        """Set when the gateway begins to answer."""
        self._ended = False
        self._took_all = False

    async def body(self) -> AsyncIterator[bytes]:
        sent = 0
        while sent < SEGMENT_DOCUMENTS and await self._has_room():
            block = self._next_block(BLOCK_BYTES if sent else OPENING_BYTES)
            if not block:
                self._took_all = True
                return
            sent += len(block)
            # They count as sent from here: whether they were, only an answer tells.
            self._unanswered.extend(block)
            written = b"".join([document.body + b"\n" for document in block])
            self._kept_bytes += len(written)
            yield written
            if sent == len(block):
                await _within(OPENING_SECONDS, self.begun)
            # As long as the socket takes it, sending does not wait: the answers get their turn.
            await asyncio.sleep(0)

    def match(self, answers: list[dict[str, Any]]) -> list[tuple[Document, dict[str, Any]]]:
        """The final ones of the next answers, with their documents.

        Raises CallFailed for answers that are not the gateway's.
        """
        final = []
        for answer in answers:
            if "summary" in answer:
                continue
            self._answers += 1
            if answer.get("line") != self._answers or not self._unanswered:
                raise CallFailed(
                    f"the gateway answered line {answer.get('line')} where the answer to "
                    f"{self._answers} was due"
                )
            document = self._unanswered.popleft()
            if outcome(answer) is Outcome.TO_SEND_AGAIN:
                self._again.append((document, answer))
            else:
                self._kept_bytes -= len(document.body) + 1
                final.append((document, answer))
        self._room.set()
        return final

    def end(self) -> deque[Document]:
        """What has to be sent again, in the order of the file; nothing is taken from here on."""
        self._ended = True
        again = [document for document, _ in self._again]
        unanswered = [*again, *self._unanswered, *self._waiting]
        return deque(sorted(unanswered, key=lambda document: document.line))

    def only_failing(self) -> list[tuple[Document, dict[str, Any]]]:
        """What is left, where it is the end of the file and the gateway failed to decide each."""
        if not self._took_all or self._unanswered or self._waiting:
            return []
        failed = all(answer["status"] == FAILED for _, answer in self._again)
        return self._again if failed else []

    @property
    def asked_again(self) -> int:
        return len(self._again)

    async def _has_room(self) -> bool:
        while self._full():
            if not self._unanswered:  # All that is kept comes again, in another request.
                return False
            self._room.clear()
            if not await _within(STALLED_SECONDS, self._room):
                return False
        return not self._ended

    def _full(self) -> bool:
        return (
            len(self._unanswered) + len(self._again) >= UNANSWERED_DOCUMENTS_MAX
            or self._kept_bytes >= UNANSWERED_BYTES_MAX
        )

    def _next_block(self, bytes_max: int) -> list[Document]:
        block: list[Document] = []
        size = 0
        while self._waiting and len(block) < BLOCK_DOCUMENTS and size < bytes_max:
            block.append(self._waiting.popleft())
            size += len(block[-1].body)
        return block or self._take()


async def _within(seconds: float, event: asyncio.Event) -> bool:
    try:
        # Of Python 3.11 wait_for loses a cancellation that meets the event.
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def _batches(content: aiohttp.StreamReader) -> AsyncIterator[list[dict[str, Any]]]:
    """The answers as they come, those of one read together; a torn one at the end is dropped."""
    torn = b""
    async for read in content.iter_any():
        lines = (torn + read).split(b"\n")
        torn = lines.pop()
        if len(torn) > ANSWER_BYTES_MAX:
            raise CallFailed(f"an answer of the gateway is longer than {ANSWER_BYTES_MAX} bytes")
        yield list(_answers(lines))


def _answers(lines: list[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if not line.strip():
            continue
        try:
            answer = orjson.loads(line)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict) or (
            "summary" not in answer and not isinstance(answer.get("status"), int)
        ):
            raise CallFailed(f"{line[:100]!r} is not an answer of a gateway")
        yield answer
