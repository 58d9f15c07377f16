"""Documents out of NDJSON: a line each. What a line says is for the gateway to judge."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from gateway.upload.documents import Document, Skip, Unreadable
from ingest.limits import BULK_LINE_BYTES_MAX

_BOM: Final = b"\xef\xbb\xbf"


class NdjsonReading(NamedTuple):
    """A document, and its line as written; nothing for a line that is too long."""

    document: Document
    written: bytes


class NdjsonDocuments:
    """The documents of an NDJSON file. Blank lines are none, but count."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def readings(self, skip: Skip) -> Iterator[NdjsonReading]:
        """The documents in the order of the file, without those to skip."""
        with self._path.open("rb") as file:
            end = number = 0
            while written := file.readline(BULK_LINE_BYTES_MAX + 1):
                number += 1
                complete = len(written) <= BULK_LINE_BYTES_MAX or written.endswith(b"\n")
                rest = written
                while len(rest) > BULK_LINE_BYTES_MAX and not rest.endswith(b"\n"):
                    rest = file.readline(BULK_LINE_BYTES_MAX + 1)
                body = written.removeprefix(_BOM).strip() if number == 1 else written.strip()
                if not body:
                    continue
                lines, end = number - end, number
                if skip(number, lines):
                    continue
                if complete:
                    yield NdjsonReading(Document(number, lines, body), written)
                else:
                    yield NdjsonReading(_too_long(number, lines), b"")


def _too_long(number: int, lines: int) -> Document:
    reason = f"is longer than {BULK_LINE_BYTES_MAX} bytes, which no document may be"
    return Document(number, lines, b"", (Unreadable(number, None, reason),), "LINE_TOO_LONG")
