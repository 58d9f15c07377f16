"""The refused-lines file: what was refused, as it was written, with the reasons, to mend and send.

It is made from the user's file and the answers file, so it can be made at any time. One that a
person may have mended is never overwritten but put aside.
"""

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from gateway.upload.answers import AnswersFile, aside
from gateway.upload.csv_columns import IGNORED
from gateway.upload.csv_documents import CsvDocuments
from gateway.upload.ndjson import NdjsonDocuments
from gateway.upload.source import Source

_COMPARED_BYTES: Final = 1024 * 1024


def refused_files(source: Source) -> list[Path]:
    """Where an upload leaves what was refused, the file to mend first."""
    suffixes = (".csv",) if isinstance(source.documents, CsvDocuments) else (".ndjson", ".txt")
    return [source.path.with_name(f"{source.path.name}.refused{suffix}") for suffix in suffixes]


def write_refused(source: Source, answers: AnswersFile) -> None:
    """Writes the refused lines into `refused_files`.

    For NDJSON the lines are as they were, to the byte, and a text beside them has the reasons.
    For CSV the rows have them in two last columns, which a reader of the file passes over.
    """
    documents = source.documents
    # On disk and in order of lines, however many there are.
    with closing(sqlite3.connect("")) as reasons:
        reasons.execute("CREATE TABLE reason (line INTEGER PRIMARY KEY, words TEXT)")
        reasons.executemany(
            "INSERT OR REPLACE INTO reason VALUES (?, ?)",
            ((answer["line"], reason(answer)) for answer in answers.refusals()),
        )
        in_order = iter(reasons.execute("SELECT line, words FROM reason ORDER BY line"))
        if isinstance(documents, CsvDocuments):
            _write_csv(source, documents, in_order)
        else:
            _write_ndjson(source, documents, in_order)


def put_aside(*files: Path) -> None:
    """Keeps the files there are under other names."""
    for file in files:
        if file.exists():
            file.replace(aside(file))


def reason(answer: dict[str, Any]) -> str:
    """Why a document was refused, in a line a person can read."""
    errors = answer.get("errors")
    if answer.get("client_side") or not isinstance(errors, list) or not errors:
        words = str(answer.get("detail") or answer.get("title") or "")
        code = str(answer.get("code") or answer["status"])
        return _one_line(words if answer.get("client_side") else f"{code}: {words}".rstrip(": "))
    return _one_line("; ".join(_fault(error) for error in errors))


def _fault(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    words = str(error.get("detail") or error.get("code") or "")
    return f"{error.get('pointer', '')} {words}".strip()


def _one_line(words: str) -> str:
    return " ".join(words.split())


def _write_ndjson(
    source: Source, documents: NdjsonDocuments, reasons: Iterator[tuple[int, str]]
) -> None:
    lines, texts = refused_files(source)
    due = _Due(reasons)
    with _new(lines).open("wb") as raw, _new(texts).open("w", encoding="utf-8") as readable:
        for document, written in documents.readings(lambda line, _: not due.at(line)):
            raw.write(written if written.endswith(b"\n") or not written else written + b"\n")
            readable.write(f"line {document.line}: {due.words}\n")
    _put(lines)
    _put(texts)


def _write_csv(source: Source, documents: CsvDocuments, reasons: Iterator[tuple[int, str]]) -> None:
    (path,) = refused_files(source)
    # Excel knows UTF-8 by its mark; a file that had one keeps it.
    encoding = "utf-8" if source.encoding == "utf-8" else "utf-8-sig"
    due = _Due(reasons)
    header = [title for title in documents.header if title.strip() not in IGNORED]
    keep = [at for at, title in enumerate(documents.header) if title.strip() not in IGNORED]
    with _new(path).open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=documents.delimiter)
        writer.writerow([*header, *IGNORED])
        for _, rows in documents.readings(lambda line, _: not due.at(line)):
            for row in rows:
                cells = row.cells + [""] * (len(documents.header) - len(row.cells))
                kept = [cells[at] for at in keep] + cells[len(documents.header) :]
                writer.writerow([*kept, row.line, due.words])
    _put(path)


class _Due:
    """The refusals in order of lines, beside documents in order of lines."""

    def __init__(self, reasons: Iterator[tuple[int, str]]) -> None:
        self._reasons = reasons
        self._line, self.words = next(reasons, (0, ""))

    def at(self, line: int) -> bool:
        """Whether the document that begins here was refused; `words` then says why."""
        while self._line and self._line < line:
            self._line, self.words = next(self._reasons, (0, ""))
        return self._line == line


def _new(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _put(path: Path) -> None:
    """Puts a new file in its place. One that is there and does not begin it goes aside."""
    if path.exists() and not _begins(path, _new(path)):
        put_aside(path)
    _new(path).replace(path)


def _begins(path: Path, longer: Path) -> bool:
    with path.open("rb") as one, longer.open("rb") as other:
        while part := one.read(_COMPARED_BYTES):
            if other.read(len(part)) != part:
                return False
    return True
