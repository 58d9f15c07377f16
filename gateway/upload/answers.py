"""The answers file: what the gateway answered to each document, and so what need not be sent again.

Its first line says which upload it is of. A final answer is one line, appended as it comes; an
answer that asks to come again is not kept. Of two answers to one line the later one stands: it
refuses what the first took for existing.
"""

import fcntl
import io
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import orjson

from gateway.upload.documents import DOUBLED_IN_FILE, FileRefused, Outcome, outcome
from gateway.upload.source import Source

_LINE_BYTES_MAX: Final = 16 * 1024 * 1024
"""Far more than an answer of the gateway, or one of ours, may have."""


class AnswersFile:
    """The answers to one file by one gateway. One process at a time may have it open."""

    def __init__(
        self, path: Path, source: Source, url: str, client_id: str, *, again: bool
    ) -> None:
        """Opens or begins the file; `again` puts one that is there aside.

        Raises FileRefused when the answers are not to this file, or another upload is writing.
        """
        self.path = path
        self.counts = dict.fromkeys((Outcome.CREATED, Outcome.EXISTING, Outcome.REFUSED), 0)
        self.added = 0
        """Answers that came since it was opened."""
        self._answered = bytearray(source.lines // 8 + 1)
        self._file = _locked(path)
        if again and os.fstat(self._file.fileno()).st_size:
            path.replace(aside(path))
            self._file.close()
            self._file = _locked(path)
        self._begin(source, url, client_id)

    def __enter__(self) -> "AnswersFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    @property
    def total(self) -> int:
        """Documents with a final answer."""
        return sum(self.counts.values())

    def answered(self, line: int) -> bool:
        """Whether the document that begins at this line has its final answer."""
        byte, bit = divmod(line, 8)
        return byte < len(self._answered) and bool(self._answered[byte] >> bit & 1)

    def add(self, answer: dict[str, Any]) -> None:
        """Keeps a final answer, whose `line` is of the user's file. `flush` makes it last."""
        self._file.write(orjson.dumps(answer) + b"\n")
        self._take_up(answer)
        self.added += 1

    def flush(self) -> None:
        """What was added outlives this process from here on."""
        self._file.flush()

    def refusals(self) -> Iterator[dict[str, Any]]:
        """The answers that refuse, as they came."""
        return (answer for answer in self if outcome(answer) is Outcome.REFUSED)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """All answers, as they came."""
        with self.path.open("rb") as file:
            file.readline(_LINE_BYTES_MAX)
            while line := file.readline(_LINE_BYTES_MAX):
                yield orjson.loads(line)

    def _begin(self, source: Source, url: str, client_id: str) -> None:
        ours = {
            "file": source.path.name,
            "bytes": source.size_bytes,
            "sha256": source.sha256,
            "kind": source.kind.value,
            "url": url,
            "client_id": client_id,
        }
        self._file.seek(0)
        head = self._file.readline(_LINE_BYTES_MAX)
        if not head.endswith(b"\n") and not _foreign(head):
            self._anew(ours)
            return
        said = _parsed(head).get("upload")
        if not isinstance(said, dict):
            raise FileRefused(f"{self.path} is not an answers file: move it away")
        if not self._file.peek(1):  # Nothing was answered: it may be of another upload.
            self._anew(ours)
            return
        for name, what in (
            ("sha256", "another content of the file"),
            ("kind", "another kind of document"),
            ("url", f"another gateway, {said.get('url')}"),
            ("client_id", f"another client, {said.get('client_id')}"),
        ):
            if said.get(name) != ours[name]:
                raise FileRefused(
                    f"{self.path} has the answers to {what}. To send all of {source.path} anew, "
                    "say --again; the answers there are kept beside it"
                )
        self._read_on()

    def _anew(self, ours: dict[str, Any]) -> None:
        self._file.truncate(0)
        self._file.write(orjson.dumps({"upload": ours}) + b"\n")
        self._file.flush()

    def _read_on(self) -> None:
        """Takes up the answers that are there; a last line that a crash has torn is cut off."""
        sound = self._file.tell()
        while line := self._file.readline(_LINE_BYTES_MAX):
            answer = _parsed(line)
            if not line.endswith(b"\n") or not {"line", "status"} <= answer.keys():
                self._file.truncate(sound)
                break
            sound += len(line)
            self._take_up(answer)
        self._file.seek(0, os.SEEK_END)

    def _take_up(self, answer: dict[str, Any]) -> None:
        if self.answered(answer["line"]):
            if answer.get("code") != DOUBLED_IN_FILE:
                return
            self.counts[Outcome.EXISTING] -= 1
        byte, bit = divmod(answer["line"], 8)
        if byte >= len(self._answered):
            self._answered.extend(bytes(byte + 1 - len(self._answered)))
        self._answered[byte] |= 1 << bit
        self.counts[outcome(answer)] += 1


def aside(path: Path) -> Path:
    """Where a file goes that is written anew: a name nobody has."""
    names = (path.with_name(f"{path.name}.before{number}") for number in count(1))
    return next(name for name in names if not name.exists())


def _locked(path: Path) -> io.BufferedRandom:
    file = path.open("a+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise FileRefused(f"{path} is being written by another upload of the file") from error
    return file


def _foreign(head: bytes) -> bool:
    """Whether a first line without an end is anything but the beginning of one of ours."""
    return not head.startswith(b'{"upload":'[: len(head)])


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        read = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}
