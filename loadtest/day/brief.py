"""What every Locust process of a day is told: one file, beside which they write their journals."""

import os
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from loadtest.day.profile import Profile

DIRECTORY: Final = "LOADTEST_DAY"
"""The environment variable that names the directory of the day."""
_FILE: Final = "day.json"


class Client(Struct):
    """Somebody enrolled: a GSTIN, or what else identifies them, and credentials."""

    id: str
    client_id: str
    client_secret: str


class Clients(Struct):
    """Everybody who is enrolled."""

    transporters: list[Client]
    erps: list[Client]
    dealers: list[Client]
    lanes: list[Client]
    recipient: Client
    officer: Client
    sms_provider: Client


class Brief(Struct):
    """The gateway, who is enrolled with it, and the run."""

    address: str
    postgres_dsn: str
    redis_url: str
    profile: Profile
    shape: list[tuple[float, float]] | None
    """None where whoever uses the web UI says how many users there are."""
    users: int
    seconds: int
    clients: Clients
    mobiles: list[tuple[str, str]]
    """Registered mobile numbers, each with the GSTIN it acts for."""

    def write(self, directory: Path) -> None:
        """Into the file that only this account reads: it holds secrets."""
        path = directory / _FILE
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode(self))


def read_brief(directory: Path) -> Brief:
    """The brief of a day's directory. Raises SystemExit where there is none."""
    try:
        return msgspec.json.decode((directory / _FILE).read_bytes(), type=Brief)
    except FileNotFoundError:
        raise SystemExit(f"{directory} is not the directory of a day") from None


def directory_told() -> Path:
    """The directory that the environment names. Raises SystemExit where it names none."""
    if not (told := os.environ.get(DIRECTORY)):
        raise SystemExit(f"{DIRECTORY} names no directory: use python -m loadtest.day")
    return Path(told)
