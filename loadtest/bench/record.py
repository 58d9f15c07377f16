"""What PostgreSQL has on record, asked on a connection of its own and only between measurements."""

import asyncio

import asyncpg


def ask(dsn: str, question: str, *values: object) -> list[asyncpg.Record]:
    """The rows of one statement."""
    return asyncio.run(_ask(dsn, question, values))


def told(dsn: str, question: str, *values: object) -> int:
    """The one number a statement answers."""
    return int(ask(dsn, question, *values)[0][0])


def counted(dsn: str, question: str, *values: object) -> dict[str, int]:
    """The number of each name, where a statement answers pairs of these."""
    return {str(name): int(count) for name, count in ask(dsn, question, *values)}


async def _ask(dsn: str, question: str, values: tuple[object, ...]) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn, command_timeout=3600)
    try:
        return await connection.fetch(question, *values)
    finally:
        await connection.close()
