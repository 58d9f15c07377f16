"""The text as typed, on whatever keyboard, in the plain spelling that the grammar reads."""

from typing import Final

TEXT_CHARACTERS_MAX: Final = 918
"""Six joined segments of GSM-7: several times the longest message."""


def plain(text: str) -> str:
    """A text in upper case, with its words one space apart, in ASCII as far as it looks like it."""
    raise NotImplementedError
