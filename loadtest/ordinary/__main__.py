"""`python -m loadtest.ordinary --database URL --secret SECRET [--workers 2]` makes its tables,
serves and prints its address. The URL is SQLAlchemy's; the secret signs the tokens."""

import argparse
import asyncio
from functools import partial

from sqlalchemy.ext.asyncio import create_async_engine

from loadtest.ordinary.app import application
from loadtest.ordinary.tables import Base
from loadtest.plain_workers import serve


async def _make_tables(database: str) -> None:
    engine = create_async_engine(database)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.ordinary")
    parser.add_argument("--database", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    asyncio.run(_make_tables(options.database))
    serve(partial(application, options.database, options.secret), options.workers)


if __name__ == "__main__":
    main()
