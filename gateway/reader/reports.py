"""The tags in a tag report (RO_ACCESS_REPORT, LLRP 1.0.1), as upper-case hex of the whole EPC.

sllurp decodes a report, too, but hands on as a shorter EPC what an inner length has cut off, and
does not look at how many bits the reader says there are. A tag is an identity: here it is whole or
the report is damaged.
"""

import struct
from collections.abc import Iterator
from typing import Final

RO_ACCESS_REPORT: Final = 61
HEADER: Final = struct.Struct("!HII")
"""Of a message: version and type, length in bytes with this header, message id."""
TYPE_BITS: Final = 0x3FF

_TLV: Final = struct.Struct("!HH")
_BITS: Final = struct.Struct("!H")
_TAG_REPORT_DATA: Final = 240
_EPC_DATA: Final = 241
_EPC_96: Final = 0x80 | 13
_EPC_96_BYTES: Final = 12
_EPC_BITS_MAX: Final = 496
_EPC_WORD_BITS: Final = 16
"""A tag keeps its EPC in words, and says its length in words."""


class DamagedMessage(ValueError):
    """A message of the reader that is not what LLRP says it should be."""


def tags_of(report: bytes) -> list[str]:
    """The tags in one whole RO_ACCESS_REPORT message, in its order. None has an empty EPC.

    Raises DamagedMessage; then none of its tags is believed.
    """
    return [tag for epc in _reported(report[HEADER.size :]) if (tag := epc.hex().upper())]


def _reported(body: bytes) -> Iterator[bytes]:
    while body:
        kind, data, body = _parameter(body)
        if kind == _TAG_REPORT_DATA:
            yield _epc(data)


def _parameter(body: bytes) -> tuple[int, bytes, bytes]:
    """The first parameter, which must be one with a length: its type, content, and what follows."""
    if len(body) < _TLV.size:
        raise DamagedMessage(f"{len(body)} bytes are left, too few for a parameter")
    kind, length = _TLV.unpack_from(body)
    if not _TLV.size <= length <= len(body):
        raise DamagedMessage(f"a parameter of {length} bytes where {len(body)} are left")
    return kind & TYPE_BITS, body[_TLV.size : length], body[length:]


def _epc(data: bytes) -> bytes:
    """The EPC comes first in TagReportData: as EPC-96, or as EPCData where it is not 96 bits."""
    if data[:1] == bytes([_EPC_96]):
        if len(data) <= _EPC_96_BYTES:
            raise DamagedMessage("an EPC of 96 bits is cut off")
        return data[1 : 1 + _EPC_96_BYTES]
    kind, content, _ = _parameter(data)
    if kind != _EPC_DATA:
        raise DamagedMessage(f"a tag report begins with a parameter {kind}, not with an EPC")
    if len(content) < _BITS.size:
        raise DamagedMessage("an EPC without its length")
    (bits,) = _BITS.unpack_from(content)
    epc = content[_BITS.size :]
    if bits > _EPC_BITS_MAX or bits % _EPC_WORD_BITS or len(epc) * 8 != bits:
        raise DamagedMessage(f"an EPC of {bits} bits in {len(epc)} bytes")
    return epc
