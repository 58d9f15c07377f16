"""By what a message delivered again is known to be the same: a deliver_sm has no message id."""

import hashlib
from datetime import UTC, datetime
from typing import Final, NamedTuple

from ingest import sms_limits
from ingest.sms_parts import Whole
from sms.smpp.deliveries import Delivery

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DIGEST_BYTES: Final = 16


class Identity(NamedTuple):
    """`message_id` names a message; delivered again it has the same, or has it in `earlier_ids`.
    `words` is the same whenever it came. Each is 32 hexadecimal digits."""

    words: str
    message_id: str
    earlier_ids: tuple[str, ...]


def identity_of(delivery: Delivery, at: datetime) -> Identity:
    """The identity of a message that came at an instant.

    With an id of the SMSC's own (receipted_message_id), or a reference (user_message_reference) and
    the same words, it is the same message for as long as its id is kept. Without either the same
    words between the same numbers are the same message for `SAME_FOR` at least, and for less
    than twice that: it has an id for each such span of time, and the one before is an earlier one.
    """
    source, destination = delivery.source.encode(), delivery.destination.encode()
    if delivery.smsc_id:
        return _for_ever(_digest(b"id", source, destination, delivery.smsc_id.encode()))
    coding = bytes((delivery.data_coding,))
    words = _digest(b"", source, destination, coding, delivery.payload, delivery.reference)
    return _for_ever(words) if delivery.reference else _for_a_while(words, at)


def identity_of_whole(whole: Whole) -> Identity:
    """The identity of a long message: of its words and its reference, for `SAME_FOR` from when
    it was whole. Its parts say when that was however often they are delivered."""
    first = whole.parts[0]
    reference = first.reference.to_bytes(4)
    fields = (part.data_coding.to_bytes(2) + part.payload for part in whole.parts)
    words = _digest(b"parts", first.source.encode(), first.destination.encode(), reference, *fields)
    return _for_a_while(words, whole.at)


def _for_ever(words: str) -> Identity:
    return Identity(words, words, ())


def _for_a_while(words: str, at: datetime) -> Identity:
    span = (at - _EPOCH) // sms_limits.SAME_FOR
    now, before = (_digest(words.encode(), each.to_bytes(8)) for each in (span, span - 1))
    return Identity(words, now, (before,))


def _digest(*fields: bytes) -> str:
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for field in fields:
        digest.update(len(field).to_bytes(4) + field)
    return digest.hexdigest()
