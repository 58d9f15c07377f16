"""What a checkpoint asks: an RFID tag, the conveyance it is on, and the e-way bills on that, r3(2).

Lanes that ask at once share one round trip to Redis, in which the tag is followed to its vehicle.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from ingest import limits
from ingest.batching import Batcher
from ingest.conveyance import Conveyance
from ingest.database import Database
from ingest.hot_reads import TAGS, VEHICLES, HotReads
from ingest.hot_state import HotState, tag_key, vehicle_key
from validators.lane import Judgement, judged, judged_now, not_mapped


class Carried(NamedTuple):
    """The vehicle a tag is on, what that carries, and since when it is the tag's vehicle; None, all
    of them, where the tag is on none."""

    vehicle_number: str | None
    conveyance: Conveyance | None
    mapped_since: datetime | None

    def passes(self, at: datetime) -> bytes | None:
        """What a lane is shown, as `Conveyance.shown`, of one that passes without a second look."""
        conveyance = self.conveyance
        if conveyance is None or conveyance.passes_until is None or at > conveyance.passes_until:
            return None
        return conveyance.shown

    def judged(self, at: datetime) -> Judgement:
        """What a lane decides of it by the clock of an instant."""
        return judged(self.conveyance.stays, at) if self.conveyance else not_mapped(at)

    def judged_now(self, at: datetime) -> Judgement:
        """What a lane decides of it at present."""
        return judged_now(self.conveyance.stays, at) if self.conveyance else not_mapped(at)


NOTHING: Final = Carried(None, None, None)
"""Of a tag that is on no vehicle."""


class Lanes:
    """Answers lanes. Each call raises Refusal OVERLOADED or RECORD_UNAVAILABLE."""

    def __init__(self, database: Database, hot_state: HotState) -> None:
        self._hot_state = hot_state
        self._reads = HotReads(database, hot_state)
        self._asked: Batcher[tuple[str, datetime], Carried] = Batcher(
            self._ask,
            batch_max=limits.BATCH_READS_MAX,
            waiting_max=limits.WAITING_READS_MAX,
            lanes=1,
        )

    async def ask(self, tag: str, at: datetime) -> Carried:
        """What the vehicle of a normalised tag carries, r2(1)(b), as last committed."""
        return await self._asked.submit((tag, at))

    @property
    def waiting(self) -> int:
        """How many questions wait for a round trip."""
        return self._asked.waiting

    async def _ask(self, asked: list[tuple[str, datetime]]) -> Sequence[Carried]:
        tags = list(dict.fromkeys([tag for tag, _ in asked]))
        found = await self._followed(tags)
        if missing := [tag for tag in tags if tag not in found]:
            found |= await self._read(missing, max(at for _, at in asked))
        return [found[tag] for tag, _ in asked]

    async def _followed(self, tags: Sequence[str]) -> dict[str, Carried]:
        """Those that hot state knows all about."""
        values = await self._hot_state.carried([tag_key(tag) for tag in tags], vehicle_key(""))
        found: dict[str, Carried] = {}
        read: dict[str, Conveyance] = {}
        for tag, (of_tag, of_vehicle) in zip(tags, values or (), strict=values is not None):
            if (mapping := TAGS.read(of_tag)) is None:
                continue
            vehicle = mapping.vehicle_number
            if vehicle is None:
                found[tag] = NOTHING
            # However many tags it has.
            elif conveyance := read.get(vehicle) or VEHICLES.read(of_vehicle):
                read[vehicle] = conveyance
                found[tag] = Carried(vehicle, conveyance, mapping.since)
        return found

    async def _read(self, tags: Sequence[str], at: datetime) -> dict[str, Carried]:
        mapped = await self._reads.read(TAGS, tags, at)
        named = {each.vehicle_number for each in mapped.values() if each.vehicle_number}
        found = await self._reads.read(VEHICLES, sorted(named), at) if named else {}
        return {
            tag: Carried(each.vehicle_number, found[each.vehicle_number], each.since)
            if each.vehicle_number
            else NOTHING
            for tag, each in mapped.items()
        }
