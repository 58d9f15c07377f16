"""What an SMS can carry: the alphabet of GSM 03.38 in septets, or else UCS-2 in UTF-16 units."""


def septets(text: str) -> int | None:
    """How many septets of GSM-7 a text takes; None: it cannot be said in GSM-7."""
    raise NotImplementedError


def utf16_units(text: str) -> int:
    """How many units of UTF-16 a text takes: what is beyond the basic plane takes two."""
    raise NotImplementedError


def segments(text: str) -> int:
    """In how many segments a text is sent: of 160 septets or 70 units alone, joined of 153 or 67.
    An escaped character and a surrogate pair are not split."""
    raise NotImplementedError
