"""Uploads to real workers: sent twice, by two at once, and cut off by the death of anything. Every
line answered 201 is in the record, and sent again there are as many documents as lines.

In CI the longest upload has forty slices. A hundred thousand lines:

    BULK_CRASH_LINES=100000 python -m pytest tests/acceptance/test_bulk_crash.py -k many
"""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Final

import pytest

from loadtest.invoices import invoices
from tests.documents import SUPPLIER, person
from tests.gateway_connections import record, todays_document, tokens
from tests.gateway_processes import BOUND_S, GatewayProcess, alive, gateway_process, kill
from tests.uploads import BILLS, INVOICES, Answer, Kind, Upload, ndjson
from tests.waiting import until

BY: Final = person(SUPPLIER)
LINES: Final = 6000
MANY_LINES: Final = int(os.environ.get("BULK_CRASH_LINES", "20000"))
ANSWERED_MIN: Final = 600
"""Answers a client has before something is killed."""


def _todays_bills(count: int) -> list[bytes]:
    return [json.dumps(todays_document()).encode() for _ in range(count)]


KINDS: Final = {"bills": replace(BILLS, lines=_todays_bills), "invoices": INVOICES}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each of the two calls."""
    return KINDS[request.param]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """One data directory, crashed again and again."""
    with gateway_process(tmp_path_factory.mktemp("bulk") / "data") as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def started(served: GatewayProcess) -> None:
    if served.ended:
        served.start()


_series = iter(range(1000))


def fresh(kind: Kind, count: int) -> list[bytes]:
    """Lines no other test has sent."""
    if kind is INVOICES:
        return list(invoices(3, SUPPLIER, count, prefix=f"C{next(_series)}-"))
    return kind.lines(count)


async def begin(gateway: GatewayProcess, kind: Kind) -> Upload:
    """An upload to one of the workers."""
    (token,) = await asyncio.to_thread(tokens, gateway, BY)
    address = f"http://{gateway.host}:{gateway.port}"
    return await Upload.begin(address, token, kind.path)


async def whole(gateway: GatewayProcess, kind: Kind, lines: Sequence[bytes]) -> list[Answer]:
    """The answers to lines, each of which was answered, without the summary."""
    upload = await begin(gateway, kind)
    async with asyncio.timeout(BOUND_S):
        answers = await upload.whole(ndjson(lines))
    upload.writer.close()
    counted = answers.pop()["summary"]
    found = Counter(answer["status"] for answer in answers)
    assert counted["received"] == len(lines) == len(answers)
    assert counted["created"] == found[201]
    assert counted["existing"] == found[kind.again]
    assert [answer["line"] for answer in answers] == list(range(1, len(lines) + 1))
    return answers


async def counted(gateway: GatewayProcess, kind: Kind) -> int:
    """How many documents are in the record."""
    async with record(gateway) as direct:
        return int(await direct.fetchval(kind.counted))


@asynccontextmanager
async def cut_off(
    gateway: GatewayProcess, kind: Kind, lines: Sequence[bytes]
) -> AsyncIterator[list[Answer]]:
    """An upload under way, some of it answered, that something happens to during the block; after
    the block the answers are those the client got."""
    upload = await begin(gateway, kind)
    known: list[Answer] = []

    async def read() -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while (answers := await upload.some()) is not None:
                known.extend(answers)

    reading, happened = asyncio.create_task(read()), asyncio.Event()

    async def send() -> None:
        for start in range(0, len(lines), 50):
            # Not all at once, so that it is under way still.
            await until(lambda: len(known) > start - ANSWERED_MIN or reading.done())  # noqa: B023
            if start + 50 >= len(lines):  # However quick it is.
                await happened.wait()
            await upload.send(*lines[start : start + 50])
        await upload.end()

    sending = asyncio.create_task(send())
    await until(lambda: len(known) >= ANSWERED_MIN)
    yield known
    happened.set()
    async with asyncio.timeout(BOUND_S):
        await reading
    sending.cancel()
    await asyncio.wait([sending])
    upload.writer.close()


async def assert_settled(
    gateway: GatewayProcess, kind: Kind, before: int, lines: Sequence[bytes], known: list[Answer]
) -> None:
    """What was acknowledged is there as it was said; sent again there is one document a line."""
    acknowledged = [answer for answer in known if answer["status"] == 201]
    assert await counted(gateway, kind) >= before + len(acknowledged)
    again = await whole(gateway, kind, lines)
    for answer in acknowledged:
        now = again[answer["line"] - 1]
        assert (now["status"], now[kind.named]) == (kind.again, answer[kind.named])
    assert {answer["status"] for answer in again} <= {201, kind.again}
    assert len({answer[kind.named] for answer in again}) == len(lines)
    assert await counted(gateway, kind) == before + len(lines)


async def test_sent_twice_and_by_two_at_once(served: GatewayProcess, kind: Kind) -> None:
    await send_twice_and_by_two_at_once(served, kind, 2000)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_many_sent_twice_and_by_two_at_once(served: GatewayProcess) -> None:
    await send_twice_and_by_two_at_once(served, INVOICES, MANY_LINES)


async def send_twice_and_by_two_at_once(served: GatewayProcess, kind: Kind, count: int) -> None:
    """By two clients to two workers, then once more: each line is 201 once."""
    lines, before = fresh(kind, count), await counted(served, kind)
    one, two = await two_workers(served, kind)
    async with asyncio.timeout(2 * BOUND_S):
        answers = await asyncio.gather(one.whole(ndjson(lines)), two.whole(ndjson(lines)))
    assert [every.pop()["summary"]["received"] for every in answers] == [count + 1, count + 1]
    for first, second in zip(*answers, strict=True):
        assert first[kind.named] == second[kind.named]
        assert {first["status"], second["status"]} == {201, kind.again}
    again = await whole(served, kind, lines)
    assert {answer["status"] for answer in again} == {kind.again}
    assert [answer[kind.named] for answer in again] == [one[kind.named] for one in answers[0]]
    assert await counted(served, kind) == before + count


async def two_workers(gateway: GatewayProcess, kind: Kind) -> tuple[Upload, Upload]:
    """Two uploads, each with a worker of its own, that have sent a blank line: the kernel decides
    which worker gets one, so they are begun until there are two."""
    by_worker: dict[str, Upload] = {}

    async def both() -> bool:
        upload = await begin(gateway, kind)
        await upload.send(b"")
        assert [answer["status"] for answer in await upload.answers(1)] == [400]
        worker = upload.headers["x-request-id"].partition("-")[0]
        if by_worker.setdefault(worker, upload) is not upload:
            upload.writer.close()
        return len(by_worker) == 2

    await until(both)
    one, two = by_worker.values()
    return one, two


@pytest.mark.slow
async def test_the_worker_killed(served: GatewayProcess, kind: Kind) -> None:
    lines, before = fresh(kind, LINES), await counted(served, kind)
    workers = served.workers
    async with cut_off(served, kind, lines) as known:
        gone = [kill(worker) for worker in workers]
        await until(lambda: all(one() for one in gone))
    assert ANSWERED_MIN <= len(known) < LINES
    await until(lambda: len(served.workers) == 2 and not set(workers) & set(served.workers))
    await until(lambda: serves(served, kind, lines[0]))
    await assert_settled(served, kind, before, lines, known)


@pytest.mark.slow
async def test_everything_killed(served: GatewayProcess, kind: Kind) -> None:
    lines, before = fresh(kind, LINES), await counted(served, kind)
    async with cut_off(served, kind, lines) as known:
        await asyncio.to_thread(served.kill_everything)
    assert ANSWERED_MIN <= len(known) < LINES
    await asyncio.to_thread(served.start)
    await assert_settled(served, kind, before, lines, known)


@pytest.mark.slow
async def test_the_record_killed(served: GatewayProcess, kind: Kind) -> None:
    """The upload goes on: lines that could not be stored are told so, to be sent again."""
    lines, before = fresh(kind, LINES), await counted(served, kind)
    postmaster = served.postmaster
    assert postmaster is not None
    async with cut_off(served, kind, lines) as known:
        kill(postmaster)
    codes = Counter(answer.get("code") for answer in known if "line" in answer)
    assert set(codes) <= {None, "RECORD_UNAVAILABLE", "OUTCOME_UNKNOWN"}, codes
    assert all(answer["retry"] for answer in known if answer.get("code"))
    await until(lambda: served.postmaster not in (None, postmaster))
    await until(lambda: serves(served, kind, lines[0]))
    await assert_settled(served, kind, before, lines, [one for one in known if "line" in one])


@pytest.mark.slow
async def test_stopped_by_its_operator(served: GatewayProcess, kind: Kind) -> None:
    """What was read is answered, without a summary; the process ends in time."""
    lines, before = fresh(kind, LINES), await counted(served, kind)
    everything = served.everything()
    async with cut_off(served, kind, lines) as known:
        served.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(served.process.wait, BOUND_S) == 0
    await until(lambda: not any(map(alive, everything)))
    assert "summary" not in known[-1]
    assert {answer["status"] for answer in known} == {201}
    assert ANSWERED_MIN <= len(known) < LINES
    await asyncio.to_thread(served.start)
    await assert_settled(served, kind, before, lines, known)


async def serves(gateway: GatewayProcess, kind: Kind, line: bytes) -> bool:
    """Whether a line is taken."""
    try:
        upload = await begin(gateway, kind)
        (answer, _) = await upload.whole(line)
    except (OSError, asyncio.IncompleteReadError, AssertionError):
        return False
    return answer["status"] in (201, kind.again)
