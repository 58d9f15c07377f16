"""A gateway as an operator runs it: real processes, to be talked to, counted, hung and killed."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import uvloop

from gateway.servers.process import processes_marked, until
from gateway.tokens import Tokens
from validators.authority import Person

REPOSITORY = Path(__file__).parents[1]
BOUND_S = 60.0
_READY = re.compile(r"ready at (http://\S+:(\d+))\n")


def command_environment(**changes: str) -> dict[str, str]:
    """Ours without GATEWAY_ variables, which would choose another gateway than the test's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return kept | changes


def run_command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`gateway ARGUMENTS`, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=command_environment(**environment),
        timeout=BOUND_S,
        check=False,
    )


class GatewayProcess:
    """`gateway serve` on a data directory, two workers unless told otherwise.

    May be started again after it ended. What it says goes to files beside the data directory.
    """

    def __init__(self, data_dir: Path, *flags: str, **environment: str) -> None:
        self.data_dir = data_dir
        self._flags = flags
        self._environment = command_environment(**environment)
        self._said = data_dir.with_suffix(".out")
        self._log = data_dir.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        self._tokens: Tokens | None = None
        self.host, self.port = "127.0.0.1", 0

    def start(self) -> None:
        """Returns when it says that it is ready, on the port it had before if it had one."""
        if sys.platform != "linux":
            pytest.skip("the processes of a gateway are found in /proc")
        with self._said.open("wb") as said, self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "serve", *self.flags()],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=log,
                cwd=REPOSITORY,
                env=self._environment,
            )
        ready = until(lambda: self.ended or _READY.search(self.said) is not None, BOUND_S)
        found = _READY.search(self.said)
        assert ready
        assert found, self.log
        self.port = int(found[2])
        self._tokens = None

    def flags(self) -> list[str]:
        """What `serve` is told on its command line."""
        chosen = ["--port", str(self.port), "--workers", "2", "--data-dir", str(self.data_dir)]
        return [*chosen, *self._flags]

    @property
    def said(self) -> str:
        """Its standard output since it was started."""
        return self._said.read_text()

    @property
    def log(self) -> str:
        """Its standard error, of all starts."""
        return self._log.read_text()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "not started"
        return self._process

    @property
    def ended(self) -> bool:
        """Whether the supervisor has ended."""
        return self.process.poll() is not None

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers."""
        return [pid for pid in children(self.process.pid) if "spawn_main" in command_line(pid)]

    @property
    def postmaster(self) -> int | None:
        """PostgreSQL's first process, None while there is none."""
        try:
            return int((self.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError):
            return None

    @property
    def redis(self) -> int:
        (pid,) = processes_marked(f"{self.data_dir.resolve()}/redis")
        return pid

    @property
    def postgres_dsn(self) -> str:
        return str(self._endpoints()["postgres_dsn"])

    @property
    def redis_url(self) -> str:
        return str(self._endpoints()["redis_url"])

    def everything(self) -> list[int]:
        """The process ids of the whole gateway, servers and their children included."""
        found = [self.process.pid]
        for pid in found:
            found += children(pid)
        return found

    def kill_everything(self) -> None:
        """Kills all processes at once: none lives to see another one end."""
        everything = self.everything()
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in everything:
                os.kill(pid, number)
        self.process.wait(BOUND_S)
        assert until(lambda: not any(map(alive, everything)), BOUND_S)

    def stop(self) -> int:
        """Stops it as an operator does; answers the exit code."""
        self.process.terminate()
        return self.process.wait(BOUND_S)

    def token(self, person: Person) -> str:
        """A token signed with the gateway's own key."""
        if self._tokens is None:
            self._tokens = Tokens(uvloop.run(_signing_keys(self.postgres_dsn)))
        return self._tokens.issue(person, datetime.now(UTC))

    def port_is_free(self) -> bool:
        """Whether nobody, not even beside others, holds the port."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError:
                return False
            return True

    def _endpoints(self) -> dict[str, Any]:
        endpoints: dict[str, Any] = json.loads((self.data_dir / "endpoints.json").read_text())
        return endpoints


@contextmanager
def gateway_process(data_dir: Path, *flags: str, **environment: str) -> Iterator[GatewayProcess]:
    """A started gateway; at the end of the block nothing of it is left."""
    with started(GatewayProcess(data_dir, *flags, **environment)) as gateway:
        yield gateway


@contextmanager
def started(gateway: GatewayProcess) -> Iterator[GatewayProcess]:
    """A gateway of a test's own making, started and stopped."""
    gateway.start()
    try:
        yield gateway
    finally:
        if not gateway.ended:
            try:
                gateway.stop()
            except subprocess.TimeoutExpired:
                gateway.kill_everything()
                raise


def children(parent: int) -> list[int]:
    """The process ids of a process's children."""
    return [pid for pid, fields in _processes() if int(fields[1]) == parent]


def alive(pid: int) -> bool:
    """Whether a process runs: one that is dead and only not yet waited for does not."""
    return any(pid == other and fields[0] != "Z" for other, fields in _processes())


def command_line(pid: int) -> str:
    """Empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> Callable[[], bool]:
    """Sends a signal, and answers what tells whether the process has gone."""
    os.kill(pid, number)
    return lambda: not alive(pid)


def _processes() -> Iterator[tuple[int, list[str]]]:
    """Every process, with its state, parent and the rest of /proc's `stat`."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stat = (entry / "stat").read_text()
            except OSError:  # It ended while we looked.
                continue
            yield int(entry.name), stat.rpartition(") ")[2].split()


async def _signing_keys(dsn: str) -> dict[str, bytes]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT key_id, secret FROM signing_key ORDER BY created_at DESC"
        )
    finally:
        await connection.close()
    return {row["key_id"]: row["secret"] for row in rows}
