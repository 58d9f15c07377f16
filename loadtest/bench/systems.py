"""What is measured beside each other: a gateway as its users start it, the bare endpoint, and the
ordinary implementation on a database of its own in the gateway's PostgreSQL, so that every setting
of the server is the same."""

import json
import secrets
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from loadtest.bench.record import ask
from loadtest.gateway import Gateway, Started, serving, started
from loadtest.ordinary.access import issue

PERSON: Final = "27AAPFU0939F1ZV"
_DATABASE: Final = "ordinary"


@dataclass(frozen=True, slots=True)
class Systems:
    """All of them, serving with as many workers each; and a trader who is enrolled."""

    gateway: Gateway
    bare: Started
    ordinary: Started
    ordinary_dsn: str
    _secret: str
    _trader: dict[str, str]

    def address(self, name: str) -> str:
        """That of a contender."""
        return {
            "bare": self.bare.address,
            "ordinary": self.ordinary.address,
            "gateway": self.gateway.address,
        }[name]

    def trader_token(self, name: str) -> str:
        """A token of the trader PERSON for a contender; the bare endpoint gets the gateway's."""
        if name == "ordinary":
            return self.ordinary_token(PERSON, "trader")
        return self.gateway.sign_in(self._trader)

    def ordinary_token(self, sub: str, role: str) -> str:
        """A token of the ordinary implementation."""
        return issue(self._secret, sub, role)


@contextmanager
def systems(directory: Path, workers: int) -> Iterator[Systems]:
    """Serving, with their data under a directory, until the block ends."""
    with serving(directory, workers) as gateway:
        dsn = gateway.postgres_dsn
        ask(dsn, f"CREATE DATABASE {_DATABASE}")
        url = urlsplit(dsn)._replace(path=f"/{_DATABASE}")
        engine = urlunsplit(url._replace(scheme="postgresql+asyncpg"))
        secret = secrets.token_hex(32)
        asked = ["--database", engine, "--secret", secret, "--workers", str(workers)]
        with (
            started([sys.executable, "-m", "loadtest.bench.bare", str(workers)]) as bare,
            started([sys.executable, "-m", "loadtest.ordinary", *asked]) as ordinary,
        ):
            trader = gateway.enrol("taxpayer", "--id", PERSON)
            yield Systems(gateway, bare, ordinary, urlunsplit(url), secret, trader)


def answered(address: str, token: str, body: bytes | None = None) -> Any:
    """The JSON one request is answered with: POST of a JSON body, GET without. Raises
    urllib.error.HTTPError when it is refused."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(address, body, headers)  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer)
