"""HTTP connections held open by hand: each stays with one worker, and knows when it was lost."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg

from tests.documents import document
from tests.gateway_processes import BOUND_S, GatewayProcess
from tests.waiting import until
from validators.authority import Person
from validators.calendar import india_date


class NoReplyError(Exception):
    """The connection ended before the whole reply was there."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered, and by which worker: request ids begin with a word of its own."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def worker(self) -> str:
        return self.headers["x-request-id"].partition("-")[0]

    @property
    def code(self) -> str:
        """The code of a refusal, empty for any other answer."""
        return str(self.body.get("code", ""))

    @property
    def replayed(self) -> bool:
        return "idempotency-replayed" in self.headers


class Connection:
    """One HTTP/1.1 connection to a gateway, a call at a time."""

    def __init__(
        self, gateway: GatewayProcess, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._gateway = gateway
        self._reader = reader
        self._writer = writer
        self.worker = ""

    @classmethod
    async def open(cls, gateway: GatewayProcess) -> "Connection":
        """Raises NoReplyError when nobody accepts."""
        try:
            async with asyncio.timeout(BOUND_S):
                streams = await asyncio.open_connection(gateway.host, gateway.port)
                connection = cls(gateway, *streams)
                connection.worker = (await connection.call(None, "GET", "/healthz")).worker
        except OSError as error:
            raise NoReplyError from error
        return connection

    async def call(
        self, token: str | None, method: str, path: str, body: Any = None, **headers: str
    ) -> Reply:
        """The answer to one request, its body JSON unless it is bytes. Raises NoReplyError."""
        sent = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        lines = [f"{method} {path} HTTP/1.1", "host: gateway", f"content-length: {len(sent)}"]
        if token is not None:
            lines.append(f"authorization: Bearer {token}")
        lines += (f"{name.replace('_', '-')}: {value}" for name, value in headers.items())
        try:
            async with asyncio.timeout(BOUND_S):
                self._writer.write("\r\n".join((*lines, "", "")).encode() + sent)
                await self._writer.drain()
                head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
                status, *rest = head.split("\r\n")
                pairs = (line.partition(":") for line in rest if line)
                answered = {name.lower(): value.strip() for name, _, value in pairs}
                content = await self._reader.readexactly(int(answered["content-length"]))
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            raise NoReplyError from error
        return Reply(int(status.split()[1]), json.loads(content), answered)

    async def issue_token(self, client_id: str, client_secret: str) -> str:
        """A token as clients get theirs."""
        secret = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        reply = await self.call(
            None,
            "POST",
            "/v1/oauth/token",
            b"grant_type=client_credentials",
            authorization=f"Basic {secret}",
            content_type="application/x-www-form-urlencoded",
        )
        assert reply.status == 200, reply.body
        return str(reply.body["access_token"])

    def close(self) -> None:
        self._writer.close()


@asynccontextmanager
async def connections(gateway: GatewayProcess, each: int) -> AsyncIterator[list[list[Connection]]]:
    """As many connections as asked for to each of two workers: the kernel decides which worker
    gets one, so they are opened until each has its number."""
    by_worker: dict[str, list[Connection]] = {}

    async def complete() -> bool:
        connection = await Connection.open(gateway)
        found = by_worker.setdefault(connection.worker, [])
        if len(found) < each:
            found.append(connection)
        else:
            connection.close()
        return len(by_worker) == 2 and all(len(found) == each for found in by_worker.values())

    try:
        await until(complete, seconds_max=BOUND_S)
        yield list(by_worker.values())
    finally:
        for found in by_worker.values():
            for connection in found:
                connection.close()


@asynccontextmanager
async def record(gateway: GatewayProcess) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The test's own connection to the gateway's PostgreSQL."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(gateway.postgres_dsn)
    try:
        yield connection
    finally:
        await connection.close()


def todays_document(**changes: Any) -> dict[str, Any]:
    """A sound document of its own, dated today on the real clock."""
    return document(document_date=india_date(datetime.now(UTC)).isoformat(), **changes)


def tokens(gateway: GatewayProcess, *people: Person) -> list[str]:
    """Tokens for people."""
    return [gateway.token(one) for one in people]
