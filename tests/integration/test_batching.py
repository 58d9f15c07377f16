"""The batcher: nobody waits without need, nobody is forgotten, everybody gets their own answer."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Hashable, Sequence

import pytest

from ingest.batching import Batcher
from tests.waiting import until
from validators.errors import Refusal

BOUND_S = 5.0


class Runner:
    """What a batcher runs: records every batch, and holds it until told to go on."""

    def __init__(self, *, held: bool = False) -> None:
        self.batches: list[list[str]] = []
        self.gate = asyncio.Event()
        if not held:
            self.gate.set()

    async def __call__(self, batch: list[str]) -> Sequence[str | Exception]:
        self.batches.append(batch)
        await self.gate.wait()
        return [answer(item) for item in batch]

    def has_begun(self, batches: int) -> Callable[[], bool]:
        """Whether that many batches have begun."""
        return lambda: len(self.batches) >= batches

    def batcher(
        self,
        *,
        batch_max: int = 100,
        waiting_max: int = 1000,
        lanes: int = 1,
        apart: bool = False,
    ) -> Batcher[str, str]:
        """Items begin with the letters that are their keys of `apart`."""
        return Batcher(
            self,
            batch_max=batch_max,
            waiting_max=waiting_max,
            lanes=lanes,
            apart=keys if apart else None,
        )


def keys(item: str) -> tuple[Hashable, ...]:
    """The lower-case letters of an item."""
    return tuple(letter for letter in item if letter.islower())


def answer(item: str) -> str | Exception:
    return ValueError(item) if item.endswith("!") else f"<{item}>"


async def turns(count: int) -> None:
    """Lets everything else run for some turns of the event loop."""
    for _ in range(count):
        await asyncio.sleep(0)


def submit_all(batcher: Batcher[str, str], items: Sequence[str]) -> list[asyncio.Task[str]]:
    async def submitted(item: str) -> str:
        return await batcher.submit(item)

    return [asyncio.create_task(submitted(item)) for item in items]


async def test_a_lone_item_does_not_wait() -> None:
    runner = Runner()
    batcher = runner.batcher()
    for item in ("1", "2", "3"):
        assert await batcher.submit(item) == f"<{item}>"
    assert runner.batches == [["1"], ["2"], ["3"]]


@pytest.mark.parametrize("lanes", [1, 2])
async def test_items_gather_in_order_while_the_lanes_are_busy(lanes: int) -> None:
    runner = Runner(held=True)
    batcher = runner.batcher(lanes=lanes)
    first = []
    for lane in range(lanes):
        first += submit_all(batcher, [f"first{lane}"])
        await until(runner.has_begun(lane + 1))
    later = submit_all(batcher, [str(number) for number in range(50)])
    await until(lambda: batcher.waiting == 50)
    assert len(runner.batches) == lanes
    runner.gate.set()
    assert await asyncio.gather(*first, *later) == [
        *(f"<first{lane}>" for lane in range(lanes)),
        *(f"<{number}>" for number in range(50)),
    ]
    assert runner.batches[lanes:] == [[str(number) for number in range(50)]]
    assert batcher.waiting == 0


async def test_a_batch_is_never_larger_than_allowed() -> None:
    runner = Runner(held=True)
    batcher = runner.batcher(batch_max=4)
    submitted = submit_all(batcher, [str(number) for number in range(11)])
    await until(lambda: batcher.waiting + sum(map(len, runner.batches)) == 11)
    runner.gate.set()
    await asyncio.gather(*submitted)
    assert [len(batch) for batch in runner.batches] == [4, 4, 3]
    assert [item for batch in runner.batches for item in batch] == [str(n) for n in range(11)]


async def test_each_item_gets_its_own_answer_or_exception() -> None:
    batcher = Runner().batcher()
    answers = await asyncio.gather(
        *submit_all(batcher, ["1", "2!", "3", "4!"]), return_exceptions=True
    )
    assert answers[0::2] == ["<1>", "<3>"]
    assert [str(error) for error in answers[1::2]] == ["2!", "4!"]
    assert all(isinstance(error, ValueError) for error in answers[1::2])


async def test_a_batch_that_fails_fails_its_items_and_no_others() -> None:
    batches: list[list[int]] = []

    async def run(batch: list[int]) -> list[int]:
        batches.append(batch)
        await asyncio.sleep(0)
        if 1 in batch:
            raise OSError("the record is away")
        return batch

    batcher: Batcher[int, int] = Batcher(run, batch_max=2, waiting_max=10, lanes=1)
    answers = await asyncio.gather(*map(batcher.submit, range(4)), return_exceptions=True)
    failed = next(batch for batch in batches if 1 in batch)
    for item, answered in enumerate(answers):
        assert isinstance(answered, OSError) if item in failed else answered == item


async def test_too_many_waiting_are_refused() -> None:
    runner = Runner(held=True)
    batcher = runner.batcher(waiting_max=3)
    running = submit_all(batcher, ["0"])
    await until(lambda: runner.batches)
    waiting = submit_all(batcher, ["1", "2", "3"])
    await until(lambda: batcher.waiting == 3)
    with pytest.raises(Refusal) as refused:
        await batcher.submit("4")
    assert refused.value.problem.code == "OVERLOADED"
    runner.gate.set()
    assert await asyncio.gather(*running, *waiting) == ["<0>", "<1>", "<2>", "<3>"]
    assert await batcher.submit("5") == "<5>"


async def test_whoever_goes_away_spoils_nothing() -> None:
    runner = Runner(held=True)
    batcher = runner.batcher()
    submitted = submit_all(batcher, ["0"])
    await until(lambda: runner.batches)
    submitted += submit_all(batcher, ["1", "2", "3"])
    await until(lambda: batcher.waiting == 3)
    for gone in (0, 2):
        submitted[gone].cancel()
    runner.gate.set()
    answers = await asyncio.gather(*submitted, return_exceptions=True)
    assert [answers[1], answers[3]] == ["<1>", "<3>"]
    assert all(isinstance(answers[gone], asyncio.CancelledError) for gone in (0, 2))


async def test_items_apart_never_share_a_batch_and_are_not_starved() -> None:
    """One key comes forty times among a stream of others: one in each of the first batches."""
    runner = Runner(held=True)
    batcher = runner.batcher(batch_max=8, apart=True)
    items = [f"{'a' if number % 5 == 0 else ''}{number}" for number in range(200)]
    submitted = submit_all(batcher, items)
    await until(lambda: batcher.waiting + sum(map(len, runner.batches)) == 200)
    runner.gate.set()
    async with asyncio.timeout(BOUND_S):
        assert await asyncio.gather(*submitted) == [f"<{item}>" for item in items]
    kept_apart = [[item for item in batch if "a" in item] for batch in runner.batches]
    assert all(len(found) <= 1 for found in kept_apart)
    in_order = [item for found in kept_apart for item in found]
    assert in_order == [item for item in items if "a" in item]
    # While there are any, every batch takes one.
    assert all(len(found) == 1 for found in kept_apart[: len(in_order)])
    assert all(len(batch) <= 8 for batch in runner.batches)


async def test_items_apart_by_any_of_several_keys() -> None:
    runner = Runner(held=True)
    batcher = runner.batcher(apart=True)
    first = submit_all(batcher, ["0"])
    await until(lambda: runner.batches)
    later = submit_all(batcher, ["ab1", "bc2", "cd3", "4", "a5"])
    await until(lambda: batcher.waiting == 5)
    runner.gate.set()
    await asyncio.gather(*first, *later)
    for batch in runner.batches:
        assert max(Counter(key for item in batch for key in keys(item)).values(), default=0) <= 1
    assert runner.batches[1] == ["ab1", "cd3", "4"]


async def test_close_waits_for_everything_submitted() -> None:
    runner = Runner(held=True)
    batcher = runner.batcher(batch_max=2, lanes=2)
    submitted = submit_all(batcher, [str(number) for number in range(9)])
    await until(lambda: batcher.waiting + sum(map(len, runner.batches)) == 9)
    closing = asyncio.create_task(batcher.close())
    await turns(20)
    assert not closing.done()
    runner.gate.set()
    async with asyncio.timeout(BOUND_S):
        await closing
    assert batcher.waiting == 0
    assert sum(map(len, runner.batches)) == 9
    await asyncio.gather(*submitted)


@pytest.mark.parametrize("lanes", [1, 2])
async def test_no_wake_up_is_lost(lanes: int) -> None:
    """An item may be submitted at any turn of the event loop around the end of a lane: also after
    the lane saw its queue empty and before its task is finished."""
    for running, delay, burst in itertools.product(range(4), range(12), (1, 3)):

        async def run(batch: list[int], running: int = running) -> list[int]:
            await turns(running)
            return batch

        batcher: Batcher[int, int] = Batcher(run, batch_max=2, waiting_max=100, lanes=lanes)

        async def late(item: int, batcher: Batcher[int, int] = batcher, delay: int = delay) -> int:
            await turns(delay)
            return await batcher.submit(item)

        async with asyncio.timeout(BOUND_S):
            items = range(burst * 2)
            first = (batcher.submit(item) for item in items[:burst])
            assert await asyncio.gather(*first, *map(late, items[burst:])) == list(items)
            await batcher.close()


async def test_no_wake_up_is_lost_at_the_answer_itself() -> None:
    """Whoever gets an answer submits again in the very turn that the lane ends."""
    runner = Runner()
    batcher = runner.batcher()

    async def chain(name: int) -> None:
        for step in range(200):
            await batcher.submit(f"{name}-{step}")
            await turns(step % 3 if name else 0)

    async with asyncio.timeout(BOUND_S):
        await asyncio.gather(*map(chain, range(3)))
    assert sum(map(len, runner.batches)) == 600
