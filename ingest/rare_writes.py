"""The way into the record for what is rare: each is a transaction of its own, in turn.

So they never take the connections of e-way bills.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg

from ingest import limits
from ingest.batching import Turns
from ingest.database import Connection, Database
from ingest.queries import SQL
from ingest.recording import Recorder, Written
from ingest.replay import Claim, StoredAnswer, claim_all

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row about to be stored: the parameters of its statement, the answer to whoever asked, and
    the claim that keeps it."""

    row: Sequence[Any]
    answer: StoredAnswer
    claim: Claim | None


class RareWrites:
    """Writes and reads what is rare, one after the other."""

    def __init__(self, database: Database, recorder: Recorder) -> None:
        self._database = database
        self._recorder = recorder
        self._turns = Turns(
            limits.RARE_WRITES_AT_ONCE, limits.RARE_WRITES_WAITING_MAX, "OVERLOADED"
        )

    async def add(
        self, numbering: str, storing: str, made: Callable[[int], NewRow]
    ) -> StoredAnswer:
        """Stores what is `made` of a new number, with the statements of these names; answers
        once it is on disk. Raises AlreadyAnsweredError, Refusal IDEMPOTENCY_KEY_REUSED and those of
        `write`."""

        async def write(connection: Connection) -> Written[StoredAnswer]:
            new = made(await connection.fetchval(SQL[numbering]))
            (lost,) = await claim_all(connection, [new])
            if lost is not None:
                raise lost
            await connection.execute(SQL[storing], *new.row)
            return Written([new.answer])

        return await self.write(write)

    async def write(self, write: Callable[[Connection], Awaitable[Written[Answer]]]) -> Answer:
        """The one answer of what `write` wrote in a transaction of its own, once that is committed;
        what it raises ends the transaction. Raises Refusal OVERLOADED, RECORD_UNAVAILABLE or
        OUTCOME_UNKNOWN."""

        async def run(connection: Connection, _: Sequence[None]) -> Written[Answer]:
            return await write(connection)

        async with self._turns:
            (answer,) = await self._recorder.record([None], run)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def fetch(self, name: str, *arguments: Any) -> list[asyncpg.Record]:
        """The rows of a named query. Raises Refusal OVERLOADED or RECORD_UNAVAILABLE."""
        async with self._turns:
            return await self._database.fetch(name, *arguments)
