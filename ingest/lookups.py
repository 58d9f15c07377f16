"""Reads of e-way bills by number and by vehicle: from hot state, else from the record. Concurrent
lookups of a worker share one round trip."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from ingest import limits
from ingest.batching import Batcher
from ingest.conveyance import Conveyance
from ingest.database import Database
from ingest.hot_reads import BILLS, VEHICLES, HotReads, Key, Kind, Value
from ingest.hot_state import HotState
from ingest.records import bill_of
from validators.eway_bill import EwayBill, Status, status
from validators.lane import Stay, live


class Lookups:
    """Reads e-way bills for whoever may be shown them; who may is the caller's to decide."""

    def __init__(self, database: Database, hot_state: HotState) -> None:
        self._database = database
        self._reads = HotReads(database, hot_state)
        self._bills: Batcher[tuple[int, datetime], EwayBill | None] = self._batcher(BILLS)
        self._vehicles: Batcher[tuple[str, datetime], Conveyance | None] = self._batcher(VEHICLES)

    async def bill(self, ebn: int, at: datetime) -> EwayBill | None:
        """The bill of a number, r2(1)(b), as last committed, or None. Raises Refusal OVERLOADED or
        RECORD_UNAVAILABLE."""
        return await self._bills.submit((ebn, at))

    async def recorded_bill(self, ebn: int) -> EwayBill | None:
        """As `bill`, from PostgreSQL itself."""
        rows = await self._database.fetch("bills_by_ebn", [ebn])
        return bill_of(rows[0]) if rows else None

    async def stays_on(self, vehicle_number: str, at: datetime) -> Sequence[Stay]:
        """The stays of bills on a vehicle, as last committed: see `Conveyance`. Raises as
        `bill`."""
        found = await self._vehicles.submit((vehicle_number, at))
        return found.stays if found else []

    async def live_bills_on(
        self,
        vehicle_number: str,
        at: datetime,
        *,
        after: int,
        count: int,
        shown: Callable[[EwayBill], bool],
    ) -> list[EwayBill]:
        """The first `count` bills numbered above `after` that are ACTIVE on a vehicle at an instant
        and to be shown, by number: what its person in charge carries, r2(1)(b). Raises as
        `bill`."""
        carried = live(await self.stays_on(vehicle_number, at), at)
        ebns = sorted(stay.ebn for stay in carried if stay.ebn > after)
        found: list[EwayBill] = []
        for first in range(0, len(ebns), limits.VEHICLE_BILLS_CHUNK):
            chunk = ebns[first : first + limits.VEHICLE_BILLS_CHUNK]
            for bill in await asyncio.gather(*(self.bill(ebn, at) for ebn in chunk)):
                # The bill has the last word on which vehicle it is.
                active = bill and status(bill, at) is Status.ACTIVE
                if bill and active and bill.vehicle_number == vehicle_number and shown(bill):
                    found.append(bill)
            if len(found) >= count:
                break
        return found[:count]

    @property
    def waiting(self) -> int:
        """How many lookups wait for a round trip."""
        return self._bills.waiting + self._vehicles.waiting

    def _batcher(self, kind: Kind[Key, Value]) -> Batcher[tuple[Key, datetime], Value | None]:
        async def read(asked: list[tuple[Key, datetime]]) -> Sequence[Value | None]:
            at = max(instant for _, instant in asked)
            found = await self._reads.read(kind, list(dict.fromkeys(key for key, _ in asked)), at)
            return [found.get(key) for key, _ in asked]

        return Batcher(
            read,
            batch_max=limits.BATCH_READS_MAX,
            waiting_max=limits.WAITING_READS_MAX,
            lanes=limits.READ_LANES,
        )
