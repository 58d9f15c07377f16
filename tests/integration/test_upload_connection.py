"""A connection of `gateway upload`, to a gateway that ends it before it has answered."""

import asyncio
from asyncio import StreamReader, StreamWriter

import aiohttp
import pytest

from gateway.upload.connection import Connection, Target
from gateway.upload.documents import Document

ANSWER_BEGINS = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
)
BOUND_S = 10
BLOCKS_AFTER = 4
"""From an end that the client cannot know of yet, to one that stops it at its next block."""


@pytest.mark.parametrize("blocks_after", range(BLOCKS_AFTER))
async def test_it_tells_that_the_gateway_ended_wherever_the_documents_end(
    blocks_after: int,
) -> None:
    """Also where it ends as the documents do: nothing more would tell who waits for an answer."""
    gateway: list[StreamWriter] = []
    lines = iter(range(1, 3 + blocks_after))

    async def serve(_: StreamReader, writer: StreamWriter) -> None:
        gateway.append(writer)
        writer.write(ANSWER_BEGINS)

    def take() -> list[Document]:
        line = next(lines, None)
        if line == 2:
            gateway[0].write_eof()
        return [] if line is None else [Document(line, 1, b"{}")]

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=connector) as session:
            target = Target(session, f"http://127.0.0.1:{port}/")
            connection = Connection(target, take, lambda _: None)
            assert connection.has_more()
            with pytest.raises((aiohttp.ClientError, OSError)) as broke:
                async with asyncio.timeout(BOUND_S):
                    await connection.send("token")
            assert not isinstance(broke.value, TimeoutError)
        gateway[0].close()
    assert connection.has_more()
