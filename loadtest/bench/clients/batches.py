"""Requests with large bodies over a connection, each the next when the last is answered."""

import asyncio
from typing import Final
from urllib.parse import urlsplit

from loadtest.bench.clients.answer_head import status_and_length

_CREATED: Final = b"201"


async def send(address: str, token: str, bodies: list[bytes]) -> int:
    """POSTs JSON bodies in order over a connection of their own; how many were answered 201.
    Raises SystemExit when one is answered otherwise."""
    url = urlsplit(address)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    head = (
        f"POST {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    ).encode()
    for body in bodies:
        writer.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        status, length = status_and_length(await reader.readuntil(b"\r\n\r\n"))
        answer = await reader.readexactly(length)
        if status != _CREATED:
            raise SystemExit(f"a batch was answered {status!r}: {answer[:500]!r}")
    writer.close()
    return len(bodies)
