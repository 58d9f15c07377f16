"""The process an operator starts: servers, schema, workers, SMS; mends what dies, drains at the
end."""

import logging
import multiprocessing
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any

import uvloop
from prometheus_client.multiprocess import mark_process_dead

from gateway import metrics, sms_link, worker
from gateway.servers.embedded import running
from gateway.settings import Settings
from gateway.sms_link import SmsLinkSettings
from gateway.worker import WorkerSettings
from ingest import limits
from ingest.migrations import migrate
from sms.settings import others_may_read

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
_RESTART_PAUSE_SECONDS = 1.0
_READY_SECONDS_MAX = 60.0


class StartError(RuntimeError):
    """The gateway could not start; the message says why."""


@dataclass(frozen=True, slots=True)
class _Duty:
    """What a process runs: it is given its settings, and where to say that it is ready."""

    run: Callable[[Any, Connection], None]
    settings: Any


@dataclass(slots=True)
class _Worker:
    duty: _Duty
    process: BaseProcess
    ready: Connection
    started_at: float


def serve(settings: Settings, announce: Callable[[str], None] = print) -> None:
    """Serves until SIGTERM or SIGINT, then drains and stops everything it started.

    Calls `announce` with one line holding the address once every worker accepts. Raises
    StartError or SettingError when it cannot start.
    """
    worker.configure_logging(settings.log_level)
    sms = settings.sms()
    if settings.sms_settings and others_may_read(settings.sms_settings):
        log.warning("%s holds secrets, and others may read it", settings.sms_settings)
    with (
        metrics.shared_directory() as shared_metrics,
        running(
            settings.data_dir,
            settings.postgres_dsn,
            settings.redis_url,
            settings.postgres_bin,
            settings.redis_server,
        ) as servers,
        _reserved(settings.host, settings.port) as reserved,
    ):
        # From here on a stop is orderly; before, whoever asks for one need not wait for a recovery.
        stop = _StopSignal()
        host, port = reserved.getsockname()[:2]
        if applied := uvloop.run(migrate(servers.postgres_dsn)):
            log.info("migrated: %s", ", ".join(applied))
        metrics.prepare(Path(shared_metrics))
        serving = WorkerSettings(
            host,
            port,
            servers.postgres_dsn,
            servers.redis_url,
            settings.log_level,
            settings.rulebook_versions,
            settings.trusted_proxies,
        )
        duties = [_Duty(worker.run, serving)] * settings.workers
        if sms.sends:
            duties.append(_Duty(sms_link.run, SmsLinkSettings(serving, sms)))
        workers = _Workers(duties)
        try:
            workers.start(stop)
            if not stop.received:
                shown = f"[{host}]" if ":" in host else host
                announce(f"e-way bill gateway ready at http://{shown}:{port}")
            while not stop.received:
                wait([*workers.sentinels(), stop.wakeup], _LOOK_SECONDS)
                servers.restart_dead()
                workers.restart_dead(stop)
            log.info("stopping: draining %d workers", len(duties))
        finally:
            workers.stop()


class _StopSignal:
    """SIGTERM or SIGINT, as something to wait for."""

    def __init__(self) -> None:
        self.received = False
        self.wakeup, self._waker = socket.socketpair()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._receive)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received = True
        self._waker.send(b"!")


class _Workers:
    """The worker processes, one a duty."""

    def __init__(self, duties: Sequence[_Duty]) -> None:
        # Spawned, not forked: a worker begins with nothing of the supervisor's but its settings.
        self._context = multiprocessing.get_context("spawn")
        self._duties = duties
        self._workers: list[_Worker] = []

    def start(self, stop: _StopSignal) -> None:
        """Starts all; returns when all accept or a stop was asked for. Raises StartError."""
        self._workers = [self._spawn(duty) for duty in self._duties]
        deadline = time.monotonic() + _READY_SECONDS_MAX
        awaited = list(self._workers)
        while awaited and not stop.received:
            waiting = [thing for one in awaited for thing in (one.ready, one.process.sentinel)]
            wait([*waiting, stop.wakeup], max(0.0, deadline - time.monotonic()))
            if any(not one.process.is_alive() for one in awaited):
                raise StartError("a worker ended before it was ready; its log says why")
            if time.monotonic() > deadline:
                raise StartError(f"a worker was not ready within {_READY_SECONDS_MAX:.0f} s")
            awaited = [one for one in awaited if not _accepts(one)]

    def sentinels(self) -> list[int]:
        """What becomes ready when a worker ends."""
        return [one.process.sentinel for one in self._workers]

    def restart_dead(self, stop: _StopSignal) -> None:
        """Replaces every worker that has ended; one that ended early only after a pause."""
        for index, one in enumerate(self._workers):
            if one.process.is_alive() or stop.received:
                continue
            log.error(
                "worker %s ended (%s); starting another", one.process.pid, one.process.exitcode
            )
            if one.process.pid is not None:
                mark_process_dead(one.process.pid)  # type: ignore[no-untyped-call]
            if time.monotonic() - one.started_at < _RESTART_PAUSE_SECONDS:
                wait([stop.wakeup], _RESTART_PAUSE_SECONDS)
            self._workers[index] = self._spawn(one.duty)

    def stop(self) -> None:
        """Lets every worker drain, and kills one that takes longer than the limit."""
        for one in self._workers:
            one.process.terminate()
        deadline = time.monotonic() + limits.DRAIN_SECONDS_MAX + 5
        for one in self._workers:
            one.process.join(max(0.0, deadline - time.monotonic()))
            if one.process.is_alive():
                log.error("worker %s did not drain; killing it", one.process.pid)
                one.process.kill()
                one.process.join()

    def _spawn(self, duty: _Duty) -> _Worker:
        ready, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(target=duty.run, args=(duty.settings, sender))
        process.start()
        sender.close()
        return _Worker(duty, process, ready, time.monotonic())


def _accepts(one: _Worker) -> bool:
    """Whether a worker has said that it accepts. Raises StartError when it never will."""
    if not one.ready.poll():
        return False
    try:
        one.ready.recv()
    except EOFError as error:  # The pipe of a worker that ended is readable as well.
        raise StartError("a worker ended before it was ready; its log says why") from error
    return True


def _reserved(host: str, port: int) -> socket.socket:
    """Holds the address for the workers. Raises StartError when somebody else has it: workers
    share theirs, so without this look a second gateway would silently take half the requests."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as alone:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind((host, port))
            host, port = alone.getsockname()[:2]
        return worker.listener(host, port)
    except OSError as error:
        raise StartError(f"cannot listen on {host} port {port}: {error.strerror}") from error
