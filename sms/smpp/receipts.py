"""Delivery receipts: what became of a message sent, as the SMSC says it."""

import re
from typing import Final, NamedTuple

_STATES: Final = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
_ID: Final = re.compile(r"\bid:\s*([^\s:]+)", re.IGNORECASE)
_STATE: Final = re.compile(r"\bstat:\s*([A-Za-z]+)", re.IGNORECASE)


class Receipt(NamedTuple):
    """The SMSC's id of a message, as it is written in the receipt, and its state in the seven
    letters of SMPP 3.4's appendix B."""

    message_id: str
    state: str


def receipt_of(told_id: bytes | None, told_state: bytes | None, words: bytes) -> Receipt | None:
    """What a receipt says: by the parameters receipted_message_id and message_state, and where one
    is missing by its text, `id:... stat:...`. None when neither says it."""
    # ASCII whatever their data_coding says, or UCS-2: that is ASCII too, between zeros.
    text = words.replace(b"\0", b"").decode("latin-1")
    by_text = _ID.search(text), _STATE.search(text)
    message_id = (told_id or b"").partition(b"\0")[0].decode("latin-1")
    message_id = message_id or (by_text[0][1] if by_text[0] else "")
    state = _STATES.get(int.from_bytes(told_state or b""), "")
    state = state or (by_text[1][1].upper() if by_text[1] else "")
    return Receipt(message_id, state) if message_id and state else None
