"""Reads beside what else happens at the same moment: changes of the bills they verify, queues that
are full, a record that goes away. What was counted is told, and sent again counts once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeAlias

import asyncpg
import pytest

from ingest import limits
from tests.documents import OFFICER, READER, SUPPLIER, person
from tests.gateway_in_process import Gateway, TestClock, gateway_in_process
from tests.reads import CARRIER, ELSEWHERE, READS, counted, loaded, lorry, read, send
from tests.waiting import until

BILLS = "/v1/eway-bills"
MICROSECOND = timedelta(microseconds=1)
WAITING = """SELECT pid FROM pg_stat_activity WHERE datname = current_database()
    AND wait_event_type = 'Lock' AND application_name = 'gateway'"""
Record: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture
async def record(dsn: str) -> AsyncIterator[Record]:
    """A connection past the gateway to its database."""
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


async def waiting(record: Record, count: int = 1) -> list[int]:
    """The gateway's backends that wait for a lock, once there are that many."""

    async def found() -> list[int]:
        await record.execute("SELECT pg_stat_clear_snapshot()")
        pids = [row["pid"] for row in await record.fetch(WAITING)]
        return pids if len(pids) >= count else []

    pids: list[int] = await until(found)
    return pids


@asynccontextmanager
async def held(record: Record, sql: str, *arguments: Any) -> AsyncIterator[None]:
    """What a statement locks is locked until the block ends."""
    async with record.transaction():
        await record.execute(sql, *arguments)
        yield


async def verified(gateway: Gateway, ebn: str) -> bool:
    bill = (await gateway.call(OFFICER, "GET", f"{BILLS}/{ebn}")).json()
    return bill["verified_at"] is not None


def statuses(answers: Sequence[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(answer["status"], answer.get("code", "")) for answer in answers]


Change = Callable[[Gateway, str], Awaitable[Any]]


async def cancel(gateway: Gateway, ebn: str) -> tuple[int, str]:
    path = f"{BILLS}/{ebn}/cancellation"
    answer = await gateway.call(person(SUPPLIER), "POST", path, json={"reason": "not sent"})
    return answer.status_code, answer.json().get("code", "")


async def renew(gateway: Gateway, ebn: str) -> str:
    body = {"vehicle_number": ELSEWHERE, "distance_km": 50, "reason": "flood"}
    answer = await gateway.call(CARRIER, "POST", f"{BILLS}/{ebn}/renewal", json=body)
    return str(answer.json().get("ebn", ""))


async def transfer(gateway: Gateway, ebn: str) -> int:
    body = {"vehicle_number": ELSEWHERE, "reason": "BREAKDOWN", "place": "Hubli"}
    answer = await gateway.call(CARRIER, "POST", f"{BILLS}/{ebn}/conveyances", json=body)
    return answer.status_code


async def raced(
    gateway: Gateway,
    record: Record,
    *,
    change: Change,
    read_first: bool,
    after: timedelta = timedelta(0),
) -> tuple[str, dict[str, Any], Any]:
    """A bill, and what its read and a change of it were answered: both were decided on the bill as
    it was before, and wait for its row in this order. The tag was read so long after the change."""
    tag, vehicle = await lorry(gateway)
    ebn = await loaded(gateway, vehicle)
    gateway.clock.advance(hours=1)
    changed_at = gateway.clock()

    async def send_read() -> Sequence[dict[str, Any]]:
        gateway.clock.now = max(changed_at, changed_at + after)
        return await send(gateway, read(tag, changed_at + after))

    both: list[Callable[[], Awaitable[Any]]] = [send_read, lambda: change(gateway, ebn)]
    tasks = []
    async with held(record, "SELECT FROM eway_bill WHERE ebn = $1 FOR UPDATE", int(ebn)):
        for count, ask in enumerate(both if read_first else reversed(both), 1):
            tasks.append(asyncio.create_task(ask()))
            await waiting(record, count)
    first, second = await asyncio.gather(*tasks)
    (answer,), changed = (first, second) if read_first else (second, first)
    return ebn, answer, changed


async def test_a_read_before_a_cancellation(gateway: Gateway, record: Record) -> None:
    ebn, answer, refused = await raced(gateway, record, change=cancel, read_first=True)
    assert (answer["decision"], answer["verified"]) == ("PASS", [ebn])
    assert refused == (409, "ALREADY_VERIFIED_IN_TRANSIT")
    assert await verified(gateway, ebn)


@pytest.mark.parametrize(
    ("change", "reason"),
    [(cancel, "CANCELLED"), (renew, "VEHICLE_CHANGED"), (transfer, "VEHICLE_CHANGED")],
)
@pytest.mark.parametrize("after", [timedelta(0), timedelta(seconds=1)])
async def test_a_read_is_judged_by_what_came_in_while_it_waited(
    gateway: Gateway, record: Record, change: Change, reason: str, after: timedelta
) -> None:
    """It was let pass by a bill that had ended by then, and is judged anew."""
    ebn, answer, done = await raced(gateway, record, change=change, read_first=False, after=after)
    assert done
    assert (answer["status"], answer["decision"]) == (201, "STOP")
    assert (answer["reasons"], answer["verified"]) == ([reason], [])
    assert not await verified(gateway, ebn)


async def test_a_read_that_is_outdated_every_time_is_refused(
    gateway: Gateway, dsn: str, record: Record
) -> None:
    """Hot state is not told of this cancellation, so whatever is asked of it stays outdated."""
    await gateway.until_hot()
    tag, vehicle = await lorry(gateway)
    ebn = await loaded(gateway, vehicle)
    lane = f"/v1/rfid/tags/{tag}/eway-bills"
    assert (await gateway.call(READER, "GET", lane)).json()["decision"] == "PASS"
    past = """UPDATE eway_bill SET version = 2, cancelled_at = $2, cancelled_by = generated_by,
        cancellation_reason = 'not sent' WHERE ebn = $1"""
    await record.execute(past, int(ebn), gateway.clock())
    answers = await send(gateway, read(tag, gateway.clock()))
    assert statuses(answers) == [(503, "OVERLOADED")]
    assert await counted(dsn) == 0
    assert await record.fetchval("SELECT count(*) FROM rfid_read_claim") == 0


async def test_a_cancellation_just_after_a_read(gateway: Gateway, record: Record) -> None:
    """It was valid when it passed, and the cancellation, which came in first, stands."""
    ebn, answer, done = await raced(
        gateway, record, change=cancel, read_first=False, after=-MICROSECOND
    )
    assert done == (200, "")
    assert (answer["status"], answer["decision"], answer["verified"]) == (201, "PASS", [])
    assert not await verified(gateway, ebn)


async def test_a_renewal_just_after_a_read(gateway: Gateway, record: Record) -> None:
    """What goes on from the bill is verified in its place."""
    ebn, answer, heir = await raced(
        gateway, record, change=renew, read_first=False, after=-MICROSECOND
    )
    assert (answer["decision"], answer["verified"]) == ("PASS", [ebn])
    assert [await verified(gateway, one) for one in (ebn, heir)] == [False, True]


async def test_a_transfer_just_after_a_read(gateway: Gateway, record: Record) -> None:
    """It was on its former vehicle then."""
    ebn, answer, done = await raced(
        gateway, record, change=transfer, read_first=False, after=-MICROSECOND
    )
    assert done == 200
    assert (answer["decision"], answer["verified"]) == ("PASS", [ebn])
    assert await verified(gateway, ebn)


async def test_a_read_before_a_renewal(gateway: Gateway, record: Record) -> None:
    """The renewal was decided on a bill nobody had verified; asked for again, it goes on from one
    that was."""
    ebn, answer, refused = await raced(gateway, record, change=renew, read_first=True)
    assert (answer["verified"], refused) == ([ebn], "")
    heir = await renew(gateway, ebn)
    assert [await verified(gateway, one) for one in (ebn, heir)] == [True, True]


async def test_a_bill_that_was_verified_is_not_waited_for(gateway: Gateway, record: Record) -> None:
    """It cannot be cancelled any more, so lanes need not stand in line for it."""
    tag, vehicle = await lorry(gateway)
    ebn = await loaded(gateway, vehicle)
    await send(gateway, read(tag, gateway.clock()))
    async with held(record, "SELECT FROM eway_bill WHERE ebn = $1 FOR UPDATE", int(ebn)):
        (answer,) = await send(gateway, read(tag, gateway.clock()))
    assert (answer["status"], answer["verified"]) == (201, [ebn])


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
