"""PDUs of SMPP 3.4 as they are on the wire; what is in a submit_sm or deliver_sm is smpp34's."""

import asyncio
import struct
from enum import IntEnum
from typing import Final, NamedTuple

from ingest import sms_limits
from sms.smpp.settings import SmppSettings

_HEADER: Final = struct.Struct("!IIII")
_VERSION: Final = 0x34
_RESPONSE: Final = 0x80000000


class Command(IntEnum):
    """The commands a transceiver sends or takes."""

    GENERIC_NACK = 0x80000000
    SUBMIT_SM = 0x00000004
    DELIVER_SM = 0x00000005
    UNBIND = 0x00000006
    BIND_TRANSCEIVER = 0x00000009
    OUTBIND = 0x0000000B
    ENQUIRE_LINK = 0x00000015
    ALERT_NOTIFICATION = 0x00000102


class Status(IntEnum):
    """Of the statuses those that are told apart here; an SMSC has some of its own."""

    ESME_ROK = 0x00
    ESME_RINVCMDLEN = 0x02
    ESME_RINVCMDID = 0x03
    ESME_RINVBNDSTS = 0x04
    ESME_RSYSERR = 0x08
    ESME_RINVSRCADR = 0x0A
    ESME_RINVDSTADR = 0x0B
    ESME_RBINDFAIL = 0x0D
    ESME_RINVPASWD = 0x0E
    ESME_RINVSYSID = 0x0F
    ESME_RMSGQFUL = 0x14
    ESME_RSUBMITFAIL = 0x45
    ESME_RTHROTTLED = 0x58
    ESME_RX_T_APPN = 0x64
    ESME_RX_P_APPN = 0x65


class Tag(IntEnum):
    """Optional parameters of a deliver_sm that are read."""

    RECEIPTED_MESSAGE_ID = 0x001E
    USER_MESSAGE_REFERENCE = 0x0204
    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class Pdu(NamedTuple):
    """A PDU: its header's fields, and all of its octets."""

    command: int
    status: int
    sequence: int
    octets: bytes

    @property
    def body(self) -> bytes:
        """What follows the header."""
        return self.octets[_HEADER.size :]

    @property
    def is_response(self) -> bool:
        """Whether it answers a request of ours."""
        return self.command >= _RESPONSE


class MalformedError(Exception):
    """Where a PDU ends cannot be known any more; `status` says it to the other side."""

    def __init__(self, status: Status, sequence: int) -> None:
        super().__init__(status.name)
        self.status = status
        self.sequence = sequence


async def read_pdu(reader: asyncio.StreamReader) -> Pdu:
    """The next PDU. Raises MalformedError for a length below a header's or beyond
    `SMPP_PDU_BYTES_MAX`, asyncio.IncompleteReadError and OSError when the link ended."""
    header = await reader.readexactly(_HEADER.size)
    length, command, status, sequence = _HEADER.unpack(header)
    if not _HEADER.size <= length <= sms_limits.SMPP_PDU_BYTES_MAX:
        raise MalformedError(Status.ESME_RINVCMDLEN, sequence)
    body = await reader.readexactly(length - _HEADER.size)
    return Pdu(command, status, sequence, header + body)


def write_pdu(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    """The octets of a PDU."""
    return _HEADER.pack(_HEADER.size + len(body), command, status, sequence) + body


def response_to(pdu: Pdu, status: Status) -> bytes:
    """The octets of the response to a request; deliver_sm_resp has an empty message_id."""
    body = b"\0" if pdu.command == Command.DELIVER_SM else b""
    return write_pdu(pdu.command | _RESPONSE, status, pdu.sequence, body)


def bind_body(settings: SmppSettings) -> bytes:
    """The body of a bind_transceiver, for whatever addresses the SMSC has for this system."""
    names = (settings.system_id, settings.password, settings.system_type)
    texts = b"".join(name.encode("ascii") + b"\0" for name in names)
    return texts + bytes((_VERSION, 0, 0)) + b"\0"


def message_id_of(response: Pdu) -> str:
    """The message_id of a submit_sm_resp, as the SMSC wrote it."""
    return response.body.partition(b"\0")[0].decode("latin-1")


def status_name(status: int) -> str:
    """What to call a status: an SMSC's own by its number."""
    try:
        return Status(status).name
    except ValueError:
        return f"status {status:#x}"
