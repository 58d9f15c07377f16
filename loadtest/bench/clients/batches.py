"""Requests with large bodies over several connections, each the next when the last is answered."""

import asyncio
from typing import Final
from urllib.parse import urlsplit

from loadtest.bench.clients.answer_head import status_and_length

_CREATED: Final = b"201"


async def send(address: str, path: str, queues: list[tuple[str, list[bytes]]]) -> None:
    """POSTs JSON bodies, those of each queue in order over a connection of its own, with its
    token. Raises SystemExit when one is not answered 201."""
    await asyncio.gather(*(_send(address, path, token, bodies) for token, bodies in queues))


async def _send(address: str, path: str, token: str, bodies: list[bytes]) -> None:
    url = urlsplit(address)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {url.netloc}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    ).encode()
    for body in bodies:
        writer.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        status, length = status_and_length(await reader.readuntil(b"\r\n\r\n"))
        answer = await reader.readexactly(length)
        if status != _CREATED:
            raise SystemExit(f"a batch was answered {status!r}: {answer[:500]!r}")
    writer.close()
