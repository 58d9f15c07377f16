"""Reads of what hot state keeps: from Redis where it may be believed, else from the record.

What the record answered is filled into hot state only if no writer was at work on it, so a fill
never puts back what is being changed.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec

from ingest import limits
from ingest.conveyance import Conveyance, conveyance_of
from ingest.database import Connection, Database
from ingest.hot_state import Entry, HotState, bill_key, tag_key, vehicle_key
from ingest.numbers import first_number_of
from ingest.queries import SQL
from ingest.records import bill_of, bill_of_hot_value, hot_value, stay_of_row
from validators.calendar import instant_of, microseconds_of
from validators.eway_bill import EwayBill
from validators.lane import LOOKS_BACK, Stay
from validators.rulebook import RULEBOOKS, longest_validity

_BILL_KEPT_SECONDS: Final = 86_400
_VEHICLE_KEPT_SECONDS: Final = 86_400
_TAG_KEPT_SECONDS: Final = 86_400

STAYS_KEPT: Final = limits.READ_AGE_MAX + LOOKS_BACK
"""How long a stay is kept after its end: what any read that is taken may ask about."""

BEGINS_BEFORE: Final = longest_validity(RULEBOOKS) + STAYS_KEPT
"""Of every rulebook there is: a bill of one that is enabled no more is on its vehicle still."""

_IN_TIME: Final = attrgetter("ebn", "since")

Key = TypeVar("Key", int, str)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Kind(Generic[Key, Value]):
    """How one kind of thing is kept in hot state and loaded from the record."""

    hot_key: Callable[[Key], str]
    decode: Callable[[bytes], Value]
    entry: Callable[[Key, Value, datetime], Entry]
    load: Callable[[Connection, Sequence[Key], datetime], Awaitable[dict[Key, Value]]]
    fill_locks: str

    def read(self, value: bytes | None) -> Value | None:
        """What a value of Redis says; one that says nothing is as good as absent."""
        if value is None:
            return None
        try:
            return self.decode(value)
        except (msgspec.MsgspecError, ValueError, OverflowError):
            return None


class HotReads:
    """Reads things of any kind by their keys. Each call raises Refusal RECORD_UNAVAILABLE."""

    def __init__(self, database: Database, hot_state: HotState) -> None:
        self._database = database
        self._hot_state = hot_state

    async def read(
        self, kind: Kind[Key, Value], keys: Sequence[Key], at: datetime
    ) -> dict[Key, Value]:
        """What there is of different keys, as last committed."""
        epoch = self._hot_state.believed_epoch()
        values = await self._hot_state.get([kind.hot_key(key) for key in keys])
        if epoch is None or values is None:
            return await self.load(kind, keys, at)
        found = {
            key: read
            for key, value in zip(keys, values, strict=True)
            if (read := kind.read(value)) is not None
        }
        if missing := [key for key in keys if key not in found]:
            found |= await self.load_and_fill(kind, missing, at, epoch)
        return found

    async def load(
        self, kind: Kind[Key, Value], keys: Sequence[Key], at: datetime
    ) -> dict[Key, Value]:
        """As `read`, from PostgreSQL itself."""
        async with self._database.connection() as connection:
            return await kind.load(connection, keys, at)

    async def load_and_fill(
        self, kind: Kind[Key, Value], keys: Sequence[Key], at: datetime, epoch: int
    ) -> dict[Key, Value]:
        """As `load`, and fills it into an epoch. The order is what makes it safe: reserve, then see
        who is being written, then read, then fill what is still reserved (docs/hot-state.md)."""
        token = await self._hot_state.reserve(epoch, [kind.hot_key(key) for key in keys])
        if token is None:
            return await self.load(kind, keys, at)
        async with self._database.connection() as connection, connection.transaction():
            free = {row[0] for row in await connection.fetch(SQL[kind.fill_locks], keys)}
            loaded = await kind.load(connection, keys, at)
        entries = [kind.entry(key, value, at) for key, value in loaded.items() if key in free]
        await self._hot_state.fill(epoch, token, entries)
        return loaded


async def _load_bills(
    connection: Connection, ebns: Sequence[int], _: datetime
) -> dict[int, EwayBill]:
    rows = await connection.fetch(SQL["bills_by_ebn"], ebns)
    return {row["ebn"]: bill_of(row) for row in rows}


def _bill_entry(_: int, bill: EwayBill, at: datetime) -> Entry:
    """Kept for as long as the bill is valid, and a day more."""
    remaining = int((bill.valid_until - at).total_seconds())
    return Entry(bill_key(bill.ebn), hot_value(bill), max(remaining, 0) + _BILL_KEPT_SECONDS)


async def _load_vehicles(
    connection: Connection, vehicles: Sequence[str], at: datetime
) -> dict[str, Conveyance]:
    rows = await connection.fetch(
        SQL["stays_on_vehicles"],
        vehicles,
        at - STAYS_KEPT,
        first_number_of(at - BEGINS_BEFORE),
        limits.VEHICLE_STAYS_MAX,
        at,
    )
    # An empty vehicle is kept too: whoever puts a bill on it drops its key first.
    stays: dict[str, list[Stay]] = {vehicle: [] for vehicle in vehicles}
    for row in rows:
        stays[row["vehicle_number"]].append(stay_of_row(row))
    return {
        vehicle: conveyance_of(sorted(found, key=_IN_TIME, reverse=True), at)
        for vehicle, found in stays.items()
    }


def _vehicle_entry(vehicle_number: str, conveyance: Conveyance, at: datetime) -> Entry:
    """Kept until what lanes are told of it has to be written anew, and a day at most."""
    seconds = _VEHICLE_KEPT_SECONDS
    if conveyance.passes_until is not None:
        seconds = min(seconds, int((conveyance.passes_until - at).total_seconds()) + 1)
    return Entry(vehicle_key(vehicle_number), msgspec.msgpack.encode(conveyance), seconds)


class Mapping(NamedTuple):
    """The vehicle a tag is on and since when; None, both, where it is on none."""

    vehicle_number: str | None
    since: datetime | None


NOT_MAPPED: Final = Mapping(None, None)


async def _load_tags(
    connection: Connection, tags: Sequence[str], _: datetime
) -> dict[str, Mapping]:
    rows = await connection.fetch(SQL["vehicles_of_tags"], tags)
    mapped = {row["tag"]: Mapping(row["vehicle_number"], row["since"]) for row in rows}
    # A tag that is on no vehicle is kept too: whoever maps it drops its key first.
    return {tag: mapped.get(tag, NOT_MAPPED) for tag in tags}


def _tag_entry(tag: str, mapping: Mapping, _: datetime) -> Entry:
    # Read by lua/carried.lua, too. The V tells a mapping from a reservation.
    value = "V"
    if mapping.since is not None:
        value += f"{mapping.vehicle_number} {microseconds_of(mapping.since)}"
    return Entry(tag_key(tag), value.encode(), _TAG_KEPT_SECONDS)


def _mapping_of(value: bytes) -> Mapping:
    if value == b"V":
        return NOT_MAPPED
    vehicle, _, since = value[1:].decode().partition(" ")
    return Mapping(vehicle, instant_of(int(since)))


BILLS: Final[Kind[int, EwayBill]] = Kind(
    bill_key, bill_of_hot_value, _bill_entry, _load_bills, "try_fill_locks"
)
VEHICLES: Final[Kind[str, Conveyance]] = Kind(
    vehicle_key,
    msgspec.msgpack.Decoder(Conveyance).decode,
    _vehicle_entry,
    _load_vehicles,
    "try_text_fill_locks",
)
TAGS: Final[Kind[str, Mapping]] = Kind(
    tag_key, _mapping_of, _tag_entry, _load_tags, "try_text_fill_locks"
)
