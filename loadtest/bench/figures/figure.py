"""What every figure of the suite is made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loadtest.bench.rounds import Contender

GATEWAY: Final = "gateway"
"""The contender all others are there for."""


@dataclass(frozen=True, slots=True)
class FixedRate:
    """Requests to the gateway for an open loop: where to, the n-th of a run, complete with its
    head, and the status that each must be answered."""

    address: str
    request: Callable[[int], bytes]
    status: bytes


@dataclass(frozen=True, slots=True)
class Figure:
    """Contenders, the gateway among them; what their documents are called; over how many
    connections they come; what is sent at fixed rates, if anything. `check_record` is given how
    many documents each contender acknowledged, and how many were at fixed rates, and exits if they
    are not on record."""

    documents: str
    connections: int
    contenders: Sequence[Contender]
    fixed_rate: FixedRate | None
    check_record: Callable[[Mapping[str, int], int], None]


def not_to_be_recorded(acknowledged: Mapping[str, int], at_fixed_rates: int) -> None:
    """The check of a figure that only asks."""


def expect(stored: int, acknowledged: int, what: str) -> None:
    """Exits when fewer are stored than were acknowledged."""
    if stored < acknowledged:
        raise SystemExit(f"{acknowledged} {what} were acknowledged, {stored} are on record")
