"""Uploads of clients that do not read, go away, say nothing or are told to go: bounded, and no one
else is kept waiting."""

import asyncio
import socket
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from ingest import limits
from tests.documents import document
from tests.gateway_in_process import Gateway, TestClock, gateway_in_process
from tests.uploads import BILLS, BY, INVOICES, KINDS, NDJSON, Kind, codes, ndjson, summary
from tests.uploads import uploading as begun
from tests.waiting import WAITS_FOR_TABLE, until

MEGABYTE: Final = 1024 * 1024


def _most_kept(direction: str) -> int:
    """What the system's buffer of a connection grows to in one direction, as Linux says it."""
    try:
        return int(Path(f"/proc/sys/net/ipv4/tcp_{direction}").read_text().split()[2])
    except FileNotFoundError:
        return 6 * MEGABYTE


SOCKET_BUFFERS_BYTES: Final = _most_kept("rmem") + _most_kept("wmem")
"""What the system keeps at most of what was sent on one connection and not read."""
SERVED_MEANWHILE: Final = 50


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each of the two calls."""
    return KINDS[request.param]


@pytest.fixture
def one_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    """One upload a worker: the next is served once nothing of the one before is left."""
    monkeypatch.setattr(limits, "BULK_UPLOADS_MAX", 1)


async def next_upload(gateway: Gateway, kind: Kind) -> bool:
    """Whether another upload is served."""
    async with begun(gateway, kind) as upload:
        await upload.end()
        return await upload.head() == 200


async def unread(gateway: Gateway, kind: Kind) -> socket.socket:
    """A connection on which an upload has begun whose answers nobody will read."""
    head = [
        f"POST {kind.path} HTTP/1.1",
        *("host: gateway", f"content-type: {NDJSON}", "content-length: 9999999999"),
        f"authorization: Bearer {gateway.services.tokens.issue(BY, gateway.clock())}",
    ]
    url = gateway.http.base_url
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, (url.host, url.port))
    await loop.sock_sendall(client, "\r\n".join((*head, "", "")).encode())
    return client


async def sent_until_full(gateway: Gateway, client: socket.socket, sent: bytes) -> int:
    """Sends again and again until nothing more is taken while others are served; answers the
    bytes that were."""
    accepted = served = 0
    while served < SERVED_MEANWHILE:
        try:
            accepted += client.send(sent)
            served = 0
        except BlockingIOError:
            answer = await gateway.generate(BY, document())
            assert answer.status_code == 201
            served += 1
        assert accepted < 20 * SOCKET_BUFFERS_BYTES, "it is taken without end"
    return accepted


async def test_a_client_that_never_reads_is_read_no_more(
    gateway: Gateway, kind: Kind, one_upload: None
) -> None:
    """Each line is answered with a thousand bytes. What is held is a few slices and their answers,
    and of others each request is served."""
    with await unread(gateway, kind) as client:
        accepted = await sent_until_full(gateway, client, b"{}\n" * 20_000)
        lines_held = (limits.BULK_SLICES_AHEAD + 1) * limits.BULK_SLICE_LINES_MAX * 3
        assert accepted < SOCKET_BUFFERS_BYTES + lines_held + 2 * MEGABYTE
        async with begun(gateway, kind) as upload:
            assert (await upload.refusal())["code"] == "OVERLOADED"
    await until(lambda: next_upload(gateway, kind))


async def test_answers_left_unread_for_too_long_end_the_upload(
    gateway: Gateway, one_upload: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STREAM_UNREAD_SECONDS_MAX", 0.2)
    with await unread(gateway, INVOICES) as client:
        loop = asyncio.get_running_loop()
        sending = asyncio.create_task(loop.sock_sendall(client, b"{}\n" * 100_000))
        await until(lambda: next_upload(gateway, INVOICES))
        sending.cancel()


async def test_large_lines_are_held_within_bounds(gateway: Gateway, dsn: str) -> None:
    """The record is locked, so nothing is answered and all that is taken is held."""
    most = limits.BULK_SLICES_AHEAD * (limits.BULK_SLICE_BYTES_MAX + limits.BULK_LINE_BYTES_MAX)
    most += limits.BULK_SLICE_BYTES_MAX + 2 * limits.BULK_LINE_BYTES_MAX
    lines = INVOICES.lines(200)
    direct = await asyncpg.connect(dsn)
    with await unread(gateway, INVOICES) as client:
        async with direct.transaction():
            await direct.execute("LOCK TABLE invoice_claim IN ACCESS EXCLUSIVE MODE")
            body = ndjson([line.ljust(MEGABYTE) for line in lines])
            accepted = await sent_until_full(gateway, client, body)
    await direct.close()
    assert accepted < most + SOCKET_BUFFERS_BYTES


async def test_a_client_gone_within_a_line(
    gateway: Gateway, dsn: str, kind: Kind, one_upload: None
) -> None:
    """That line is not taken, though it may be sound as far as it came; those before are."""
    *lines, last = kind.lines(4)
    async with begun(gateway, kind) as upload:
        await upload.send(*lines)
        assert codes(await upload.answers(3)) == [(201, None)] * 3
        await upload.send_bytes(last)  # But for its line feed.
        upload.writer.transport.abort()
    await until(lambda: next_upload(gateway, kind))
    assert await kind.stored(dsn) == 3


async def test_a_client_gone_while_its_lines_are_stored(
    gateway: Gateway, dsn: str, one_upload: None
) -> None:
    """What was read is taken all the same: sent again it is there."""
    lines = BILLS.lines(30)
    direct = await asyncpg.connect(dsn)
    async with begun(gateway, BILLS) as upload, direct.transaction():
        await direct.execute("LOCK TABLE document_claim IN ACCESS EXCLUSIVE MODE")
        await upload.send(*lines)
        await until(lambda: direct.fetchval(WAITS_FOR_TABLE))
        upload.writer.transport.abort()
    await direct.close()
    await until(lambda: next_upload(gateway, BILLS))
    assert await BILLS.stored(dsn) == 30


async def test_who_says_nothing_for_too_long(
    gateway: Gateway, kind: Kind, one_upload: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came is answered; without its summary the answer is not complete."""
    monkeypatch.setattr(limits, "BULK_IDLE_SECONDS_MAX", 0.2)
    (line,) = kind.lines(1)
    async with begun(gateway, kind) as upload:
        await upload.send_bytes(line + b"\n" + line[:100])
        assert codes(await upload.rest()) == [(201, None)]
        assert await upload.closed()
    await until(lambda: next_upload(gateway, kind))


async def test_told_to_stop_it_answers_what_it_read(gateway: Gateway, dsn: str, kind: Kind) -> None:
    """As SIGTERM has it: no summary, the connection closed, no other upload begun."""
    one, *lines, half = kind.lines(12)
    table = "document_claim" if kind is BILLS else "invoice_claim"
    direct = await asyncpg.connect(dsn)
    async with begun(gateway, kind) as upload, begun(gateway, kind) as idle:
        await idle.send(one)
        assert codes(await idle.answers(1)) == [(201, None)]
        async with direct.transaction():
            await direct.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            await upload.send_bytes(ndjson(lines) + half[:100])
            await until(lambda: direct.fetchval(WAITS_FOR_TABLE))
            gateway.services.bulk.close()
            assert await idle.rest() == []
            assert await idle.closed()
        assert codes(await upload.rest()) == [(201, None)] * len(lines)
        assert await upload.closed()
    await direct.close()
    assert await kind.stored(dsn) == 1 + len(lines)
    async with begun(gateway, kind) as another:
        assert (await another.refusal())["code"] == "OVERLOADED"


async def test_one_client_s_uploads_go_side_by_side(gateway: Gateway, dsn: str) -> None:
    """Bills and invoices, several of each, each answered in its own order."""
    bills = [BILLS.lines(300) for _ in range(2)]
    invoices = INVOICES.lines(600)

    async def run(kind: Kind, lines: list[bytes]) -> None:
        async with begun(gateway, kind) as upload:
            answers = await upload.whole(ndjson(lines))
        assert answers.pop() == summary(300, 300)
        assert codes(answers) == [(201, None)] * 300

    await asyncio.gather(
        *(run(BILLS, lines) for lines in bills),
        *(run(INVOICES, lines) for lines in (invoices[:300], invoices[300:])),
    )
    assert (await BILLS.stored(dsn), await INVOICES.stored(dsn)) == (600, 600)


# The queue it shares with single requests ------------------------------------------------------


@pytest.fixture
def short_queue(monkeypatch: pytest.MonkeyPatch) -> int:
    """As many bills may wait, in one worker, as are answered."""
    for name in ("BATCH_BILLS_MAX", "BULK_BILLS_IN_FLIGHT_MAX", "WAITING_BILLS_MAX"):
        monkeypatch.setattr(limits, name, 4)
    return 4


async def test_an_upload_leaves_room_for_single_requests(
    dsn: str, redis_url: str, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BATCH_BILLS_MAX", 4)
    monkeypatch.setattr(limits, "BULK_SLICE_LINES_MAX", 16)
    monkeypatch.setattr(limits, "BULK_BILLS_IN_FLIGHT_MAX", 8)
    monkeypatch.setattr(limits, "WAITING_BILLS_MAX", 8)
    direct = await asyncpg.connect(dsn)
    async with gateway_in_process(dsn, redis_url, clock) as gateway:
        generation = gateway.services.generation
        async with begun(gateway, BILLS) as upload:
            async with direct.transaction():
                await direct.execute("LOCK TABLE document_claim IN ACCESS EXCLUSIVE MODE")
                await upload.send(*BILLS.lines(1))
                await until(lambda: direct.fetchval(WAITS_FOR_TABLE))
                await upload.send(*BILLS.lines(99))  # Six slices, of which a few are begun.
                await until(lambda: generation.waiting == 7)
                single = asyncio.create_task(gateway.generate(BY, document()))
                await until(lambda: generation.waiting == 8)
            assert (await single).status_code == 201
            await upload.end()
            answers = await upload.rest()
    await direct.close()
    assert answers.pop() == summary(100, 100)


async def test_a_line_waits_where_single_requests_left_no_room(
    dsn: str, redis_url: str, clock: TestClock, short_queue: int
) -> None:
    direct = await asyncpg.connect(dsn)
    async with gateway_in_process(dsn, redis_url, clock) as gateway:
        generation = gateway.services.generation
        async with begun(gateway, BILLS) as upload:
            async with direct.transaction():
                await direct.execute("LOCK TABLE document_claim IN ACCESS EXCLUSIVE MODE")
                first = asyncio.create_task(gateway.generate(BY, document()))
                await until(lambda: direct.fetchval(WAITS_FOR_TABLE))
                others = [
                    asyncio.create_task(gateway.generate(BY, document()))
                    for _ in range(short_queue)
                ]
                await until(lambda: generation.waiting == short_queue)
                refused = await gateway.generate(BY, document())
                assert refused.json()["code"] == "OVERLOADED"
                await upload.send(*BILLS.lines(20))
                await upload.end()
            singles = await asyncio.gather(first, *others)
            answers = await upload.rest()
    await direct.close()
    assert {answer.status_code for answer in singles} == {201}
    assert answers.pop() == summary(20, 20)
