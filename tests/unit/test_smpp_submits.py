"""What a message is sent in."""

from datetime import timedelta

import pytest
import smpp34

from sms.carrier import Outgoing, PermanentFailure
from sms.smpp.settings import SmppSettings
from sms.smpp.submits import submits

SETTINGS = SmppSettings(
    host="smsc.example",
    system_id="gateway",
    password="secret",
)


def outgoing(
    text: str = "EBN 171000000144",
    *,
    to: str = "9876543210",
    header: str = "GWBILL",
    template_id: str | None = "1107161",
    validity: timedelta = timedelta(hours=1),
) -> Outgoing:
    return Outgoing(
        to, text, header, "1201159" if header == "GWBILL" else "", template_id, validity, "7"
    )


def sent(message: Outgoing, settings: SmppSettings = SETTINGS) -> list[smpp34.SubmitSm]:
    pdus = []
    for body in submits(message, settings, reference=0x2A):
        pdu = smpp34.decode((16 + len(body)).to_bytes(4) + bytes((0, 0, 0, 4)) + bytes(8) + body)
        assert isinstance(pdu, smpp34.SubmitSm)
        pdus.append(pdu)
    return pdus


def test_a_message_alone() -> None:
    (pdu,) = sent(outgoing())
    assert (pdu.source_addr_ton, pdu.source_addr) == (5, "GWBILL")
    assert (pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr) == (1, 1, "919876543210")
    assert (pdu.esm_class, pdu.data_coding, pdu.short_message) == (0, 0, b"EBN 171000000144")
    assert pdu.registered_delivery == 1
    assert {tlv.tag: bytes(tlv.value) for tlv in pdu.tlvs} == {
        0x1400: b"1201159",
        0x1401: b"1107161",
    }


def test_what_is_registered_goes_out_under_the_tags_set_or_not_at_all() -> None:
    (pdu,) = sent(outgoing(template_id=None))
    assert [tlv.tag for tlv in pdu.tlvs] == [0x1400]
    elsewhere = SmppSettings(
        host="smsc.example", system_id="gateway", password="",
        source_ton=3, source_npi=1, template_id_tag=0x1500,
    )  # fmt: skip
    (pdu,) = sent(outgoing(header="56767"), elsewhere)
    assert [tlv.tag for tlv in pdu.tlvs] == [0x1500]
    assert (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr) == (3, 1, "56767")


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("", [0]),
        ("x" * 160, [160]),
        ("x" * 161, [153, 8]),
        ("x" * 152 + "€" + "x" * 10, [152, 12]),
        ("अ" * 70, [140]),
        ("अ" * 71, [134, 8]),
        ("अ" * 66 + "😀" + "अ" * 10, [132, 24]),
    ],
)
def test_a_long_message_is_cut_where_it_may_be(text: str, lengths: list[int]) -> None:
    pdus = sent(outgoing(text))
    total = len(pdus)
    if total == 1:
        assert [len(pdus[0].short_message)] == lengths
        return
    for sequence, (pdu, length) in enumerate(zip(pdus, lengths, strict=True), start=1):
        assert pdu.esm_class == 0x40
        assert pdu.short_message[:6] == bytes((5, 0, 3, 0x2A, total, sequence))
        assert len(pdu.short_message) == 6 + length
        assert pdu.registered_delivery == (sequence == total)
        assert len(pdu.tlvs) == 2


@pytest.mark.parametrize(
    ("validity", "written"),
    [
        (timedelta(microseconds=1), "000000000001000R"),
        (timedelta(minutes=10), "000000001000000R"),
        (timedelta(hours=72), "000003000000000R"),
        (timedelta(days=30, seconds=86399), "000030235959000R"),
        (timedelta(days=31), "000030000000000R"),
    ],
)
def test_how_long_it_is_of_use(validity: timedelta, written: str) -> None:
    assert sent(outgoing(validity=validity))[0].validity_period == written


@pytest.mark.parametrize(
    "message",
    [
        outgoing(to="987654321"),
        outgoing(to="98765432101"),
        outgoing(to="987654321x"),
        outgoing(to="\N{DEVANAGARI DIGIT NINE}876543210"),
        outgoing(validity=timedelta()),
        outgoing("अ" * (67 * 255 + 1)),
    ],
)
def test_what_can_never_be_sent(message: Outgoing) -> None:
    with pytest.raises(PermanentFailure):
        submits(message, SETTINGS, reference=0)


def test_the_longest_there_is() -> None:
    assert len(sent(outgoing("अ" * (67 * 255)))) == 255
