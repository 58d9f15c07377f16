"""Messages sent through a real SMSC: whole, in their pace, and what becomes of the others."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ingest import sms_limits
from sms.carrier import PermanentFailure, TemporaryFailure
from tests.smpp_world import World, outgoing
from tests.smsc_peer import SmscPeer, said, smsc_peer
from tests.waiting import until


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with smsc_peer() as peer:
        yield World(peer)


async def test_messages_go_out_whole(world: World) -> None:
    texts = ["EBN 171000000144", "x" * 161, "ई-वे बिल 😀 " * 20]
    async with world.bound() as link:
        ids = [await link.send(outgoing(text)) for text in texts]
        submits = (await world.peer.ask("look"))["submits"]
        assert link.counts.sent == len(submits) == 1 + 2 + 4
    assert ids == [submits[last]["message_id"] for last in (0, 2, 6)]
    parts = submits[:1], submits[1:3], submits[3:]
    assert ["".join(map(said, each)) for each in parts] == texts
    for submit in submits:
        assert submit["source"] == ["ALPHANUMERIC", "GWBILL"]
        assert submit["destination"] == ["INTERNATIONAL", "919876543210"]
        assert submit["validity_seconds"] == 3600
        assert bytes.fromhex(submit["pdu"]).endswith(b"\x14\x01\x00\x071107161")
    asked = [submit["receipt"] == "SMSC_DELIVERY_RECEIPT_REQUESTED" for submit in submits]
    assert asked == [True, False, True, False, False, False, True]


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        ("ESME_RTHROTTLED", TemporaryFailure),
        ("ESME_RMSGQFUL", TemporaryFailure),
        ("ESME_RSYSERR", TemporaryFailure),
        ("ESME_RINVDSTADR", PermanentFailure),
        ("ESME_RSUBMITFAIL", PermanentFailure),
    ],
)
async def test_what_the_smsc_will_not_have_fails(
    world: World, monkeypatch: pytest.MonkeyPatch, status: str, failure: type[Exception]
) -> None:
    monkeypatch.setattr(sms_limits, "SMPP_THROTTLED_SECONDS", 0.01)
    async with world.bound() as link:
        await world.peer.ask("set", submit_statuses=[status])
        with pytest.raises(failure, match=status):
            await link.send(outgoing())
        assert link.counts.throttled == (status in ("ESME_RTHROTTLED", "ESME_RMSGQFUL"))
        assert await link.send(outgoing()) == "00000001"


async def test_after_the_smsc_throttled_nothing_is_sent_for_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_limits, "SMPP_THROTTLED_SECONDS", 3600)
    monkeypatch.setattr(sms_limits, "SMPP_THROTTLED_SECONDS_MAX", 3600)
    async with world.bound(submits_per_second=10_000) as link:
        await world.peer.ask("set", submit_statuses=["ESME_RTHROTTLED"])
        with pytest.raises(TemporaryFailure):
            await link.send(outgoing())
        sending = asyncio.create_task(link.send(outgoing()))
        # What the link had written before this answer the SMSC has read by then.
        assert await world.peer.answered([await world.peer.deliver(b"HELP")]) == ["ESME_ROK"]
        assert world.peer.seen["submits"] == []
        assert not sending.done()
        sending.cancel()


async def test_too_many_that_wait_are_turned_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_limits, "SMPP_SUBMITS_WAITING_MAX", 2)
    async with world.bound() as link:
        await world.peer.ask("set", submit_statuses=["UNANSWERED"] * 2)
        sending = [asyncio.create_task(link.send(outgoing())) for _ in range(2)]
        await until(lambda: _left(world.peer, 0))
        with pytest.raises(TemporaryFailure, match="too many messages wait"):
            await link.send(outgoing())
        await world.peer.ask("drop")
        await asyncio.gather(*sending, return_exceptions=True)
        await until(lambda: link.bound)
        assert await link.send(outgoing()) == "00000001"


async def test_what_is_not_answered_may_have_been_sent(world: World) -> None:
    async with world.bound(answer_seconds=0.2) as link:
        await world.peer.ask("set", submit_statuses=["UNANSWERED"])
        with pytest.raises(TemporaryFailure, match="it may have been sent"):
            await link.send(outgoing())
        await world.peer.ask("set", submit_statuses=["UNANSWERED"])
        sending = asyncio.create_task(link.send(outgoing()))
        await world.peer.ask("drop")
        with pytest.raises(TemporaryFailure):
            await sending


async def test_no_more_are_out_than_the_window(world: World) -> None:
    async with world.bound(submit_window=2, submits_per_second=10_000) as link:
        await world.peer.ask("set", submit_statuses=["UNANSWERED"] * 2)
        sending = [asyncio.create_task(link.send(outgoing())) for _ in range(4)]
        await until(lambda: _left(world.peer, 0))
        # What the link had written before this answer the SMSC has read by then.
        assert await world.peer.answered([await world.peer.deliver(b"HELP")]) == ["ESME_ROK"]
        assert world.peer.seen["submits"] == []
        await world.peer.ask("drop")
        done = await asyncio.gather(*sending, return_exceptions=True)
        assert all(isinstance(each, TemporaryFailure) for each in done)


async def _left(peer: SmscPeer, count: int) -> bool:
    return bool((await peer.ask("look"))["statuses_left"] == count)
