"""Contenders measured in turn, round by round, never two at once: A B C, A B C and so on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from loadtest.bench.footprint import Footprint


class Done(NamedTuple):
    """Documents that were acknowledged, and in how many seconds."""

    documents: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Contender:
    """Whoever takes a turn: `prepare` is given the number of the round, 0 and below for those that
    only warm up, and answers what is to be timed."""

    name: str
    prepare: Callable[[int], Callable[[], Done]]


class Measuring(Protocol):
    """Takes footprints of a contender; `until_still` returns when nobody works on anything."""

    def until_still(self) -> None: ...
    def before(self, contender: str) -> Footprint: ...
    def after(self, contender: str) -> Footprint: ...


@dataclass(slots=True)
class Turns:
    """What one contender did: its rates, documents a second, in the order of the rounds; what
    these rounds took; and what was acknowledged in each turn, those that only warm up or tell a
    greatest rate included."""

    rates: list[float] = field(default_factory=list)
    documents: int = 0
    took: Footprint | None = None
    acknowledged: dict[int, int] = field(default_factory=dict)


def in_turn(
    contenders: Sequence[Contender],
    rounds: int,
    warm_ups: int,
    measuring: Measuring,
    tell: Callable[[int, dict[str, float]], None],
) -> dict[str, Turns]:
    """Every contender's turns. `tell` is told the rates of each round when it is over."""
    turns = {one.name: Turns() for one in contenders}
    for number in range(1 - warm_ups, rounds + 1):
        rates = {}
        for contender in contenders:
            timed = contender.prepare(number)
            # When the load ends, up to as many requests as it has connections are still worked on.
            measuring.until_still()
            before = measuring.before(contender.name)
            done = timed()
            took = measuring.after(contender.name).since(before)
            rates[contender.name] = done.documents / done.seconds
            _count(turns[contender.name], number, done, took)
        tell(number, rates)
    return turns


def _count(turns: Turns, number: int, done: Done, took: Footprint) -> None:
    turns.acknowledged[number] = done.documents
    if number > 0:
        turns.rates.append(done.documents / done.seconds)
        turns.documents += done.documents
        turns.took = took if turns.took is None else turns.took.and_of(took)
