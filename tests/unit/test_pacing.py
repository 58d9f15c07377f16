"""Requests begin in the order they came, a few in each round of the event loop."""

import asyncio

from gateway.pacing import Pacing
from ingest import limits

_FEW = limits.REQUESTS_BEGUN_AT_ONCE


class _Begun:
    """Which requests have begun."""

    def __init__(self) -> None:
        self.pacing = Pacing()
        self.numbers: list[int] = []

    def ask(self, first: int, count: int) -> None:
        for number in range(first, first + count):
            self.pacing.begin(lambda number=number: self.numbers.append(number))  # type: ignore[misc]


async def _one_round() -> None:
    await asyncio.sleep(0)


async def test_as_many_as_a_round_takes_begin_at_once() -> None:
    begun = _Begun()
    begun.ask(0, _FEW)
    assert begun.numbers == list(range(_FEW))


async def test_one_more_waits_for_the_next_round() -> None:
    begun = _Begun()
    begun.ask(0, _FEW + 1)
    assert len(begun.numbers) == _FEW
    await _one_round()
    assert begun.numbers == list(range(_FEW + 1))


async def test_each_round_begins_as_many_and_others_go_on_between() -> None:
    begun = _Begun()
    seen: list[int] = []

    async def goes_on() -> None:
        while len(begun.numbers) < 3 * _FEW:
            seen.append(len(begun.numbers))
            await _one_round()

    another = asyncio.create_task(goes_on())
    begun.ask(0, 3 * _FEW)
    await another
    assert begun.numbers == list(range(3 * _FEW))
    assert set(seen) == {_FEW, 2 * _FEW}


async def test_what_comes_later_does_not_overtake_what_waits() -> None:
    begun = _Begun()
    begun.ask(0, 2 * _FEW)
    await _one_round()
    begun.ask(2 * _FEW, 1)  # The round is full with those that waited.
    assert begun.numbers == list(range(2 * _FEW))
    await _one_round()
    assert begun.numbers == list(range(2 * _FEW + 1))


async def test_after_a_quiet_round_as_many_begin_at_once_again() -> None:
    begun = _Begun()
    begun.ask(0, _FEW)
    await _one_round()
    await _one_round()
    begun.ask(_FEW, _FEW)
    assert begun.numbers == list(range(2 * _FEW))
