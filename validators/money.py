"""Money as integer paise inside, as decimal rupees with two places outside. Never a float."""

import re
from decimal import Decimal
from typing import Any, Final

VALUE_PAISE_MAX: Final = 10**15 - 1
"""The largest amount taken: Rs 9,999,999,999,999.99."""

_RUPEES: Final = re.compile(r"(-?[0-9]{1,15})(?:\.([0-9]{1,2}))?").fullmatch


class MoneyFormatError(ValueError):
    """The text is not an amount in rupees with at most two decimals."""


class Paise(int):
    """An amount in paise, decoded from decimal rupees: `"75000.00"`, `75000` or `75000.5`."""

    @classmethod
    def parse(cls, written: object) -> "Paise":
        """The amount a JSON string or number says, exactly.

        JSON numbers must arrive as int or Decimal, never as float. Raises MoneyFormatError for
        another type or form (signs other than a leading minus, underscores, blanks, more than two
        decimals even if they are zeros); range is the form's to check.
        """
        if not isinstance(written, str):
            if isinstance(written, bool) or not isinstance(written, (int, Decimal)):
                raise MoneyFormatError
            written = str(written)
        match = _RUPEES(written)
        if match is None:
            raise MoneyFormatError
        rupees, hundredths = match[1], (match[2] or "").ljust(2, "0")
        return cls(rupees + hundredths)


def rupees(paise: int) -> str:
    """Paise as decimal rupees with two places: 7500000 is "75000.00"."""
    sign = "-" if paise < 0 else ""
    whole, hundredths = divmod(abs(paise), 100)
    return f"{sign}{whole}.{hundredths:02}"


def decode_hook(kind: type, value: Any) -> Any:
    """msgspec's hook for the types of this project's forms that JSON does not know."""
    if kind is Paise:
        return Paise.parse(value)
    raise NotImplementedError(kind)


def encode_hook(value: Any) -> Any:
    """msgspec's hook for writing the same types."""
    if isinstance(value, Paise):
        return rupees(value)
    raise NotImplementedError(type(value))
