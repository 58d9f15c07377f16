"""The connection to an RFID reader, where it does not come about and where it ends."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from gateway.reader import llrp as link_module
from gateway.reader.llrp import ALL_ANTENNAS, ReaderLink, ReaderSettings
from tests import llrp_frames as llrp
from tests.llrp_peer import LlrpPeer, llrp_peer
from tests.waiting import until

TAGS = ["E2801160600002054CC2096F", "3034257BF400B7800004CB2F"]


@pytest.fixture
def peer() -> Iterator[LlrpPeer]:
    with llrp_peer() as running:
        yield running
    assert running.faults == []


class Linked:
    """A link at work, what it saw and what it told."""

    def __init__(
        self,
        address: str,
        *,
        antennas: tuple[int, ...] = ALL_ANTENNAS,
        power_dbm: float | None = None,
    ) -> None:
        host, _, port = address.partition(":")
        self.saw: list[str] = []
        self.told: list[str] = []
        settings = ReaderSettings(host, int(port), antennas, power_dbm, keepalive_seconds=10)
        self.link = ReaderLink(settings, saw=self.saw.extend, tell=self.told.append)

    def says(self, words: str) -> bool:
        return any(words in line for line in self.told)


@asynccontextmanager
async def at_work(linked: Linked) -> AsyncIterator[Linked]:
    task = asyncio.create_task(linked.link.run())
    try:
        yield linked
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled(), task.exception()


@pytest.mark.parametrize(
    ("power_dbm", "index"), [(None, 2), (30.0, 2), (99.0, 2), (29.99, 1), (10.0, 1)]
)
async def test_no_more_power_than_asked_for(
    peer: LlrpPeer, power_dbm: float | None, index: int
) -> None:
    async with at_work(Linked(peer.address, power_dbm=power_dbm)) as linked:
        await until(lambda: linked.link.reading and peer.reading)
        assert peer.spec is not None
        assert peer.spec.transmit_power == index
    assert peer.closed == 1


async def test_less_power_than_the_reader_has_is_told(peer: LlrpPeer) -> None:
    async with at_work(Linked(peer.address, power_dbm=9.99)) as linked:
        await until(lambda: linked.says("its least power is 10 dBm; connecting in"))
        await until(lambda: peer.connections == 2)
    assert not peer.reading


async def test_an_antenna_that_is_not_there_is_told(peer: LlrpPeer) -> None:
    async with at_work(Linked(peer.address, antennas=(1, 3))) as linked:
        await until(lambda: linked.says("Invalid antenna set"))
        await until(lambda: peer.connections == 2)


async def test_who_accepts_and_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "SETUP_SECONDS", 0.1)
    accepted: list[object] = []
    mute = await asyncio.start_server(lambda *streams: accepted.append(streams), "127.0.0.1", 0)
    host, port = mute.sockets[0].getsockname()
    async with mute, at_work(Linked(f"{host}:{port}")) as linked:
        await until(lambda: linked.says("it does not begin to read for 0.1 s"))
        await until(lambda: len(accepted) == 2)
        assert not linked.link.reading


async def test_who_does_not_listen_is_tried_again() -> None:
    with llrp_peer() as gone:
        address = gone.address
    async with at_work(Linked(address)) as linked:
        await until(lambda: len(linked.told) == 2)
        assert all("the connection broke" in line for line in linked.told)


async def test_it_takes_its_leave_in_the_middle_of_a_message(peer: LlrpPeer) -> None:
    cut_off = llrp.report([TAGS[1]], 0)
    rest = cut_off[20:] + llrp.message(51, llrp.status(0))
    async with at_work(Linked(peer.address)) as linked:
        await until(lambda: linked.link.reading and peer.reading)
        peer.answer = lambda kind: rest if kind == llrp.DELETE_ACCESSSPEC else None
        peer.sends(llrp.report([TAGS[0]], 0) + cut_off[:20])
        await until(lambda: linked.saw)
    assert linked.saw == TAGS
    assert peer.closed == 1


async def test_a_reader_that_hears_no_farewell_is_not_waited_for(
    peer: LlrpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "FAREWELL_SECONDS", 0.1)
    async with at_work(Linked(peer.address)) as linked:
        await until(lambda: linked.link.reading)
        peer.silent = True
    assert peer.closed == 0


async def test_reports_of_before_it_read_are_heard(peer: LlrpPeer) -> None:
    """A reader may hold back what it saw while nobody was connected."""
    held = llrp.report([TAGS[0]], 0) + llrp.message(13, llrp.status(0))
    peer.answer = lambda kind: held if kind == llrp.SET_READER_CONFIG else None
    async with at_work(Linked(peer.address)) as linked:
        await until(lambda: linked.link.reading)
        assert linked.saw == [TAGS[0]]
