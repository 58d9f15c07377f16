"""The conveyances that need an RFID tag, r2(4): those of transporters of a class that a
notification in effect names. Where there is none it is nobody's business, and costs nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ingest import limits
from ingest.batching import Batcher
from ingest.database import Database
from ingest.notifications import KnownNotifications
from validators.errors import Refusal
from validators.notification import rfid_classes


class _Asked(NamedTuple):
    carrier: str
    vehicle_number: str


class TagRequirement:
    """Tells which goods may not go on a vehicle for want of a tag."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lookups: Batcher[_Asked, Sequence[str]] = Batcher(
            self._look_up,
            batch_max=limits.BATCH_READS_MAX,
            waiting_max=limits.WAITING_READS_MAX,
            lanes=1,
        )

    async def refusal(
        self, carrier: str, vehicle_number: str, at: datetime, known: KnownNotifications
    ) -> Refusal | None:
        """RFID_TAG_REQUIRED if the carrier is, by any of its clients, of a class that these
        notifications name at this instant, and no tag is on its vehicle now, whoever mapped it:
        r2(4). Concurrent questions of a worker share one round trip. Raises Refusal OVERLOADED or
        RECORD_UNAVAILABLE."""
        classes = rfid_classes(at, known.notifications)
        if not classes:
            return None
        lacking = await self._lookups.submit(_Asked(carrier, vehicle_number))
        named = next((one for one in lacking if one in classes), None)
        if named is None:
            return None
        return Refusal(
            "RFID_TAG_REQUIRED",
            f"{vehicle_number} has no RFID tag, which conveyances of the class {named} need: map "
            "one first",
        )

    async def require(
        self, carrier: str, vehicle_number: str, at: datetime, known: KnownNotifications
    ) -> None:
        """Raises what `refusal` answers, r2(4), and as it does."""
        if refusal := await self.refusal(carrier, vehicle_number, at, known):
            raise refusal

    async def close(self) -> None:
        """Waits until every question is answered."""
        await self._lookups.close()

    async def _look_up(self, asked: list[_Asked]) -> Sequence[Sequence[str]]:
        rows = await self._database.fetch("classes_without_tag", *zip(*asked, strict=True))
        found = {row["position"] - 1: row["classes"] for row in rows}
        return [found.get(position, ()) for position in range(len(asked))]
