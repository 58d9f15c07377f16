"""What is read in a deliver_sm, whatever an SMSC sends."""

from typing import Any

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st

from sms.smpp.deliveries import Delivery, UnreadableError, read_delivery
from sms.smpp.receipts import Receipt
from tests.smsc_peer import with_header

UDHI, RECEIPT, INTERMEDIATE = 0x40, 0x04, 0x20


def deliver(octets: bytes = b"HELP", *, esm_class: int = 0, **tlvs: bytes) -> bytes:
    made = [smpp34.Tlv(int(name.removeprefix("x"), 16), value) for name, value in tlvs.items()]
    sm = smpp34.DeliverSm("919876543210", "56767", octets, esm_class=esm_class, tlvs=made)
    return sm.encode()


def read(octets: bytes) -> Delivery:
    return read_delivery(octets)


def test_a_message_alone() -> None:
    delivery = read(deliver())
    assert (delivery.source, delivery.destination, delivery.payload) == (
        "919876543210", "56767", b"HELP",
    )  # fmt: skip
    assert delivery.part() is None
    assert not delivery.is_receipt


def test_an_address_is_of_twenty_characters_at_most() -> None:
    longest = "9" * 20
    sm = smpp34.DeliverSm(longest, longest, b"HELP")
    assert read(sm.encode()).source == longest
    for addresses in ((longest + "9", longest), (longest, longest + "9")):
        with pytest.raises(UnreadableError, match="address"):
            read(smpp34.DeliverSm(*addresses, b"HELP").encode())


def test_a_long_payload_is_in_its_parameter() -> None:
    assert read(deliver(b"", x0424=b"x" * 1000)).payload == b"x" * 1000
    assert read(deliver(b"")).payload == b""


@pytest.mark.parametrize("reference", [0, 0xFF, 0x100, 0xFFFF])
def test_a_part_has_its_reference_total_and_sequence(reference: int) -> None:
    delivery = read(deliver(with_header(reference, 3, 2, b"words"), esm_class=UDHI))
    assert delivery.joined == (reference, 3, 2)
    assert delivery.payload == b"words"
    part = delivery.part()
    assert part is not None
    assert part[:2] == ("919876543210", "56767")
    tlvs: dict[str, Any] = {"x020C": reference.to_bytes(2), "x020E": b"\x03", "x020F": b"\x02"}
    assert read(deliver(b"words", **tlvs)).joined == (reference, 3, 2)


def test_a_part_may_be_in_the_payload_parameter_too() -> None:
    delivery = read(deliver(b"", esm_class=UDHI, x0424=with_header(7, 2, 1, b"words")))
    assert (delivery.joined, delivery.payload) == ((7, 2, 1), b"words")


@pytest.mark.parametrize(("total", "sequence"), [(3, 0), (3, 4), (0, 0), (1, 1)])
def test_numbers_that_join_nothing_are_passed_over(total: int, sequence: int) -> None:
    delivery = read(deliver(with_header(7, total, sequence, b"words"), esm_class=UDHI))
    assert (delivery.joined, delivery.payload) == (None, b"words")


def test_other_elements_of_the_header_are_passed_over() -> None:
    ports = b"\x05\x04\x0b\x84\x23\xf0"
    header = bytes((len(ports) + 5,)) + ports + b"\x00\x03\x07\x02\x01"
    assert read(deliver(header + b"words", esm_class=UDHI)).joined == (7, 2, 1)
    alone = read(deliver(bytes((len(ports),)) + ports + b"words", esm_class=UDHI))
    assert (alone.joined, alone.payload) == (None, b"words")
    cut = read(deliver(b"\x03\x00\x03\x07" + b"words", esm_class=UDHI))
    assert (cut.joined, cut.payload) == (None, b"words")


@pytest.mark.parametrize("octets", [b"", b"\x05", b"\x05\x00\x03\x07\x02"])
def test_a_header_longer_than_its_message_is_unreadable(octets: bytes) -> None:
    with pytest.raises(UnreadableError):
        read(deliver(octets, esm_class=UDHI))


def test_what_the_smsc_tells_messages_apart_by() -> None:
    delivery = read(deliver(x0204=b"\x01\x02", x001E=b"A1b2\0"))
    assert (delivery.reference, delivery.smsc_id) == (b"\x01\x02", "A1b2")
    assert not delivery.is_receipt


@pytest.mark.parametrize("esm_class", [0, RECEIPT, INTERMEDIATE])
def test_a_receipt_by_its_parameters(esm_class: int) -> None:
    delivery = read(deliver(b"", esm_class=esm_class, x001E=b"0A1F\0", x0427=b"\x02"))
    assert delivery.receipt == Receipt("0A1F", "DELIVRD")
    assert delivery.smsc_id == ""


@pytest.mark.parametrize(
    ("text", "receipt"),
    [
        (
            b"id:0123456789 sub:001 dlvrd:001 submit date:2611220900 done date:2611220901"
            b" stat:DELIVRD err:000 text:EBN 171000000144",
            Receipt("0123456789", "DELIVRD"),
        ),
        (b"id:a1-b2_c3.d stat:UNDELIV", Receipt("a1-b2_c3.d", "UNDELIV")),
        (b"ID: 7 STAT: expired", Receipt("7", "EXPIRED")),
        ("id:7 stat:DELIVRD".encode("utf-16-be"), Receipt("7", "DELIVRD")),
        (b"stat:DELIVRD", None),
        (b"id:7", None),
        (b"", None),
    ],
)
def test_a_receipt_by_its_text(text: bytes, receipt: Receipt | None) -> None:
    delivery = read(deliver(text, esm_class=RECEIPT))
    assert delivery.is_receipt
    assert delivery.receipt == receipt


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (1, "ENROUTE"),
        (2, "DELIVRD"),
        (3, "EXPIRED"),
        (4, "DELETED"),
        (5, "UNDELIV"),
        (6, "ACCEPTD"),
        (7, "UNKNOWN"),
        (8, "REJECTD"),
    ],
)
def test_each_state_of_a_message(state: int, word: str) -> None:
    delivery = read(deliver(esm_class=RECEIPT, x001E=b"7\0", x0427=bytes((state,))))
    assert delivery.receipt == Receipt("7", word)


def test_words_like_a_receipt_are_a_message_all_the_same() -> None:
    delivery = read(deliver(b"id:7 stat:DELIVRD"))
    assert not delivery.is_receipt
    assert delivery.receipt is None


@given(body=st.binary(max_size=120))
def test_any_octets_are_read_or_unreadable(body: bytes) -> None:
    pdu = (16 + len(body)).to_bytes(4) + b"\0\0\0\5" + b"\0\0\0\0" + b"\0\0\0\1" + body
    try:
        assert isinstance(read(pdu), Delivery)
    except UnreadableError:
        assert read(deliver()).payload == b"HELP"


@given(place=st.integers(16, 200), octet=st.integers(0, 255), cut=st.integers(0, 60))
def test_a_damaged_one_is_read_or_unreadable(place: int, octet: int, cut: int) -> None:
    whole = bytearray(deliver(with_header(7, 3, 2, b"words"), esm_class=UDHI, x0204=b"\1\2"))
    whole[min(place, len(whole) - 1)] = octet
    damaged = whole[: max(16, len(whole) - cut)]
    damaged[:4] = len(damaged).to_bytes(4)
    try:
        assert isinstance(read(bytes(damaged)), Delivery)
    except UnreadableError:
        assert len(damaged) <= len(whole)
