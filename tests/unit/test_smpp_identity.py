"""When two deliveries are the same message."""

from datetime import UTC, datetime, timedelta

import pytest

from ingest import sms_limits
from ingest.sms_parts import Part, Whole
from sms.smpp.deliveries import Delivery
from sms.smpp.identity import Identity, identity_of, identity_of_whole

BEGIN = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
"""The first instant of a span of ten minutes."""
MICROSECOND = timedelta(microseconds=1)
SPAN = timedelta(minutes=10)


def delivery(
    *,
    source: str = "919876543210",
    destination: str = "56767",
    payload: bytes = b"EWBC 171000000144",
    reference: bytes = b"",
    smsc_id: str = "",
    data_coding: int = 0,
) -> Delivery:
    return Delivery(
        source, destination, data_coding, payload, reference, smsc_id, None, False, None
    )


def same(first: Identity, later: Identity) -> bool:
    """As whoever keeps the first's id and looks for the later's sees it."""
    return first.message_id in (later.message_id, *later.earlier_ids)


@pytest.mark.parametrize("first_at", [BEGIN, BEGIN + SPAN / 2, BEGIN + SPAN - MICROSECOND])
def test_the_same_words_are_the_same_message_for_ten_minutes(first_at: datetime) -> None:
    first = identity_of(delivery(), first_at)
    for later in (timedelta(), MICROSECOND, SPAN - MICROSECOND, SPAN):
        assert same(first, identity_of(delivery(), first_at + later))
    assert not same(first, identity_of(delivery(), first_at + 2 * SPAN))


def test_the_boundary_is_at_the_end_of_the_next_span() -> None:
    latest = BEGIN + SPAN - MICROSECOND
    first = identity_of(delivery(), latest)
    assert same(first, identity_of(delivery(), latest + SPAN))
    assert not same(first, identity_of(delivery(), latest + SPAN + MICROSECOND))
    earliest = identity_of(delivery(), BEGIN)
    assert same(earliest, identity_of(delivery(), BEGIN + 2 * SPAN - MICROSECOND))
    assert not same(earliest, identity_of(delivery(), BEGIN + 2 * SPAN))
    assert sms_limits.SAME_FOR == SPAN


@pytest.mark.parametrize(
    "other",
    [
        delivery(source="919876543211"),
        delivery(destination="56768"),
        delivery(payload=b"EWBC 171000000145"),
        delivery(data_coding=8),
        # Where one field ends and the next begins is part of it.
        delivery(source="9198765432105", destination="6767"),
        delivery(reference=b"\0\1"),
        delivery(smsc_id="1"),
    ],
)
def test_whatever_differs_makes_another_message(other: Delivery) -> None:
    assert not same(identity_of(delivery(), BEGIN), identity_of(other, BEGIN))


def test_a_reference_or_an_id_makes_it_the_same_whenever_it_comes() -> None:
    for told in (delivery(reference=b"\0\1"), delivery(smsc_id="A1")):
        first, later = (identity_of(told, at) for at in (BEGIN, BEGIN + timedelta(hours=23)))
        assert first == later
        assert first.earlier_ids == ()
    assert not same(
        identity_of(delivery(reference=b"\0\1"), BEGIN),
        identity_of(delivery(reference=b"\0\2"), BEGIN),
    )
    # By an id of its own a message is known whatever its words have become on the way.
    assert same(
        identity_of(delivery(smsc_id="A1"), BEGIN),
        identity_of(delivery(smsc_id="A1", payload=b"?"), BEGIN),
    )


def test_a_long_message_is_the_same_by_its_reference_and_words() -> None:
    parts = [Part("919876543210", "56767", 7, 2, each, 0, b"words") for each in (1, 2)]

    def whole(*of: Part, at: datetime = BEGIN) -> Identity:
        return identity_of_whole(Whole(of, at, ()))

    first = whole(*parts)
    assert first == whole(*parts)
    assert same(first, whole(*parts, at=BEGIN + SPAN))
    assert not same(first, whole(*parts, at=BEGIN + 2 * SPAN))
    assert not same(first, whole(parts[0], parts[1]._replace(payload=b"other")))
    assert not same(first, whole(*(part._replace(reference=8) for part in parts)))
    # The cut is part of it.
    assert not same(
        first, whole(parts[0]._replace(payload=b"word"), parts[1]._replace(payload=b"swords"))
    )


def test_an_id_is_32_hexadecimal_digits() -> None:
    for text in identity_of(delivery(smsc_id="x" * 64), BEGIN)[:2]:
        assert len(bytes.fromhex(text)) == 16
