"""What leaves the spool and what stays, by every answer of a gateway; over real HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from starlette.responses import JSONResponse, Response

from gateway.client.credentials import Credentials
from gateway.reader import sending as sending_module
from gateway.reader.call import ReadsCall, seconds_ahead
from gateway.reader.reads import Read, new_read
from gateway.reader.sending import Sending
from gateway.reader.spool import Spool
from tests.bulk_server import CLIENT, Json, problem, serving
from tests.reads_server import ReadsServer
from tests.waiting import until

AT = datetime(2026, 11, 22, 6, tzinfo=UTC)
TOO_OLD = {
    "status": 422,
    "code": "INVALID_DOCUMENT",
    "detail": "faults",
    "errors": [{"pointer": "/read_at", "code": "TOO_OLD", "detail": "is older than 72 hours"}],
}


@pytest.fixture(scope="module")
def served() -> Iterator[ReadsServer]:
    with serving(ReadsServer()) as running:
        yield running


@pytest.fixture
def server(served: ReadsServer) -> Iterator[ReadsServer]:
    served.begin_anew()
    yield served
    served.release.set()
    assert served.malformed == []


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path / "spool", 10_000)
    yield opened
    opened.close()


def tag(number: int) -> str:
    return f"E2{number:022X}"


def add(spool: Spool, count: int) -> list[Read]:
    added = [new_read(tag(number), AT) for number in range(count)]
    spool.add(added, {})
    return added


@asynccontextmanager
async def sending(
    server: ReadsServer,
    spool: Spool,
    told: list[str] | None = None,
    *,
    batch_max: int = 1000,
    timeout_seconds: float = 30,
) -> AsyncIterator[Sending]:
    """A sending at work until the end of the block."""
    timeout = aiohttp.ClientTimeout(total=timeout_seconds)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        call = ReadsCall(session, server.url, Credentials(**CLIENT))
        tell = (told if told is not None else []).append
        at_work = Sending(call.send, spool, batch_max=batch_max, tell=tell)
        task = asyncio.create_task(at_work.run())
        try:
            yield at_work
        finally:
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled(), task.exception()


async def test_all_that_waits_goes_in_order_and_a_lone_read_at_once(
    server: ReadsServer, spool: Spool
) -> None:
    added = add(spool, 2500)
    async with sending(server, spool) as at_work:
        await until(lambda: not spool.waiting)
        assert [len(call) for call in server.calls] == [1000, 1000, 500]
        assert [each for call in server.calls for each in call] == [r.read_id for r in added]
        lone = add(spool, 1)
        at_work.wake()
        await until(lambda: not spool.waiting)
        assert server.calls[3:] == [[lone[0].read_id]]
        assert (at_work.counted, at_work.refused) == (2501, 0)
    assert server.tokens_given == 1


async def test_reads_that_come_during_a_call_go_in_the_next(
    server: ReadsServer, spool: Spool
) -> None:
    server.hold = True
    add(spool, 1)
    async with sending(server, spool) as at_work:
        await until(lambda: server.calls)
        for number in range(3):
            spool.add([new_read(tag(100 + number), AT)], {})
            at_work.wake()
        server.release.set()
        await until(lambda: not spool.waiting)
    assert [len(call) for call in server.calls] == [1, 3]


@pytest.mark.parametrize("lost", [1, 2])
async def test_an_answer_that_is_lost_brings_the_same_batch_again(
    server: ReadsServer, spool: Spool, lost: int
) -> None:
    server.lose_answers = lost
    batch = add(spool, 5)
    async with sending(server, spool) as at_work:
        await until(lambda: server.calls)
        spool.add([new_read(tag(9), AT)], {})  # It does not come into the batch on its way.
        await until(lambda: not spool.waiting)
        assert at_work.counted == 6
    assert server.calls[: lost + 1] == [[read.read_id for read in batch]] * (lost + 1)
    assert len(server.counted) == 6


async def test_an_answer_that_comes_too_late_is_not_waited_for(
    server: ReadsServer, spool: Spool
) -> None:
    server.hold = True
    add(spool, 2)
    async with sending(server, spool, timeout_seconds=0.2):
        await until(lambda: len(server.calls) == 2)
        server.release.set()
        await until(lambda: not spool.waiting)
    assert len(server.counted) == 2
    assert all(call == server.calls[0] for call in server.calls)


@pytest.mark.parametrize(
    "refusal",
    [
        problem(503, "OVERLOADED", "later", **{"Retry-After": "0"}),
        problem(429, "TOO_MANY_REQUESTS", "later"),
        problem(500, "INTERNAL_ERROR", "oh"),
        problem(403, "NOT_YOURS", "no reader"),
        problem(422, "INVALID_DOCUMENT", "another contract"),
        problem(415, "UNSUPPORTED_MEDIA_TYPE", "another contract"),
        Response("<html>", 200),
        JSONResponse({"reads": []}),
        JSONResponse({"reads": [{"status": 201}, {"status": 201}]}),
        JSONResponse({"reads": [{"read_id": "another", "status": 201}] * 2}),
        JSONResponse({"reads": ["yes", "yes"]}),
        JSONResponse(["reads"]),
    ],
    ids=lambda response: f"{response.status_code} {bytes(response.body[:60])!r}",
)
async def test_nothing_leaves_without_an_answer_to_each(
    server: ReadsServer, spool: Spool, refusal: Response
) -> None:
    server.refuse_calls.append(refusal)
    batch = [read.read_id for read in add(spool, 2)]
    told: list[str] = []
    async with sending(server, spool, told):
        await until(lambda: not spool.waiting)
    assert server.calls == [batch, batch]
    assert len(told) == 2
    assert "2 reads wait" in told[0]
    assert told[1] == "gateway: it answers again"


async def test_a_pause_the_gateway_asks_for_is_kept(
    server: ReadsServer, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.refuse_calls.append(problem(503, "OVERLOADED", "later", **{"Retry-After": "7"}))
    add(spool, 1)
    told: list[str] = []
    async with sending(server, spool, told):
        await until(lambda: told)
        assert "going on in 7.0 s" in told[0]
        assert len(server.calls) == 1


async def test_another_token_when_one_is_not_taken(server: ReadsServer, spool: Spool) -> None:
    add(spool, 1)
    async with sending(server, spool) as at_work:
        await until(lambda: not spool.waiting)
        server.tokens.clear()
        add(spool, 1)
        at_work.wake()
        await until(lambda: not spool.waiting)
    assert server.tokens_given == 2


async def test_a_batch_too_large_is_halved_until_it_fits(server: ReadsServer, spool: Spool) -> None:
    server.reads_max = 3
    batch = [read.read_id for read in add(spool, 10)]
    async with sending(server, spool):
        await until(lambda: not spool.waiting)
    assert [len(call) for call in server.calls] == [10, 5, 2, 2, 2, 2, 2]
    assert list(server.counted) == batch


async def test_one_read_too_large_stays(server: ReadsServer, spool: Spool) -> None:
    server.reads_max = 0
    add(spool, 1)
    told: list[str] = []
    async with sending(server, spool, told):
        await until(lambda: len(server.calls) == 2)
        server.reads_max = 1
        await until(lambda: not spool.waiting)
    assert len(server.counted) == 1


async def test_each_read_by_its_own_answer(
    server: ReadsServer, spool: Spool, tmp_path: Path
) -> None:
    busy = {"status": 503, "code": "OVERLOADED", "detail": "later"}
    many = {"status": 429, "code": "TOO_MANY_REQUESTS", "detail": "later"}
    changed = {"status": 409, "code": "CHANGED_MEANWHILE", "retry": True}
    conflict = {"status": 409, "code": "READ_ID_REUSED", "detail": "another read has it"}
    answers: dict[str, list[Json]] = {
        tag(1): [TOO_OLD],
        tag(2): [busy, changed],
        tag(3): [conflict],
        tag(4): [many, {"status": 500, "code": "INTERNAL_ERROR"}],
    }

    def refuse(read: Json) -> Json | None:
        due = answers.get(read["tag"])
        return due.pop(0) if due else None

    server.refuse = refuse
    added = add(spool, 6)
    told: list[str] = []
    async with sending(server, spool, told) as at_work:
        await until(lambda: not spool.waiting)
        assert (at_work.counted, at_work.refused) == (4, 2)
    again = [added[2].read_id, added[4].read_id]
    assert server.calls == [[read.read_id for read in added], again, again]
    refused = [line for line in told if line.startswith("REFUSED: ")]
    assert len(refused) == 2
    assert f"{tag(1)} at {AT.isoformat()}" in refused[0]
    assert "/read_at is older than 72 hours" in refused[0]
    rows = spool._database.execute("SELECT tag, reason FROM refused ORDER BY number").fetchall()
    assert [row[0] for row in rows] == [tag(1), tag(3)]
    assert "READ_ID_REUSED" in rows[1][1]


async def test_new_reads_hardly_wait_for_one_that_the_gateway_fails_to_decide(
    server: ReadsServer, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending_module, "backoff_seconds", lambda _: 3600.0)
    monkeypatch.setattr(sending_module, "NEW_READS_WAIT_SECONDS", 0.05)
    failed = {"status": 500, "code": "INTERNAL_ERROR", "detail": "The gateway failed"}
    server.refuse = lambda read: failed if read["tag"] == tag(0) else None
    poison = add(spool, 1)
    told: list[str] = []
    async with sending(server, spool, told) as at_work:
        await until(lambda: told)
        assert "INTERNAL_ERROR" in told[0]
        spool.add([new_read(tag(1), AT)], {})
        at_work.wake()
        await until(lambda: at_work.counted == 1)
    assert server.tags == [tag(1)]
    assert spool.oldest(9) == poison


@pytest.mark.parametrize(("poisoned", "batch_max"), [(1, 1), (3, 1), (3, 3), (4, 3), (7, 3)])
async def test_reads_to_be_sent_again_hold_up_none_behind_them(
    server: ReadsServer,
    spool: Spool,
    monkeypatch: pytest.MonkeyPatch,
    poisoned: int,
    batch_max: int,
) -> None:
    """However many they are, at the head of the spool. They are tried again, round after round."""
    monkeypatch.setattr(sending_module, "backoff_seconds", lambda _: 0.01)
    failed = {"status": 500, "code": "INTERNAL_ERROR", "detail": "The gateway failed"}
    healed: list[bool] = []
    poison = {tag(number) for number in range(poisoned)}
    server.refuse = lambda read: failed if read["tag"] in poison and not healed else None
    added = add(spool, poisoned + 5)
    oldest = added[0].read_id
    async with sending(server, spool, batch_max=batch_max) as at_work:
        await until(lambda: at_work.counted == 5)
        assert spool.oldest(99) == added[:poisoned]
        await until(lambda: server.received[oldest] > 2)
        healed.append(True)
        await until(lambda: not spool.waiting)
    sent = [each for call in server.calls for each in call]
    assert sent[: len(added)] == [read.read_id for read in added]
    assert all(server.received[read.read_id] == 1 for read in added[poisoned:])


async def test_what_lies_behind_hardly_waits_and_nothing_else_is_sent_early(
    server: ReadsServer, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending_module, "backoff_seconds", lambda _: 3600.0)
    monkeypatch.setattr(sending_module, "NEW_READS_WAIT_SECONDS", 0.01)
    failed = {"status": 500, "code": "INTERNAL_ERROR", "detail": "The gateway failed"}
    server.refuse = lambda read: failed if read["tag"] in (tag(0), tag(2)) else None
    added = [read.read_id for read in add(spool, 4)]
    told: list[str] = []
    async with sending(server, spool, told, batch_max=1):
        # To the end, then from the oldest on again; nothing is left to pass over to then.
        await until(lambda: len(server.calls) == 6)
        await until(lambda: "3600.0 s" in told[-1])
    assert server.calls == [[added[number]] for number in (0, 1, 2, 3, 0, 2)]


async def test_a_batch_behind_that_has_no_answer_is_sent_again_as_it_was(
    server: ReadsServer, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending_module, "backoff_seconds", lambda _: 0.01)
    failed = {"status": 500, "code": "INTERNAL_ERROR", "detail": "The gateway failed"}
    added = [read.read_id for read in add(spool, 4)]

    def refuse(read: Json) -> Json | None:
        if read["read_id"] == added[0] and server.received[added[0]] == 1:
            server.refuse_calls.append(problem(503, "OVERLOADED", "later", **{"Retry-After": "0"}))
            return failed
        return None

    server.refuse = refuse
    async with sending(server, spool, batch_max=2):
        await until(lambda: not spool.waiting)
    behind = [added[2], added[3]]
    assert server.calls == [added[:2], behind, behind, [added[0]]]


def ahead(*codes: str) -> Json:
    faults = [{"pointer": "/read_at", "code": code, "detail": code.lower()} for code in codes]
    return {"status": 422, "code": "INVALID_DOCUMENT", "detail": "faults", "errors": faults}


async def test_a_read_ahead_of_the_gateway_s_clock_is_kept_until_it_has_come_so_far(
    server: ReadsServer, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending_module, "backoff_seconds", lambda _: 0.01)
    come: list[bool] = []
    server.refuse = lambda read: ahead("READ_AHEAD") if read["tag"] != tag(2) and not come else None
    added = add(spool, 3)
    told: list[str] = []
    async with sending(server, spool, told) as at_work:
        await until(lambda: server.received[added[0].read_id] > 1)
        assert (at_work.counted, at_work.refused, spool.waiting) == (1, 0, 2)
        come.append(True)
        await until(lambda: not spool.waiting)
        assert (at_work.counted, at_work.refused) == (3, 0)
    assert told[0].startswith("CLOCK: 2 reads ")
    assert "REFUSED" not in "".join(told)


@pytest.mark.parametrize(
    "refusal",
    [
        ahead("READ_AHEAD", "TAG_FORMAT"),
        ahead("READ_TOO_OLD"),
        ahead(),
        ahead("READ_AHEAD") | {"errors": ["READ_AHEAD"]},
        ahead("READ_AHEAD") | {"status": 409},
    ],
    ids=str,
)
async def test_what_no_waiting_mends_is_refused_for_good(
    server: ReadsServer, spool: Spool, refusal: Json
) -> None:
    server.refuse = lambda _: refusal
    add(spool, 1)
    told: list[str] = []
    async with sending(server, spool, told) as at_work:
        await until(lambda: not spool.waiting)
        assert (at_work.counted, at_work.refused) == (0, 1)
    assert [line.partition(":")[0] for line in told] == ["REFUSED"]


async def test_a_stop_is_told(server: ReadsServer, spool: Spool) -> None:
    stop = {"status": 201, "decision": "STOP", "reasons": ["EXPIRED"], "vehicle_number": "KA1"}
    server.refuse = lambda _: stop
    add(spool, 1)
    told: list[str] = []
    async with sending(server, spool, told) as at_work:
        await until(lambda: not spool.waiting)
        assert at_work.counted == 1
    assert told == [f"STOP: {tag(0)} at {AT.isoformat()}: KA1: EXPIRED"]


async def test_a_spool_that_cannot_be_written_keeps_the_reads(
    server: ReadsServer, spool: Spool
) -> None:
    add(spool, 2)
    spool._database.execute("PRAGMA query_only = ON")
    told: list[str] = []
    async with sending(server, spool, told):
        await until(lambda: told)
        assert "the spool cannot be written" in told[0]
        spool._database.execute("PRAGMA query_only = OFF")
        await until(lambda: not spool.waiting)
    assert spool.oldest(9) == []
    assert len(server.counted) == 2


async def test_a_full_call_of_the_longest_reads_is_within_the_limits(
    server: ReadsServer, spool: Spool
) -> None:
    spool.add([new_read("F" * 124, AT) for _ in range(1000)], {})
    async with sending(server, spool):
        await until(lambda: not spool.waiting)
    assert [len(call) for call in server.calls] == [1000]
    assert len(json.dumps(next(iter(server.counted.values())))) * 1000 < 1024 * 1024 / 2


async def test_the_clocks_are_compared(server: ReadsServer) -> None:
    async with aiohttp.ClientSession() as session:
        call = ReadsCall(session, server.url, Credentials(**CLIENT))
        call.clock_ahead_seconds = 3600.0
        await call.send([new_read(tag(1), AT)])
        assert abs(call.clock_ahead_seconds) < 60


@pytest.mark.parametrize(
    ("written", "ahead_seconds"),
    [
        ("Sun, 22 Nov 2026 05:00:00 GMT", 3600.0),
        ("Sun, 22 Nov 2026 06:00:30 GMT", -30.0),
        ("soon", None),
        (None, None),
    ],
)
def test_how_far_a_clock_is_ahead(written: str | None, ahead_seconds: float | None) -> None:
    assert seconds_ahead(AT, written) == ahead_seconds
