"""Brings the schema to its newest version: numbered files, each applied once, all or none."""

from importlib.resources import files

import asyncpg

_LOCK = "SELECT pg_advisory_xact_lock(1, 2)"
_LEDGER = """CREATE TABLE IF NOT EXISTS schema_migration (
    name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"""


def migrations() -> list[tuple[str, str]]:
    """Every migration as (name, SQL), in order."""
    folder = files("ingest").joinpath("migrations")
    sources = (entry for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return sorted((source.name.removesuffix(".sql"), source.read_text()) for source in sources)


async def migrate(dsn: str) -> list[str]:
    """Applies what is missing and answers its names; concurrent callers wait for each other."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute(_LOCK)
            await connection.execute(_LEDGER)
            done = {
                row["name"] for row in await connection.fetch("SELECT name FROM schema_migration")
            }
            missing = [(name, sql) for name, sql in migrations() if name not in done]
            for name, sql in missing:
                await connection.execute(sql)
                await connection.execute("INSERT INTO schema_migration (name) VALUES ($1)", name)
    finally:
        await connection.close()
    return [name for name, _ in missing]
