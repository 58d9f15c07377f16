"""`gateway reader` as a command: started, heard, stopped, killed."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gateway.servers.process import until
from tests.bulk_server import CLIENT
from tests.gateway_processes import BOUND_S, REPOSITORY, command_environment
from tests.llrp_peer import LlrpPeer


class Relay:
    """A relay between a reader and a gateway. May be started again after it ended."""

    def __init__(self, peer: LlrpPeer, url: str, directory: Path, *flags: str) -> None:
        self.spool = directory / "spool"
        self._said = directory / "said"
        self._command = [
            *(sys.executable, "-m", "gateway", "reader", "--llrp", peer.address),
            *("--url", url, "--spool", str(self.spool), *flags),
        ]
        self._peer = peer
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> str:
        """All that it has said, of all starts, errors included."""
        return self._said.read_text() if self._said.exists() else ""

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "not started"
        return self._process

    def start(self) -> None:
        """Returns when the reader reads."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with self._said.open("ab") as said:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    cwd=REPOSITORY,
                    env=command_environment(
                        GATEWAY_CLIENT_ID=CLIENT["client_id"],
                        GATEWAY_CLIENT_SECRET=CLIENT["client_secret"],
                    ),
                )
        finally:
            signal.signal(signal.SIGINT, before)
        assert until(lambda: self._peer.reading or self.process.poll() is not None, BOUND_S)
        assert self.process.poll() is None, self.said

    def waiting(self) -> dict[str, str]:
        """The reads in the spool: their tags by their ids."""
        with closing(sqlite3.connect(self.spool)) as spool:
            return dict(spool.execute("SELECT read_id, tag FROM waiting"))

    def kill(self) -> None:
        """Kills it; returns when the reader has noticed."""
        self.process.kill()
        self.process.wait()
        assert until(lambda: not self._peer.reading, BOUND_S)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stops it as an operator does; answers the exit code."""
        self.process.send_signal(number)
        return self.process.wait(BOUND_S)


@contextmanager
def relay(peer: LlrpPeer, url: str, directory: Path, *flags: str) -> Iterator[Relay]:
    """A started relay, which ends with the test whatever becomes of it."""
    running = Relay(peer, url, directory, *flags)
    try:
        running.start()
        yield running
    finally:
        running.process.kill()
        running.process.wait()
    assert "Traceback" not in running.said, running.said
