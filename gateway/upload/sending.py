"""Sends all that is unanswered of a file, over several connections, through what breaks."""

import asyncio
from collections.abc import Iterator
from typing import Any

import aiohttp

from gateway.client.credentials import Credentials
from gateway.client.pauses import backoff_seconds, broken
from gateway.client.refusals import CallFailed, ComeAgain, TokenRefused
from gateway.client.tokens import Tokens
from gateway.upload.answers import AnswersFile
from gateway.upload.connection import BLOCK_BYTES, BLOCK_DOCUMENTS, Connection, Take, Target
from gateway.upload.csv_documents import CsvReading
from gateway.upload.documents import Document, FileRefused, Outcome, outcome
from gateway.upload.ndjson import NdjsonReading
from gateway.upload.progress import Progress
from gateway.upload.source import Source


class UploadFailed(RuntimeError):
    """The upload cannot be finished; what was answered is kept."""


async def send(
    source: Source,
    answers: AnswersFile,
    progress: Progress,
    *,
    url: str,
    credentials: Credentials,
    connections: int,
    tries: int,
) -> None:
    """Returns when every document has its final answer in the answers file.

    What the gateway fails to decide (500) in so many tries is given up when nothing else is left,
    and counts as refused. Raises UploadFailed when a connection was tried so many times without a
    single answer, or when the gateway refuses the upload itself.
    """
    supply = _Supply(source, answers, progress)
    # A connection a request: which worker of the gateway serves it is drawn anew each time.
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        tokens = Tokens(session, url, credentials)
        target = Target(session, f"{url}/v1/{source.kind.value}/bulk")
        work = [_Work(target, supply, tokens, progress, tries).run() for _ in range(connections)]
        try:
            async with asyncio.TaskGroup() as group:
                for each in work:
                    group.create_task(each)
        except* (UploadFailed, CallFailed) as failures:
            raise UploadFailed(str(failures.exceptions[0])) from None


class _Supply:
    """Hands out each document once; keeps the answers, those it gives itself included."""

    def __init__(self, source: Source, answers: AnswersFile, progress: Progress) -> None:
        self._answers = answers
        self._progress = progress
        self._readings: Iterator[CsvReading | NdjsonReading] = source.documents.readings(self._skip)
        self.failure: UploadFailed | None = None
        """Why the file could not be read to its end."""

    def take(self) -> list[Document]:
        """The next documents to send, a block of them; none at the end of the file."""
        taken: list[Document] = []
        size = 0
        try:
            while len(taken) < BLOCK_DOCUMENTS and size < BLOCK_BYTES:
                if (reading := next(self._readings, None)) is None:
                    break
                document = reading.document
                if document.unreadable:
                    self._keep([(document, document.own_answer())])
                else:
                    taken.append(document)
                    size += len(document.body)
        except (OSError, UnicodeDecodeError, FileRefused, UploadFailed) as error:
            # Within the body of a request this would pass for a broken connection.
            self.failure = UploadFailed(str(error))
        return taken

    def answered(self, answered: list[tuple[Document, dict[str, Any]]]) -> None:
        """Keeps answers of the gateway, under the lines of the user's file."""
        self._keep([(document, answer | {"line": document.line}) for document, answer in answered])

    def given_up(self, document: Document, answer: dict[str, Any]) -> None:
        """Keeps for final that the gateway fails to decide this document."""
        self._keep([(document, answer | {"line": document.line, "given_up": True})])

    def _keep(self, answered: list[tuple[Document, dict[str, Any]]]) -> None:
        lines = refused = 0
        try:
            for document, answer in answered:
                self._answers.add(answer)
                lines += document.lines
                refused += outcome(answer) is Outcome.REFUSED
            self._answers.flush()
        except OSError as error:
            raise UploadFailed(f"{self._answers.path} cannot be written: {error}") from error
        self._progress.advance(lines, refused)

    def _skip(self, line: int, lines: int) -> bool:
        if not self._answers.answered(line):
            return False
        self._progress.skip(lines)
        return True


class _Work:
    """What one connection does until there is nothing more to send."""

    def __init__(
        self, target: Target, supply: _Supply, tokens: Tokens, progress: Progress, tries: int
    ) -> None:
        self._target = target
        self._connection = Connection(target, supply.take, supply.answered)
        self._supply = supply
        self._tokens = tokens
        self._progress = progress
        self._tries_max = tries
        self._tries = 0
        """In succession, without an answer."""
        self._tries_failing = 0
        """Those of them, the last ones, that left only what the gateway fails to decide."""

    async def run(self) -> None:
        while self._connection.has_more():
            final_before = self._connection.final
            trouble, pause_seconds = await self._try(self._connection)
            if self._supply.failure:
                raise self._supply.failure
            self._tries = 0 if self._connection.final > final_before else self._tries + 1
            failing = self._connection.only_failing
            self._tries_failing = self._tries_failing + 1 if self._tries and failing else 0
            if not trouble and not self._tries:
                continue
            trouble = trouble or "the gateway ended without an answer"
            if self._tries_failing >= self._tries_max:
                await self._give_up_failing()
                continue
            if self._tries >= self._tries_max and not failing:
                raise UploadFailed(f"{trouble}; given up after {self._tries} tries")
            if pause_seconds is None:
                pause_seconds = backoff_seconds(self._tries)
            self._progress.note(f"{trouble}; going on in {pause_seconds:.1f} s")
            await asyncio.sleep(pause_seconds)
        if self._supply.failure:
            raise self._supply.failure

    async def _give_up_failing(self) -> None:
        """Each is sent once more by itself: a gateway may fail in one document for its neighbours.

        Raises UploadFailed when one gets no answer.
        """
        for document, _ in self._connection.hand_over_failing():
            alone = Connection(self._target, _once(document), self._supply.answered)
            alone.has_more()
            trouble, _pause = await self._try(alone)
            if alone.only_failing:
                self._supply.given_up(*alone.hand_over_failing()[0])
            elif not alone.final:
                raise UploadFailed(f"{trouble or 'the gateway ended without an answer'}; given up")

    async def _try(self, connection: Connection) -> tuple[str | None, float | None]:
        """Sends once: what was in the way, and how long the gateway asks to wait."""
        try:
            token = await self._tokens.token()
        except ComeAgain as error:
            return str(error), error.pause_seconds
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return broken(error), None
        try:
            asked_again = await connection.send(token)
        except TokenRefused as error:
            self._tokens.forget(token)
            return str(error), 0.0 if self._tries == 0 else None
        except ComeAgain as error:
            return str(error), error.pause_seconds
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            # A gateway that refuses the token may break the connection before it can be heard.
            self._tokens.forget(token)
            return broken(error), None
        if asked_again:
            return f"the gateway asks to send {asked_again} documents again", None
        return None, None


def _once(document: Document) -> Take:
    handed = [[document]]
    return lambda: handed.pop() if handed else []
