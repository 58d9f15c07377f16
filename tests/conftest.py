"""Real servers for the tests: one PostgreSQL and one Redis a session, one database a test."""

import asyncio
import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import asyncpg
import pytest
import redis
import uvloop

from gateway.servers import postgres
from gateway.servers.postgres import PostgresServer
from gateway.servers.redis import RedisServer
from ingest.migrations import migrate
from tests.gateway_in_process import Gateway, TestClock, gateway_in_process

_MEMORY = Path("/dev/shm")  # noqa: S108
_MEMORY_BYTES_MIN = 4 << 30
_TEMPLATE = "template_gateway"
_numbers = itertools.count()
_TEST_SETTINGS = {
    # Nobody pulls the plug on this one: tests that do have a gateway of their own.
    "fsync": "off",
    "full_page_writes": "off",
    # A thousand databases come and go: the log of those that went need not stay.
    "min_wal_size": "64MB",
    "max_wal_size": "512MB",
}


def pytest_configure() -> None:
    """Files of the tests are in memory where there is room and nobody says otherwise (TMPDIR): a
    database is made and dropped in a tenth of the time, and what a process that was killed had
    written is there as it would be on a disk."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _MEMORY_BYTES_MIN
    if roomy and "TMPDIR" not in os.environ:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the event loop the gateway runs on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def data_dir() -> Iterator[Path]:
    """A directory of this session, short enough for Unix sockets."""
    directory = Path(tempfile.mkdtemp(prefix="gw-"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def server_dsn(data_dir: Path) -> Iterator[str]:
    """The session's PostgreSQL, holding a migrated template database."""
    server = PostgresServer(data_dir)
    with patch.dict(postgres._SETTINGS, _TEST_SETTINGS):
        dsn = server.start()

    async def prepare() -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute(f"CREATE DATABASE {_TEMPLATE}")
        await connection.close()
        await migrate(_in_database(dsn, _TEMPLATE))

    uvloop.run(prepare())
    yield dsn
    # Its directory goes with it: half a minute of writing it out first would be for nobody.
    with patch.object(postgres, "_FAST", signal.SIGQUIT):
        server.stop()


@pytest.fixture
async def dsn(server_dsn: str) -> AsyncIterator[str]:
    """A migrated database of this test alone."""
    name = f"test_{next(_numbers)}"
    connection = await asyncpg.connect(server_dsn)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY")
    yield _in_database(server_dsn, name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def record(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection past the gateway to this test's database."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
def redis_server_url(data_dir: Path) -> Iterator[str]:
    server = RedisServer(data_dir)
    yield server.start()
    server.stop()


@pytest.fixture
def redis_url(redis_server_url: str) -> str:
    """The session's Redis, empty."""
    with redis.from_url(redis_server_url) as client:
        client.flushall()
    return redis_server_url


@pytest.fixture
def clock() -> TestClock:
    """The gateway's clock, to be moved by the test."""
    return TestClock()


@pytest.fixture
async def gateway(dsn: str, redis_url: str, clock: TestClock) -> AsyncIterator[Gateway]:
    """A gateway on this test's database, served over real HTTP by this event loop."""
    async with gateway_in_process(dsn, redis_url, clock) as running:
        yield running


def _in_database(dsn: str, name: str) -> str:
    head, separator, query = dsn.partition("?")
    return f"{head.rpartition('/')[0]}/{name}{separator}{query}"
