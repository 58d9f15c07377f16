"""Use case of operators: Redis anew from PostgreSQL, while the gateway serves."""

import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Final, NamedTuple

from ingest.database import Database
from ingest.hot_reads import BEGINS_BEFORE, BILLS, TAGS, VEHICLES, HotReads, Key, Kind, Value
from ingest.hot_state import HotState
from ingest.numbers import first_number_of
from validators.errors import Refusal
from validators.rulebook import RULEBOOKS, longest_validity

_PAGE: Final = 1000


class Rebuilt(NamedTuple):
    """How many of each were gone through, and are in the hot state unless somebody was writing
    them: who asks next fills those."""

    bills: int = 0
    vehicles: int = 0
    tags: int = 0


async def rebuild_hot_state(
    database: Database,
    hot_state: HotState,
    at: datetime,
    progress: Callable[[Rebuilt, float], None],
) -> Rebuilt:
    """Opens an empty epoch and fills it with every bill live at `at`, what each vehicle carries and
    the vehicle each tag is on; answers how many it went through.

    Serving goes on: what is read meanwhile and not filled yet comes from PostgreSQL. `progress` is
    told what is done and the seconds taken, page by page. Raises Refusal RECORD_UNAVAILABLE when
    Redis goes away meanwhile.
    """
    reads = HotReads(database, hot_state)
    epoch = await hot_state.open_new_epoch()
    started, done = time.monotonic(), Rebuilt()

    async def fill(kind: Kind[Key, Value], keys: list[Key]) -> None:
        await reads.load_and_fill(kind, keys, at, epoch)
        (state,) = await database.fetch("read_hot_state")
        if state["epoch"] != epoch or not state["is_open"]:
            raise Refusal("RECORD_UNAVAILABLE", "Redis went away during the rebuild; run it again")
        progress(done, time.monotonic() - started)

    # What lanes ask comes first.
    async for tags in _pages(database, "tags_after", ""):
        done = done._replace(tags=done.tags + len(tags))
        await fill(TAGS, tags)
    oldest = first_number_of(at - BEGINS_BEFORE)
    async for vehicles in _pages(database, "vehicles_after", "", oldest):
        done = done._replace(vehicles=done.vehicles + len(vehicles))
        await fill(VEHICLES, vehicles)
    oldest = first_number_of(at - longest_validity(RULEBOOKS))
    async for ebns in _pages(database, "live_bills_after", oldest, at):
        done = done._replace(bills=done.bills + len(ebns))
        await fill(BILLS, ebns)
    return done


async def _pages(
    database: Database, query: str, last: Key, *arguments: object
) -> AsyncIterator[list[Key]]:
    """The keys that a query lists after a key, page by page."""
    while rows := await database.fetch(query, last, _PAGE, *arguments):
        keys = [row[0] for row in rows]
        yield keys
        last = keys[-1]
