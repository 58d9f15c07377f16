"""PostgreSQL: the connection pool, and its errors said once in the catalogue's words."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg

from ingest import limits
from ingest.queries import SQL
from validators.errors import Refusal

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.CannotConnectNowError,
)
"""The errors by which a database that cannot be reached, or no longer, makes itself known."""


async def _nothing_to_reset(_: object) -> None:
    """No query here leaves anything on its session; asking PostgreSQL would cost a round trip."""


class Database:
    """A pool of connections to the record."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    @classmethod
    async def connect(cls, dsn: str, *, connections_max: int) -> "Database":
        """Opens the pool. Raises OSError or asyncpg's errors when the server does not answer."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=connections_max,
            timeout=limits.POSTGRES_CONNECT_SECONDS_MAX,
            command_timeout=limits.POSTGRES_COMMAND_SECONDS_MAX,
            reset=_nothing_to_reset,
            # Whatever the server's default is: an acknowledged bill is on disk (invariant 1).
            server_settings={
                "synchronous_commit": "on",
                "idle_in_transaction_session_timeout": str(
                    limits.POSTGRES_IDLE_IN_TRANSACTION_MS_MAX
                ),
                "application_name": "gateway",
            },
        )
        return cls(pool)

    async def close(self) -> None:
        """Closes every connection once it is free."""
        await self._pool.close()

    async def acquire(self) -> Connection:
        """A connection of the pool, to be released. Raises Refusal RECORD_UNAVAILABLE."""
        try:
            return await self._pool.acquire(timeout=limits.POSTGRES_CONNECT_SECONDS_MAX)
        except LOST as error:
            raise Refusal("RECORD_UNAVAILABLE") from error

    async def release(self, connection: Connection) -> None:
        """Gives a connection back; the pool replaces one that was lost."""
        await self._pool.release(connection)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection of the pool. Raises Refusal RECORD_UNAVAILABLE when the record is lost."""
        try:
            async with self._pool.acquire(
                timeout=limits.POSTGRES_CONNECT_SECONDS_MAX
            ) as connection:
                yield connection
        except LOST as error:
            raise Refusal("RECORD_UNAVAILABLE") from error

    async def fetch(self, name: str, *arguments: Any) -> list[asyncpg.Record]:
        """The rows of a named query, on its own."""
        async with self.connection() as connection:
            return await connection.fetch(SQL[name], *arguments)

    async def ping(self) -> None:
        """Raises Refusal RECORD_UNAVAILABLE unless the record answers."""
        async with self.connection() as connection:
            await connection.fetchval("SELECT 1")
