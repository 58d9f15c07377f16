"""A request that comes whole goes past ASGI, any other through it: nobody can tell which."""

import asyncio
import gzip
import json
import re
from collections.abc import Sequence

import httpx
import pytest

from gateway.protocol import Protocol, WholeRequest
from ingest import limits
from tests.documents import SUPPLIER, document, person
from tests.gateway_in_process import Gateway
from tests.waiting import until
from validators.authority import Person

BILLS = "/v1/eway-bills"
_SUPPLIER = person(SUPPLIER)
OF_THIS_ANSWER = re.compile(rb'(x-request-id: |"request_id":"|date: |content-length: )[^\r"]*')


class Connection:
    """A connection of which every byte is in our hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, gateway: Gateway) -> "Connection":
        address = httpx.URL(gateway.address)
        return cls(*await asyncio.open_connection(address.host, address.port))

    async def send(self, gateway: Gateway, pieces: Sequence[bytes]) -> None:
        """Sends pieces, each once the one before it was read: what was sent after it on another
        connection has been answered."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await gateway.http.get("/healthz")

    async def answer(self) -> bytes:
        """The next answer, without what differs from one answer to the next."""
        async with asyncio.timeout(20):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            body = await self.reader.readexactly(int(length[1])) if length else b""
        return OF_THIS_ANSWER.sub(rb"\1", head + body)

    async def rest(self) -> bytes:
        """All that comes until the gateway closes the connection."""
        async with asyncio.timeout(20):
            return await self.reader.read()


def _request(
    gateway: Gateway,
    line: str,
    body: bytes = b"",
    *headers: str,
    who: Person | None = _SUPPLIER,
) -> bytes:
    lines = [f"{line} HTTP/1.1", "Host: x", *headers]
    if who is not None:
        lines.append(f"Authorization: Bearer {gateway.services.tokens.issue(who, gateway.clock())}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _in_chunks(request: bytes) -> bytes:
    head, _, body = request.partition(b"\r\n\r\n")
    head = re.sub(rb"Content-Length: \d+", b"Transfer-Encoding: chunked", head)
    chunks = [body[:7], body[7:]] if len(body) > 7 else [body]
    sent = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head + b"\r\n\r\n" + sent + b"0\r\nIdempotency-Key: of a trailer\r\n\r\n"


def _cut(request: bytes) -> list[tuple[bytes, ...]]:
    """A request whole, and in two or three pieces."""
    begins = request.index(b"\r\n\r\n") + 4
    places = {3, 30, begins - 2, begins, (begins + len(request)) // 2, len(request) - 1}
    cut = [(request[:place], request[place:]) for place in sorted(places)]
    return [(request,), *cut, (request[:20], request[20:begins], request[begins:])]


async def _answers(gateway: Gateway, ways: Sequence[Sequence[bytes]]) -> set[bytes]:
    answers = set()
    connection = await Connection.to(gateway)
    for pieces in ways:
        await connection.send(gateway, pieces)
        answers.add(await connection.answer())
    connection.writer.close()
    return answers


async def test_an_answer_is_the_same_however_its_request_arrives(gateway: Gateway) -> None:
    bill = json.dumps(document()).encode()
    kept = _request(gateway, f"POST {BILLS}", bill, "Idempotency-Key: once")
    first = await _answers(gateway, [(kept,)])
    assert len(first) == 1
    ebn = json.loads(first.copy().pop().partition(b"\r\n\r\n")[2])["ebn"]
    packed = gzip.compress(bill)
    for request, status in (
        (kept, 201),
        (_request(gateway, f"POST {BILLS}", bill), 409),
        (_request(gateway, f"POST {BILLS}", packed, "Content-Encoding: gzip"), 409),
        (_request(gateway, f"POST {BILLS}", b'{"mode": 1}'), 422),
        (_request(gateway, f"POST {BILLS}", b"{"), 400),
        (_request(gateway, f"POST {BILLS}", b" " * (limits.BODY_BYTES_MAX + 1)), 413),
        (_request(gateway, f"POST {BILLS}", bill, who=None), 401),
        (_request(gateway, f"GET {BILLS}/{ebn}"), 200),
        (_request(gateway, f"GET {BILLS}?role=supplier&limit=1"), 200),
        (_request(gateway, f"GET {BILLS}?role=supplier&role=supplier"), 422),
        (_request(gateway, f"GET {BILLS}/999"), 404),
        (_request(gateway, "GET /v1/nothing"), 404),
        (_request(gateway, f"DELETE {BILLS}"), 405),
    ):
        ways: list[tuple[bytes, ...]] = _cut(request)
        if b"Content-Length" in request:
            ways += _cut(_in_chunks(request))
        answers = await _answers(gateway, ways)
        assert len(answers) == 1, answers
        assert answers.pop().startswith(b"HTTP/1.1 %d " % status)


async def test_the_target_of_a_request_is_read_the_same(gateway: Gateway) -> None:
    """As percent-encoding, absolute form and a fragment, which are left to uvicorn."""
    plain = f"GET {BILLS}/212000000001"
    same = [
        plain,
        f"GET {BILLS}/21200000000%31",
        f"GET http://x{BILLS}/212000000001",
        f"GET {BILLS}/212000000001#part",
        f"{plain}?",
    ]
    assert len(await _answers(gateway, [(_request(gateway, line),) for line in same])) == 1


async def test_answers_keep_the_order_of_requests_whole_or_not(gateway: Gateway) -> None:
    bill = _request(gateway, f"POST {BILLS}", json.dumps(document()).encode())
    health = _request(gateway, "GET /healthz", who=None)
    sent = bill + _in_chunks(bill) + health + bill + bill[:-1]
    connection = await Connection.to(gateway)
    await connection.send(gateway, [sent, bill[-1:] + health])
    answers = [await connection.answer() for _ in range(6)]
    assert [int(answer[9:12]) for answer in answers] == [201, 409, 200, 409, 409, 200]
    connection.writer.close()


async def test_the_connection_is_closed_where_it_is_asked_for(gateway: Gateway) -> None:
    request = _request(gateway, "GET /healthz", b"", "Connection: close", who=None)
    old = request.replace(b"HTTP/1.1", b"HTTP/1.0")
    for sent in (request, old):
        for pieces in ((sent,), (sent[:30], sent[30:])):
            connection = await Connection.to(gateway)
            await connection.send(gateway, pieces)
            head, _, body = (await connection.rest()).partition(b"\r\n\r\n")
            assert b"\r\nconnection: close" in head
            assert json.loads(body) == {"status": "ok"}


async def test_whoever_asks_leave_to_send_a_body_gets_it(gateway: Gateway) -> None:
    bill = json.dumps(document()).encode()
    request = _request(gateway, f"POST {BILLS}", bill, "Expect: 100-continue")
    connection = await Connection.to(gateway)
    await connection.send(gateway, [request.removesuffix(bill)])
    assert await connection.answer() == b"HTTP/1.1 100 Continue\r\n\r\n"
    await connection.send(gateway, [bill])
    assert (await connection.answer()).startswith(b"HTTP/1.1 201 ")
    connection.writer.close()


async def test_what_was_asked_for_is_done_though_nobody_waits(gateway: Gateway) -> None:
    asked = document()
    request = _request(gateway, f"POST {BILLS}", json.dumps(asked).encode())
    connection = await Connection.to(gateway)
    seen = await Connection.to(gateway)
    connection.writer.write(request)
    # The gateway has read it when a request sent after it is answered, and has not committed it.
    await seen.send(gateway, [_request(gateway, "GET /healthz", who=None)])
    connection.writer.transport.abort()
    again = await gateway.generate(person(SUPPLIER), asked)
    assert again.status_code == 409


async def _protocol(gateway: Gateway, connection: Connection) -> Protocol:
    """The gateway's side of a connection."""
    own = connection.writer.get_extra_info("sockname")
    await gateway.http.get("/healthz")  # It is accepted by then.
    found = [
        each
        for each in gateway.server.server_state.connections
        if isinstance(each, Protocol) and each.transport.get_extra_info("peername") == own
    ]
    (protocol,) = found
    return protocol


async def test_what_comes_whole_goes_the_short_way_and_is_let_go(gateway: Gateway) -> None:
    connection = await Connection.to(gateway)
    protocol = await _protocol(gateway, connection)
    bill = _request(gateway, f"POST {BILLS}", json.dumps(document()).encode())
    for pieces, short in (((bill,), True), ((bill[:-3], bill[-3:]), False)):
        await connection.send(gateway, pieces)
        await connection.answer()
        assert isinstance(protocol.cycle, WholeRequest) is short
        assert not protocol.cycle.body
    connection.writer.close()
    await until(lambda: protocol.cycle is None)


async def test_little_is_read_ahead_of_the_answers(gateway: Gateway) -> None:
    """However much a client sends without waiting, whether or not it reads the answers."""
    page = _request(gateway, "GET /docs/errors", who=None)
    one_read = 256 * 1024 // len(page) + 1
    for reads in (False, True):
        connection = await Connection.to(gateway)
        protocol = await _protocol(gateway, connection)
        sending = asyncio.create_task(_send_for_ever(connection, page * 1000))
        reading = asyncio.create_task(connection.reader.read(-1)) if reads else None
        total = gateway.server.server_state.total_requests
        for _ in range(100):
            await gateway.http.get("/healthz")
            assert len(protocol.pipeline) <= one_read
            assert protocol.transport.get_write_buffer_size() < 1024 * 1024
        assert gateway.server.server_state.total_requests > total + 100
        for task in filter(None, (sending, reading)):
            task.cancel()
        connection.writer.transport.abort()


async def _send_for_ever(connection: Connection, sent: bytes) -> None:
    while True:
        connection.writer.write(sent)
        await connection.writer.drain()


async def test_the_head_of_a_request_has_a_bound(gateway: Gateway) -> None:
    line = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: "
    half = b"a" * (limits.HEAD_BYTES_MAX // 2)
    connection = await Connection.to(gateway)
    await connection.send(gateway, [line, half, half[: -len("\r\n\r\n")] + b"\r\n\r\n"])
    assert (await connection.answer()).startswith(b"HTTP/1.1 200 ")
    await connection.send(gateway, [line, half, half, b"a"])
    assert (await connection.rest()).startswith(b"HTTP/1.1 431 ")


async def test_whoever_says_nothing_is_not_waited_for_for_ever(gateway: Gateway) -> None:
    """As the timers are set: the tests do not wait for them."""
    for sent in (b"", b"\r\n", b"GET /healthz HTT"):
        connection = await Connection.to(gateway)
        await connection.send(gateway, [sent])
        protocol = await _protocol(gateway, connection)
        timer = protocol.timeout_keep_alive_task
        assert timer is not None
        assert timer.when() - asyncio.get_running_loop().time() <= protocol.timeout_keep_alive
        protocol.timeout_keep_alive_handler()
        assert await connection.rest() == b""


@pytest.mark.parametrize("after", [b"\x00\x01\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
async def test_what_is_no_http_ends_the_connection_after_the_answers(
    gateway: Gateway, after: bytes
) -> None:
    bill = _request(gateway, f"POST {BILLS}", json.dumps(document()).encode())
    connection = await Connection.to(gateway)
    await connection.send(gateway, [bill + bill + after])
    answers = await connection.rest()
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"201", b"409"]
    connection = await Connection.to(gateway)
    await connection.send(gateway, [after])
    assert (await connection.rest()).startswith(b"HTTP/1.1 400 ")
