"""A text that is said: which template it is of, its variables filled in, within the limits."""

from enum import StrEnum
from typing import Final, NamedTuple


class Language(StrEnum):
    """The languages of the answers."""

    ENGLISH = "en"
    HINDI = "hi"


SEPTETS_MAX: Final = 160
"""English: one segment of GSM-7."""

UNITS_MAX: Final = 134
"""Hindi: two joined segments of UCS-2, in units of UTF-16."""


class Said(NamedTuple):
    """One text to be sent. `template` names what an operator registered: `generated.en`."""

    template: str
    text: str
