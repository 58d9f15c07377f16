"""The aggregator's HTTP API: what is asked of it, and what its answers mean."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from ingest import limits_fit, sms_limits
from sms.carrier import Outgoing, PermanentFailure, TemporaryFailure
from sms.http_carrier import HttpCarrier
from sms.settings import HttpSettings

TEXT = "EBN 171000000144 मान्य"
MESSAGE = Outgoing("9845012345", TEXT, "EWAYBL", "1101", "1107", timedelta(minutes=10), "77")


class Aggregator:
    """A real HTTP server that answers what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body: bytes = b'{"message_id": "m-1", "cost": "0.14"}'
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[Any, dict[str, str]]] = []
        self.answers = asyncio.Event()
        self.answers.set()

    async def take(self, request: web.Request) -> web.Response:
        self.asked.append((await request.json(), dict(request.headers)))
        await self.answers.wait()
        return web.Response(status=self.status, body=self.body, headers=self.headers)


@pytest.fixture
def aggregator() -> Aggregator:
    return Aggregator()


@pytest.fixture
async def url(aggregator: Aggregator) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/send", aggregator.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/send"
    aggregator.answers.set()
    await runner.cleanup()


@pytest.fixture
async def carrier(url: str) -> AsyncIterator[HttpCarrier]:
    settings = HttpSettings(url=url, secret="s3cret", unencrypted=True)
    async with HttpCarrier(settings) as carrier:
        yield carrier


async def test_what_is_asked_and_the_id_that_is_answered(
    carrier: HttpCarrier, aggregator: Aggregator
) -> None:
    assert await carrier.send(MESSAGE) == "m-1"
    ((body, headers),) = aggregator.asked
    assert body == {
        "to": "919845012345", "text": TEXT, "header": "EWAYBL", "entity_id": "1101",
        "template_id": "1107", "reference": "77",
    }  # fmt: skip
    assert headers["Authorization"] == "Bearer s3cret"
    assert headers["Idempotency-Key"] == "77"
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "carrier_id"),
    [
        (b'{"message_id": 17}', "17"),
        (b"{}", ""),
        (b"accepted", ""),
        (b"", ""),
        (b"\xff", ""),
        (b'{"message_id": ["x"]}', ""),
        (b'{"message_id":"m"}'.ljust(sms_limits.ANSWER_BYTES_MAX), "m"),
        (b'{"message_id":"m"}'.ljust(sms_limits.ANSWER_BYTES_MAX + 1), ""),
    ],
)
async def test_what_was_taken_was_taken_whatever_is_said_of_it(
    carrier: HttpCarrier, aggregator: Aggregator, body: bytes, carrier_id: str
) -> None:
    aggregator.status, aggregator.body = 202, body
    assert await carrier.send(MESSAGE) == carrier_id


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        *[(status, PermanentFailure) for status in (400, 402, 409, 410, 413, 422, 451)],
        *[(status, TemporaryFailure) for status in (401, 403, 404, 405, 408, 425, 429)],
        *[(status, TemporaryFailure) for status in (301, 302, 307, 500, 502, 503, 599)],
    ],
)
async def test_what_a_status_means_and_nothing_of_the_text_is_repeated(
    carrier: HttpCarrier, aggregator: Aggregator, status: int, failure: type[Exception]
) -> None:
    aggregator.status, aggregator.body = status, TEXT.encode()
    aggregator.headers = {"Location": "/send"}
    with pytest.raises(failure) as raised:
        await carrier.send(MESSAGE)
    assert str(raised.value) == f"the aggregator answered {status}"
    assert len(aggregator.asked) == 1


async def test_no_answer_in_time_is_of_the_moment(
    url: str, aggregator: Aggregator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_limits, "HTTP_SECONDS_MAX", 0.05)
    aggregator.answers.clear()
    settings = HttpSettings(url=url, secret="s", unencrypted=True)
    async with HttpCarrier(settings) as carrier:
        with pytest.raises(TemporaryFailure, match="in time"):
            await carrier.send(MESSAGE)


async def test_taken_is_taken_also_where_the_answer_does_not_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits_fit.check()
    begun, asked = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", []

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"}"))
        writer.write(begun)

    async with await asyncio.start_server(begin, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setattr(sms_limits, "HTTP_SECONDS_MAX", 0.2)
        settings = HttpSettings(url=f"http://127.0.0.1:{port}/", secret="s", unencrypted=True)
        async with HttpCarrier(settings) as carrier:
            assert await carrier.send(MESSAGE) == ""
    assert len(asked) == 1
    monkeypatch.setattr(sms_limits, "HTTP_SECONDS_MAX", sms_limits.SEND_SECONDS_MAX - 1)
    with pytest.raises(AssertionError, match="does not end"):
        limits_fit.check()


async def test_nobody_there_is_of_the_moment(url: str) -> None:
    free = HttpSettings(url="http://127.0.0.1:1/send", secret="s", unencrypted=True)
    async with HttpCarrier(free) as carrier:
        with pytest.raises(TemporaryFailure, match="ClientConnectorError"):
            await carrier.send(MESSAGE)


async def test_one_that_does_not_speak_tls_is_given_nothing(
    url: str, aggregator: Aggregator
) -> None:
    settings = HttpSettings(url=url.replace("http:", "https:"), secret="s")
    async with HttpCarrier(settings) as carrier:
        with pytest.raises(TemporaryFailure):
            await carrier.send(MESSAGE)
    assert aggregator.asked == []
