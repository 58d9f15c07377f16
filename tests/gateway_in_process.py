"""A gateway inside the test's own event loop: real HTTP over loopback, the clock in our hand."""

import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn

from gateway.app import create_app
from gateway.metrics import Metrics
from gateway.services import Services, running
from gateway.worker import listener, server_config
from tests.waiting import until
from validators.authority import Person
from validators.rulebook import RULEBOOKS_DEFAULT, Rulebook

# Made without, every client would read the certificates of the whole world first.
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class TestClock:
    """A clock that stands still until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 8, 35, 9, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def at(self, written: str) -> datetime:
        """An instant as the gateway writes it, for this clock."""
        return datetime.fromisoformat(written).astimezone(UTC)

    def advance(self, **by: float) -> None:
        """Moves the clock on by a timedelta's arguments."""
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Gateway:
    """A running gateway as a test sees it."""

    services: Services
    address: str
    clock: TestClock
    http: httpx.AsyncClient
    server: uvicorn.Server

    async def call(
        self, who: Person | None, method: str, path: str, **request: Any
    ) -> httpx.Response:
        """A request with a fresh token of a person."""
        headers = dict(request.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.services.tokens.issue(who, self.clock())}"
        return await self.http.request(method, path, headers=headers, **request)

    async def generate(
        self, who: Person, document: dict[str, Any], **request: Any
    ) -> httpx.Response:
        """POST /v1/eway-bills."""
        return await self.call(who, "POST", "/v1/eway-bills", json=document, **request)

    async def until_hot(self) -> None:
        """Returns once the hot state is believed: until then every read goes to PostgreSQL."""
        await until(self.services.hot_state.believed_epoch)


@asynccontextmanager
async def gateway_in_process(
    dsn: str,
    redis_url: str,
    clock: TestClock,
    rulebooks: Sequence[Rulebook] = RULEBOOKS_DEFAULT,
    *,
    trusted_proxies: str = "",
) -> AsyncIterator[Gateway]:
    """Serves until the block ends."""
    async with running(dsn, redis_url, clock, rulebooks) as services:
        app = create_app(services, clock, Metrics())
        server = uvicorn.Server(server_config(app, trusted_proxies))
        bound = listener("127.0.0.1", 0)
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        async with _accepting(server, bound):
            async with httpx.AsyncClient(
                base_url=address, timeout=30, verify=_NO_CERTIFICATES
            ) as http:
                yield Gateway(services, address, clock, http, server)
            services.bulk.close()


@asynccontextmanager
async def _accepting(server: uvicorn.Server, bound: socket.socket) -> AsyncIterator[None]:
    """Starts and stops as `Server.serve` does, without taking over the signals of the tests and
    without its naps of a tenth of a second, which are longer than most tests."""
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup([bound])
    await server.on_tick(0)
    yield
    for listening in server.servers:
        listening.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
    await until(lambda: not server.server_state.connections and not server.server_state.tasks)
