"""A profile: who takes part in a day, how far the goods go, how the load grows."""

import tomllib
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

PROFILE: Final = Path(__file__).with_name("profile.toml")
"""The one that is used unless another is named."""


class Persons(Struct, forbid_unknown_fields=True):
    """How many there are of each."""

    transporters: int
    erps: int
    dealers: int
    lanes: int
    sms_numbers: int


class Kind(Struct, forbid_unknown_fields=True):
    """Of one kind of user: its part of all users, tasks a second of each user, and the weight of
    each task by its name."""

    weight: int
    a_second: float
    tasks: dict[str, float]


class Erp(Kind):
    """An ERP, and how many documents it sends at once."""

    burst_documents: int


class Lane(Kind):
    """A lane, and how many lorries pass it, each of them again and again."""

    lorries: int


class Dealer(Kind):
    """A dealer, and how many lines are in one upload."""

    upload_lines: int


class Users(Struct, forbid_unknown_fields=True):
    """Every kind of user."""

    transporter: Kind
    erp: Erp
    lane: Lane
    sms: Kind
    dealer: Dealer


class Profile(Struct, forbid_unknown_fields=True):
    """Distances in kilometres; shapes as `loadtest.day.shapes` reads them."""

    distances_km: list[int]
    persons: Persons
    users: Users
    shapes: dict[str, list[tuple[float, float]]]


def read_profile(path: Path) -> Profile:
    """A profile. Raises SystemExit with what is wrong with the file."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text()), Profile)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SystemExit(f"{path}: {error}") from error
