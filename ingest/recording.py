"""One write transaction: what PostgreSQL stores, Redis is told of before the commit.

Every write of e-way bills and invoices goes through `Recorder.record`, so the order that keeps hot
state exact (store under locks, tell Redis, commit) stands in one place. Of invoices there is
nothing to tell.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

import asyncpg

from ingest import limits
from ingest.database import LOST, Connection, Database
from ingest.hot_state import HotState, HotStateClosing, HotStateUnreachable
from ingest.queries import SQL
from validators.errors import Refusal

Answer = TypeVar("Answer")
Item = TypeVar("Item")

_ATTEMPTS_MAX = 5


class SpoiltError(Exception):
    """An item of a batch cannot be stored with the others: each goes alone."""


@dataclass(slots=True)
class Written(Generic[Answer]):
    """What a transaction stored: one answer an item, and the keys of hot state that are
    no longer true.

    `hot_epoch` is as the write statements answer it: not positive while the hot state is closed,
    None when nothing was stored.
    """

    answers: Sequence[Answer | Exception]
    hot_epoch: int | None = None
    stale_keys: Sequence[str] = ()


class Recorder:
    """Runs write transactions against PostgreSQL and keeps hot state told."""

    def __init__(self, database: Database, hot_state: HotState) -> None:
        self._database = database
        self._hot_state = hot_state
        self._idle: list[Connection] = []
        # Those with a transaction begun by the last commit. They are used first: each was begun for
        # a call that follows, and none may stay behind holding the lock that an epoch's opening
        # waits for.
        self._begun: list[Connection] = []

    async def record(
        self,
        batch: Sequence[Item],
        write: Callable[[Connection, Sequence[Item]], Awaitable[Written[Answer]]],
        more: Callable[[], bool] = lambda: False,
    ) -> Sequence[Answer | Exception]:
        """Writes a batch in one transaction; the answers are durable on return.

        An item PostgreSQL would not take does not spoil its neighbours: then each goes alone.
        `more` tells whether another call follows at once: its transaction then begins in the round
        trip that commits this one.
        `write` may run more than once: after a deadlock, and after the hot state had to be closed.
        Raises Refusal RECORD_UNAVAILABLE when nothing was stored, OUTCOME_UNKNOWN when the commit
        was sent and not confirmed.
        """
        try:
            return await self._retried(lambda connection: write(connection, batch), more)
        except (
            asyncpg.DataError,
            asyncpg.IntegrityConstraintViolationError,
            SpoiltError,
        ) as error:
            if len(batch) == 1:
                return [error]
            return [(await self._alone(item, write))[0] for item in batch]

    async def _alone(
        self,
        item: Item,
        write: Callable[[Connection, Sequence[Item]], Awaitable[Written[Answer]]],
    ) -> Sequence[Answer | Exception]:
        try:
            return await self.record([item], write)
        except Exception as error:  # It is this one's answer; others are committed already.
            return [error]

    async def _retried(
        self,
        write: Callable[[Connection], Awaitable[Written[Answer]]],
        more: Callable[[], bool],
    ) -> Sequence[Answer | Exception]:
        for _ in range(_ATTEMPTS_MAX):
            try:
                return await self._attempt(write, more)
            except HotStateUnreachable as error:
                await self._hot_state.close_epoch(error.args[0])
            except HotStateClosing:
                await self._hot_state.wait_settled()
            except asyncpg.DeadlockDetectedError:
                continue
        raise Refusal("RECORD_UNAVAILABLE")

    async def close(self) -> None:
        """Gives the connections back."""
        while kept := self._begun or self._idle:
            connection = kept.pop()
            await _roll_back(connection)
            await self._database.release(connection)

    async def _attempt(
        self,
        write: Callable[[Connection], Awaitable[Written[Answer]]],
        more: Callable[[], bool],
    ) -> Sequence[Answer | Exception]:
        # Kept from one transaction to the next: the pool would cost half a round trip each time.
        connection = await self._connection()
        try:
            answers = await self._transaction(connection, write, more)
        except BaseException as error:
            await _roll_back(connection)
            await self._database.release(connection)
            if isinstance(error, LOST):
                raise Refusal("RECORD_UNAVAILABLE") from error
            raise
        if connection.is_in_transaction():
            self._begun.append(connection)
        elif len(self._idle) < limits.CONNECTIONS_KEPT_FOR_WRITES:
            self._idle.append(connection)
        else:
            await self._database.release(connection)
        return answers

    async def _connection(self) -> Connection:
        while kept := self._begun or self._idle:
            connection = kept.pop()
            if _is_open(connection):
                return connection
            await self._database.release(connection)
        return await self._database.acquire()

    async def _transaction(
        self,
        connection: Connection,
        write: Callable[[Connection], Awaitable[Written[Answer]]],
        more: Callable[[], bool],
    ) -> Sequence[Answer | Exception]:
        if not connection.is_in_transaction():
            await connection.execute(SQL["begin_write"])
        written = await write(connection)
        await self._tell(written)
        try:
            await connection.execute(SQL["commit_and_begin_write"] if more() else "COMMIT")
        except (*LOST, asyncpg.PostgresError) as error:
            raise Refusal("OUTCOME_UNKNOWN") from error
        return written.answers

    async def _tell(self, written: Written[Answer]) -> None:
        if written.hot_epoch is None:
            return
        if written.hot_epoch > 0:
            await self._hot_state.drop(written.hot_epoch, written.stale_keys)
        else:
            self._hot_state.require_settled(-written.hot_epoch)


def _is_open(connection: Connection) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:  # The pool has taken it back already.
        return False


async def _roll_back(connection: Connection) -> None:
    """Ends a transaction if there is one; the server does it for a connection that is lost."""
    try:
        if connection.is_in_transaction():
            await connection.execute("ROLLBACK")
    except (*LOST, asyncpg.PostgresError):
        with suppress(asyncpg.InterfaceError):  # The pool may have taken it back already.
            connection.terminate()
