"""Reads of e-way bills by number and by vehicle: from hot state, else from the record.

Concurrent lookups of a worker share one round trip. What the record answered is filled into hot
state only if no writer was at work on it, so a fill never puts back what is being changed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

import msgspec

from ingest import limits
from ingest.batching import Batcher
from ingest.database import Connection, Database
from ingest.hot_state import Entry, HotState, bill_key, vehicle_key
from ingest.numbers import first_number_of
from ingest.queries import SQL
from ingest.records import bill_of, bill_of_hot_value, hot_value
from validators.eway_bill import EwayBill, Status, status
from validators.rulebook import RULEBOOKS, longest_validity

_BILL_KEPT_SECONDS: Final = 86_400
_VEHICLE_KEPT_SECONDS: Final = 3600
_VALID_AT_MOST: Final = longest_validity(RULEBOOKS)
"""Of every rulebook there is: a bill of one that is enabled no more is on its vehicle still."""
_numbers: Final = msgspec.msgpack.Decoder(list[int])

Key = TypeVar("Key", int, str)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Kind(Generic[Key, Value]):
    """How one kind of thing is kept in hot state and loaded from the record."""

    hot_key: Callable[[Key], str]
    decode: Callable[[bytes], Value]
    entry: Callable[[Key, Value, datetime], Entry]
    load: Callable[[Connection, Sequence[Key], datetime], Awaitable[dict[Key, Value]]]
    fill_locks: str


class Lookups:
    """Reads e-way bills for whoever may be shown them; who may is the caller's to decide."""

    def __init__(self, database: Database, hot_state: HotState) -> None:
        self._database = database
        self._hot_state = hot_state
        self._bills: Batcher[tuple[int, datetime], EwayBill | None] = self._batcher(_BILLS)
        self._vehicles: Batcher[tuple[str, datetime], list[int] | None] = self._batcher(_VEHICLES)

    async def bill(self, ebn: int, at: datetime) -> EwayBill | None:
        """The bill of a number, r2(1)(b), as last committed, or None. Raises Refusal OVERLOADED or
        RECORD_UNAVAILABLE."""
        return await self._bills.submit((ebn, at))

    async def recorded_bill(self, ebn: int) -> EwayBill | None:
        """As `bill`, from PostgreSQL itself."""
        rows = await self._database.fetch("bills_by_ebn", [ebn])
        return bill_of(rows[0]) if rows else None

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
        carried = await self._vehicles.submit((vehicle_number, at)) or []
        ebns = [ebn for ebn in carried if ebn > after]
        found: list[EwayBill] = []
        for first in range(0, len(ebns), limits.VEHICLE_BILLS_CHUNK):
            chunk = ebns[first : first + limits.VEHICLE_BILLS_CHUNK]
            for bill in await asyncio.gather(*(self.bill(ebn, at) for ebn in chunk)):
                # The bill has the last word on which vehicle it is.
                live = bill and status(bill, at) is Status.ACTIVE
                if bill and live and bill.vehicle_number == vehicle_number and shown(bill):
                    found.append(bill)
            if len(found) >= count:
                break
        return found[:count]

    async def warm(self, epoch: int, ebns: list[int], vehicles: list[str], at: datetime) -> None:
        """Fills bills and vehicles into an epoch of the hot state, from the record."""
        await self._load_and_fill(_BILLS, ebns, at, epoch)
        if vehicles:
            await self._load_and_fill(_VEHICLES, vehicles, at, epoch)

    @property
    def waiting(self) -> int:
        """How many lookups wait for a round trip."""
        return self._bills.waiting + self._vehicles.waiting

    def _batcher(self, kind: _Kind[Key, Value]) -> Batcher[tuple[Key, datetime], Value | None]:
        async def read(asked: list[tuple[Key, datetime]]) -> Sequence[Value | None]:
            at = max(instant for _, instant in asked)
            found = await self._read(kind, list(dict.fromkeys(key for key, _ in asked)), at)
            return [found.get(key) for key, _ in asked]

        return Batcher(
            read,
            batch_max=limits.BATCH_READS_MAX,
            waiting_max=limits.WAITING_READS_MAX,
            lanes=limits.READ_LANES,
        )

    async def _read(
        self, kind: _Kind[Key, Value], keys: list[Key], at: datetime
    ) -> dict[Key, Value]:
        epoch = self._hot_state.believed_epoch()
        values = await self._hot_state.get([kind.hot_key(key) for key in keys])
        if epoch is None or values is None:
            async with self._database.connection() as connection:
                return await kind.load(connection, keys, at)
        found = {
            key: decoded
            for key, value in zip(keys, values, strict=True)
            if value and (decoded := _decoded(kind, value)) is not None
        }
        if missing := [key for key in keys if key not in found]:
            found |= await self._load_and_fill(kind, missing, at, epoch)
        return found

    async def _load_and_fill(
        self, kind: _Kind[Key, Value], keys: list[Key], at: datetime, epoch: int
    ) -> dict[Key, Value]:
        """The order is what makes it safe: reserve, then see who is being written, then read, then
        fill what is still reserved (docs/hot-state.md)."""
        token = await self._hot_state.reserve(epoch, [kind.hot_key(key) for key in keys])
        if token is None:
            async with self._database.connection() as connection:
                return await kind.load(connection, keys, at)
        async with self._database.connection() as connection, connection.transaction():
            free = {row[0] for row in await connection.fetch(SQL[kind.fill_locks], keys)}
            loaded = await kind.load(connection, keys, at)
        entries = [kind.entry(key, value, at) for key, value in loaded.items() if key in free]
        await self._hot_state.fill(epoch, token, entries)
        return loaded


def _decoded(kind: _Kind[Key, Value], value: bytes) -> Value | None:
    """What a value says; one that says nothing is as good as absent."""
    try:
        return kind.decode(value)
    except msgspec.MsgspecError:
        return None


async def _load_bills(
    connection: Connection, ebns: Sequence[int], _: datetime
) -> dict[int, EwayBill]:
    rows = await connection.fetch(SQL["bills_by_ebn"], ebns)
    return {row["ebn"]: bill_of(row) for row in rows}


async def _load_vehicles(
    connection: Connection, vehicles: Sequence[str], at: datetime
) -> dict[str, list[int]]:
    oldest = first_number_of(at - _VALID_AT_MOST)
    rows = await connection.fetch(SQL["ebns_on_vehicles"], vehicles, at, oldest)
    carried = {row["vehicle_number"]: row["ebns"] for row in rows}
    # An empty vehicle is kept too: whoever puts a bill on it drops its key first.
    return {vehicle: carried.get(vehicle, []) for vehicle in vehicles}


def _bill_entry(_: int, bill: EwayBill, at: datetime) -> Entry:
    """Kept for as long as the bill is valid, and a day more."""
    remaining = int((bill.valid_until - at).total_seconds())
    return Entry(bill_key(bill.ebn), hot_value(bill), max(remaining, 0) + _BILL_KEPT_SECONDS)


def _vehicle_entry(vehicle_number: str, ebns: Iterable[int], _: datetime) -> Entry:
    value = msgspec.msgpack.encode(list(ebns))
    return Entry(vehicle_key(vehicle_number), value, _VEHICLE_KEPT_SECONDS)


_BILLS: Final[_Kind[int, EwayBill]] = _Kind(
    bill_key,
    bill_of_hot_value,
    _bill_entry,
    _load_bills,
    "try_fill_locks",
)


_VEHICLES: Final[_Kind[str, Any]] = _Kind(
    vehicle_key, _numbers.decode, _vehicle_entry, _load_vehicles, "try_vehicle_fill_locks"
)
