"""What is shown over HTTP of messages owed by SMS."""

from datetime import datetime

from msgspec import Struct

from ingest.owed_messages import DeadLetter
from validators.calendar import INDIA, india_time

_DIGITS_SHOWN = 4


class DeadLetterView(Struct):
    """A message that will not be delivered, and why. `to` shows the last four digits of its number;
    `sent_at` is when a carrier took it, null if none ever did."""

    message_id: str
    kind: str
    to: str
    ebn: str | None
    created_at: datetime
    attempts: int
    sent_at: datetime | None
    dead_at: datetime
    reason: str


class DeadLetterList(Struct):
    """A page of dead letters; `next_cursor` asks for the next, null at the end."""

    items: list[DeadLetterView]
    next_cursor: str | None


def dead_letter_view(letter: DeadLetter) -> DeadLetterView:
    """A dead letter; instants are shown on India's clock."""
    hidden = len(letter.mobile) - _DIGITS_SHOWN
    return DeadLetterView(
        str(letter.message_id),
        letter.kind,
        "*" * hidden + letter.mobile[hidden:],
        str(letter.ebn) if letter.ebn is not None else None,
        letter.created_at.astimezone(INDIA),
        letter.attempts,
        india_time(letter.sent_at),
        letter.dead_at.astimezone(INDIA),
        letter.dead_reason,
    )
