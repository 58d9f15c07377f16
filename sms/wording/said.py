"""A text that is said: which template it is of, its variables filled in, within the limits."""

from typing import Final, NamedTuple

import msgspec

from sms.alphabets import BASIC, EXTENSION, SEPTETS_ALONE, UNITS_JOINED, septets, utf16_units
from sms.wording.english import ENGLISH
from sms.wording.hindi import HINDI
from validators.sms_number import Language

SEPTETS_MAX: Final = SEPTETS_ALONE
"""English: one segment of GSM-7."""

UNITS_MAX: Final = 2 * UNITS_JOINED
"""Hindi: two joined segments of UCS-2, in units of UTF-16."""

TEMPLATES: Final = {Language.ENGLISH: ENGLISH, Language.HINDI: HINDI}
"""Every text in every language, by its name. A variable stands in braces."""

WRITTEN_CHARACTERS_MAX: Final = 30
"""Of what somebody wrote, this much is said back at most: what a variable holds in DLT."""

_CUT: Final = ".."
_CUT_FIRST: Final = (
    "written", "gstins", "document", "by", "transporter", "gstin", "subject", "named", "vehicle",
)  # fmt: skip
"""What is cut where a text would be too long. Of these only the first ever is so long, unless what
is not sound was recorded."""

_GSM_7: Final = frozenset(BASIC + "".join(EXTENSION)) - frozenset("\n\r\f\x1b")
_DEVANAGARI: Final = frozenset(map(chr, range(0x0900, 0x0980)))
_HARMLESS: Final = {Language.ENGLISH: _GSM_7, Language.HINDI: _GSM_7 | _DEVANAGARI}


class Said(NamedTuple):
    """One text to be sent. `template` names what an operator registered: `generated.en`."""

    template: str
    text: str

    @property
    def kept(self) -> bytes:
        """As a reply is kept with the message it answers."""
        return msgspec.json.encode(self)


_read_kept: Final = msgspec.json.Decoder(Said).decode


def said_of(kept: bytes) -> Said:
    """A reply as it was kept."""
    return _read_kept(kept)


def said(name: str, language: Language, **values: str) -> Said:
    """A template filled in, within the limit of its language whatever the values are: what does
    not fit is cut from them, never from the template. They hold no control character and
    nothing that would change the alphabet."""
    template = TEMPLATES[language][name]
    shown = {each: _harmless(value, language) for each, value in values.items()}
    text = template.format_map(shown)
    for each in filter(shown.get, _CUT_FIRST):
        if fits(text, language):
            break
        kept = shown[each]
        while kept and not fits(text, language):
            kept = kept[:-1]
            text = template.format_map(shown | {each: kept + _CUT})
        shown[each] = kept + _CUT
    return Said(f"{name}.{language}", text)


def fits(text: str, language: Language) -> bool:
    """Whether a text is within the limit of its language, and in its alphabet."""
    if language is Language.HINDI:
        return utf16_units(text) <= UNITS_MAX
    width = septets(text)
    return width is not None and width <= SEPTETS_MAX


def shortened(written: str) -> str:
    """The beginning of what somebody wrote, of at most `WRITTEN_CHARACTERS_MAX` characters."""
    if len(written) <= WRITTEN_CHARACTERS_MAX:
        return written
    return written[: WRITTEN_CHARACTERS_MAX - len(_CUT)] + _CUT


def _harmless(value: str, language: Language) -> str:
    harmless = _HARMLESS[language]
    return "".join(
        character if character in harmless else "?" for character in value[: 2 * SEPTETS_MAX]
    )
