"""What a lane without a connection saw: the conveyance a tag was on at an instant of before, and
the stays of e-way bills on it, r3(2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ingest import limits
from ingest.batching import Batcher
from ingest.database import Database
from ingest.hot_reads import NOT_MAPPED, VEHICLES, HotReads, Mapping
from ingest.hot_state import HotState
from ingest.lanes import NOTHING, Carried


class _Question(NamedTuple):
    tag: str
    then: datetime
    at: datetime


class PastLanes:
    """Answers reads that come in late: the mapping as it was then is asked of the record."""

    def __init__(self, database: Database, hot_state: HotState) -> None:
        self._database = database
        self._reads = HotReads(database, hot_state)
        self._asked: Batcher[_Question, Carried] = Batcher(
            self._ask,
            batch_max=limits.BATCH_READS_MAX,
            waiting_max=limits.WAITING_READS_MAX,
            lanes=1,
        )

    async def ask(self, tag: str, then: datetime, at: datetime) -> Carried:
        """The vehicle a normalised tag was on `then`, and what is known of it `at` the request.
        Raises Refusal OVERLOADED or RECORD_UNAVAILABLE."""
        return await self._asked.submit(_Question(tag, then, at))

    async def _ask(self, asked: list[_Question]) -> Sequence[Carried]:
        rows = await self._database.fetch(
            "vehicles_of_tags_then", [one.tag for one in asked], [one.then for one in asked]
        )
        mapped = {row["position"] - 1: Mapping(row["vehicle_number"], row["since"]) for row in rows}
        vehicles = sorted({each.vehicle_number for each in mapped.values() if each.vehicle_number})
        # The earliest looks back the furthest.
        at = min(one.at for one in asked)
        found = await self._reads.read(VEHICLES, vehicles, at) if vehicles else {}
        return [
            Carried(then.vehicle_number, found[then.vehicle_number], then.since)
            if (then := mapped.get(position, NOT_MAPPED)).vehicle_number
            else NOTHING
            for position in range(len(asked))
        ]
