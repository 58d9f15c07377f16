"""What a person sends to change an e-way bill: a cancellation, or the recipient's answer."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from validators.errors import Fault, fault
from validators.identifiers import text_fault

REMARK_CHARACTERS_MAX: Final = 300

Remark = Annotated[str, Meta(description=f"1 to {REMARK_CHARACTERS_MAX} characters")]


class Cancellation(Struct, forbid_unknown_fields=True, kw_only=True):
    """Why an e-way bill is cancelled, in words, r1(7)."""

    reason: Remark


class Acceptance(Struct, forbid_unknown_fields=True, kw_only=True):
    """The recipient's answer, r1(9), with a remark if there is something to say."""

    decision: Literal["ACCEPTED", "REJECTED"]
    remark: Remark | None = None


def examine_cancellation(form: Cancellation) -> list[Fault]:
    """The faults of a cancellation whose shape was read."""
    return _remark_faults("/reason", form.reason)


def examine_acceptance(form: Acceptance) -> list[Fault]:
    """The faults of an answer whose shape was read."""
    return _remark_faults("/remark", form.remark)


def _remark_faults(pointer: str, text: str | None) -> list[Fault]:
    if isinstance(text, str) and (code := text_fault(text, REMARK_CHARACTERS_MAX)):
        return [fault(pointer, code)]
    return []
