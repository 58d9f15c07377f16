"""Whether what was acknowledged is so: in PostgreSQL, and as the API tells it out of Redis.

`python -m loadtest.day.coherence DIRECTORY`, with the gateway serving and nobody changing anything,
reads every journal of a day's directory and prints what it compared. It exits with 1 if anything
disagrees.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import aiohttp
import asyncpg
from redis import asyncio as redis

from loadtest.day.brief import Brief, read_brief
from loadtest.day.documents import NAMED_BY
from loadtest.day.journal import Acknowledged, acknowledged
from loadtest.day.states import State, disagreements, of_answer, of_row

T = TypeVar("T")
_AT_ONCE: Final = 16
_IN_ONE_QUERY: Final = 5000
_VEHICLES_MAX: Final = 2000
_SHOWN_MAX: Final = 20
_ROWS: Final = """
SELECT ebn, supplier_gstin, document_number, value_paise, distance_km, generated_by, generated_at,
       valid_until, vehicle_number, cancelled_at, renewed_to, decision, verified_at
FROM eway_bill WHERE ebn = ANY($1::bigint[])
"""
_LIVE_ON: Final = """
SELECT vehicle_number, array_agg(ebn::text ORDER BY ebn) AS ebns FROM eway_bill
WHERE vehicle_number = ANY($1::text[]) AND cancelled_at IS NULL AND renewed_to IS NULL
      AND valid_until >= $2
GROUP BY vehicle_number
"""
_OF_THE_SERIES: Final = """
SELECT document_number, count(*) AS bills FROM eway_bill
WHERE left(document_number, $2) = ANY($1::text[]) GROUP BY document_number
"""
_EPOCH: Final = "SELECT epoch FROM hot_state WHERE is_open"


@dataclass
class Findings:
    """How much was compared, and every disagreement in words."""

    counted: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{count:8} {name}" for name, count in self.counted.items()]
        lines += [f"WRONG    {words}" for words in self.wrong[:_SHOWN_MAX]]
        if len(self.wrong) > _SHOWN_MAX:
            lines.append(f"         and {len(self.wrong) - _SHOWN_MAX} more")
        lines.append("NOT COHERENT" if self.wrong else "coherent")
        return "\n".join(lines)


async def check(directory: Path) -> Findings:
    """Compares everything that is in the journals of a day."""
    brief, told = read_brief(directory), acknowledged(directory)
    findings = Findings({"bills acknowledged": len(told.bills)})
    if not told.bills:
        findings.wrong.append("no bill was acknowledged: nothing is shown")
    findings.wrong += [f"{ebn} was answered for two documents" for ebn in told.twice]
    record = await asyncpg.connect(brief.postgres_dsn)
    try:
        rows = await _rows(record, told, findings)
        await _documents(record, told, findings)
        await _answers(record, brief, rows, findings)
    finally:
        await record.close()
    return findings


async def _rows(
    record: "asyncpg.Connection[asyncpg.Record]", told: Acknowledged, findings: Findings
) -> dict[int, State]:
    """Every bill that was acknowledged is on record, in the state that was answered."""
    rows: dict[int, State] = {}
    now = datetime.now(UTC)
    for some in _several(sorted(told.bills), _IN_ONE_QUERY):
        rows |= {row["ebn"]: of_row(dict(row), now) for row in await record.fetch(_ROWS, some)}
    for ebn, bill in told.bills.items():
        if ebn not in rows:
            findings.wrong.append(f"{ebn} was acknowledged and is not in PostgreSQL")
        else:
            findings.wrong += [
                f"{ebn} {words} in PostgreSQL" for words in disagreements(bill, rows[ebn])
            ]
    findings.counted["of them in PostgreSQL"] = len(rows)
    findings.counted["whose last change was not answered"] = sum(
        bill.unsure for bill in told.bills.values()
    )
    states = Counter(row.status for row in rows.values())
    findings.counted |= {f"are {status}": count for status, count in sorted(states.items())}
    findings.counted["are accepted"] = sum(row.accepted for row in rows.values())
    findings.counted["are verified in transit"] = sum(row.verified for row in rows.values())
    return rows


async def _documents(
    record: "asyncpg.Connection[asyncpg.Record]", told: Acknowledged, findings: Findings
) -> None:
    """No document of the day has two bills, whether they were acknowledged or not."""
    documents = await record.fetch(_OF_THE_SERIES, told.series, NAMED_BY)
    findings.wrong += [
        f"document {row['document_number']} has {row['bills']} bills"
        for row in documents
        if row["bills"] > 1
    ]
    made = sum(row["bills"] for row in documents)
    findings.counted["bills made and not acknowledged"] = made - len(told.bills)


async def _answers(
    record: "asyncpg.Connection[asyncpg.Record]",
    brief: Brief,
    rows: dict[int, State],
    findings: Findings,
) -> None:
    """Every bill and vehicle is told by the API as PostgreSQL has it."""
    on_vehicles = sorted({row.vehicle for row in rows.values() if row.vehicle})[:_VEHICLES_MAX]
    live = {
        row["vehicle_number"]: row["ebns"]
        for row in await record.fetch(_LIVE_ON, on_vehicles, datetime.now(UTC))
    }
    connector = aiohttp.TCPConnector(limit=_AT_ONCE)
    async with (
        aiohttp.ClientSession(brief.address, connector=connector) as session,
        redis.from_url(brief.redis_url) as hot,
    ):
        session.headers["Authorization"] = f"Bearer {await _token(session, brief)}"

        async def bill(ebn: int) -> None:
            status, told = await _get(session, f"/v1/eway-bills/{ebn}")
            state = of_answer(told) if status == 200 else status
            if state != rows[ebn]:
                findings.wrong.append(f"{ebn} is told as {state}, and PostgreSQL has {rows[ebn]}")

        async def vehicle(number: str) -> None:
            status, told = await _get(session, f"/v1/vehicles/{number}/eway-bills?limit=500")
            ebns = sorted(item["ebn"] for item in told["items"]) if status == 200 else status
            if ebns != (carried := live.get(number, [])):
                findings.wrong.append(f"{number} is told to carry {ebns}, not {carried}")

        async def held(letter: str) -> set[str]:
            """The keys of a kind in Redis: `{epoch}:{letter}{layout}:{key}`."""
            pattern = f"{await record.fetchval(_EPOCH)}:{letter}*"
            found = hot.scan_iter(pattern, count=_IN_ONE_QUERY)
            return {name.decode().rpartition(":")[2] async for name in found}

        for name, letter, keys, ask in (
            ("bills", "b", list(map(str, sorted(rows))), lambda ebn: bill(int(ebn))),
            ("vehicles", "v", on_vehicles, vehicle),
        ):
            # What Redis does not hold the first answer puts there, and the second comes from there.
            before = await held(letter)
            await _each(keys, ask)
            await _each([key for key in keys if key not in before], ask)
            in_redis = len(set(keys) & await held(letter))
            findings.counted[f"{name} told by the API"] = len(keys)
            findings.counted[f"{name} held by Redis when last asked for"] = in_redis
            if keys and not in_redis:
                findings.wrong.append(f"Redis holds none of the {name}: nothing is shown of it")


async def _each(keys: Iterable[T], ask: Callable[[T], Any]) -> None:
    waiting = iter(keys)

    async def several() -> None:
        for key in waiting:
            await ask(key)

    await asyncio.gather(*(several() for _ in range(_AT_ONCE)))


async def _token(session: aiohttp.ClientSession, brief: Brief) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": brief.clients.officer.client_id,
        "client_secret": brief.clients.officer.client_secret,
    }
    async with session.post("/v1/oauth/token", data=form, raise_for_status=True) as answer:
        return str((await answer.json())["access_token"])


async def _get(session: aiohttp.ClientSession, path: str) -> tuple[int, Any]:
    async with session.get(path) as answer:
        return answer.status, await answer.json(content_type=None)


def _several(keys: Sequence[int], count: int) -> Iterator[Sequence[int]]:
    for first in range(0, len(keys), count):
        yield keys[first : first + count]


def main() -> int:
    """Prints what was found."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    findings = asyncio.run(check(Path(sys.argv[1])))
    print(findings)
    return 1 if findings.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
