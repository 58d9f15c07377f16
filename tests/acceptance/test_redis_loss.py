"""Redis flushed, killed and hung under load, and PostgreSQL killed: no answer is ever wrong."""

import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis

from gateway.servers.redis import wheel_server
from tests.gateway_connections import connections, record
from tests.gateway_processes import GatewayProcess, alive, gateway_process
from tests.mixed_load import Running, start_mixed_load

pytestmark = pytest.mark.slow

CONNECTIONS_EACH = 5
HUNG_SECONDS = 3.0


@asynccontextmanager
async def loaded(data_dir: Path, *flags: str) -> AsyncIterator[tuple[GatewayProcess, Running]]:
    """A gateway under mixed load; after the block, nothing acknowledged may be lost."""
    with gateway_process(data_dir, *flags) as gateway:
        async with connections(gateway, CONNECTIONS_EACH) as workers:
            running = await start_mixed_load(gateway, [one for both in workers for one in both])
            try:
                await running.more(300)
                yield gateway, running
                await running.stop()
            finally:
                await running.abandon()
            for worker in workers:
                await running.load.settle(worker[0])
                await running.load.assert_nothing_lost(gateway, worker[0])


async def open_epoch(gateway: GatewayProcess) -> int | None:
    """The epoch of the hot state, if it is open."""
    async with record(gateway) as direct:
        epoch: int | None = await direct.fetchval("SELECT epoch FROM hot_state WHERE is_open")
    return epoch


async def believed_again(gateway: GatewayProcess, running: Running, before: int) -> None:
    """Waits under load until another epoch is open than before."""

    async def opened() -> bool:
        return (await open_epoch(gateway) or 0) > before

    await running.until(opened)


async def test_flushed_again_and_again(tmp_path: Path) -> None:
    async with loaded(tmp_path / "data") as (gateway, running):
        with redis.from_url(gateway.redis_url) as direct:
            for _ in range(60):
                direct.flushall()
                await running.more(40)
            assert direct.dbsize() > 0, "the hot state was in use"
        assert running.load.unavailable == 0


async def test_killed_and_started_again_by_the_supervisor(tmp_path: Path) -> None:
    async with loaded(tmp_path / "data") as (gateway, running):
        for _ in range(3):
            before, pid = await open_epoch(gateway) or 0, gateway.redis
            os.kill(pid, signal.SIGKILL)
            await running.more(50)
            await believed_again(gateway, running, before)
            assert gateway.redis != pid
            assert not alive(pid)
            await running.more(300)
        assert running.load.unavailable == 0
        assert gateway.log.count("Redis ended (-9); starting it again") == 3


async def test_a_server_that_does_not_start_again_is_tried_until_it_does(tmp_path: Path) -> None:
    """Meanwhile the gateway serves from PostgreSQL."""
    script, broken = tmp_path / "redis-server", tmp_path / "broken"
    script.write_text(f'#!/bin/sh\ntest -e {broken} && exit 7\nexec {wheel_server()} "$@"\n')
    script.chmod(0o700)
    async with loaded(tmp_path / "data", "--redis-server", str(script)) as (gateway, running):
        script.chmod(0o600)
        os.kill(gateway.redis, signal.SIGKILL)
        await running.until(lambda: gateway.log.count("Redis could not be started again") >= 2)
        broken.touch()
        script.chmod(0o700)
        await running.until(lambda: gateway.log.count("Redis ended (7)") >= 2)
        await running.more(300)
        before = await open_epoch(gateway) or 0
        broken.unlink()
        await believed_again(gateway, running, before)
        await running.more(100)
        assert running.load.unavailable == 0


async def test_hung(tmp_path: Path) -> None:
    async with loaded(tmp_path / "data") as (gateway, running):
        for _ in range(2):
            before, pid = await open_epoch(gateway) or 0, gateway.redis
            os.kill(pid, signal.SIGSTOP)
            until = time.monotonic() + HUNG_SECONDS
            try:
                await running.more(200)
                await running.until(lambda until=until: time.monotonic() > until)
            finally:
                os.kill(pid, signal.SIGCONT)
            await believed_again(gateway, running, before)
            await running.more(300)
            assert gateway.redis == pid
        assert running.load.unavailable == 0


async def test_postmaster_killed(tmp_path: Path) -> None:
    async with loaded(tmp_path / "data") as (gateway, running):
        for _ in range(2):
            pid, unavailable = gateway.postmaster, running.load.unavailable
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await running.until(lambda before=unavailable: running.load.unavailable > before)

            await running.until(lambda before=pid: gateway.postmaster not in (None, before))

            async def recovers() -> bool:
                known = len(running.load.bills)
                await running.more(50)
                return len(running.load.bills) > known

            await running.until(recovers)
            await running.more(300)
        assert gateway.log.count("PostgreSQL ended (-9); starting it again") == 2
