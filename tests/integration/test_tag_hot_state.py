"""Whoever maps or unmaps a tag tells Redis before it commits: docs/hot-state.md, rule 1."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import httpx
import pytest

from gateway.services import running
from ingest.hot_state import Entry, tag_key
from tests.documents import OFFICER, OTHER, TRANSPORTER, person
from tests.gateway_in_process import Gateway, TestClock, gateway_in_process
from tests.tags import OPERATOR, TAG, TAGS, map_tag, unmap_tag
from tests.waiting import until
from validators.tag import TagMapping

VIA = person(TRANSPORTER)
ONE, TWO = "KA12AB1234", "MH14CD5678"
KEY = tag_key(TAG)
FREE = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"
COMMITS_SLOWLY = """
    CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER wait AFTER INSERT OR UPDATE OR DELETE ON rfid_tag
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()"""
COMMITTING = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND wait_event = 'advisory' AND query ~* 'commit'"""
Write = Callable[[Gateway], Awaitable[httpx.Response]]


def _map(gateway: Gateway) -> Awaitable[httpx.Response]:
    return map_tag(gateway, VIA, TAG, ONE)


def _remap(gateway: Gateway) -> Awaitable[httpx.Response]:
    return map_tag(gateway, VIA, TAG, TWO)


def _unmap(gateway: Gateway) -> Awaitable[httpx.Response]:
    return unmap_tag(gateway, VIA, TAG)


def _free(gateway: Gateway) -> Awaitable[httpx.Response]:
    return unmap_tag(gateway, OPERATOR, TAG)


@pytest.fixture
async def hot(gateway: Gateway) -> Gateway:
    await gateway.until_hot()
    return gateway


@pytest.fixture
async def other(hot: Gateway, dsn: str, redis_url: str, clock: TestClock) -> AsyncIterator[Gateway]:
    """Another worker, which writes while `hot` reads."""
    async with gateway_in_process(dsn, redis_url, clock) as another:
        yield another


async def _fill(gateway: Gateway) -> None:
    """Puts something into Redis as a reader would."""
    state = gateway.services.hot_state
    epoch = state.believed_epoch()
    assert epoch is not None
    token = await state.reserve(epoch, [KEY])
    assert token is not None
    await state.fill(epoch, token, [Entry(KEY, b"\xa1x", 60)])
    assert await _kept(gateway) == b"\xa1x"


async def _kept(gateway: Gateway) -> bytes | None:
    values = await gateway.services.hot_state.get([KEY])
    assert values is not None, "the hot state is not believed"
    return values[0]


async def test_redis_is_told_within_the_transaction_of_every_write(
    hot: Gateway, other: Gateway, dsn: str
) -> None:
    """The commit of each is held until the test has looked: by then the key is gone, others are not
    told anything of the write yet, and no reader could fill the key with what they see."""
    direct = await asyncpg.connect(dsn)
    await direct.execute(COMMITS_SLOWLY)
    seen = [(await hot.call(OFFICER, "GET", f"{TAGS}/{TAG}")).status_code]
    for write, status in ((_map, 201), (_remap, 200), (_unmap, 200), (_map, 201), (_free, 200)):
        before = (await hot.call(OFFICER, "GET", f"{TAGS}/{TAG}")).json().get("mapping")
        await _fill(hot)
        async with direct.transaction():
            await direct.execute("SELECT pg_advisory_xact_lock(4711)")
            writing = asyncio.ensure_future(write(other))
            await until(lambda: _is_committing(dsn))
            assert await _kept(hot) is None
            assert not writing.done()
            assert not await direct.fetchval(FREE, TAG)
            read = await hot.call(OFFICER, "GET", f"{TAGS}/{TAG}")
            assert read.json().get("mapping") == before
        assert (await writing).status_code == status
        assert await direct.fetchval(FREE, TAG)
        seen.append((await hot.call(OFFICER, "GET", f"{TAGS}/{TAG}")).status_code)
    assert seen == [404, *[200] * 5]
    await direct.close()


async def _is_committing(dsn: str) -> bool:
    connection = await asyncpg.connect(dsn)
    try:
        return bool(await connection.fetchval(COMMITTING))
    finally:
        await connection.close()


async def test_what_changes_nothing_tells_nothing(hot: Gateway, other: Gateway) -> None:
    await _map(other)
    await _fill(hot)
    assert (await _map(other)).status_code == 200
    for refused in (map_tag(other, person(OTHER), TAG, TWO), unmap_tag(other, person(OTHER), TAG)):
        assert (await refused).status_code in (409, 404)
    assert await _kept(hot) is not None


async def test_a_fill_that_comes_after_the_write_is_refused(hot: Gateway, other: Gateway) -> None:
    state = hot.services.hot_state
    await _map(other)
    for write in (_remap, _unmap, _map):
        epoch = state.believed_epoch()
        assert epoch is not None
        token = await state.reserve(epoch, [KEY])
        assert token is not None
        await write(other)
        assert await state.fill(epoch, token, [Entry(KEY, b"\xa1x", 60)]) == 0
        assert await _kept(hot) is None


@pytest.mark.slow
async def test_who_cannot_tell_redis_closes_the_epoch_first(
    hot: Gateway, dsn: str, data_dir: Path
) -> None:
    """One worker cannot reach Redis. What is in it is believed no more once that one has written,
    and while the epoch is closed it writes without Redis."""
    nowhere = f"unix://{data_dir}/nobody.sock"
    async with running(dsn, nowhere, hot.clock) as cut_off:
        for vehicle in (ONE, TWO):
            await hot.until_hot()
            epoch = hot.services.hot_state.believed_epoch()
            await _fill(hot)
            form = TagMapping(vehicle_number=vehicle)
            await cut_off.tags.map(VIA, TAG, form, (), at=hot.clock())
            assert hot.services.hot_state.believed_epoch() != epoch
            assert await hot.services.hot_state.get([KEY]) in (None, [None])
        await cut_off.tags.unmap(VIA, TAG, at=hot.clock())
    read = await hot.call(OFFICER, "GET", f"{TAGS}/{TAG}")
    assert [len(read.json()["history"]), read.json()["mapping"]] == [2, None]
