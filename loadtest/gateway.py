"""A gateway for a measurement, started as its users start it, and persons enrolled with it."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final, NamedTuple

_COMMAND = [sys.executable, "-m", "gateway"]
_ENDS_SECONDS_MAX: Final = 60.0
_TOLD_TO_END: Final = (signal.SIGTERM, signal.SIGHUP)


class Started(NamedTuple):
    """A server that accepts: its address, and the process that others of it are children of."""

    address: str
    pid: int


@dataclass(frozen=True)
class Gateway:
    """A gateway that serves: its address, the directory its data is in, and its supervisor."""

    address: str
    data_dir: Path
    pid: int

    @property
    def postgres_dsn(self) -> str:
        """Of the record it keeps."""
        return str(self._endpoints()["postgres_dsn"])

    @property
    def redis_url(self) -> str:
        """Of its hot state."""
        return str(self._endpoints()["redis_url"])

    def command(self, *arguments: str) -> str:
        """What a command of the gateway prints."""
        command = [*_COMMAND, *arguments, "--data-dir", str(self.data_dir)]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout

    def enrol(self, *person: str) -> dict[str, str]:
        """`client_id` and `client_secret` of a new client, enrolled as the command line says it: a
        role, `--id`, and what else the role needs."""
        client: dict[str, str] = json.loads(self.command("enrol", *person))
        return client

    def token(self, *person: str) -> str:
        """A token of a new client, good for 30 minutes, enrolled as `enrol` does it."""
        return self.sign_in(self.enrol(*person))

    def sign_in(self, client: dict[str, str]) -> str:
        """A token of a client that is enrolled, good for 30 minutes."""
        form = "grant_type=client_credentials&client_id={client_id}&client_secret={client_secret}"
        body = form.format(**client).encode()
        with urllib.request.urlopen(f"{self.address}/v1/oauth/token", body) as answer:  # noqa: S310
            return str(json.load(answer)["access_token"])

    def _endpoints(self) -> dict[str, str]:
        endpoints: dict[str, str] = json.loads((self.data_dir / "endpoints.json").read_text())
        return endpoints


def end_as_by_ctrl_c() -> None:
    """From now on SIGTERM and SIGHUP end this process as Ctrl-C does, by an exception: so what was
    started here is ended and what is temporary goes. A SIGHUP that is ignored (nohup) stays so."""
    for number in _TOLD_TO_END:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    # Once: the next must not break off what is being tidied up.
    for told in _TOLD_TO_END:
        signal.signal(told, signal.SIG_IGN)
    raise SystemExit(128 + number)


@contextmanager
def serving(data_dir: Path, workers: int, host: str = "127.0.0.1") -> Iterator[Gateway]:
    """A gateway with its own PostgreSQL and Redis under a directory, until the block ends. It
    listens on one address of this machine."""
    serve = [*_COMMAND, "serve", "--host", host, "--port", "0", "--log-level", "warning"]
    with started([*serve, "--workers", str(workers), "--data-dir", str(data_dir)]) as gateway:
        yield Gateway(gateway.address, data_dir, gateway.pid)


@contextmanager
def started(command: list[str]) -> Iterator[Started]:
    """A server started by a command, which prints its address when it is ready."""
    # In a process group of its own: Ctrl-C is for whoever measures, who ends it afterwards.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=0)
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    try:
        found = re.search(r"http://\S+", process.stdout.readline())
        if found is None:
            raise SystemExit(f"{' '.join(command)} did not start")
        yield Started(found[0], process.pid)
    finally:
        process.terminate()
        try:
            process.wait(_ENDS_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
