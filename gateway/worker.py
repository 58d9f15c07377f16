"""One worker process: an event loop, its services, and uvicorn on a listener of its own."""

import asyncio
import gc
import logging
import multiprocessing
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from types import FrameType

import uvicorn
import uvloop

from gateway.app import create_app
from gateway.metrics import Metrics, keep_publishing
from gateway.protocol import Protocol
from gateway.services import running
from ingest import limits
from validators.rulebook import rulebooks_enabled


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker is told by the supervisor."""

    host: str
    port: int
    postgres_dsn: str
    redis_url: str
    log_level: str
    rulebooks: tuple[str, ...]
    trusted_proxies: str


def run(settings: WorkerSettings, ready: Connection) -> None:
    """Serves until SIGTERM or the supervisor's death; sends one message once it accepts."""
    configure_logging(settings.log_level)
    uvloop.run(_serve(settings, ready))


def listener(host: str, port: int) -> socket.socket:
    """A socket bound beside those of the other workers: the kernel spreads connections over them,
    so no worker takes more than its share by being quicker to accept."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((host, port))
    return bound


def configure_logging(level: str) -> None:
    """Log lines to standard error, with the process that wrote them."""
    logging.basicConfig(
        level=level.upper(),
        format="%(asctime)s %(levelname)s %(process)d %(name)s %(message)s",
        force=True,
    )
    # While PostgreSQL is away it logs a traceback a second; our own refusals say it once a request.
    logging.getLogger("asyncpg.pool").setLevel(logging.CRITICAL)


def when_orphaned(stop: Callable[[], None]) -> None:
    """Calls `stop` on this event loop once the process that started this one has ended."""
    supervisor = multiprocessing.parent_process()
    if supervisor is None:
        return
    loop, orphaned = asyncio.get_running_loop(), supervisor.sentinel

    def stop_orphaned() -> None:
        loop.remove_reader(orphaned)
        stop()

    loop.add_reader(orphaned, stop_orphaned)


class Server(uvicorn.Server):
    """uvicorn, telling when it accepts connections and when it stops to."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_started: Callable[[], None],
        on_stopping: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._on_started = on_started
        self._on_stopping = on_stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stopping()
        await super().shutdown(sockets=sockets)


def server_config(app: object, trusted_proxies: str = "") -> uvicorn.Config:
    """How uvicorn serves the application, here and in tests. `trusted_proxies` are the addresses
    and networks whose X-Forwarded-For says who calls, separated by commas; none: who connects."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        loop="none",
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=limits.DRAIN_SECONDS_MAX,
    )


async def _serve(settings: WorkerSettings, ready: Connection) -> None:
    rulebooks = rulebooks_enabled(settings.rulebooks)
    async with running(settings.postgres_dsn, settings.redis_url, now, rulebooks) as services:
        metrics = Metrics()
        app = create_app(services, now, metrics)
        publishing = asyncio.create_task(keep_publishing(lambda: services.publish(metrics)))
        server = Server(
            server_config(app, settings.trusted_proxies),
            lambda: _announce(ready),
            services.bulk.close,
        )
        # A worker without its supervisor would hold the port and be stopped by nobody.
        when_orphaned(lambda: server.handle_exit(signal.SIGTERM, None))
        # uvicorn raises a signal it handled once more when it has stopped; we still have to drain.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _ignore)
        await server.serve(sockets=[listener(settings.host, settings.port)])
        publishing.cancel()


def _ignore(number: int, frame: FrameType | None) -> None:
    """Until uvicorn installs its own handlers, and after it has put this one back."""


def _announce(ready: Connection) -> None:
    # What start-up made stays for good: collections need not walk it again.
    gc.collect()
    gc.freeze()
    # A request leaves no cycles behind, so the frequent collections find nothing.
    gc.set_threshold(50_000, 20, 20)
    ready.send(None)


def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)
