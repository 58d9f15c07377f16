"""The aggregator of `gateway demo`: takes the messages the gateway sends."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

_SECRET = "of-the-demo"  # noqa: S105 - nobody else's


class Aggregator:
    """An HTTP endpoint on this machine, and what it was sent to deliver to telephones."""

    def __init__(self, url: str, messages: "queue.Queue[str]") -> None:
        self._url = url
        self._messages = messages

    def settings(self, directory: Path) -> Path:
        """A file of settings of SMS that name this aggregator."""
        file = directory / "sms.toml"
        file.touch(mode=0o600)
        file.write_text(
            'header = "EWAYBL"\n'
            f'[http]\nurl = "{self._url}"\nsecret = "{_SECRET}"\nunencrypted = true\n'
        )
        return file

    def next_message(self, seconds_max: float) -> str:
        """The next text for a telephone. Raises OSError when there is none in time."""
        try:
            return self._messages.get(timeout=seconds_max)
        except queue.Empty:
            raise OSError("the throwaway gateway sent no message") from None


@contextmanager
def aggregator() -> Iterator[Aggregator]:
    """One that listens until the block ends."""
    messages: queue.Queue[str] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            messages.put(body["text"])
            answer = b'{"message_id": "1"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """The story is told by the demo."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield Aggregator(f"http://127.0.0.1:{server.server_port}/messages", messages)
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
