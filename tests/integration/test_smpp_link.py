"""The link to a real SMSC: bound, bound again, taking and sending, throttled, closed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from sms.carrier import TemporaryFailure
from sms.smpp.link import Link
from sms.smpp.messages import Delivered
from tests.smpp_world import NOON, NoParts, World, outgoing
from tests.smsc_peer import DRIVER, LATIN_1, UCS_2, SmscPeer, smsc_peer
from tests.waiting import until
from validators.errors import Refusal


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with smsc_peer() as peer:
        yield World(peer)


async def test_a_message_is_answered_once_it_is_committed(world: World) -> None:
    commit = asyncio.Event()
    world.act = lambda _: commit.wait()
    async with world.bound() as link:
        assert (await world.peer.ask("look"))["binds"] == [["gateway", "secret"]]
        number = await world.peer.deliver(b"EWBC 171000000144")
        await until(lambda: world.received)
        assert (await world.peer.ask("look"))["deliveries"][number]["statuses"] == []
        commit.set()
        assert await world.peer.answered([number]) == ["ESME_ROK"]
        assert link.counts.received == 1
    (message,) = world.received
    assert (message.sender, message.text, message.at) == (DRIVER, "EWBC 171000000144", NOON)


async def test_each_character_set_is_read(world: World) -> None:
    texts = {
        "EWBC @$": (b"EWBC \x00\x02", 0),
        "EWBC £": (b"EWBC \xa3", LATIN_1),
        "मदद 😀": ("मदद 😀".encode("utf-16-be"), UCS_2),
        "HELP": (b"HELP", 0xF1),
    }
    async with world.bound():
        for text, (octets, data_coding) in texts.items():
            number = await world.peer.deliver(octets, data_coding=data_coding)
            assert await world.peer.answered([number]) == ["ESME_ROK"]
            assert world.texts[-1] == text
        long = "EWBC " + "1" * 400
        await world.peer.deliver(b"", message_payload=long.encode().hex())
        await until(lambda: world.texts[-1] == long)


async def test_a_slow_message_holds_up_no_other_and_no_enquiry(world: World) -> None:
    slow = asyncio.Event()

    async def act(message: Delivered) -> None:
        if message.text == "SLOW":
            await slow.wait()

    world.act = act
    async with world.bound(enquire_link_seconds=0.1, answer_seconds=5):
        first = await world.peer.deliver(b"SLOW")
        others = [await world.peer.deliver(f"HELP {each}".encode()) for each in range(5)]
        assert await world.peer.answered(others) == ["ESME_ROK"] * 5
        await world.peer.saw("enquire_links", 3)
        assert world.peer.seen["deliveries"][first]["statuses"] == []
        slow.set()
        assert await world.peer.answered([first]) == ["ESME_ROK"]


async def test_past_the_window_the_smsc_is_told_to_wait(world: World) -> None:
    commit = asyncio.Event()
    world.act = lambda _: commit.wait()
    async with world.bound(deliver_window=2) as link:
        numbers = [await world.peer.deliver(f"HELP {each}".encode()) for each in range(3)]
        assert await world.peer.answered(numbers[2:]) == ["ESME_RTHROTTLED"]
        assert link.counts.throttled == 1
        commit.set()
        assert await world.peer.answered(numbers[:2]) == ["ESME_ROK"] * 2
        await world.peer.ask("deliver_again", numbers=numbers[2:])
        assert await world.peer.answered(numbers[2:], times=2) == ["ESME_ROK"]
    assert world.texts == ["HELP 0", "HELP 1", "HELP 2"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refusal("RECORD_UNAVAILABLE"), "ESME_RX_T_APPN"),
        (Refusal("OVERLOADED"), "ESME_RTHROTTLED"),
        (Refusal("TOO_MANY_MESSAGES"), "ESME_RTHROTTLED"),
        (Refusal("INVALID_DOCUMENT"), "ESME_RX_P_APPN"),
        (ValueError("482913 is the password"), "ESME_RX_T_APPN"),
    ],
)
async def test_what_goes_wrong_is_answered_so_that_it_comes_again_or_not(
    world: World, caplog: pytest.LogCaptureFixture, error: Exception, status: str
) -> None:
    async def act(message: Delivered) -> None:
        if len(world.received) == 1:
            raise error

    world.act = act
    async with world.bound() as link:
        number = await world.peer.deliver(b"OTP 482913")
        assert await world.peer.answered([number]) == [status]
        assert link.counts.received == 0
        await world.peer.ask("drop")
        await world.peer.bound(2)
        if status != "ESME_RX_P_APPN":
            assert await world.peer.answered([number], times=2) == ["ESME_ROK"]
            assert world.received[0] == world.received[1]
    assert world.peer.seen["deliveries"][number]["attempts"] == 1 + (status != "ESME_RX_P_APPN")
    assert "482913" not in caplog.text


async def test_a_crash_between_commit_and_answer_brings_the_same_id_again(world: World) -> None:
    world.act = lambda _: asyncio.Event().wait()
    async with world.bound():
        number = await world.peer.deliver(b"EWBC 171000000144")
        await until(lambda: world.received)
    world.act = None
    world.now += timedelta(minutes=10)
    async with world.bound():
        assert await world.peer.answered([number]) == ["ESME_ROK"]
    first, again = world.received
    assert first.message_id in (again.message_id, *again.earlier_ids)


async def test_what_is_delivered_again_while_the_first_is_in_progress_acts_once(
    world: World,
) -> None:
    commit = asyncio.Event()
    world.act = lambda _: commit.wait()
    async with world.bound() as link:
        number = await world.peer.deliver(b"EWBC 171000000144")
        await until(lambda: world.received)
        await world.peer.ask("drop")
        await world.peer.bound(2)
        again = await world.peer.deliver(b"HELP")
        await until(lambda: "HELP" in world.texts)
        commit.set()
        assert await world.peer.answered([number, again]) == ["ESME_ROK"] * 2
        assert world.peer.seen["deliveries"][number]["attempts"] == 2
        assert link.counts.binds == 2
    assert world.texts == ["EWBC 171000000144", "HELP"]


async def test_each_message_acts_once_however_often_the_link_is_lost(world: World) -> None:
    kept: set[str] = set()
    acted: list[str] = []

    async def act(message: Delivered) -> None:
        await world.peer.ask("look")
        if kept.isdisjoint((message.message_id, *message.earlier_ids)):
            kept.add(message.message_id)
            acted.append(message.text)
        await world.peer.ask("look")

    world.act = act
    texts = [f"EWBC {number}" for number in range(171000000000, 171000000100)]
    async with world.bound() as link:
        numbers = []
        for text in texts:
            numbers.append(await world.peer.deliver(text.encode()))
            if len(numbers) % 20 == 0:
                await world.peer.ask("drop")
                await world.peer.bound(1 + len(numbers) // 20)
        assert set(await world.peer.answered(numbers)) == {"ESME_ROK"}
        assert link.counts.binds == 6
    assert sorted(acted) == texts


async def test_receipts_of_both_forms_are_handed_on(world: World) -> None:
    async with world.bound() as link:
        numbers = [
            await world.peer.deliver(
                b"", receipt=True, receipted_message_id="0A1F", message_state="DELIVERED"
            ),
            await world.peer.deliver(b"id:0A20 sub:001 stat:UNDELIV err:001", receipt=True),
            await world.peer.deliver(b"no receipt at all", receipt=True),
        ]
        assert await world.peer.answered(numbers) == ["ESME_ROK"] * 3
        assert link.counts.receipts == 2
    assert sorted(world.receipts) == [("0A1F", "DELIVRD"), ("0A20", "UNDELIV")]
    assert world.received == []


async def test_unbound_nothing_is_sent(world: World) -> None:
    await world.peer.ask("set", refuse=True)
    async with world.link() as link:
        await until(lambda: _has_binds(world.peer, 2))
        assert not link.bound
        with pytest.raises(TemporaryFailure, match="not bound"):
            await link.send(outgoing())
        await world.peer.ask("set", refuse=False)
        await until(lambda: link.bound)
        assert await link.send(outgoing()) == "00000001"


async def _has_binds(peer: SmscPeer, count: int) -> bool:
    return len((await peer.ask("look"))["binds"]) >= count


async def test_a_link_that_fell_silent_is_bound_again(world: World) -> None:
    async with world.bound(enquire_link_seconds=0.1, answer_seconds=0.2) as link:
        await world.peer.saw("enquire_links")
        await world.peer.ask("set", silent=True)
        await until(lambda: not link.bound)
        await world.peer.ask("set", silent=False)
        await world.peer.bound(2)
        await until(lambda: link.bound)


@pytest.mark.parametrize("octets", ["0000000000000005", "0000000f00000005", "ffffffff00000005"])
async def test_after_a_pdu_of_no_length_the_link_is_bound_again(world: World, octets: str) -> None:
    async with world.bound():
        await world.peer.ask("write", octets=octets + "0000000000000007")
        assert await world.peer.nacked() == ["ESME_RINVCMDLEN"]
        await world.peer.bound(2)


async def test_an_unknown_command_and_an_unreadable_delivery_do_not_end_it(world: World) -> None:
    async with world.bound() as link:
        await world.peer.ask("write", octets="00000010000000990000000000000007")
        assert await world.peer.nacked() == ["ESME_RINVCMDID"]
        # alert_notification has no answer.
        await world.peer.ask("write", octets="00000010000001020000000000000008")
        number = await world.peer.deliver(b"\x50\x00\x03", has_header=True)
        assert await world.peer.answered([number]) == ["ESME_RX_P_APPN"]
        assert world.peer.seen["nacks"] == ["ESME_RINVCMDID"]
        assert link.counts.binds == 1


async def test_closing_answers_what_is_in_progress_and_unbinds(world: World) -> None:
    commit = asyncio.Event()
    world.act = lambda _: commit.wait()
    link = Link(world.settings(), world.receive, world.receipted, NoParts(), lambda: NOON)
    running = asyncio.create_task(link.run())
    await until(lambda: link.bound)
    number = await world.peer.deliver(b"EWBC 171000000144")
    await until(lambda: world.received)
    closing = asyncio.create_task(link.close())
    await until(lambda: not link.bound)
    late = await world.peer.deliver(b"HELP")
    assert await world.peer.answered([late]) == ["ESME_RX_T_APPN"]
    with pytest.raises(TemporaryFailure):
        await link.send(outgoing())
    commit.set()
    await closing
    await running
    assert await world.peer.answered([number]) == ["ESME_ROK"]
    assert await world.peer.saw("unbinds") == 1
    assert world.texts == ["EWBC 171000000144"]


async def test_closing_while_it_cannot_connect_ends_at_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    settings = world.settings(port=1, reconnect_seconds=60)
    link = Link(settings, world.receive, world.receipted, NoParts(), lambda: NOON)
    running = asyncio.create_task(link.run())
    await until(lambda: "no connection" in caplog.text)
    await link.close()
    await asyncio.wait_for(running, 20)


async def test_closing_while_it_connects_binds_nothing(world: World) -> None:
    link = Link(world.settings(), world.receive, world.receipted, NoParts(), lambda: NOON)
    running = asyncio.create_task(link.run())
    # Its turn of the loop: it has begun to connect.
    await asyncio.sleep(0)
    await link.close()
    await asyncio.wait_for(running, 20)
    assert (await world.peer.ask("look"))["binds"] == []


async def test_what_the_smsc_unbinds_is_answered_and_bound_again(world: World) -> None:
    async with world.bound() as link:
        number = await world.peer.deliver(b"HELP")
        assert await world.peer.answered([number]) == ["ESME_ROK"]
        await world.peer.ask("unbind")
        await world.peer.bound(2)
        await until(lambda: link.counts.binds == 2)
