"""Reads of RFID tags sent to two worker processes: against cancellations, again and again in any
order, and cut off by the death of everything. Each counts once."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import pytest

from tests.documents import READER, SUPPLIER, TRANSPORTER, person
from tests.gateway_connections import (
    Connection,
    NoReplyError,
    connections,
    record,
    todays_document,
    tokens,
)
from tests.gateway_processes import GatewayProcess, gateway_process
from tests.reads import READS, new_vehicle, read
from tests.tags import a_tag
from tests.waiting import until

pytestmark = pytest.mark.slow

CONNECTIONS_EACH: Final = 8
PAIRS: Final = 2000
REPLAYED: Final = 10_000
REUSED: Final = 400
SENT_AGAIN: Final = 4000
CUT_OFF: Final = 6000
ACKNOWLEDGED_MIN: Final = 1500
SEED: Final = 20261122
AHEAD: Final = (timedelta(0), timedelta(milliseconds=5), timedelta(milliseconds=50))
"""How far the clocks of readers are ahead: of some, the cancellation is of before the read."""
MAP: Final = """INSERT INTO rfid_tag
    SELECT tag, vehicle_number, $3, now() - interval '1 day'
    FROM unnest($1::text[], $2::text[]) AS mapped (tag, vehicle_number)"""
BILL: Final = """SELECT verified_at IS NOT NULL AS verified, cancelled_at IS NOT NULL AS cancelled
    FROM eway_bill WHERE ebn = $1"""

Read = dict[str, Any]
Answer = dict[str, Any]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with gateway_process(tmp_path_factory.mktemp("reads") / "data") as gateway:
        yield gateway


@dataclass
class Lanes:
    """Readers at both workers, and the record itself."""

    workers: list[list[Connection]]
    record: "asyncpg.Connection[asyncpg.Record]"
    supplier: str
    reader: str

    @property
    def crowd(self) -> list[Connection]:
        return [one for worker in self.workers for one in worker]

    async def lorries(self, count: int) -> list[tuple[str, str]]:
        """That many tags, each on a vehicle of its own with a bill. Nobody asked for the tags
        before, so hot state knows nothing older than what is put past it into the record."""
        vehicles = [new_vehicle() for _ in range(count)]
        tags = [a_tag() for _ in vehicles]
        await self.record.execute(MAP, tags, vehicles, TRANSPORTER)
        ebns: dict[str, str] = {}

        async def generate(connection: Connection, some: Sequence[str]) -> None:
            for vehicle in some:
                sent = todays_document(vehicle_number=vehicle)
                reply = await connection.call(self.supplier, "POST", "/v1/eway-bills", sent)
                assert reply.status == 201, reply.body
                ebns[vehicle] = reply.body["ebn"]

        many = len(self.crowd)
        shares = enumerate(self.crowd)
        await asyncio.gather(*(generate(one, vehicles[at::many]) for at, one in shares))
        return [(tag, ebns[vehicle]) for tag, vehicle in zip(tags, vehicles, strict=True)]

    async def send(self, connection: Connection, reads: Sequence[Read]) -> list[Answer]:
        reply = await connection.call(self.reader, "POST", READS, {"reads": reads})
        assert reply.status == 200, reply.body
        answers: list[Answer] = reply.body["reads"]
        assert [answer["read_id"] for answer in answers] == [one["read_id"] for one in reads]
        return answers

    async def counted(self) -> int:
        return int(await self.record.fetchval("SELECT count(*) FROM rfid_read"))


@pytest.fixture
async def lanes(served: GatewayProcess) -> AsyncIterator[Lanes]:
    if served.ended:
        served.start()
    signed = await asyncio.to_thread(tokens, served, person(SUPPLIER), READER)
    async with connections(served, CONNECTIONS_EACH) as workers, record(served) as direct:
        yield Lanes(workers, direct, *signed)


async def test_a_read_against_a_cancellation(lanes: Lanes) -> None:
    """r1(7) proviso: a bill is verified in transit or cancelled, never both, and both are told. A
    lorry whose bill was cancelled before it was read is stopped."""
    lorries = await lanes.lorries(PAIRS)
    couples = list(zip(*lanes.workers, strict=True))
    decisions = set()

    async def race(index: int) -> list[tuple[str, str]]:
        mine, outcomes = lorries[index :: len(couples)], []
        for number, (tag, ebn) in enumerate(mine):
            one, two = couples[index] if number % 2 else reversed(couples[index])
            path = f"/v1/eway-bills/{ebn}/cancellation"
            read_at = datetime.now(UTC) + AHEAD[number % len(AHEAD)]
            (answer,), cancelled = await asyncio.gather(
                lanes.send(one, [read(tag, read_at)]),
                two.call(lanes.supplier, "POST", path, {"reason": "raced"}),
            )
            won = "cancellation" if cancelled.status == 200 else "read"
            if won == "read":
                assert cancelled.code == "ALREADY_VERIFIED_IN_TRANSIT"
                assert (answer["decision"], answer["verified"]) == ("PASS", [ebn])
            else:
                at = datetime.fromisoformat(cancelled.body["cancellation"]["at"])
                expected = "STOP" if at <= read_at else "PASS"
                assert (answer["decision"], answer["verified"]) == (expected, [])
                assert answer["reasons"] == (["CANCELLED"] if expected == "STOP" else [])
                assert answer["not_verified"] == ([] if expected == "STOP" else [ebn])
                decisions.add(answer["decision"])
            outcomes.append((ebn, won))
        return outcomes

    shares = await asyncio.gather(*(race(index) for index in range(len(couples))))
    winners = Counter[str]()
    assert {"STOP", "PASS"} == decisions, "some cancelled before they were read, some after"
    for ebn, won in (outcome for share in shares for outcome in share):
        row = await lanes.record.fetchrow(BILL, int(ebn))
        assert row is not None
        assert (row["verified"], row["cancelled"]) == (won == "read", won == "cancellation")
        winners[won] += 1
    assert len(winners) == 2, "each wins some"
    assert winners.total() == PAIRS


async def test_two_reads_under_one_read_id(lanes: Lanes) -> None:
    """Of two that differ, at two workers, one is counted and the other is told so."""
    now = datetime.now(UTC)
    couples = list(zip(*lanes.workers, strict=True))
    before = await lanes.counted()

    async def race(couple: tuple[Connection, ...]) -> list[int]:
        winners = []
        for _ in range(REUSED // len(couples)):
            both = [read(a_tag(), now) for _ in couple]
            both[1]["read_id"] = both[0]["read_id"]
            answers = await asyncio.gather(
                *(lanes.send(one, [sent]) for one, sent in zip(couple, both, strict=True))
            )
            told = [answer["status"] for (answer,) in answers]
            assert sorted(told) == [201, 409]
            assert answers[told.index(409)][0]["code"] == "READ_ID_REUSED"
            winners.append(told.index(201))
        return winners

    winners = [won for share in await asyncio.gather(*map(race, couples)) for won in share]
    assert set(winners) == {0, 1}, "each worker wins some"
    assert await lanes.counted() == before + len(winners) == before + REUSED


def _reads_of(lorries: Sequence[tuple[str, str]], count: int) -> list[Read]:
    now = datetime.now(UTC)
    return [
        read(lorries[number % len(lorries)][0], now - timedelta(seconds=number))
        for number in range(count)
    ]


async def test_reads_replayed_in_any_order_count_once(lanes: Lanes) -> None:
    """The same reads in calls of every size, over both workers at once."""
    chance = random.Random(SEED)  # noqa: S311
    reads = _reads_of(await lanes.lorries(50), REPLAYED)
    before = await lanes.counted()
    deck = [*reads, *chance.sample(reads, SENT_AGAIN)]
    chance.shuffle(deck)
    calls = []
    while deck:
        size = chance.choice((1, 1, 2, 15, 16, 17, 100, 255, 256, 257, 700))
        calls.append(deck[:size])
        del deck[:size]
    answers: dict[str, list[Answer]] = defaultdict(list)
    following = iter(calls)

    async def work(connection: Connection) -> None:
        for call in following:
            for answer in await lanes.send(connection, call):
                answers[answer["read_id"]].append(answer)

    await asyncio.gather(*(work(one) for one in lanes.crowd))
    assert len(answers) == REPLAYED
    for told in answers.values():
        assert sorted(answer.pop("status") for answer in told) == [200] * (len(told) - 1) + [201]
        assert all(answer == told[0] for answer in told)
    assert sum(map(len, answers.values())) == REPLAYED + SENT_AGAIN
    assert await lanes.counted() == before + REPLAYED


async def test_what_was_acknowledged_before_everything_died_is_there(
    served: GatewayProcess, lanes: Lanes
) -> None:
    reads = _reads_of(await lanes.lorries(20), CUT_OFF)
    before = await lanes.counted()
    acknowledged: dict[str, Answer] = {}
    calls = iter([reads[at : at + 40] for at in range(0, len(reads), 40)])

    async def work(connection: Connection) -> None:
        for call in calls:
            try:
                answers = await lanes.send(connection, call)
            except NoReplyError:
                return
            acknowledged.update({one["read_id"]: one for one in answers if one["status"] == 201})

    working = [asyncio.create_task(work(one)) for one in lanes.crowd[:6]]
    await until(lambda: len(acknowledged) >= ACKNOWLEDGED_MIN)
    await asyncio.to_thread(served.kill_everything)
    await asyncio.gather(*working)
    assert ACKNOWLEDGED_MIN <= len(acknowledged) < CUT_OFF, "it died in the middle"
    await asyncio.to_thread(served.start)
    async with connections(served, 1) as workers, record(served) as direct:
        again = Lanes(workers, direct, lanes.supplier, lanes.reader)
        assert before + len(acknowledged) <= await again.counted() < before + CUT_OFF
        one, two = again.crowd
        half = CUT_OFF // 2
        answers = [*await again.send(one, reads[:half]), *await again.send(two, reads[half:])]
        for answer in answers:
            if known := acknowledged.get(answer["read_id"]):
                assert answer == known | {"status": 200}
            else:
                assert answer["status"] in (200, 201)
        assert await again.counted() == before + CUT_OFF
