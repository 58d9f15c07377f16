"""Fields that several forms have, with their checks."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
UNREGISTERED: Final = "URP"


def _checked(gstin: str) -> str:
    total = 0
    for position, character in enumerate(gstin[:14]):
        quotient, remainder = divmod(_ALPHABET.index(character) * (1 + position % 2), 36)
        total += quotient + remainder
    if _ALPHABET[-total % 36] != gstin[14]:
        raise ValueError("the check character is wrong")
    return gstin


def _party(gstin: str) -> str:
    return gstin if gstin == UNREGISTERED else _checked(gstin)


_GSTIN: Final = r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z]"

Gstin = Annotated[str, StringConstraints(pattern=rf"^{_GSTIN}$"), AfterValidator(_checked)]
Party = Annotated[
    str, StringConstraints(pattern=rf"^({_GSTIN}|{UNREGISTERED})$"), AfterValidator(_party)
]
Pin = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")]
Hsn = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}([0-9]{2}){0,2}$")]
DocumentNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/-]{1,16}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Money = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=2)]


def financial_year(day: date) -> int:
    """The year in which the financial year of a day began, on 1 April."""
    return day.year if day.month >= 4 else day.year - 1
