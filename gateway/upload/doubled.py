"""Two different e-way bills of one document number in a file: only one of them was taken.

The second is answered with the number of the first, as one that exists already would be. So answers
with one number are looked at again, on disk, however many there are.
"""

import hashlib
import sqlite3
from contextlib import closing
from typing import Any, Final

import orjson

from gateway.upload.answers import AnswersFile
from gateway.upload.documents import DOUBLED_IN_FILE, Document, Kind, Outcome
from gateway.upload.source import Source

_DOUBLED: Final = """
SELECT later.line, first.line, first.content IS later.content
FROM answer AS later
JOIN answer AS first ON first.number = later.number AND first.line = (
    SELECT line FROM answer WHERE number = later.number ORDER BY status, line LIMIT 1)
WHERE later.line <> first.line
ORDER BY later.line
"""
"""The first of a number is the one it was given for, else the first in the file."""


def refuse_doubled(source: Source, answers: AnswersFile) -> None:
    """Refuses, in the answers file, what was taken for existing because of another document of
    the file that is not the same. Such an answer names the line of the other.

    Reads both files once more where e-way bills existed already; done again it changes nothing.
    """
    if source.kind is not Kind.EWAY_BILLS or not answers.counts[Outcome.EXISTING]:
        return
    answers.flush()
    with closing(sqlite3.connect("")) as found:
        found.execute(
            "CREATE TABLE answer (line INTEGER PRIMARY KEY, number TEXT, status INTEGER, "
            "content BLOB)"
        )
        found.executemany(
            "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, NULL)",
            ((answer["line"], _number(answer), answer["status"]) for answer in answers),
        )
        found.execute(
            "DELETE FROM answer WHERE number IS NULL OR number IN "
            "(SELECT number FROM answer GROUP BY number HAVING count(*) = 1)"
        )
        found.execute("CREATE INDEX of_number ON answer (number, status, line)")
        if found.execute("SELECT 1 FROM answer LIMIT 1").fetchone() is None:
            return
        for document, _ in source.documents.readings(lambda line, _: not _has(found, line)):
            found.execute(
                "UPDATE answer SET content = ? WHERE line = ?", (_content(document), document.line)
            )
        for line, first, same in found.execute(_DOUBLED):
            if not same:
                answers.add(_refusal(line, first))
    answers.flush()


def _number(answer: dict[str, Any]) -> str | None:
    """What the gateway calls the document; nothing for one that was refused."""
    number = answer.get("ebn") or answer.get("part_a_reference")
    return str(number) if number else None


def _has(found: sqlite3.Connection, line: int) -> bool:
    return found.execute("SELECT 1 FROM answer WHERE line = ?", (line,)).fetchone() is not None


def _content(document: Document) -> bytes:
    """The same for documents that say the same, in whatever order and spacing."""
    try:
        written = orjson.dumps(orjson.loads(document.body), option=orjson.OPT_SORT_KEYS)
    except orjson.JSONDecodeError:
        written = document.body
    return hashlib.sha256(written).digest()


def _refusal(line: int, first: int) -> dict[str, Any]:
    return {
        "line": line,
        "status": 409,
        "code": DOUBLED_IN_FILE,
        "detail": f"has the document number of line {first} and says something else: "
        "of the two only that one has an e-way bill",
        "client_side": True,
    }
