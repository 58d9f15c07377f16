"""Use case of operators: Redis anew from PostgreSQL, while the gateway serves."""

import time
from collections.abc import Callable
from datetime import datetime

from ingest.database import Database
from ingest.hot_state import HotState
from ingest.lookups import Lookups
from ingest.numbers import first_number_of
from validators.errors import Refusal
from validators.rulebook import RULEBOOKS, longest_validity

_PAGE = 1000


async def rebuild_hot_state(
    database: Database,
    hot_state: HotState,
    at: datetime,
    progress: Callable[[int, float], None],
) -> int:
    """Opens an empty epoch and fills it with every bill live at `at`; answers how many.

    Serving goes on: what is read meanwhile and not filled yet comes from PostgreSQL. `progress` is
    told the bills done and the seconds taken, page by page. Raises Refusal RECORD_UNAVAILABLE when
    Redis goes away meanwhile.
    """
    lookups = Lookups(database, hot_state)
    epoch = await hot_state.open_new_epoch()
    last = first_number_of(at - longest_validity(RULEBOOKS))
    started, done = time.monotonic(), 0
    while rows := await database.fetch("live_bills_after", last, at, _PAGE):
        vehicles = sorted({row["vehicle_number"] for row in rows if row["vehicle_number"]})
        await lookups.warm(epoch, [row["ebn"] for row in rows], vehicles, at)
        (state,) = await database.fetch("read_hot_state")
        if state["epoch"] != epoch or not state["is_open"]:
            raise Refusal("RECORD_UNAVAILABLE", "Redis went away during the rebuild; run it again")
        last = rows[-1]["ebn"]
        done += len(rows)
        progress(done, time.monotonic() - started)
    return done
