"""Waiting for a condition, never for a time."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

_LOOK_SECONDS = 0.005
WAITS_FOR_TABLE = """SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'relation' AND NOT granted AND datname = current_database()"""
"""SQL: how many wait for a table that somebody has locked. Not from pg_stat_activity, which shows a
transaction that asks again what it showed at first."""


async def until(condition: Callable[[], Any], *, seconds_max: float = 30) -> Any:
    """The first truthy value of a condition, which may be a coroutine function. Raises TimeoutError
    when there is none in time."""
    async with asyncio.timeout(seconds_max):
        while True:
            value = condition()
            if inspect.isawaitable(value):
                value = await value
            if value:
                return value
            await asyncio.sleep(_LOOK_SECONDS)
