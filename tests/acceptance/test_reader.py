"""`gateway reader` as a process between an RFID reader and a gateway, each of which fails."""

import itertools
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.servers.process import until
from tests import llrp_frames as llrp
from tests.bulk_server import serving
from tests.gateway_processes import BOUND_S, run_command
from tests.llrp_peer import LlrpPeer, damaged, llrp_peer
from tests.reader_command import Relay, relay
from tests.reads_server import ReadsServer
from tests.upload_command import OWN

pytestmark = pytest.mark.slow

LONGEST = "3034" * 31
QUICK = ("--keepalive", "0.3")


@pytest.fixture
def peer() -> Iterator[LlrpPeer]:
    with llrp_peer() as running:
        yield running
    assert running.faults == []


@pytest.fixture
def server() -> Iterator[ReadsServer]:
    with serving(ReadsServer()) as served:
        yield served
    assert served.malformed == []


def tag(number: int) -> str:
    return f"E2{number:022X}"


def holds(condition: Callable[[], object]) -> None:
    assert until(lambda: bool(condition()), BOUND_S)


def test_tags_that_wait_in_the_lane_are_one_read_each(
    peer: LlrpPeer, server: ReadsServer, tmp_path: Path
) -> None:
    tags = [tag(1), LONGEST, "ABCD" * 4, tag(2)]
    with relay(peer, server.url, tmp_path) as running:
        assert peer.spec == llrp.RoSpec(1, (0,), session=1, transmit_power=2, report_every=1)
        assert peer.keepalive_seconds == 10
        for frame in damaged(tag(9)):
            peer.sees(*tags, tags[0])
            peer.sends(frame)
        whole = llrp.report([tag(3)], 0)
        peer.sends(whole[:7])  # It comes in parts, as TCP likes.
        peer.sends(whole[7:20])
        peer.sends(whole[20:])
        holds(lambda: len(server.counted) == 5)
        assert server.tags == sorted([*tags, tag(3)])
        assert running.said.count("damaged") == len(list(damaged(tag(9))))

        second = run_command(
            *("reader", "--llrp", peer.address, "--spool", str(running.spool)), **OWN
        )
        assert second.returncode == 2
        assert "in use by another relay" in second.stderr

        assert running.stop() == 0
        assert (peer.closed, peer.connections) == (1, 1)
        assert "ended; 0 reads wait, 5 counted" in running.said
        # The lorries are still there.
        running.start()
        peer.sees(*tags)
        peer.sees(tag(4))
        holds(lambda: tag(4) in server.tags)
        assert running.stop(signal.SIGINT) == 0
    assert server.tags == sorted([*tags, tag(3), tag(4)])
    assert set(server.received.values()) == {1}
    assert peer.closed == 2


def test_kills_at_every_point_lose_and_double_nothing(
    peer: LlrpPeer, server: ReadsServer, tmp_path: Path
) -> None:
    numbers = itertools.count()
    seen: list[str] = []

    def pass_by(count: int) -> None:
        """So many lorries come; those that came before are still there."""
        seen.extend(tag(next(numbers)) for _ in range(count))
        for number, each in enumerate(seen):
            peer.sees(each, seen[number // 2])

    kept: set[str] = set()

    def killed(running: Relay) -> None:
        running.kill()
        kept.update(server.counted, running.waiting())

    with relay(peer, server.url, tmp_path) as running:
        server.hold = True  # The call is taken and not answered.
        pass_by(20)
        holds(lambda: server.counted)
        killed(running)
        server.hold = False
        server.release.set()

        running.start()  # The answer is lost on its way.
        server.lose_answers = 1
        calls = len(server.calls)
        pass_by(20)
        holds(lambda: len(server.calls) > calls)
        killed(running)

        running.start()  # The reads are in the spool only.
        server.away = True
        pass_by(20)
        holds(lambda: len(server.counted | running.waiting()) >= len(seen) - 10)
        killed(running)
        server.away = False

        running.start()  # In the middle of reports, answers and all.
        pass_by(60)
        killed(running)

        running.start()
        pass_by(1)
        holds(lambda: server.tags == sorted(seen) and not running.waiting())
    assert kept <= server.counted.keys()
    assert len(server.counted) == len(seen) == 121


def test_a_gateway_that_is_away_gets_everything_when_it_is_back(
    peer: LlrpPeer, server: ReadsServer, tmp_path: Path
) -> None:
    passed = [tag(number) for number in range(50)]
    with serving(ReadsServer()) as before:
        port = int(before.url.rpartition(":")[2])
    with relay(peer, before.url, tmp_path) as running:
        peer.sees(*passed[:30])
        holds(lambda: "30 reads wait" in running.said)
        peer.sees(*passed)
        with serving(server, port):
            holds(lambda: len(server.counted) == 50)
            assert server.tags == sorted(passed)
            assert until(lambda: not running.waiting(), BOUND_S)
            assert "it answers again" in running.said


def test_a_reader_that_goes_and_comes_back(
    peer: LlrpPeer, server: ReadsServer, tmp_path: Path
) -> None:
    refused = iter([llrp.message(30, llrp.status(llrp.M_FIELD_ERROR, "not today"))])
    peer.answer = lambda kind: next(refused, None) if kind == llrp.ADD_ROSPEC else None
    with relay(peer, server.url, tmp_path, *QUICK) as running:
        assert "not today" in running.said
        numbers = itertools.count()

        def reads_again() -> None:
            each = tag(next(numbers))

            def seen() -> bool:
                with suppress(OSError):
                    peer.sees(each)
                return each in server.tags

            assert until(seen, BOUND_S), running.said

        reads_again()
        peer.refuse_connections = 1  # The connection of before is not yet forgotten.
        peer.breaks()
        reads_again()
        assert "Client initiated connection already exists" in running.said

        peer.sends(b"\x04\x3d\xff\xff\xff\xff\0\0\0\0")  # Its place in the stream is lost.
        holds(lambda: "a message of 4294967295 bytes" in running.said)
        reads_again()

        peer.silent = True
        holds(lambda: "it is silent for 0.9 s" in running.said)
        peer.silent = False
        reads_again()
        answered = peer.acknowledged
        holds(lambda: peer.acknowledged > answered)
        assert running.process.poll() is None
    assert set(server.received.values()) == {1}
    assert len(server.counted) == 4


def test_a_spool_without_room_says_what_it_loses(
    peer: LlrpPeer, server: ReadsServer, tmp_path: Path
) -> None:
    server.away = True
    flags = ("--spool-reads", "2", "--antennas", "2,1", "--power", "29.9")
    with relay(peer, server.url, tmp_path, *flags) as running:
        assert peer.spec == llrp.RoSpec(1, (1, 2), session=1, transmit_power=1, report_every=1)
        peer.sees(tag(1), tag(2))
        peer.sees(tag(3))
        peer.sees(tag(3))
        holds(lambda: f"LOST: {tag(3)}" in running.said)
        server.away = False
        holds(lambda: not running.waiting())
        peer.sees(tag(3))
        holds(lambda: server.tags == [tag(1), tag(2), tag(3)])
        assert running.said.count("LOST: ") == 1
        assert running.stop() == 0
        assert "1 lost" in running.said
