"""A document of the user's file, on its way to the gateway."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

ANSWERED_AGAIN: Final = 429
"""Of the 4xx the one that says to come again; so do all 5xx."""
FAILED: Final = 500
"""What a gateway answers where it failed to decide: to come again may not help."""

Skip = Callable[[int, int], bool]
"""Whether to pass over the document that begins at a line and takes so many."""


DOUBLED_IN_FILE: Final = "DOUBLED_IN_FILE"
"""The client's own refusal of an e-way bill whose number another document of the file has."""


class Kind(Enum):
    """What a file holds. The value is what `--kind` says and where the gateway takes it."""

    INVOICES = "invoices"
    EWAY_BILLS = "eway-bills"

    @property
    def title(self) -> str:
        """As people say it."""
        return "invoices" if self is Kind.INVOICES else "e-way bills"


class FileRefused(ValueError):
    """The file as a whole cannot be sent; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a document could not be read: its place in the user's file, and the reason."""

    line: int
    column: str | None
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", column {self.column}" if self.column else "")
        return f"{where}: {self.reason}"


@dataclass(slots=True)
class Document:
    """One document: JSON to send, or why there is none."""

    line: int
    """The line of the user's file where it begins, from 1."""
    lines: int
    """How many lines of the file it takes."""
    body: bytes
    """JSON without a line end; empty when it could not be read."""
    unreadable: tuple[Unreadable, ...] = ()
    code: str = "CSV_UNREADABLE"

    def own_answer(self) -> dict[str, Any]:
        """The answer to a document that cannot be sent, in the form the gateway answers."""
        return {
            "line": self.line,
            "status": 422,
            "code": self.code,
            "detail": "; ".join(map(str, self.unreadable)),
            "errors": [
                {"line": fault.line, "column": fault.column, "detail": fault.reason}
                for fault in self.unreadable
            ],
            "client_side": True,
        }


class Outcome(Enum):
    """What became of a document."""

    CREATED = "created"
    EXISTING = "existing"
    REFUSED = "refused"
    TO_SEND_AGAIN = "to send again"


_NUMBER_OF_WHAT_EXISTS: Final = {
    "DOCUMENT_ALREADY_HAS_EWAY_BILL": "ebn",
    "DOCUMENT_ALREADY_HAS_PART_A": "part_a_reference",
}
"""What a party to the document is told beside these codes; nobody else is."""


def outcome(answer: dict[str, Any]) -> Outcome:
    """What an answer says. An e-way bill that exists is answered 409 with its number.

    What the client refused itself, or gave up, is refused whatever its status.
    """
    if answer.get("client_side") or answer.get("given_up"):
        return Outcome.REFUSED
    status = answer["status"]
    if status == 201:
        return Outcome.CREATED
    if status == 200:
        return Outcome.EXISTING
    if status == 409 and _NUMBER_OF_WHAT_EXISTS.get(answer.get("code", "")) in answer:
        return Outcome.EXISTING
    if status == ANSWERED_AGAIN or status >= 500:
        return Outcome.TO_SEND_AGAIN
    return Outcome.REFUSED
