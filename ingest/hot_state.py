"""Redis as hot state: what may be believed of it, and how it is told. See docs/hot-state.md.

The keys of an epoch are believed only while PostgreSQL says that epoch is open and belongs to the
Redis process we are connected to, asked within the lease. A writer tells Redis before it commits;
if it cannot, it closes the epoch and waits until no reader can believe it any more.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ingest import limits
from ingest.database import Database
from ingest.queries import SQL
from ingest.records import LAYOUT
from ingest.redis_link import UNREACHABLE, AnotherRedisError, RedisLink
from validators.errors import Refusal

log = logging.getLogger(__name__)

_TOKEN_MARK: Final = ord("G")
"""No value begins with this byte: msgpack arrays do not, nor does the V of a tag's vehicle.
Reservations always do."""


class HotStateUnreachable(Exception):
    """Redis could not be told, so the epoch must be closed before anything is committed."""


class HotStateClosing(Exception):
    """The epoch is closed, but some reader may believe it for a moment yet."""


class Entry(NamedTuple):
    """A value for a key without its epoch, and the seconds it is worth keeping."""

    key: str
    value: bytes
    seconds: int


@dataclass(frozen=True, slots=True)
class _Epoch:
    number: int
    is_open: bool
    run_id: str


def bill_key(ebn: int) -> str:
    """The key of a bill, without its epoch."""
    return f"b{LAYOUT}:{ebn}"


def vehicle_key(vehicle_number: str) -> str:
    """The key of the list of bills on a vehicle, without its epoch."""
    return f"v{LAYOUT}:{vehicle_number}"


def tag_key(tag: str) -> str:
    """The key of the vehicle an RFID tag is mapped to, without its epoch."""
    return f"t{LAYOUT}:{tag}"


class HotState:
    """One worker's view of Redis. `keep` must run for as long as it is used."""

    def __init__(self, database: Database, url: str) -> None:
        self._database = database
        self._url = url
        self._epoch = _Epoch(0, False, "")
        self._believed_until = 0.0
        self._closed_observed: tuple[int, float] = (0, 0.0)
        self._redis = RedisLink(url, None)
        self._digests: dict[str, str] = {}

    # Reading ---------------------------------------------------------------------------------

    def believed_epoch(self) -> int | None:
        """The epoch whose keys may be believed at this moment, or None: ask PostgreSQL."""
        return self._epoch.number if time.monotonic() < self._believed_until else None

    async def get(self, keys: Sequence[str]) -> list[bytes | None] | None:
        """The values of keys, None for one not known; None altogether when nothing of Redis may
        be believed. One round trip."""

        epoch = self.believed_epoch()
        if epoch is None:
            return None
        asked = self._redis.call("MGET", *(f"{epoch}:{key}" for key in keys))
        values = await self._if_believed_still(epoch, asked)
        return None if values is None else list(map(_known, values))

    async def carried(
        self, tag_keys: Sequence[str], vehicle_key: str
    ) -> list[tuple[bytes | None, bytes | None]] | None:
        """The values of tags, each with that of the vehicle it names, whose keys begin with
        `vehicle_key`; None as in `get`. One round trip."""

        epoch = self.believed_epoch()
        if epoch is None:
            return None
        names = [f"{epoch}:{key}" for key in tag_keys]
        asked = self._run("carried", names, f"{epoch}:{vehicle_key}")
        values = await self._if_believed_still(epoch, asked)
        if values is None:
            return None
        of_tags, places, of_vehicles = values
        vehicles = [None, *map(_known, of_vehicles)]
        return [
            (_known(of_tag), vehicles[place]) for of_tag, place in zip(of_tags, places, strict=True)
        ]

    async def _if_believed_still(self, epoch: int, asked: Awaitable[Any]) -> Any:
        """What Redis answers; None when it does not, or when the lease ran out meanwhile."""
        try:
            values = await asked
        except UNREACHABLE:
            return None
        return values if self.believed_epoch() == epoch else None

    # Writing ---------------------------------------------------------------------------------

    async def drop(self, epoch: int, keys: Sequence[str]) -> None:
        """Drops keys of an epoch, and with them every reservation of theirs. Raises
        HotStateUnreachable when Redis may not have heard."""
        if keys:
            try:
                if epoch != self._epoch.number:  # Opened since our last look, maybe elsewhere.
                    await self._observe()
                    if epoch != self._epoch.number:
                        raise HotStateUnreachable(epoch)
                await self._redis.call("DEL", *(f"{epoch}:{key}" for key in keys))
            except UNREACHABLE as error:
                raise HotStateUnreachable(epoch) from error

    # Filling ---------------------------------------------------------------------------------

    async def reserve(self, epoch: int, keys: Sequence[str]) -> str | None:
        """Reserves keys of an epoch; answers the token to fill them with, None when Redis cannot
        be reached."""
        token = f"G{secrets.token_hex(8)}"
        names = [f"{epoch}:{key}" for key in keys]
        try:
            await self._run("reserve", names, token, limits.HOT_STATE_RESERVATION_SECONDS)
        except UNREACHABLE:
            return None
        return token

    async def fill(self, epoch: int, token: str, entries: Sequence[Entry]) -> int:
        """Fills the keys still reserved by the token; answers how many. Failing is harmless."""
        if not entries:
            return 0
        names = [f"{epoch}:{entry.key}" for entry in entries]
        arguments: list[Any] = [token]
        for entry in entries:
            arguments += (entry.value, entry.seconds)
        try:
            return int(await self._run("fill", names, *arguments))
        except UNREACHABLE:
            return 0

    async def _run(self, script: str, names: Sequence[str], *arguments: Any) -> Any:
        """What a script of `ingest/lua` answers. Raises one of UNREACHABLE."""
        try:
            if script not in self._digests:
                self._digests[script] = await self._redis.load(script)
            return await self._redis.call(
                "EVALSHA", self._digests[script], len(names), *names, *arguments
            )
        except UNREACHABLE:
            self._digests.clear()  # It may be another Redis, or one told to forget its scripts.
            raise

    # Closing ---------------------------------------------------------------------------------

    def require_settled(self, epoch: int) -> None:
        """Raises HotStateClosing until no reader can believe a closed epoch any more. Epoch 0 was
        never open."""
        if epoch == 0:
            return
        if self._closed_observed[0] != epoch:
            self._closed_observed = (epoch, time.monotonic())
        if time.monotonic() < self._closed_observed[1] + limits.HOT_STATE_LEASE_SECONDS:
            raise HotStateClosing

    async def wait_settled(self) -> None:
        """Waits out the lease of an epoch that was closed a moment ago."""
        until = self._closed_observed[1] + limits.HOT_STATE_LEASE_SECONDS
        await asyncio.sleep(max(0.0, until - time.monotonic()))

    async def close_epoch(self, epoch: int) -> None:
        """Closes an epoch because Redis could not be told of a change."""
        self._believed_until = 0.0
        log.warning("Redis could not be told of a change: closing hot state epoch %d", epoch)
        await self._database.fetch("close_hot_state", epoch)

    # Keeping ---------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Renews the lease, and opens a new epoch once Redis answers again, until cancelled."""
        while True:
            try:
                await self._check()
            except (Refusal, *UNREACHABLE) as error:
                log.debug("hot state not checked: %r", error)
            except Exception:
                log.exception("hot state not checked")
            await asyncio.sleep(limits.HOT_STATE_CHECK_SECONDS)

    async def reachable(self) -> bool:
        """Whether Redis answers now."""
        try:
            await self._redis.call("PING")
        except UNREACHABLE:
            return False
        return True

    async def disconnect(self) -> None:
        """Closes the connections to Redis."""
        await self._redis.close()

    async def open_new_epoch(self) -> int:
        """Closes the open epoch, waits out its lease and opens an empty one: for a rebuild."""
        (row,) = await self._database.fetch("read_hot_state")
        await self.close_epoch(row["epoch"])
        while True:
            await self._check()
            if self._epoch.is_open and self._epoch.number > row["epoch"]:
                return self._epoch.number
            await asyncio.sleep(limits.HOT_STATE_CHECK_SECONDS)

    async def _observe(self) -> _Epoch:
        """The epoch as PostgreSQL says it now, with a link to its Redis process."""
        (row,) = await self._database.fetch("read_hot_state")
        epoch = _Epoch(row["epoch"], row["is_open"], row["run_id"])
        if epoch != self._epoch:
            self._believed_until = 0.0
            if epoch.run_id != self._epoch.run_id:
                await self._reconnect(epoch.run_id)
            self._epoch = epoch
        return epoch

    async def _check(self) -> None:
        asked = time.monotonic()
        epoch = await self._observe()
        if not epoch.is_open:
            await self._try_open(epoch)
            return
        try:
            await self._redis.call("PING")
        except AnotherRedisError:
            log.warning("Redis is another process now: closing hot state epoch %d", epoch.number)
            await self._database.fetch("close_hot_state", epoch.number)
            return
        self._believed_until = asked + limits.HOT_STATE_LEASE_SECONDS

    async def _try_open(self, closed: _Epoch) -> None:
        try:
            self.require_settled(closed.number)
        except HotStateClosing:
            return
        anybody = RedisLink(self._url, None)
        try:
            run_id = await anybody.run_id()
        finally:
            await anybody.close()
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(SQL["wait_briefly_for_locks"])
            await connection.execute(SQL["lock_hot_state"])
            opened = await connection.fetchval(SQL["open_hot_state"], closed.number, run_id)
        if opened:
            log.info("hot state epoch %d is open", opened)

    async def _reconnect(self, run_id: str) -> None:
        before, self._redis = self._redis, RedisLink(self._url, run_id)
        self._digests.clear()
        await before.close()


def _known(value: bytes | None) -> bytes | None:
    """A value, unless it is only reserved for one."""
    return value if isinstance(value, bytes) and value[0] != _TOKEN_MARK else None
