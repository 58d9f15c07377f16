"""An RFID reader on loopback that speaks LLRP 1.0.1 over TCP.

It does not share a line with the client's library, and is strict: what a reader would refuse it
refuses as a reader does, and notes it in `faults`, so that a client that does not speak LLRP fails.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from tests import llrp_frames as llrp
from tests.llrp_frames import Fault, RoSpec

SUCCESS: Final = 0
CLIENT_ALREADY_CONNECTED: Final = 2
ANTENNAS: Final = 2


@dataclass
class LlrpPeer:
    """What the reader has seen, and what it is to do. Shared with the test's thread."""

    refuse_connections: int = 0
    """So many next connections are told that another client is connected."""
    silent: bool = False
    """No keepalives, and nothing else either: it has vanished."""
    answer: Callable[[int], bytes | None] = lambda _: None
    """What to answer to a message of this type in place of the right answer."""

    faults: list[str] = field(default_factory=list)
    connections: int = 0
    closed: int = 0
    """Connections that the client closed as it should, its specs deleted before."""
    acknowledged: int = 0
    """Keepalives that were answered."""
    spec: RoSpec | None = None
    """Of the present connection, once it is enabled."""
    keepalive_seconds: float | None = None
    address: str = ""
    _socket: socket.socket | None = None

    @property
    def reading(self) -> bool:
        """Whether a client is connected and has it read."""
        return self.spec is not None

    def sees(self, *tags: str) -> None:
        """Reports a sighting of each, in one report. Raises OSError when nobody has it read."""
        if not self.reading:
            raise ConnectionError(f"nobody has the reader read: {self.faults}")
        self.sends(llrp.report(tags, _micros()))

    def sends(self, frame: bytes) -> None:
        """Sends bytes as they are."""
        if (connection := self._socket) is None:
            raise ConnectionError("nobody is connected to the reader")
        connection.sendall(frame)

    def breaks(self) -> None:
        """Breaks the connection, as a reader that is switched off."""
        self.spec = None
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def serve(self, listening: socket.socket, over: threading.Event) -> None:
        """Serves one client after the other until it is over."""
        while not over.is_set():
            try:
                accepted, _ = listening.accept()
            except OSError:
                return
            self.connections += 1
            with accepted:
                outcome = CLIENT_ALREADY_CONNECTED if self.refuse_connections else SUCCESS
                with suppress(OSError):
                    accepted.sendall(llrp.connection_attempt(_micros(), outcome))
                if self.refuse_connections:
                    self.refuse_connections -= 1
                    continue
                self._socket = accepted
                try:
                    _Client(self, accepted).serve()
                except Fault as fault:  # The place in the stream is lost.
                    self.faults.append(str(fault))
                except OSError:
                    pass
                self.spec, self._socket = None, None


class _Client:
    """One connection of a client: what it has set up so far."""

    def __init__(self, peer: LlrpPeer, accepted: socket.socket) -> None:
        self._peer = peer
        self._accepted = accepted
        self._specs: dict[int, RoSpec] = {}
        self._unanswered = 0
        """Keepalives without an answer."""
        self._next_keepalive = float("inf")

    def serve(self) -> None:
        """Returns when the client has closed, or broken, the connection."""
        while (received := self._receive()) is not None:
            kind, number, body = received
            if self._peer.silent:
                continue
            if kind == llrp.KEEPALIVE_ACK:
                if body or not self._unanswered:
                    raise Fault("KEEPALIVE_ACK without a KEEPALIVE")
                self._unanswered -= 1
                self._peer.acknowledged += 1
                continue
            if kind == llrp.ENABLE_EVENTS_AND_REPORTS:
                if body:
                    raise Fault("ENABLE_EVENTS_AND_REPORTS with a body")
                continue
            self._answer(kind, number, body)
            if kind == llrp.CLOSE_CONNECTION:
                return

    def _answer(self, kind: int, number: int, body: bytes) -> None:
        if kind not in _RESPONSES:
            fault = Fault(f"message {kind}", llrp.M_UNSUPPORTED_MESSAGE)
            self._peer.faults.append(str(fault))
            answer = llrp.message(llrp.ERROR_MESSAGE, llrp.status(fault.code, str(fault)), number)
            return self._accepted.sendall(answer)
        if (odd := self._peer.answer(kind)) is not None:
            return self._accepted.sendall(odd)
        try:
            content = llrp.status(SUCCESS) + self._do(kind, body)
        except Fault as fault:
            self._peer.faults.append(f"message {kind}: {fault}")
            content = llrp.status(fault.code, str(fault))
        self._accepted.sendall(llrp.message(_RESPONSES[kind], content, number))
        if kind == llrp.ENABLE_ROSPEC and self._specs:
            # Not before the answer is out: reports come after it.
            self._peer.spec = next(iter(self._specs.values()))
        return None

    def _do(self, kind: int, body: bytes) -> bytes:
        """Does what a message asks, and what its answer says beyond its status."""
        if kind == llrp.GET_READER_CAPABILITIES:
            _expect(body, b"\0")
            return llrp.capabilities(ANTENNAS)
        if kind == llrp.GET_READER_CONFIG:
            _expect(body, bytes(7))
        elif kind == llrp.CLOSE_CONNECTION:
            _expect(body, b"")
            self._peer.closed += not self._specs
        elif kind == llrp.SET_READER_CONFIG:
            seconds = llrp.set_reader_config(body).keepalive_seconds
            self._peer.keepalive_seconds = seconds
            self._next_keepalive = time.monotonic() + seconds if seconds else float("inf")
        elif kind == llrp.ADD_ROSPEC:
            spec = llrp.ro_spec(body, ANTENNAS)
            if self._specs:
                raise Fault("it has an ROSpec", llrp.M_FIELD_ERROR)
            self._specs[spec.spec_id] = spec
        else:
            self._change_spec(kind, int.from_bytes(_long(body)))
        return b""

    def _change_spec(self, kind: int, spec_id: int) -> None:
        if kind == llrp.DELETE_ACCESSSPEC:
            _expect(spec_id, 0)
        elif kind == llrp.DELETE_ROSPEC and spec_id == 0:
            self._specs.clear()
            self._peer.spec = None
        elif spec_id not in self._specs:
            raise Fault(f"there is no ROSpec {spec_id}", llrp.A_INVALID)
        elif kind != llrp.ENABLE_ROSPEC:
            raise Fault(f"message {kind} for an ROSpec that starts by itself", llrp.A_INVALID)

    def _receive(self) -> tuple[int, int, bytes] | None:
        """The next message; keepalives go out while it is waited for."""
        header = self._read(llrp.HEADER.size)
        if not header:
            return None
        kind, length, number = llrp.HEADER.unpack(header)
        if kind >> 10 != llrp.VERSION or not llrp.HEADER.size <= length <= 65_536:
            raise Fault(f"{header.hex()} is not the header of a message")
        body = self._read(length - llrp.HEADER.size)
        return (kind & 0x3FF, number, body) if len(body) == length - llrp.HEADER.size else None

    def _read(self, size: int) -> bytes:
        """So many bytes; fewer only where the client has gone."""
        read = b""
        while len(read) < size:
            wait_seconds = max(self._next_keepalive - time.monotonic(), 0.001)
            self._accepted.settimeout(min(wait_seconds, 3600))
            try:
                part = self._accepted.recv(size - len(read))
            except TimeoutError:
                self._keep_alive()
                continue
            if not part:
                return b""
            read += part
        return read

    def _keep_alive(self) -> None:
        assert self._peer.keepalive_seconds is not None
        self._next_keepalive = time.monotonic() + self._peer.keepalive_seconds
        if not self._peer.silent:
            self._unanswered += 1
            self._accepted.sendall(llrp.message(llrp.KEEPALIVE))


_RESPONSES: Final = {
    llrp.GET_READER_CAPABILITIES: 11,
    llrp.GET_READER_CONFIG: 12,
    llrp.SET_READER_CONFIG: 13,
    llrp.CLOSE_CONNECTION: llrp.CLOSE_CONNECTION_RESPONSE,
    llrp.ADD_ROSPEC: 30,
    llrp.DELETE_ROSPEC: 31,
    llrp.START_ROSPEC: 32,
    llrp.STOP_ROSPEC: 33,
    llrp.ENABLE_ROSPEC: 34,
    llrp.DISABLE_ROSPEC: 35,
    llrp.DELETE_ACCESSSPEC: 51,
}


@contextmanager
def llrp_peer() -> Iterator[LlrpPeer]:
    """A reader on a port of its own, in a thread."""
    peer, over = LlrpPeer(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        peer.address = f"127.0.0.1:{listening.getsockname()[1]}"
        thread = threading.Thread(target=peer.serve, args=(listening, over))
        thread.start()
        try:
            yield peer
        finally:
            over.set()
            peer.breaks()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def damaged(*tags: str) -> Iterable[bytes]:
    """Whole messages whose content is damaged, each in another way."""
    whole = llrp.report(tags, _micros())
    body = whole[llrp.HEADER.size :]
    yield llrp.message(llrp.RO_ACCESS_REPORT, body[:-1])
    yield llrp.message(llrp.RO_ACCESS_REPORT, body[:3])
    yield llrp.message(llrp.RO_ACCESS_REPORT, body[:2] + b"\0\0" + body[4:])
    yield llrp.message(llrp.RO_ACCESS_REPORT, body[:2] + b"\xff\xff" + body[4:])
    yield llrp.message(llrp.READER_EVENT_NOTIFICATION, b"\x00\xf6\x00\x08\x01\x00\x00\x04")
    yield llrp.message(llrp.READER_EVENT_NOTIFICATION, b"\x00")
    yield llrp.message(555, b"what is this")


def _expect(found: object, due: object) -> None:
    if found != due:
        raise Fault(f"{found!r} where {due!r} is due", llrp.M_FIELD_ERROR)


def _long(body: bytes) -> bytes:
    if len(body) != 4:
        raise Fault(f"{len(body)} bytes where an id is due")
    return body


def _micros() -> int:
    return time.time_ns() // 1000
