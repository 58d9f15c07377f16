"""E-way bill numbers: unique for ever, from blocks leased durably before the first is used.

A number is a month code (3 digits, 100 = July 2017) and a serial within the month (9 digits).
Months are months of UTC. A block left unfinished by a crash is never handed out again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from validators.calendar import month_code

SERIALS_PER_MONTH = 10**9
BEYOND_EVERY_NUMBER = 10**12
IDS_PER_MONTH = 10**12
"""Of what is written by the million: invoices, reads of RFID tags (`lease_ids`)."""


def first_number_of(at: datetime) -> int:
    """The lowest number of the month an instant lies in."""
    return month_code(at.astimezone(UTC)) * SERIALS_PER_MONTH


@dataclass(slots=True)
class _Block:
    month: date
    following: int
    end: int


class Numbers:
    """Hands out numbers from memory; a new block is fetched while the last quarter is used."""

    def __init__(
        self,
        lease: Callable[[date, int], Awaitable[int]],
        block_size: int,
        per_month: int = SERIALS_PER_MONTH,
    ) -> None:
        self._lease = lease
        self._per_month = per_month
        self._block_size = block_size
        self._block = _Block(date.min, 0, 0)
        self._spare: _Block | None = None
        self._returned: list[int] = []
        self._leasing: asyncio.Task[None] | None = None

    async def take(self, at: datetime) -> int:
        """A number never taken before, r1(2), of the month of `at`. Raises what the lease
        raises."""
        utc = at.astimezone(UTC)
        if self._returned and (returned := self._taken_back(utc, 1)):
            return returned[0]
        while not (taken := self._from_block(utc, 1)):
            await self._another_block(utc)
        return taken[0]

    async def take_many(self, at: datetime, count: int) -> list[int]:
        """As many numbers as asked, ascending within a block. Raises as `take`."""
        utc = at.astimezone(UTC)
        taken = self._taken_back(utc, count)
        while missing := count - len(taken):
            if following := self._from_block(utc, missing):
                taken += following
            else:
                await self._another_block(utc)
        return taken

    def give_back(self, number: int) -> None:
        """Takes back a number that certainly names nothing: its document was refused."""
        self._returned.append(number)

    def _taken_back(self, utc: datetime, most: int) -> list[int]:
        """Numbers of this month that were given back; those of other months are dropped."""
        code, found = month_code(utc), list[int]()
        while self._returned and len(found) < most:
            number = self._returned.pop()
            if number // self._per_month == code:
                found.append(number)
        return found

    def _from_block(self, utc: datetime, most: int) -> range:
        """The next numbers of the block in use, none where that is used up."""
        block = self._block
        if block.month.month != utc.month or block.month.year != utc.year:
            return range(0)
        first = block.following
        block.following = min(first + most, block.end)
        if first < block.end - self._block_size // 4 <= block.following:
            self._start_lease(block.month)
        return range(first, block.following)

    async def _another_block(self, utc: datetime) -> None:
        month = date(utc.year, utc.month, 1)
        if self._spare is not None and self._spare.month == month:
            self._block, self._spare = self._spare, None
        else:
            # Shielded: many wait for one lease, and one of them going away must not end it.
            await asyncio.shield(self._start_lease(month))

    def _start_lease(self, month: date) -> "asyncio.Task[None]":
        if self._leasing is None or self._leasing.done():
            self._leasing = asyncio.create_task(self._fetch(month))
            self._leasing.add_done_callback(_retrieve)
        return self._leasing

    async def _fetch(self, month: date) -> None:
        first = await self._lease(month, self._block_size)
        self._spare = _Block(month, first, first + self._block_size)


def _retrieve(task: "asyncio.Task[None]") -> None:
    """A lease ahead of need may fail unseen: the next number asked for leases again."""
    if not task.cancelled():
        task.exception()
