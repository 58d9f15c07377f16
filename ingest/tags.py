"""Use cases of RFID tags, r2(4): a transporter maps them to its vehicles.

Whoever writes a tag holds its lock, so writes of one tag have one order, on every worker, and its
history has neither gap nor overlap but where nobody had it mapped.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from ingest import limits
from ingest.database import Connection
from ingest.hot_state import tag_key
from ingest.queries import SQL
from ingest.rare_writes import RareWrites
from ingest.recording import Written
from validators.authority import TAG_READERS, TAG_UNMAPPERS, TRADERS, Person, require_role
from validators.errors import Fault, Refusal, invalid_document
from validators.tag import EndedMapping, MappedTag, TagMapping, examine_mapping


class TagMapped(NamedTuple):
    """A mapping that is live, and whether the tag had none before."""

    mapping: MappedTag
    is_first: bool


class TagMappings(NamedTuple):
    """The live mapping of a tag, if there is one, and the newest of those that ended, newest
    first."""

    tag: str
    live: MappedTag | None
    ended: Sequence[EndedMapping]


class Tags:
    """Maps tags to vehicles, and tells what is and was mapped."""

    def __init__(self, writes: RareWrites) -> None:
        self._writes = writes

    async def map(
        self, person: Person, tag: str, form: TagMapping, faults: Sequence[Fault], *, at: datetime
    ) -> TagMapped:
        """Maps a tag to a vehicle of the transporter, r2(4); durable on return. On the vehicle it
        is on already nothing changes, from another it goes over at this instant. Raises Refusal
        ROLE_NOT_PERMITTED, INVALID_DOCUMENT, TAG_OF_ANOTHER and those of `RareWrites.write`."""
        require_role(person, TRADERS)
        tag, found = examine_mapping(tag, form)
        if found := [*faults, *found]:
            raise invalid_document(found)
        vehicle = form.vehicle_number

        async def write(connection: Connection) -> Written[TagMapped]:
            await connection.execute(SQL["lock_tag"], tag)
            live = await connection.fetchrow(SQL["live_tag"], tag)
            if live and live["transporter_id"] != person.id:
                raise Refusal("TAG_OF_ANOTHER")
            if live and live["vehicle_number"] == vehicle:
                return Written([TagMapped(_live(live), is_first=False)])
            (row,) = await connection.fetch(SQL["map_tag"], tag, vehicle, person.id, at)
            mapping = MappedTag(tag, vehicle, person.id, row["since"])
            mapped = TagMapped(mapping, is_first=live is None)
            return Written([mapped], row["hot_epoch"], [tag_key(tag)])

        return await self._writes.write(write)

    async def unmap(self, person: Person, tag: str, *, at: datetime) -> EndedMapping:
        """Ends the mapping of a tag and answers it: its transporter does, or an operator, for
        whoever is gone. Durable on return. Raises Refusal ROLE_NOT_PERMITTED, TAG_NOT_FOUND and
        those of `RareWrites.write`."""
        require_role(person, TAG_UNMAPPERS)
        owner = _owner_seen_by(person)

        async def write(connection: Connection) -> Written[EndedMapping]:
            await connection.execute(SQL["lock_tag"], tag)
            row = await connection.fetchrow(SQL["unmap_tag"], tag, owner, at, person.id)
            if row is None:
                raise Refusal("TAG_NOT_FOUND")
            return Written([_ended(row)], row["hot_epoch"], [tag_key(tag)])

        return await self._writes.write(write)

    async def mappings(self, person: Person, tag: str) -> TagMappings:
        """What a tag is and was mapped to: to a transporter its own, to officers and operators all.
        Raises Refusal ROLE_NOT_PERMITTED, TAG_NOT_FOUND, OVERLOADED or RECORD_UNAVAILABLE."""
        require_role(person, TAG_READERS)
        owner = _owner_seen_by(person)
        rows = await self._writes.fetch("mappings_of_tag", tag, owner, limits.TAG_HISTORY_MAX)
        if not rows:
            raise Refusal("TAG_NOT_FOUND")
        newest, *older = rows
        if newest["until"] is not None:
            return TagMappings(tag, None, [_ended(row) for row in rows])
        return TagMappings(tag, _live(newest), [_ended(row) for row in older])

    async def page(
        self, transporter_id: str, vehicle_number: str | None, *, after: str, count: int
    ) -> Sequence[MappedTag]:
        """At most `count` live tags of a transporter above one, on one vehicle if that is given, by
        tag. Raises Refusal OVERLOADED or RECORD_UNAVAILABLE."""
        rows = await self._writes.fetch(
            "tags_of_transporter", transporter_id, after, vehicle_number, count
        )
        return [_live(row) for row in rows]


def _owner_seen_by(person: Person) -> str | None:
    """Whose mappings a person sees: its own, or of everybody."""
    return person.id if person.role in TRADERS else None


def _live(row: asyncpg.Record) -> MappedTag:
    return MappedTag(row["tag"], row["vehicle_number"], row["transporter_id"], row["since"])


def _ended(row: asyncpg.Record) -> EndedMapping:
    return EndedMapping(
        row["tag"],
        row["vehicle_number"],
        row["transporter_id"],
        row["since"],
        row["until"],
        row["ended_by"],
    )
