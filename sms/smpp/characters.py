"""The character sets of short messages, by their data_coding."""

from typing import Final, Literal

from sms.alphabets import BASIC, EXTENSION, UNITS_ALONE, UNITS_JOINED, segments, septets

Charset = Literal["gsm7", "latin1", "ascii", "ucs2"]

_ESCAPE: Final = 0x1B
_EXTENDED: Final = {septet: character for character, septet in EXTENSION.items()}
_SEPTETS: Final = {character: bytes((place,)) for place, character in enumerate(BASIC)} | {
    character: bytes((_ESCAPE, septet)) for character, septet in EXTENSION.items()
}
_CODECS: Final = {"latin1": "latin-1", "ascii": "ascii", "ucs2": "utf-16-be"}
_NAMED: Final[dict[int, Charset]] = {0x01: "ascii", 0x03: "latin1", 0x08: "ucs2"}
_CLASSED: Final[tuple[Charset, ...]] = ("gsm7", "latin1", "ucs2", "latin1")
_UCS_2: Final = 0x08


def decode(octets: bytes, data_coding: int, default: Charset) -> str:
    """The text of a message's octets. Whatever they are there is one: what they do not say in
    their character set becomes a replacement character."""
    charset = _charset(data_coding, default)
    if charset == "gsm7":
        return _decode_gsm7(octets)
    return octets.decode(_CODECS[charset], errors="replace")


def encode(text: str, default: Charset) -> tuple[int, list[bytes]]:
    """The data_coding a text is sent with, and the octets of each part of it: of the SMSC's default
    character set where that and GSM-7 have all of it, else of UCS-2."""
    if septets(text) is None:
        return _UCS_2, [part.encode(_CODECS["ucs2"], errors="replace") for part in segments(text)]
    if default == "gsm7":
        return 0, [b"".join(map(_SEPTETS.__getitem__, part)) for part in segments(text)]
    try:
        return 0, [part.encode(_CODECS[default]) for part in segments(text)]
    except UnicodeEncodeError:
        # GSM-7 has no surrogate pairs that a cut could part.
        width = UNITS_ALONE if len(text) <= UNITS_ALONE else UNITS_JOINED
        parts = [text[begin : begin + width] for begin in range(0, len(text), width)]
        return _UCS_2, [part.encode(_CODECS["ucs2"]) for part in parts]


def _charset(data_coding: int, default: Charset) -> Charset:
    """SMPP 3.4's own codes, and beyond them those of GSM 03.38, which have a class in them."""
    if data_coding == 0:
        return default
    if data_coding < 0x10:
        return _NAMED.get(data_coding, "latin1")
    match data_coding >> 4:
        case group if group < 0x4:
            return _CLASSED[data_coding >> 2 & 3]
        case 0xC | 0xD:
            return "gsm7"
        case 0xE:
            return "ucs2"
        case 0xF:
            return "latin1" if data_coding & 4 else "gsm7"
        case _:
            return "latin1"


def _decode_gsm7(octets: bytes) -> str:
    text, escaped = [], False
    for octet in octets:
        if escaped:
            # An unknown extension is shown as the character itself, GSM 03.38.
            text.append(_EXTENDED.get(octet) or _basic(octet))
            escaped = False
        elif octet == _ESCAPE:
            escaped = True
        else:
            text.append(_basic(octet))
    return "".join(text)


def _basic(octet: int) -> str:
    return BASIC[octet] if octet < len(BASIC) and octet != _ESCAPE else "\N{REPLACEMENT CHARACTER}"
