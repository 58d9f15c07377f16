"""What an SMS can carry: the alphabet of GSM 03.38 in septets, or else UCS-2 in UTF-16 units."""

from typing import Final

BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""GSM 03.38's default alphabet: each character at the place of its septet. 0x1B is the escape."""

EXTENSION: Final = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
"""The extension table: an escape and a septet each."""

SEPTETS_ALONE: Final = 160
SEPTETS_JOINED: Final = 153
UNITS_ALONE: Final = 70
UNITS_JOINED: Final = 67
"""What a segment holds: joined segments give six octets to the header that joins them."""

_SEPTETS: Final = dict.fromkeys(BASIC.replace("\x1b", ""), 1) | dict.fromkeys(EXTENSION, 2)
_BEYOND_UCS_2: Final = "\uffff"


def septets(text: str) -> int | None:
    """How many septets of GSM-7 a text takes; None: it cannot be said in GSM-7."""
    total = 0
    for character in text:
        if not (width := _SEPTETS.get(character)):
            return None
        total += width
    return total


def utf16_units(text: str) -> int:
    """How many units of UTF-16 a text takes: what is beyond the basic plane takes two."""
    return len(text) + sum(character > _BEYOND_UCS_2 for character in text)


def segments(text: str) -> list[str]:
    """The text in the parts it is sent in: of 160 septets or 70 units alone, joined of 153 or 67.
    An escaped character and a surrogate pair are not split. An empty text is one empty part."""
    if (total := septets(text)) is not None:
        return [text] if total <= SEPTETS_ALONE else _split(text, SEPTETS_JOINED, _SEPTETS)
    if utf16_units(text) <= UNITS_ALONE:
        return [text]
    pairs = {character: 2 for character in text if character > _BEYOND_UCS_2}
    return _split(text, UNITS_JOINED, pairs)


def _split(text: str, width_max: int, widths: dict[str, int]) -> list[str]:
    """Cuts a text where the next character would not fit; what has no width given takes one."""
    parts, begin, width = [], 0, 0
    for position, character in enumerate(text):
        wide = widths.get(character, 1)
        if width + wide > width_max:
            parts.append(text[begin:position])
            begin, width = position, 0
        width += wide
    return [*parts, text[begin:]]
