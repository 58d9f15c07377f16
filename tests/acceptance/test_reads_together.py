"""Reads beside what else happens at the same moment: other reads, queues that are full, a record
that goes away. What was counted is told, and sent again counts once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from ingest import limits
from tests.documents import READER
from tests.gateway_in_process import Gateway, TestClock, gateway_in_process
from tests.reads import READS, counted, loaded, lorry, read, send
from tests.reads_at_once import Record, held, statuses, verified, waiting
from tests.waiting import until


async def test_two_reads_of_one_lorry_at_once(gateway: Gateway, record: Record) -> None:
    """Also where they share a transaction: the bill changes once, and both verify it."""
    tag, vehicle = await lorry(gateway)
    ebn = await loaded(gateway, vehicle)
    async with held(record, "SELECT FROM eway_bill WHERE ebn = $1 FOR UPDATE", int(ebn)):
        tasks = [asyncio.create_task(send(gateway, read(tag, gateway.clock())))]
        await waiting(record)
        tasks += [asyncio.create_task(send(gateway, read(tag, gateway.clock()))) for _ in range(9)]
        await until(lambda: gateway.services.reads.waiting == 9)
    for (answer,) in await asyncio.gather(*tasks):
        assert (answer["status"], answer["verified"]) == (201, [ebn])
    assert await record.fetchval("SELECT version FROM eway_bill WHERE ebn = $1", int(ebn)) == 2


async def test_one_transaction_verifies_a_bounded_number_of_bills(
    gateway: Gateway, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RFID_READ_BILLS_MAX", 4)
    lorries = [await lorry(gateway) for _ in range(4)]
    carried = {
        tag: [await loaded(gateway, vehicle) for _ in range(count)]
        for (tag, vehicle), count in zip(lorries, (2, 2, 1, 6), strict=True)
    }
    answers = await send(gateway, *(read(tag, gateway.clock()) for tag in carried))
    assert [sorted(answer["verified"]) for answer in answers] == list(carried.values())
    at_once = "SELECT count(*) FROM rfid_read GROUP BY xmin::text ORDER BY min(read_number)"
    assert [row[0] for row in await record.fetch(at_once)] == [2, 1, 1]


async def test_reads_of_one_lorry_share_a_transaction_however_many_its_bills(
    gateway: Gateway, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They lock the same bills; each for itself would lock them again."""
    monkeypatch.setattr(limits, "RFID_READ_BILLS_MAX", 4)
    monkeypatch.setattr(limits, "RFID_BILLS_IN_ONE_GO", 6)
    (tag, vehicle), (other, other_vehicle) = await lorry(gateway), await lorry(gateway)
    ebns = [await loaded(gateway, vehicle) for _ in range(6)]
    await loaded(gateway, other_vehicle)
    reads = [read(one, gateway.clock()) for one in (tag, tag, tag, other, other)]
    answers = await send(gateway, *reads)
    assert [sorted(answer["verified"]) for answer in answers[:3]] == [ebns] * 3
    at_once = "SELECT count(*) FROM rfid_read GROUP BY xmin::text ORDER BY min(read_number)"
    assert [row[0] for row in await record.fetch(at_once)] == [3, 2]


async def test_what_was_read_never_changes(gateway: Gateway, record: Record) -> None:
    tag, _ = await lorry(gateway)
    await send(gateway, read(tag, gateway.clock()))
    with pytest.raises(asyncpg.CheckViolationError, match="rfid_read"):
        await record.execute("UPDATE rfid_read SET place = 'elsewhere'")


async def test_one_poisoned_read_does_not_spoil_its_neighbours(
    gateway: Gateway, record: Record
) -> None:
    tag, vehicle = await lorry(gateway)
    ebn = await loaded(gateway, vehicle)
    await record.execute("ALTER TABLE rfid_read ADD CHECK (read_id <> 'POISON')")
    ids = ["one", "two", "POISON", "four"]
    answers = await send(gateway, *(read(tag, gateway.clock(), one) for one in ids))
    refused = (500, "INTERNAL_ERROR")
    assert statuses(answers) == [(201, ""), (201, ""), refused, (201, "")]
    assert await record.fetchval("SELECT count(*) FROM rfid_read_claim") == 3
    assert await verified(gateway, ebn)


@asynccontextmanager
async def small(
    dsn: str, redis_url: str, monkeypatch: pytest.MonkeyPatch, **changed: float
) -> AsyncIterator[Gateway]:
    """A gateway with other limits."""
    for name, value in changed.items():
        monkeypatch.setattr(limits, name, value)
    async with gateway_in_process(dsn, redis_url, TestClock()) as gateway:
        yield gateway


SLICED = {"RFID_READS_OF_A_LANE": 1, "RFID_READS_IN_A_SLICE": 2}


async def test_a_slice_that_fails_does_not_hide_what_was_counted(
    dsn: str, redis_url: str, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reads are refused, each, and sent again they are counted: the others once."""
    async with small(dsn, redis_url, monkeypatch, **SLICED) as gateway:
        tag, vehicle = await lorry(gateway)
        ebn = await loaded(gateway, vehicle)
        reads = [read(tag, gateway.clock(), name) for name in ("one", "two", "three", "four")]
        claimed = "INSERT INTO rfid_read_claim VALUES ('LANE-7', 'three', now(), 1)"
        async with record.transaction():
            await record.execute(claimed)
            sending = asyncio.create_task(send(gateway, *reads))
            kill = "SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid"
            await record.execute(kill, await waiting(record))
            answers = await sending
            # Whoever else sends it now must not find the test's own.
            await record.execute("DELETE FROM rfid_read_claim WHERE read_id = 'three'")
        refused = (503, "RECORD_UNAVAILABLE")
        assert statuses(answers) == [(201, ""), (201, ""), refused, refused]
        assert [answer.get("retry") for answer in answers] == [None, None, True, True]
        assert answers[0]["verified"] == [ebn]
        again = await send(gateway, *reads)
        assert [answer["status"] for answer in again] == [200, 200, 201, 201]
    assert await counted(dsn) == 4


async def test_an_unknown_outcome_is_settled_by_sending_again(
    gateway: Gateway, dsn: str, record: Record
) -> None:
    """The commit waits in a deferred trigger, and the backend is killed within it."""
    await record.execute("""
        CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END';
        CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON rfid_read_claim
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()""")
    tag, _ = await lorry(gateway)
    sent = read(tag, gateway.clock())
    async with held(record, "SELECT pg_advisory_xact_lock(4711)"):
        sending = asyncio.create_task(send(gateway, sent))
        kill = "SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid"
        await record.execute(kill, await waiting(record))
        answers = await sending
    assert statuses(answers) == [(503, "OUTCOME_UNKNOWN")]
    assert [one["status"] for one in await send(gateway, sent, sent)] == [201, 200]
    assert await counted(dsn) == 1


async def test_past_the_queue_a_read_is_refused(
    dsn: str, redis_url: str, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = SLICED | {"RFID_SLICES_AT_ONCE": 1, "WAITING_RFID_READS_MAX": 4}
    async with small(dsn, redis_url, monkeypatch, **few) as gateway:
        tag, _ = await lorry(gateway)
        reads = [read(tag, gateway.clock()) for _ in range(6)]
        async with held(record, "LOCK TABLE rfid_read_claim IN ACCESS EXCLUSIVE MODE"):
            taken = [asyncio.create_task(send(gateway, reads[0]))]
            await waiting(record)
            taken += [asyncio.create_task(send(gateway, one)) for one in reads[1:5]]
            await until(lambda: gateway.services.reads.waiting == 4)
            assert statuses(await send(gateway, reads[5])) == [(503, "OVERLOADED")]
        for answers in await asyncio.gather(*taken):
            assert statuses(answers) == [(201, "")]
        assert statuses(await send(gateway, reads[5])) == [(201, "")]
    assert await counted(dsn) == 6


async def test_what_is_not_begun_in_time_is_not_begun(
    dsn: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with small(dsn, redis_url, monkeypatch, RFID_CALL_SECONDS_MAX=-1.0) as gateway:
        tag, _ = await lorry(gateway)
        for many in (1, limits.RFID_READS_OF_A_LANE + 1):
            reads = [read(tag, gateway.clock()) for _ in range(many)]
            answers = await send(gateway, *reads)
            assert statuses(answers) == [(503, "OVERLOADED")] * many
    assert await counted(dsn) == 0


async def test_only_what_is_late_is_refused(
    gateway: Gateway, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read of a call that took too long shares its transaction with those of others."""
    tag, _ = await lorry(gateway)
    reads = [read(tag, gateway.clock()) for _ in range(4)]

    async def in_line(count: int) -> None:
        await until(lambda: gateway.services.reads.waiting == count)

    async with held(record, "LOCK TABLE rfid_read_claim IN ACCESS EXCLUSIVE MODE"):
        sending = [asyncio.create_task(send(gateway, reads[0]))]
        await waiting(record)
        for number, seconds in enumerate((60.0, -1.0, 60.0), 1):
            monkeypatch.setattr(limits, "RFID_CALL_SECONDS_MAX", seconds)
            sending.append(asyncio.create_task(send(gateway, reads[number])))
            await in_line(number)
    told = [statuses(answers) for answers in await asyncio.gather(*sending)]
    counted_now = [(201, "")]
    assert told == [counted_now, counted_now, [(503, "OVERLOADED")], counted_now]


async def test_large_calls_take_turns_and_a_lane_does_not(
    dsn: str, redis_url: str, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many reads offline readers send, a lane's own waits behind two slices of them. A
    large call past those that are taken is refused as a whole."""
    async with small(dsn, redis_url, monkeypatch, RFID_LARGE_CALLS_MAX=3) as gateway:
        reads = gateway.services.reads
        tag, _ = await lorry(gateway)

        def large() -> "asyncio.Task[Sequence[dict[str, Any]]]":
            some = [read(tag, gateway.clock()) for _ in range(1000)]
            return asyncio.create_task(send(gateway, *some))

        async with held(record, "LOCK TABLE rfid_read_claim IN ACCESS EXCLUSIVE MODE"):
            calls = [large(), large()]
            slice_ = limits.RFID_READS_IN_A_SLICE
            await until(lambda: reads.waiting == slice_)  # Beside the one in the transaction.
            calls.append(large())
            await until(lambda: reads.slices_waiting)
            some = [read(tag, gateway.clock()) for _ in range(limits.RFID_READS_OF_A_LANE + 1)]
            refused = await gateway.call(READER, "POST", READS, json={"reads": some})
            assert (refused.status_code, refused.json()["code"]) == (503, "OVERLOADED")
            lane = asyncio.create_task(send(gateway, read(tag, gateway.clock())))
            await until(lambda: reads.waiting == slice_ + 1)
        assert (await lane)[0]["status"] == 201
        outcomes = [statuses(answers) for answers in await asyncio.gather(*calls)]
        assert outcomes == [[(201, "")] * 1000] * 3
    assert await counted(dsn) == 3001
