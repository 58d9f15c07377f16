"""What every figure of the suite is made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loadtest.bench.rounds import Contender

GATEWAY: Final = "gateway"
"""The contender all others are there for."""

Acknowledged = Mapping[int, int]
"""Documents, by the number of the round."""
BY_SERIES: Final = """
SELECT split_part(document_number, '/', 1), count(*)
FROM eway_bill WHERE document_number LIKE $1 GROUP BY 1
"""
"""Bills whose numbers are like that, by what these begin with."""


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
    many documents each contender acknowledged in each round, and how many were at fixed rates, and
    exits if they are not on record."""

    documents: str
    connections: int
    contenders: Sequence[Contender]
    fixed_rate: FixedRate | None
    check_record: Callable[[Mapping[str, Acknowledged], int], None]


def not_to_be_recorded(acknowledged: Mapping[str, Acknowledged], at_fixed_rates: int) -> None:
    """The check of a figure that only asks."""


def expect(
    stored: Mapping[str, int], series: str, acknowledged: Acknowledged, on_their_way: int, what: str
) -> None:
    """Exits when of a round, whose documents are counted by the series with its number after it,
    fewer are stored than were acknowledged, or more than these and those that may have been on
    their way when the load ended."""
    for number, count in acknowledged.items():
        found = stored.get(f"{series}{number}", 0)
        if not count <= found <= count + on_their_way:
            raise SystemExit(
                f"{count} {what} were acknowledged in round {number}, {found} are on record"
            )
