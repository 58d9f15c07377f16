"""What is taken for granted of a country's load, and where that is from."""

import tomllib
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

_FILE: Final = Path(__file__).with_name("assumptions.toml")


class Assumption(Struct, frozen=True, forbid_unknown_fields=True):
    """A value in a unit, and why it is that; `of` is its part of the file."""

    value: float
    unit: str
    why: str
    of: str = ""


class Assumptions(dict[str, Assumption]):
    """By name; each one's value is an attribute: `assumed.bills_a_month`."""

    def __getattr__(self, name: str) -> float:
        try:
            return self[name].value
        except KeyError:
            raise AttributeError(f"nothing is assumed of {name}") from None

    def but(self, **values: float) -> "Assumptions":
        """The same with other values. Raises KeyError where there is no such assumption."""
        others = {
            name: msgspec.structs.replace(self[name], value=value) for name, value in values.items()
        }
        return Assumptions({**self, **others})


def assumptions() -> Assumptions:
    """Those of `assumptions.toml`. Raises msgspec.ValidationError when one is malformed."""
    read = tomllib.loads(_FILE.read_text("utf-8"))
    parts = msgspec.convert(read, dict[str, dict[str, Assumption]])
    return Assumptions(
        (name, msgspec.structs.replace(each, of=part))
        for part, each_of in parts.items()
        for name, each in each_of.items()
    )
