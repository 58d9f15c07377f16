"""Long messages from a real SMSC, their parts in the record: each is handed on whole, once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ingest.database import Database
from ingest.sms_parts import SmsParts
from tests.smpp_world import World
from tests.smsc_peer import UCS_2, smsc_peer, with_header
from tests.waiting import until

WORDS = "EWBG OSUP 29AABCX0892K1ZT 560012 546 01/04/2018 75000.00 1001 170 KA12AB1234 " * 4


@pytest.fixture
async def world(dsn: str) -> AsyncIterator[World]:
    database = await Database.connect(dsn, connections_max=4)
    async with smsc_peer() as peer:
        yield World(peer, SmsParts(database))
    await database.close()


def parts_of(octets: bytes, reference: int, width: int) -> list[bytes]:
    cuts = [octets[begin : begin + width] for begin in range(0, len(octets), width)]
    return [
        with_header(reference, len(cuts), sequence, cut)
        for sequence, cut in enumerate(cuts, start=1)
    ]


async def test_parts_out_of_order_doubled_and_over_a_reconnect_are_one_message(
    world: World,
) -> None:
    first, second, third = parts_of(WORDS.encode(), 0x101, 110)
    async with world.bound():
        numbers = [await world.peer.deliver(each, has_header=True) for each in (third, third)]
        assert await world.peer.answered(numbers) == ["ESME_ROK"] * 2
        await world.peer.ask("drop")
        await world.peer.bound(2)
        numbers = [await world.peer.deliver(each, has_header=True) for each in (first, second)]
        assert await world.peer.answered(numbers) == ["ESME_ROK"] * 2
        # What is doubled after the whole was handled is taken, and does nothing.
        numbers = [await world.peer.deliver(each, has_header=True) for each in (second, third)]
        assert await world.peer.answered(numbers) == ["ESME_ROK"] * 2
    assert world.texts == [WORDS]


async def test_a_crash_before_the_last_part_is_answered_brings_the_same_id_again(
    world: World,
) -> None:
    parts = parts_of(WORDS.encode(), 9, 110)
    world.act = lambda _: asyncio.Event().wait()
    async with world.bound():
        numbers = [await world.peer.deliver(each, has_header=True) for each in parts]
        await until(lambda: world.received)
        assert await world.peer.answered(numbers[:2]) == ["ESME_ROK"] * 2
    world.act = None
    async with world.bound():
        assert await world.peer.answered(numbers) == ["ESME_ROK"] * 3
    first, again = world.received
    assert first == again
    attempts = [world.peer.seen["deliveries"][number]["attempts"] for number in numbers]
    assert attempts == [1, 1, 2]


async def test_a_character_cut_in_two_is_whole_again(world: World) -> None:
    text = "ई-वे बिल 😀"
    octets = text.encode("utf-16-be")
    cut = len(octets) - 2
    parts = [with_header(5, 2, 1, octets[:cut]), with_header(5, 2, 2, octets[cut:])]
    async with world.bound():
        numbers = [
            await world.peer.deliver(each, has_header=True, data_coding=UCS_2) for each in parts
        ]
        assert await world.peer.answered(numbers) == ["ESME_ROK"] * 2
    assert world.texts == [text]


async def test_parts_joined_by_parameters_of_the_smsc(world: World) -> None:
    async with world.bound():
        numbers = [
            await world.peer.deliver(
                octets, sar_msg_ref_num=300, sar_total_segments=2, sar_segment_seqnum=sequence
            )
            for sequence, octets in ((2, b"171000000144"), (1, b"EWBC "))
        ]
        assert await world.peer.answered(numbers) == ["ESME_ROK"] * 2
    assert world.texts == ["EWBC 171000000144"]


async def test_the_words_of_parts_in_two_character_sets(world: World) -> None:
    async with world.bound():
        numbers = [
            await world.peer.deliver(with_header(5, 2, 1, b"EWBC "), has_header=True),
            await world.peer.deliver(
                with_header(5, 2, 2, "मदद".encode("utf-16-be")), has_header=True, data_coding=UCS_2
            ),
        ]
        assert await world.peer.answered(numbers) == ["ESME_ROK"] * 2
    assert world.texts == ["EWBC मदद"]
