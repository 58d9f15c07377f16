"""Gathers concurrent requests into batches without making a lone one wait."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Hashable, Sequence
from typing import Generic, TypeVar

from ingest import limits
from validators.errors import Refusal

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Batcher(Generic[Item, Answer]):
    """Runs what is waiting as one batch whenever one of its lanes is free.

    A request alone starts at once; those that arrive while every lane is busy share the next
    batch, so batches grow with load by themselves. `run` gets the items in the order they came
    and answers one result or exception for each; if it raises, every item of the batch gets that
    exception. Items that have a key of `apart` in common never share a batch.
    """

    def __init__(
        self,
        run: Callable[[list[Item]], Awaitable[Sequence[Answer | Exception]]],
        *,
        batch_max: int,
        waiting_max: int,
        lanes: int,
        apart: Callable[[Item], Collection[Hashable]] | None = None,
    ) -> None:
        self._run = run
        self._batch_max = batch_max
        self._waiting_max = waiting_max
        self._lanes = lanes
        self._apart = apart
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._busy = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How many items wait for a lane."""
        return len(self._waiting)

    def submit(self, item: Item) -> "asyncio.Future[Answer]":
        """The item's result, to be awaited. Raises Refusal OVERLOADED at once when too many wait
        already."""
        if len(self._waiting) >= self._waiting_max:
            raise Refusal("OVERLOADED")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._busy < self._lanes:
            self._busy += 1
            lane = asyncio.create_task(self._drain())
            self._tasks.add(lane)
            lane.add_done_callback(self._tasks.discard)
        return future

    async def close(self) -> None:
        """Waits until everything submitted has its result."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._run_batch(self._take())
        finally:
            # Here and not when the task is done: whoever submits in between would wait for nobody.
            self._busy -= 1

    async def _run_batch(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        answers: Sequence[Answer | Exception]
        try:
            answers = await self._run([item for item, _ in batch])
            if len(answers) != len(batch):
                raise RuntimeError(f"{len(answers)} answers to {len(batch)} items")
        except BaseException as error:  # Whoever waits is told, whatever it was.
            told = error if isinstance(error, Exception) else Refusal("OUTCOME_UNKNOWN")
            answers = [told] * len(batch)
            if told is not error:
                _tell(batch, answers)
                raise
        _tell(batch, answers)

    def _take(self) -> list[tuple[Item, asyncio.Future[Answer]]]:
        if self._apart is None and len(self._waiting) <= self._batch_max:
            everything = list(self._waiting)
            self._waiting.clear()
            return everything
        batch: list[tuple[Item, asyncio.Future[Answer]]] = []
        deferred: list[tuple[Item, asyncio.Future[Answer]]] = []
        taken: set[Hashable] = set()
        while self._waiting and len(batch) < self._batch_max:
            entry = self._waiting.popleft()
            keys = self._apart(entry[0]) if self._apart else ()
            if taken.isdisjoint(keys):
                taken.update(keys)
                batch.append(entry)
            else:
                deferred.append(entry)
        self._waiting.extendleft(reversed(deferred))
        return batch


def _tell(
    batch: Sequence[tuple[Item, asyncio.Future[Answer]]], answers: Sequence[Answer | Exception]
) -> None:
    for (_, future), answer in zip(batch, answers, strict=True):
        if future.done():  # Whoever asked has gone away.
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)


class Turns:
    """A few at a time, the others in line; past `waiting_max` Refusal with the code given."""

    def __init__(self, at_once: int, waiting_max: int, code: str) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._waiting_max = waiting_max
        self._code = code
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return self._waiting

    async def __aenter__(self) -> None:
        if self._waiting >= self._waiting_max:
            raise Refusal(self._code)
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        self._free.release()


def others_turn(position: int, line: bytes) -> bool:
    """Whether other requests have their turn after a line of an upload, by its position, was
    decided."""
    return (
        position % limits.BULK_LINES_IN_ONE_GO == 0 or len(line) > limits.BULK_LINE_BYTES_IN_ONE_GO
    )
