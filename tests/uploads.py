"""Uploads over a connection of their own: lines sent and answers read each in its own time."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg

from loadtest.invoices import invoices
from tests.documents import SUPPLIER, document, person
from tests.gateway_in_process import Gateway
from validators.authority import Person

NDJSON: Final = "application/x-ndjson"
SECONDS_MAX: Final = 60
BY: Final = person(SUPPLIER)
Answer = dict[str, Any]


def _bills(count: int) -> list[bytes]:
    return [json.dumps(document()).encode() for _ in range(count)]


def _invoices(count: int) -> list[bytes]:
    return list(invoices(1, SUPPLIER, count))


_COUNTED_BILLS: Final = (
    "SELECT (SELECT count(*) FROM eway_bill) + (SELECT count(*) FROM part_a) AS count"
)


@dataclass(frozen=True)
class Kind:
    """One of the two uploads: where to, what names a document that was taken, what a document that
    is there already is answered, and how many are stored."""

    path: str
    named: str
    again: int
    counted: str
    """SQL: how many documents are in the record."""
    lines: Callable[[int], list[bytes]]
    """Sound documents; those of two calls may be the same."""

    async def stored(self, dsn: str) -> int:
        """How many are in the record."""
        direct: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(dsn)
        try:
            return int(await direct.fetchval(self.counted))
        finally:
            await direct.close()


BILLS: Final = Kind("/v1/eway-bills/bulk", "ebn", 409, _COUNTED_BILLS, _bills)
INVOICES: Final = Kind("/v1/invoices/bulk", "irn", 200, "SELECT count(*) FROM invoice", _invoices)
KINDS: Final = {"bills": BILLS, "invoices": INVOICES}


class Upload:
    """One upload, its body in chunks."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self._lines: deque[bytes] = deque()
        self._begun = b""
        self.status = 0
        self.headers: dict[str, str] = {}

    @classmethod
    async def begin(cls, address: str, token: str, path: str, **headers: str) -> "Upload":
        """Sends the head. Other names of headers are written with an underscore."""
        found = urlsplit(address)
        upload = cls(*await asyncio.open_connection(found.hostname, found.port))
        named = {"host": "gateway", "authorization": f"Bearer {token}", "content-type": NDJSON}
        named |= {"transfer-encoding": "chunked"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
        upload.writer.write("\r\n".join((*head, "", "")).encode())
        return upload

    async def send(self, *lines: bytes) -> None:
        """Sends whole lines together."""
        await self.send_bytes(b"".join(line + b"\n" for line in lines))

    async def send_bytes(self, sent: bytes) -> None:
        """Sends a piece of the body, if it is not empty: an empty chunk would end it."""
        if sent:
            self.writer.write(b"%x\r\n%b\r\n" % (len(sent), sent))
        async with asyncio.timeout(SECONDS_MAX):
            await self.writer.drain()

    async def end(self) -> None:
        """Says that the body ends here."""
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()

    async def whole(self, body: bytes) -> list[Answer]:
        """Sends a body and its end while the answers are read, which it answers."""
        sending = asyncio.create_task(self._send_whole(body))
        answers = await self.rest()
        await sending
        return answers

    async def answers(self, count: int) -> list[Answer]:
        """The next answer lines."""
        found: list[Answer] = []
        while len(found) < count:
            line = await self._line()
            assert line is not None, f"the answer ended after {len(found)} of {count} lines"
            found.append(json.loads(line))
        return found

    async def rest(self) -> list[Answer]:
        """All further answer lines, to the regular end of the answer. Raises
        asyncio.IncompleteReadError or ConnectionError when it does not come."""
        found: list[Answer] = []
        while (answers := await self.some()) is not None:
            found += answers
        return found

    async def some(self) -> list[Answer] | None:
        """The answer lines that are here, one at least; None at the regular end of the answer."""
        line = await self._line()
        if line is None:
            return None
        found = [line, *self._lines]
        self._lines.clear()
        return [json.loads(line) for line in found]

    async def closed(self) -> bool:
        """Returns once the gateway has closed the connection."""
        async with asyncio.timeout(SECONDS_MAX):
            try:
                return await self._reader.read() == b""
            except ConnectionError:
                return True

    async def head(self) -> int:
        """The status, once it is here."""
        if not self.status:
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            first, *others = head.split("\r\n")
            pairs = (line.partition(":") for line in others if line)
            self.headers = {name.lower(): value.strip() for name, _, value in pairs}
            self.status = int(first.split()[1])
        return self.status

    async def refusal(self) -> Answer:
        """The problem it was refused with as a whole."""
        async with asyncio.timeout(SECONDS_MAX):
            assert await self.head() >= 400
            body = await self._reader.readexactly(int(self.headers["content-length"]))
        problem: Answer = json.loads(body)
        return problem

    async def _send_whole(self, body: bytes) -> None:
        for start in range(0, len(body), 1 << 16):
            await self.send_bytes(body[start : start + (1 << 16)])
        await self.end()

    async def _line(self) -> bytes | None:
        async with asyncio.timeout(SECONDS_MAX):
            assert await self.head() == 200
            while not self._lines:
                size = int((await self._reader.readuntil(b"\r\n")), 16)
                part = await self._reader.readexactly(size + 2)
                if not size:
                    assert not self._begun, "an answer line was not ended"
                    return None
                *whole, self._begun = (self._begun + part[:-2]).split(b"\n")
                self._lines += whole
        return self._lines.popleft()


@asynccontextmanager
async def uploading(
    gateway: Gateway, kind: Kind, who: Person = BY, /, **headers: str
) -> AsyncIterator[Upload]:
    """An upload to a gateway, its connection closed in the end."""
    token = gateway.services.tokens.issue(who, gateway.clock())
    upload = await Upload.begin(gateway.address, token, kind.path, **headers)
    try:
        yield upload
    finally:
        upload.writer.close()


async def uploaded(gateway: Gateway, kind: Kind, body: bytes, **headers: str) -> list[Answer]:
    """The answers to a whole body, the summary last if there is one."""
    async with uploading(gateway, kind, BY, **headers) as upload:
        return await upload.whole(body)


def ndjson(lines: Sequence[bytes]) -> bytes:
    """Lines as a body."""
    return b"".join(line + b"\n" for line in lines)


def summary(received: int, created: int, existing: int = 0, refused: int = 0) -> Answer:
    """The last line of a complete answer."""
    counted = {"received": received, "created": created}
    return {"summary": counted | {"existing": existing, "refused": refused}}


def codes(answers: Sequence[Answer]) -> list[tuple[int, str | None]]:
    """Status and code of each, in order, having seen that the lines are numbered from one on."""
    lines = [answer for answer in answers if "summary" not in answer]
    assert [answer["line"] for answer in lines] == list(range(1, len(lines) + 1))
    return [(answer["status"], answer.get("code")) for answer in lines]
