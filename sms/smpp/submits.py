"""A message to send as the submit_sm it is sent in."""

from datetime import timedelta
from typing import Final

import smpp34

from sms.carrier import Outgoing, PermanentFailure
from sms.smpp.characters import encode
from sms.smpp.settings import SmppSettings

_INTERNATIONAL, _ISDN = 1, 1
_DIGITS: Final = 10
_HEADER_BYTES: Final = 16
_PARTS_MAX: Final = 255
_HAS_HEADER: Final = 0x40
_RECEIPT: Final = 1


def submits(message: Outgoing, settings: SmppSettings, reference: int) -> list[bytes]:
    """The bodies of the submit_sm of a message, in order: of a long one each begins with a header
    that joins them under the reference, an octet. The receipt is asked for on the last. Raises
    PermanentFailure for what can never be sent."""
    if not (message.to.isascii() and message.to.isdigit() and len(message.to) == _DIGITS):
        raise PermanentFailure("not a mobile number of ten digits")
    if message.validity <= timedelta():
        raise PermanentFailure("expired before it was sent")
    data_coding, parts = encode(message.text, settings.data_coding_0)
    if len(parts) > _PARTS_MAX:
        raise PermanentFailure("too long")
    joined = len(parts) > 1
    bodies = []
    for sequence, part in enumerate(parts, start=1):
        header = bytes((5, 0, 3, reference, len(parts), sequence)) if joined else b""
        sm = smpp34.SubmitSm(
            message.header,
            message.international,
            header + part,
            source_addr_ton=settings.source_ton,
            source_addr_npi=settings.source_npi,
            dest_addr_ton=_INTERNATIONAL,
            dest_addr_npi=_ISDN,
            esm_class=_HAS_HEADER if joined else 0,
            validity_period=_relative(message.validity),
            registered_delivery=_RECEIPT if sequence == len(parts) else 0,
            data_coding=data_coding,
            tlvs=_registered_under(message, settings),
        )
        bodies.append(sm.encode()[_HEADER_BYTES:])
    return bodies


def _registered_under(message: Outgoing, settings: SmppSettings) -> list[smpp34.Tlv]:
    ids = {
        settings.entity_id_tag: message.entity_id,
        settings.template_id_tag: message.template_id,
    }
    return [smpp34.Tlv(tag, registered.encode()) for tag, registered in ids.items() if registered]


def _relative(validity: timedelta) -> str:
    """A time from now in SMPP's form, in days at most; a fraction of a second is one."""
    minutes, seconds = divmod(-(-validity // timedelta(seconds=1)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days > 30:
        days, hours, minutes, seconds = 30, 0, 0, 0
    return f"0000{days:02}{hours:02}{minutes:02}{seconds:02}000R"
