"""One gateway, one data directory, and the servers in it that the settings do not name."""

import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.servers.postgres import PostgresServer
from gateway.servers.process import ServerFailed
from gateway.servers.redis import RedisServer

log = logging.getLogger(__name__)

_ATTACH_TIMEOUT_S = 60.0
_ATTACH_INTERVAL_S = 0.1
_RESTART_PAUSE_S = 1.0


class _Mended:
    """A server of ours that is started again when it ends by itself."""

    def __init__(self, name: str, server: PostgresServer | RedisServer) -> None:
        self._name = name
        self._server = server
        self._pause_ends_at = 0.0

    def restart_if_dead(self) -> None:
        if self._server.exit_status is None or time.monotonic() < self._pause_ends_at:
            return
        log.error("%s ended (%s); starting it again", self._name, self._server.exit_status)
        try:
            self._server.restart()
        except (ServerFailed, OSError) as error:
            log.error("%s could not be started again: %s", self._name, error)
        # Counted from now, also for a server that starts and ends at once.
        self._pause_ends_at = time.monotonic() + _RESTART_PAUSE_S


@dataclass(frozen=True)
class Endpoints:
    """Where the two servers are: a DSN for asyncpg and a URL for redis-py's `from_url`."""

    postgres_dsn: str
    redis_url: str
    _started: Sequence[_Mended] = field(default=(), compare=False, repr=False)

    def restart_dead(self) -> None:
        """To be called again and again by whoever started servers: each that has ended is started
        again at the same address, at most once a second. Never raises and waits for nothing but
        what the dead server left behind; clients have to reconnect."""
        for server in self._started:
            server.restart_if_dead()


class DataDirectoryInUse(RuntimeError):
    """Another process holds the data directory."""


@contextmanager
def running(
    data_dir: Path,
    postgres_dsn: str | None = None,
    redis_url: str | None = None,
    postgres_bin: Path | None = None,
    redis_server: Path | None = None,
) -> Iterator[Endpoints]:
    """Start the servers not named, for the length of the block, and publish where they are.

    To be entered from the main thread. If both servers are named nothing is started and the data
    directory is left alone; otherwise it is held exclusively, and DataDirectoryInUse is raised
    if another process holds it.
    """
    if postgres_dsn is not None and redis_url is not None:
        yield Endpoints(postgres_dsn, redis_url)
        return
    started: list[_Mended] = []
    with ExitStack() as stack:
        stack.enter_context(_held(data_dir))
        if postgres_dsn is None:
            postgres = PostgresServer(data_dir, postgres_bin)
            postgres_dsn = postgres.start()
            stack.callback(postgres.stop)
            started.append(_Mended("PostgreSQL", postgres))
        if redis_url is None:
            redis = RedisServer(data_dir, redis_server)
            redis_url = redis.start()
            stack.callback(redis.stop)
            started.append(_Mended("Redis", redis))
        endpoints = Endpoints(postgres_dsn, redis_url, started)
        stack.enter_context(_published(data_dir, endpoints))
        yield endpoints


@contextmanager
def attach(
    data_dir: Path,
    postgres_dsn: str | None = None,
    redis_url: str | None = None,
    postgres_bin: Path | None = None,
    redis_server: Path | None = None,
) -> Iterator[Endpoints]:
    """For command-line tools: use the servers of the gateway that holds the data directory.

    If none does, start them for the length of the block as `running` would; meanwhile no gateway
    can start, and tools that attach lose the servers when the block ends.
    """
    deadline = time.monotonic() + _ATTACH_TIMEOUT_S
    with ExitStack() as stack:
        endpoints = None
        while endpoints is None:
            try:
                endpoints = stack.enter_context(
                    running(data_dir, postgres_dsn, redis_url, postgres_bin, redis_server)
                )
            except DataDirectoryInUse:
                endpoints = _read_endpoints(data_dir)
                if endpoints is None:  # That gateway is still starting, or just stopping.
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(_ATTACH_INTERVAL_S)
        yield Endpoints(postgres_dsn or endpoints.postgres_dsn, redis_url or endpoints.redis_url)


@contextmanager
def _held(data_dir: Path) -> Iterator[None]:
    """Hold the data directory. The kernel lets go of it when we end, however we end."""
    data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
    with open(data_dir / "lock", "a+", opener=_owner_only) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise DataDirectoryInUse(f"{data_dir} is in use by process {holder}") from None
        _endpoints_file(data_dir).unlink(missing_ok=True)  # Left by a holder that was killed.
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


@contextmanager
def _published(data_dir: Path, endpoints: Endpoints) -> Iterator[None]:
    """Let command-line tools of the same user find the servers. A DSN may hold a password."""
    file = _endpoints_file(data_dir)
    unfinished = file.with_suffix(".new")
    with open(unfinished, "w", opener=_owner_only) as output:
        addresses = {"postgres_dsn": endpoints.postgres_dsn, "redis_url": endpoints.redis_url}
        json.dump(addresses, output)
    unfinished.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _read_endpoints(data_dir: Path) -> Endpoints | None:
    try:
        return Endpoints(**json.loads(_endpoints_file(data_dir).read_text()))
    except FileNotFoundError:
        return None


def _endpoints_file(data_dir: Path) -> Path:
    return data_dir / "endpoints.json"


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
