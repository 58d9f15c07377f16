"""Contenders measured in turn, round by round, never two at once: A B C, A B C and so on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

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


@dataclass(slots=True)
class Turns:
    """What one contender did: its rates, documents a second, in the order of the rounds; what
    these rounds took; and what was acknowledged, warm-ups included."""

    rates: list[float] = field(default_factory=list)
    documents: int = 0
    took: Footprint | None = None
    acknowledged: int = 0


def in_turn(
    contenders: Sequence[Contender],
    rounds: int,
    warm_ups: int,
    measure: Callable[[str], Footprint],
    tell: Callable[[int, dict[str, float]], None],
) -> dict[str, Turns]:
    """Every contender's turns. `measure` takes a footprint of one of them, `tell` is told the rates
    of each round when it is over."""
    turns = {one.name: Turns() for one in contenders}
    for number in range(1 - warm_ups, rounds + 1):
        rates = {}
        for contender in contenders:
            timed = contender.prepare(number)
            before = measure(contender.name)
            done = timed()
            took = measure(contender.name).since(before)
            rates[contender.name] = done.documents / done.seconds
            _count(turns[contender.name], done, took, counted=number > 0)
        tell(number, rates)
    return turns


def _count(turns: Turns, done: Done, took: Footprint, *, counted: bool) -> None:
    turns.acknowledged += done.documents
    if counted:
        turns.rates.append(done.documents / done.seconds)
        turns.documents += done.documents
        turns.took = took if turns.took is None else turns.took.and_of(took)
