"""Child processes that live no longer than the gateway that started them."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_POLL_INTERVAL_S = 0.02
_LOG_TAIL_LINES = 20
_PR_SET_PDEATHSIG = 1


class ServerFailed(RuntimeError):
    """A server could not be made ready; the message ends with what it last said."""


class ServerProcess:
    """A server started as a child of this process, its output appended to a log file.

    The child has a session of its own, so that Ctrl-C in the terminal reaches only the gateway,
    which drains its requests before it stops the servers they need. Should the gateway die without
    stopping it, the kernel sends the child `on_parent_death` (Linux; elsewhere the next start has
    to clear it away). A program that changes user loses that arrangement and must renew it.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        on_parent_death: signal.Signals,
        env: Mapping[str, str] | None = None,
    ) -> None:
        if threading.current_thread() is not threading.main_thread():
            # The kernel means the parent thread: a server started elsewhere would die with it.
            raise RuntimeError("servers must be started from the main thread")
        self._name = log.stem
        self._log = log
        with open(log, "ab", opener=_owner_only) as output:
            self._log_start = output.tell()
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=env,
                start_new_session=True,
                # Safe before there are other threads, which is when servers are started.
                preexec_fn=_die_with_parent(on_parent_death),  # noqa: PLW1509
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def exit_status(self) -> int | None:
        """As `subprocess` says it; None while the server runs."""
        return self._child.poll()

    def wait_until(self, ready: Callable[[], bool], timeout_s: float) -> None:
        """Return once `ready()` holds; raise ServerFailed if the child exits or takes too long."""
        if until(lambda: self._exited() or ready(), timeout_s) and not self._exited():
            return
        status = self._child.returncode
        outcome = f"is not ready after {timeout_s:g} s" if status is None else f"exited ({status})"
        raise ServerFailed(f"{self._name} {outcome}; the end of {self._log}:\n{self._log_tail()}")

    def stop(self, *signals: signal.Signals, timeout_s: float) -> None:
        """Send each signal in turn, giving it `timeout_s` to work, and kill if none does."""
        end(self.pid, self._exited, signals, timeout_s)

    def _exited(self) -> bool:
        return self.exit_status is not None

    def _log_tail(self) -> str:
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-_LOG_TAIL_LINES:])


def until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Poll until the condition holds; false when it still does not after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_INTERVAL_S)
    return True


def end(
    pid: int, gone: Callable[[], bool], signals: Sequence[signal.Signals], timeout_s: float
) -> None:
    """Make a process go, child or not: each signal in turn, SIGKILL when none has worked."""
    for number in (*signals, signal.SIGKILL):
        if gone():
            return
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        until(gone, timeout_s)


def processes_marked(marker: str) -> list[int]:
    """The ids of the running processes whose command line, or title, contains the marker."""
    if sys.platform != "linux":
        listing = subprocess.run(
            ["ps", "-axwwo", "pid=,command="], capture_output=True, text=True, check=True
        )
        return [int(line.split()[0]) for line in listing.stdout.splitlines() if marker in line]
    found = []
    for entry in Path("/proc").iterdir():  # Slim containers have no ps.
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:  # It ended while we looked.
                continue
            if marker.encode() in command:
                found.append(int(entry.name))
    return found


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def arm() -> None:
        # Runs between fork and exec, where little is allowed: everything is prepared above.
        libc.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # It died before the call above could take effect.
            os._exit(1)

    return arm


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
