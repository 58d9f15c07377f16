"""The text as typed, on whatever keyboard, in the plain spelling that the grammar reads.

What only looks different is made the same. What means something else is left as it is, to be found
at fault: a superscript 2 is no 2, else 100² would be read as 1002.
"""

import unicodedata
from functools import lru_cache
from typing import Final

TEXT_CHARACTERS_MAX: Final = 918
"""Six joined segments of GSM-7: several times the longest message."""

_GREEK: Final = ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβεικνορτυχϲϹϳͿ", "ABEZHIKMNOPTYXABEIKVOPTUXCCJJ")
_CYRILLIC: Final = (
    "АВЕЅІЈКМНОРСТУХҮԚԜѴавеѕіјкмнорстухһүԛԝѵӀӏ",
    "ABESIJKMHOPCTYXYQWVABESIJKMHOPCTYXHYQWVII",
)
_DOTLESS: Final = ("ıİ", "II")
_STROKES: Final = ("\u2212\u2043\u02d7\u2044\u2215\u2571\u29f8", "---////")
_BLANKS: Final = "\u2800\u115f\u1160\u3164"
_ALIKE: Final[dict[str, str]] = {
    typed: meant
    for group in (_GREEK, _CYRILLIC, _DOTLESS, _STROKES, (_BLANKS, " " * len(_BLANKS)))
    for typed, meant in zip(*group, strict=True)
}

_JOINERS: Final = frozenset("\u034f\u180b\u180c\u180d") | {chr(c) for c in range(0xFE00, 0xFE10)}
"""Marks that change how their neighbour is drawn, and are seen no more than a zero width."""


def plain(text: str) -> str:
    """A text in upper case, its words one space apart, in ASCII as far as it looks like ASCII.

    Digits of every script, full-width forms, Greek and Cyrillic letters that look like Latin ones,
    all dashes, slashes and spaces become those of ASCII; what cannot be seen is dropped. Whatever
    else there is stays, letter by letter.
    """
    return " ".join("".join(map(_plain_character, text)).split())


@lru_cache(maxsize=4096)
def _plain_character(typed: str) -> str:
    """What one character means: one character, or none."""
    if typed.isascii() and typed.isprintable():
        return typed.upper()
    if meant := _ALIKE.get(typed):
        return meant
    category = unicodedata.category(typed)
    if typed.isspace():
        return " "
    if category in ("Cc", "Cf") or typed in _JOINERS:
        return ""
    if category == "Cs":
        return "\ufffd"
    if category == "Nd":
        return str(unicodedata.decimal(typed))
    if category == "Pd":
        return "-"
    if category == "No":
        return typed
    folded = unicodedata.normalize("NFKC", typed)
    if len(folded) != 1 or folded == typed:
        return typed
    return _plain_character(folded)
