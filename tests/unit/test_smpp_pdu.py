"""PDUs on the wire."""

import asyncio
import struct

import pytest

from ingest import sms_limits
from sms.smpp.pdu import (
    Command,
    MalformedError,
    Pdu,
    Status,
    message_id_of,
    read_pdu,
    response_to,
    status_name,
    write_pdu,
)


def reader(octets: bytes) -> asyncio.StreamReader:
    stream = asyncio.StreamReader()
    stream.feed_data(octets)
    stream.feed_eof()
    return stream


@pytest.mark.parametrize("length", [16, 17, sms_limits.SMPP_PDU_BYTES_MAX])
async def test_what_is_written_is_read(length: int) -> None:
    body = b"x" * (length - 16)
    octets = write_pdu(Command.DELIVER_SM, 0, 7, body)
    pdu = await read_pdu(reader(octets + octets))
    assert pdu == Pdu(Command.DELIVER_SM, 0, 7, octets)
    assert pdu.body == body


@pytest.mark.parametrize("length", [0, 15, sms_limits.SMPP_PDU_BYTES_MAX + 1, 2**32 - 1])
async def test_a_length_that_cannot_be_is_malformed(length: int) -> None:
    with pytest.raises(MalformedError) as raised:
        await read_pdu(reader(struct.pack("!IIII", length, 5, 0, 9)))
    assert (raised.value.status, raised.value.sequence) == (Status.ESME_RINVCMDLEN, 9)


async def test_an_end_within_a_pdu_is_an_end() -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        await read_pdu(reader(struct.pack("!IIII", 17, 5, 0, 9)))


def test_the_response_to_a_delivery_has_an_empty_message_id() -> None:
    delivery = Pdu(Command.DELIVER_SM, 0, 9, b"")
    assert response_to(delivery, Status.ESME_RX_T_APPN) == struct.pack(
        "!IIIIB", 17, 0x80000005, 0x64, 9, 0
    )
    enquiry = Pdu(Command.ENQUIRE_LINK, 0, 9, b"")
    assert response_to(enquiry, Status.ESME_ROK) == struct.pack("!IIII", 16, 0x80000015, 0, 9)


@pytest.mark.parametrize(
    ("body", "message_id"), [(b"0A1F\0", "0A1F"), (b"0A1F", "0A1F"), (b"", ""), (b"\xff\0", "ÿ")]
)
def test_the_id_of_what_was_submitted(body: bytes, message_id: str) -> None:
    assert message_id_of(Pdu(0x80000004, 0, 1, bytes(16) + body)) == message_id


def test_an_smsc_has_statuses_of_its_own() -> None:
    assert status_name(0x58) == "ESME_RTHROTTLED"
    assert status_name(0x401) == "status 0x401"
