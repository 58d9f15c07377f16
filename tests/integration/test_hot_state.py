"""docs/hot-state.md, step by step: each way a stale value could come to be believed, forced."""

import json
import signal
from datetime import datetime
from pathlib import Path

import pytest
import redis

from gateway.servers.process import ServerProcess
from gateway.servers.redis import wheel_server
from gateway.services import Services, running
from ingest.hot_state import Entry, bill_key, vehicle_key
from ingest.queries import SQL
from ingest.records import changed_row, hot_value
from ingest.replay import Request, StoredAnswer
from tests.documents import SUPPLIER, document, person
from tests.gateway_in_process import Gateway, TestClock
from tests.waiting import until
from validators.change_forms import Cancellation
from validators.eway_bill import EwayBill, Status, status
from validators.forms import read_form
from validators.ins06 import Ins06
from validators.life import cancelled

KA, BY = "KA12AB1234", person(SUPPLIER)


@pytest.fixture
async def hot(gateway: Gateway) -> Gateway:
    await gateway.until_hot()
    return gateway


async def _generate(gateway: Gateway) -> EwayBill:
    answer = await gateway.generate(BY, document(vehicle_number=KA))
    assert answer.status_code == 201, answer.text
    bill = await gateway.services.lookups.recorded_bill(int(answer.json()["ebn"]))
    assert bill is not None
    return bill


async def _cancel(services: Services, bill: EwayBill, at: datetime) -> None:
    form, answer = Cancellation(reason="test"), StoredAnswer(200, b"")
    await services.changes.cancel(Request(BY, at, lambda _: answer), bill.ebn, form, ())


async def _read(services: Services, bill: EwayBill, at: datetime) -> Status:
    read = await services.lookups.bill(bill.ebn, at)
    assert read is not None
    return status(read, at)


async def _on_vehicle(gateway: Gateway) -> list[int]:
    bills = await gateway.services.lookups.live_bills_on(
        KA, gateway.clock(), after=0, count=500, shown=lambda _: True
    )
    return [bill.ebn for bill in bills]


async def _in_redis(gateway: Gateway, key: str) -> bytes | None:
    values = await gateway.services.hot_state.get([key])
    assert values is not None, "the hot state is not believed"
    return values[0]


async def _make_hot(services: Services, bill: EwayBill, at: datetime) -> None:
    """Returns once a read has put the bill into Redis: not while its writer still held it."""

    async def read_again() -> bool:
        await services.lookups.bill(bill.ebn, at)
        values = await services.hot_state.get([bill_key(bill.ebn)])
        return values is not None and values[0] == hot_value(bill)

    await until(read_again)


async def test_a_read_fills_what_redis_lost(hot: Gateway, redis_url: str) -> None:
    bill = await _generate(hot)
    await _make_hot(hot.services, bill, hot.clock())
    with redis.from_url(redis_url) as direct:
        direct.flushall()
    assert await _in_redis(hot, bill_key(bill.ebn)) is None
    assert await _read(hot.services, bill, hot.clock()) is Status.ACTIVE
    assert await _in_redis(hot, bill_key(bill.ebn)) == hot_value(bill)


async def test_a_vehicle_is_filled_and_dropped_by_the_next_bill(hot: Gateway) -> None:
    first = await _generate(hot)
    assert await _on_vehicle(hot) == [first.ebn]
    assert await _in_redis(hot, vehicle_key(KA)) is not None
    second = await _generate(hot)
    seen = await _on_vehicle(hot)
    assert seen == [first.ebn, second.ebn]


async def test_an_empty_vehicle_is_remembered_until_it_carries_something(hot: Gateway) -> None:
    assert await _on_vehicle(hot) == []
    assert await _in_redis(hot, vehicle_key(KA)) is not None
    bill = await _generate(hot)
    assert await _on_vehicle(hot) == [bill.ebn]


async def test_a_fill_that_comes_after_the_change_is_refused(hot: Gateway) -> None:
    """A reader reserved and read; then the bill was cancelled; then the fill arrives."""
    bill = await _generate(hot)
    await _make_hot(hot.services, bill, hot.clock())
    state = hot.services.hot_state
    epoch = state.believed_epoch()
    assert epoch is not None
    token = await state.reserve(epoch, [bill_key(bill.ebn)])
    assert token is not None
    await _cancel(hot.services, bill, hot.clock())
    late = Entry(bill_key(bill.ebn), hot_value(bill), 60)
    assert await state.fill(epoch, token, [late]) == 0
    assert await _read(hot.services, bill, hot.clock()) is Status.CANCELLED


@pytest.mark.parametrize("flushed", [False, True])
async def test_nothing_is_filled_while_a_writer_is_at_work(
    hot: Gateway, redis_url: str, flushed: bool
) -> None:
    """A writer has told Redis but not committed, Redis is flushed or not, and a reader misses."""
    bill = await _generate(hot)
    await _make_hot(hot.services, bill, hot.clock())
    state, database = hot.services.hot_state, hot.services.database
    after = cancelled(bill, SUPPLIER, hot.clock(), "test")
    row = changed_row(after, bill)
    async with database.connection() as writer:
        await writer.execute(SQL["begin_write"])
        (stored,) = await writer.fetch(SQL["change_eway_bills"], [row])
        await state.drop(stored["hot_epoch"], [bill_key(bill.ebn)])
        if flushed:
            with redis.from_url(redis_url) as direct:
                direct.flushall()
        assert await _read(hot.services, bill, hot.clock()) is Status.ACTIVE
        assert await _in_redis(hot, bill_key(bill.ebn)) is None
        await writer.execute("COMMIT")
    assert await _read(hot.services, bill, hot.clock()) is Status.CANCELLED


@pytest.mark.slow
async def test_a_writer_cut_off_from_redis_is_believed_by_those_who_are_not(
    hot: Gateway, dsn: str, data_dir: Path
) -> None:
    """One worker cannot reach Redis; another reads from it. What the first acknowledges, the
    second knows."""
    nowhere = f"unix://{data_dir}/nobody.sock"
    async with running(dsn, nowhere, hot.clock) as cut_off:
        for _ in range(3):
            await hot.until_hot()
            bill = await _generate(hot)
            await _make_hot(hot.services, bill, hot.clock())
            await _cancel(cut_off, bill, hot.clock())
            assert await _read(hot.services, bill, hot.clock()) is Status.CANCELLED


@pytest.mark.slow
async def test_a_redis_restarted_from_an_old_dump_is_not_believed(
    dsn: str, data_dir: Path, clock: TestClock
) -> None:
    """The dump holds the bill as it was before it was cancelled, in the epoch that is open."""
    directory = data_dir / "dumping"
    directory.mkdir()
    socket = directory / "redis.sock"
    command = [
        str(wheel_server()),
        *("--dir", str(directory), "--unixsocket", str(socket), "--port", "0", "--save", ""),
    ]

    def start() -> ServerProcess:
        process = ServerProcess(command, directory / "log", on_parent_death=signal.SIGKILL)
        process.wait_until(lambda: _answers(socket), 10)
        return process

    server = start()
    direct = redis.from_url(f"unix://{socket}")
    try:
        async with running(dsn, f"unix://{socket}", clock) as services:
            state = services.hot_state
            epoch = await until(state.believed_epoch)
            asked = Request(BY, clock(), lambda bill: StoredAnswer(201, b"%d" % bill.ebn))
            answer = await services.generation.generate(asked, _form(), ())
            bill = await services.lookups.recorded_bill(int(answer.body))
            assert bill is not None
            kept = f"{epoch}:{bill_key(bill.ebn)}"
            await _make_hot(services, bill, clock())
            direct.save()
            await _cancel(services, bill, clock())
            server.stop(signal.SIGKILL, timeout_s=10)
            server = start()
            assert direct.get(kept) == hot_value(bill), "the dump holds the bill of before"
            assert await _read(services, bill, clock()) is Status.CANCELLED
            await until(lambda: state.believed_epoch() not in (None, epoch))
            assert await _read(services, bill, clock()) is Status.CANCELLED
    finally:
        direct.close()
        server.stop(signal.SIGKILL, timeout_s=10)


def _answers(socket: Path) -> bool:
    with redis.Redis(unix_socket_path=str(socket)) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


def _form() -> Ins06:
    form, faults = read_form(json.dumps(document()).encode(), Ins06)
    assert not faults
    return form
