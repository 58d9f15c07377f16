"""Messages owed and numbers registered, as they are in the record; a carrier for tests."""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from ingest.queries import SQL
from sms.carrier import Outgoing
from sms.wording.said import Said

MOBILE = "9845012345"
MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)


async def owed(connection: asyncpg.Connection, at: datetime, **changes: Any) -> int:
    """A reply due at an instant and for ten minutes, changed as told; answers its number."""
    row: dict[str, Any] = {
        "kind": "REPLY",
        "mobile": MOBILE,
        "reply": Said("stranger.en", "words").kept,
        "created_at": at,
        "due_at": at,
        "expires_at": at + 10 * MINUTE,
    } | changes
    columns = ", ".join(row)
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    statement = f"INSERT INTO outbox ({columns}) VALUES ({places}) RETURNING message_id"  # noqa: S608
    number: int = await connection.fetchval(statement, *row.values())
    return number


async def registered(
    connection: asyncpg.Connection,
    gstin: str,
    at: datetime,
    *notices: str,
    mobile: str = MOBILE,
    slot: int = 1,
    confirmed: bool = True,
    language: str = "en",
) -> int:
    """A number registered for a GSTIN that wants these notices; answers the registration's id."""
    number: int = await connection.fetchval(
        """INSERT INTO sms_registration (gstin, slot, mobile, role, client_id, language, notices,
               registered_at, confirmed_at)
           VALUES ($1, $2, $3, 'taxpayer', 'c', $4, $5, $6, $7) RETURNING registration_id""",
        gstin,
        slot,
        mobile,
        language,
        list(notices),
        at,
        at if confirmed else None,
    )
    return number


async def ended(
    connection: asyncpg.Connection, registration: int, at: datetime, why: str = "STOPPED"
) -> None:
    """A registration ends at an instant."""
    await connection.execute(
        """UPDATE sms_registration SET ended_at = $2, ended_by = 'SMS', ended_why = $3
           WHERE registration_id = $1""",
        registration,
        at,
        why,
    )


class TakingCarrier:
    """A carrier that does what it is told with each message: an exception is raised, a text is the
    id it answers. It takes all others, and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[Outgoing] = []
        self.does: list[Exception | str] = []
        self.open = asyncio.Event()
        self.open.set()
        self.at_once = self.most_at_once = 0

    @property
    def texts(self) -> Sequence[str]:
        return [message.text for message in self.given]

    async def send(self, message: Outgoing) -> str:
        self.given.append(message)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.open.wait()
        finally:
            self.at_once -= 1
        does = self.does.pop(0) if self.does else f"taken-{len(self.given)}"
        if isinstance(does, Exception):
            raise does
        return does


async def row_of(connection: asyncpg.Connection, message_id: int) -> asyncpg.Record | None:
    """A message as it is in the outbox."""
    return await connection.fetchrow("SELECT * FROM outbox WHERE message_id = $1", message_id)


def settled(connection: asyncpg.Connection, message_id: int) -> Callable[[], Any]:
    """A condition: the message was tried, and is not leased any more or is gone."""

    async def look() -> bool:
        row = await row_of(connection, message_id)
        return row is None or row["sent_at"] is not None or row["dead_at"] is not None

    return look


async def rows_for_nothing(connection: asyncpg.Connection, query: str, *values: Any) -> int:
    """How many rows the steps of a query come to and have no use for. It is carried out."""
    explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {SQL[query]}"
    (plan,) = json.loads(await connection.fetchval(explain, *values))
    return _for_nothing(plan["Plan"])


def _for_nothing(step: dict[str, Any]) -> int:
    dropped = [int(rows) for name, rows in step.items() if name.startswith("Rows Removed")]
    return sum(dropped) * int(step["Actual Loops"]) + sum(map(_for_nothing, step.get("Plans", ())))
