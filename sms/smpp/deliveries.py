"""What is in a deliver_sm: a message, a part of a long one, or a receipt."""

from typing import Final, NamedTuple

import smpp34

from ingest.sms_parts import Part
from sms.smpp.pdu import Tag
from sms.smpp.receipts import Receipt, receipt_of

_ADDRESS_CHARACTERS_MAX: Final = 20
"""SMPP 3.4's own size."""
_HAS_HEADER: Final = 0x40
_MESSAGE_TYPE: Final = 0x3C
_RECEIPTS: Final = (0x04, 0x20)
"""A receipt, and an intermediate notification."""
_JOINED_8_BIT, _JOINED_16_BIT = (0x00, 3), (0x08, 4)
"""Elements of a user data header that join parts, with their length."""


class UnreadableError(Exception):
    """A deliver_sm that does not say what it must; delivered again it would not either."""


class Delivery(NamedTuple):
    """A deliver_sm. `reference` is what its sender or the SMSC tells it from others by, if at all;
    `smsc_id` is the SMSC's own id of it, if it gives one."""

    source: str
    destination: str
    data_coding: int
    payload: bytes
    reference: bytes
    smsc_id: str
    joined: tuple[int, int, int] | None
    """Reference, total and sequence of a part."""
    is_receipt: bool
    receipt: Receipt | None
    """None: it is no receipt, or one that does not say of what, or what."""

    def part(self) -> Part | None:
        """It as a part of a long message; None: it is whole."""
        if self.joined is None:
            return None
        return Part(self.source, self.destination, *self.joined, self.data_coding, self.payload)


def read_delivery(octets: bytes) -> Delivery:
    """Reads a deliver_sm. Raises UnreadableError."""
    try:
        sm = smpp34.decode(octets)
    except smpp34.SmppError as error:
        raise UnreadableError(str(error)) from error
    if not isinstance(sm, smpp34.DeliverSm):
        raise UnreadableError("not a deliver_sm")
    if max(len(sm.source_addr), len(sm.destination_addr)) > _ADDRESS_CHARACTERS_MAX:
        raise UnreadableError("an address of more than 20 characters")
    tlvs = {tlv.tag: bytes(tlv.value) for tlv in sm.tlvs}
    payload = sm.short_message or tlvs.get(Tag.MESSAGE_PAYLOAD, b"")
    joined = _joined_by_tlvs(tlvs)
    if sm.esm_class & _HAS_HEADER:
        header, payload = _without_header(payload)
        joined = _joined_by(header) or joined
    told = receipt_of(
        tlvs.get(Tag.RECEIPTED_MESSAGE_ID),
        tlvs.get(Tag.MESSAGE_STATE),
        payload,
    )
    # Some SMSCs do not mark their receipts; a message has no state.
    is_receipt = sm.esm_class & _MESSAGE_TYPE in _RECEIPTS or Tag.MESSAGE_STATE in tlvs
    smsc_id = "" if is_receipt else _text(tlvs.get(Tag.RECEIPTED_MESSAGE_ID, b""))
    return Delivery(
        sm.source_addr,
        sm.destination_addr,
        sm.data_coding,
        payload,
        tlvs.get(Tag.USER_MESSAGE_REFERENCE, b""),
        smsc_id,
        joined,
        is_receipt,
        told if is_receipt else None,
    )


def _joined_by_tlvs(tlvs: dict[int, bytes]) -> tuple[int, int, int] | None:
    tags = (
        Tag.SAR_MSG_REF_NUM,
        Tag.SAR_TOTAL_SEGMENTS,
        Tag.SAR_SEGMENT_SEQNUM,
    )
    reference, total, sequence = (int.from_bytes(tlvs.get(tag, b"")) for tag in tags)
    return _joined(reference & 0xFFFF, total, sequence)


def _without_header(payload: bytes) -> tuple[bytes, bytes]:
    """The elements of a user data header, and what follows it."""
    end = 1 + payload[0] if payload else 0
    if not 0 < end <= len(payload):
        raise UnreadableError("a user data header longer than the message")
    return payload[1:end], payload[end:]


def _joined_by(header: bytes) -> tuple[int, int, int] | None:
    place = 0
    while place + 2 <= len(header):
        kind, length = header[place], header[place + 1]
        element = header[place + 2 : place + 2 + length]
        place += 2 + length
        if (kind, len(element)) in (_JOINED_8_BIT, _JOINED_16_BIT):
            return _joined(int.from_bytes(element[:-2]), element[-2], element[-1])
    return None


def _joined(reference: int, total: int, sequence: int) -> tuple[int, int, int] | None:
    """None for what is no part, and for numbers that cannot be: GSM 03.40 ignores those."""
    return (reference, total, sequence) if 1 <= sequence <= total <= 255 and total > 1 else None


def _text(octets: bytes) -> str:
    return octets.partition(b"\0")[0].decode("latin-1")
