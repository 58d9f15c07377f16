"""Reads beside what else happens at the same moment: what waits for a lock, and what holds one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg

from tests.documents import OFFICER
from tests.gateway_in_process import Gateway
from tests.reads import BILLS
from tests.waiting import until

WAITING = """SELECT pid FROM pg_stat_activity WHERE datname = current_database()
    AND wait_event_type = 'Lock' AND application_name = 'gateway'"""
Record: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def waiting(record: Record, count: int = 1) -> list[int]:
    """The gateway's backends that wait for a lock, once there are that many."""

    async def found() -> list[int]:
        await record.execute("SELECT pg_stat_clear_snapshot()")
        pids = [row["pid"] for row in await record.fetch(WAITING)]
        return pids if len(pids) >= count else []

    pids: list[int] = await until(found)
    return pids


@asynccontextmanager
async def held(record: Record, sql: str, *arguments: Any) -> AsyncIterator[None]:
    """What a statement locks is locked until the block ends."""
    async with record.transaction():
        await record.execute(sql, *arguments)
        yield


async def verified(gateway: Gateway, ebn: str) -> bool:
    """Whether a bill was verified in transit."""
    bill = (await gateway.call(OFFICER, "GET", f"{BILLS}/{ebn}")).json()
    return bill["verified_at"] is not None


def statuses(answers: Sequence[dict[str, Any]]) -> list[tuple[int, str]]:
    """Status and code of each answer; no code where it was counted."""
    return [(answer["status"], answer.get("code", "")) for answer in answers]
