"""One write transaction: what PostgreSQL stores, Redis is told of before the commit.

Every write of e-way bills goes through `Recorder.record`, so the order that keeps hot state exact
(lock, store, tell Redis, commit, fill) stands in one place.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

import asyncpg

from ingest.database import LOST, Connection, Database
from ingest.hot_state import (
    Entry,
    HotState,
    HotStateClosing,
    HotStateUnreachable,
    bill_key,
    vehicle_key,
)
from ingest.queries import SQL
from ingest.records import hot_value
from validators.errors import Refusal
from validators.eway_bill import EwayBill

Answer = TypeVar("Answer")

_ATTEMPTS_MAX = 5


@dataclass(slots=True)
class Written(Generic[Answer]):
    """What a transaction stored: one answer an item, and what hot state must hear of.

    `hot_epoch` is as the write statements answer it: not positive while the hot state is closed,
    None when nothing was stored.
    """

    answers: Sequence[Answer | Exception]
    hot_epoch: int | None = None
    bills: Sequence[EwayBill] = ()
    vehicles: Sequence[str] = field(default=())


class Recorder:
    """Runs write transactions against PostgreSQL and keeps hot state told."""

    def __init__(self, database: Database, hot_state: HotState) -> None:
        self._database = database
        self._hot_state = hot_state
        self._filling: set[asyncio.Task[int]] = set()

    async def record(
        self, write: Callable[[Connection], Awaitable[Written[Answer]]], at: datetime
    ) -> Sequence[Answer | Exception]:
        """Runs `write` in a transaction and commits it; the answers are durable on return.

        `write` may run more than once: after a deadlock, and after the hot state had to be closed.
        Raises Refusal RECORD_UNAVAILABLE when nothing was stored, OUTCOME_UNKNOWN when the commit
        was sent and not confirmed, and the asyncpg.DataError or IntegrityConstraintViolationError
        of a row PostgreSQL would not take.
        """
        for _ in range(_ATTEMPTS_MAX):
            try:
                return await self._attempt(write, at)
            except HotStateUnreachable as error:
                await self._hot_state.close_epoch(error.args[0])
            except HotStateClosing:
                await self._hot_state.wait_settled()
            except asyncpg.DeadlockDetectedError:
                continue
        raise Refusal("RECORD_UNAVAILABLE")

    async def close(self) -> None:
        """Waits for what is being filled."""
        await asyncio.gather(*self._filling, return_exceptions=True)

    async def _attempt(
        self, write: Callable[[Connection], Awaitable[Written[Answer]]], at: datetime
    ) -> Sequence[Answer | Exception]:
        async with self._database.connection() as connection:
            await connection.execute(SQL["begin_write"])
            try:
                written = await write(connection)
                token = await self._tell(written)
            except BaseException:
                await _roll_back(connection)
                raise
            try:
                await connection.execute("COMMIT")
            except (*LOST, asyncpg.PostgresError) as error:
                raise Refusal("OUTCOME_UNKNOWN") from error
        if token and written.hot_epoch:
            self._fill_later(written.hot_epoch, token, written.bills, at)
        return written.answers

    async def _tell(self, written: Written[Answer]) -> str | None:
        if written.hot_epoch is None:
            return None
        if written.hot_epoch <= 0:
            self._hot_state.require_settled(-written.hot_epoch)
            return None
        try:
            return await self._hot_state.reserve(
                written.hot_epoch,
                [vehicle_key(vehicle) for vehicle in written.vehicles],
                [bill_key(bill.ebn) for bill in written.bills],
            )
        except HotStateUnreachable as error:
            raise HotStateUnreachable(written.hot_epoch) from error

    def _fill_later(self, epoch: int, token: str, bills: Sequence[EwayBill], at: datetime) -> None:
        entries = [bill_entry(bill, at) for bill in bills]
        task = asyncio.create_task(self._hot_state.fill(epoch, token, entries))
        self._filling.add(task)
        task.add_done_callback(self._filling.discard)


_KEPT_AFTER_EXPIRY_SECONDS = 86_400


def bill_entry(bill: EwayBill, at: datetime) -> Entry:
    """A bill as hot state keeps it: for as long as it is valid, and a day more."""
    remaining = int((bill.valid_until - at).total_seconds())
    seconds = max(remaining, 0) + _KEPT_AFTER_EXPIRY_SECONDS
    return Entry(bill_key(bill.ebn), hot_value(bill), seconds)


async def _roll_back(connection: Connection) -> None:
    try:
        await connection.execute("ROLLBACK")
    except (*LOST, asyncpg.PostgresError):
        connection.terminate()  # The server rolls back what lost its connection.
