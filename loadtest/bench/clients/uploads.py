"""Sends invoices to /v1/invoices/bulk as fast as they are taken, on a plain socket: a measurement
must not wait for its client."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

_READ_BYTES: Final = 1024 * 1024
_CREATED: Final = b'"status":201'
_LAST_BYTES: Final = 200


async def upload(
    address: str,
    token: str,
    chunks: Iterable[bytes],
    told: Callable[[int], None] = lambda _: None,
) -> int:
    """Sends chunks of lines while reading their answers; how many lines were answered 201. `told`
    is called with that number whenever answers arrive. Raises SystemExit when the upload was not
    taken or its answer is not complete."""
    url = urlsplit(address)
    reader, writer = await asyncio.open_connection(url.hostname, url.port, limit=2 * _READ_BYTES)
    head = (
        f"POST /v1/invoices/bulk HTTP/1.1\r\nHost: {url.netloc}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/x-ndjson\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    writer.write(head.encode())

    async def send() -> None:
        for chunk in chunks:
            writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    sending = asyncio.create_task(send())
    created, last = 0, b""
    while answered := await reader.read(_READ_BYTES):
        # A mark that two reads share is counted with the second.
        created += (last[-len(_CREATED) + 1 :] + answered).count(_CREATED)
        last = (last + answered)[-_LAST_BYTES:]
        told(created)
    await sending
    writer.close()
    if b'"summary"' not in last:
        raise SystemExit(f"the answer is not complete: {last!r}")
    return created
