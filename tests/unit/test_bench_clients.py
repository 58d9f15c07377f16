"""The clients of the benchmarks, to a server on loopback: an answer that is not as it should be
ends them."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from loadtest.bench.clients.batches import send
from loadtest.bench.clients.open_loop import offer
from loadtest.bench.clients.wrk import load
from loadtest.bench.figures.figure import FixedRate


@contextmanager
def answering(status: int, asked: list[bytes] | None = None) -> Iterator[str]:
    """The address of a server that answers every request so."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if asked is not None:
                asked.append(self.path.encode() + body)
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST = _answer  # noqa: N815 - named by http.server

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def at_fixed_rate(address: str) -> FixedRate:
    request = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"
    return FixedRate(address, lambda number: request % number, b"200")


def test_an_open_loop_sends_every_request_once() -> None:
    asked: list[bytes] = []
    with answering(200, asked) as address:
        answered = offer(at_fixed_rate(address), 7, rate=400, seconds=0.05, connections=3)
    assert answered.count == 20
    assert sorted(asked) == sorted(b"/%d" % number for number in range(8, 28))
    assert 0 < answered.times.p50 <= answered.times.max


def test_an_open_loop_ends_at_a_refusal() -> None:
    with answering(409) as address, pytest.raises(SystemExit, match="409"):
        offer(at_fixed_rate(address), 0, rate=400, seconds=0.05, connections=3)


def test_batches_are_sent_in_order_and_end_at_a_refusal() -> None:
    asked: list[bytes] = []
    with answering(201, asked) as address:
        assert asyncio.run(send(f"{address}/batch", "token", [b"[1]", b"[2]"])) == 2
    assert asked == [b"/batch[1]", b"/batch[2]"]
    with answering(422) as address, pytest.raises(SystemExit, match="422"):
        asyncio.run(send(f"{address}/batch", "token", [b"[1]", b"[2]"]))


@pytest.mark.skipif(shutil.which("wrk") is None, reason="the benchmarks need wrk")
@pytest.mark.parametrize("status", [200, 500])
def test_wrk_ends_at_a_refusal(status: int) -> None:
    asked: list[bytes] = []
    with answering(status, asked) as address:
        given = ("token", "/%d", 5, 3, 1)
        if status == 500:
            with pytest.raises(SystemExit, match="not every request"):
                load(address, "ask.lua", 1, 2, *given)
        else:
            done = load(address, "ask.lua", 1, 2, *given)
            # What was on its way at the end was not told as answered.
            assert done.documents <= len(asked) <= done.documents + 2
            assert 1 <= done.seconds < 3
            assert set(asked) == {b"/5", b"/6", b"/7"}
