"""Two worker processes raced for one e-way bill: exactly one wins, every loser is told why."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg
import pytest

from tests.documents import OFFICER, RECIPIENT, SUPPLIER, TRANSPORTER, person
from tests.gateway_connections import (
    Connection,
    Reply,
    connections,
    record,
    todays_document,
    tokens,
)
from tests.gateway_processes import GatewayProcess, gateway_process
from tests.waiting import until

pytestmark = pytest.mark.slow

CONNECTIONS_EACH = 8
PAIRS = 320
HELD_PAIRS = 64
VERIFIED_PAIRS = 2000
HEIRS = "SELECT ebn FROM eway_bill WHERE renewed_from = $1"

WAITING = """SELECT count(*) >= 2 FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND application_name = 'gateway'"""
Subject = TypeVar("Subject")
VERIFIED = """SELECT verified_at IS NOT NULL AS verified, cancelled_at IS NOT NULL AS cancelled,
    (SELECT count(*) FROM verification WHERE verification.ebn = eway_bill.ebn) AS verifications
    FROM eway_bill WHERE ebn = $1"""
ROW = "SELECT cancelled_at IS NOT NULL AS cancelled, decision FROM eway_bill WHERE ebn = $1"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with gateway_process(tmp_path_factory.mktemp("races") / "data") as gateway:
        yield gateway


@dataclass
class Crowd:
    """Clients of both workers, and the record itself."""

    workers: list[list[Connection]]
    record: "asyncpg.Connection[asyncpg.Record]"
    supplier: str
    recipient: str
    officer: str
    transporter: str

    def couples(self) -> list[tuple[Connection, ...]]:
        """A connection to each worker; which is asked first alternates."""
        both = enumerate(zip(*self.workers, strict=True))
        return [(one, two) if index % 2 else (two, one) for index, (one, two) in both]

    async def generate(self, count: int) -> list[str]:
        """That many new bills."""

        async def some(connection: Connection, share: int) -> list[str]:
            replies = [
                await connection.call(self.supplier, "POST", "/v1/eway-bills", todays_document())
                for _ in range(share)
            ]
            assert {reply.status for reply in replies} == {201}
            return [reply.body["ebn"] for reply in replies]

        crowd = [one for worker in self.workers for one in worker]
        made = await asyncio.gather(*(some(one, count // len(crowd)) for one in crowd))
        return [ebn for share in made for ebn in share]

    async def race(
        self, subjects: Sequence[Subject], run: Callable[..., Awaitable[Sequence[Reply]]], of: int
    ) -> list[tuple[Subject, Sequence[Reply]]]:
        """Runs `run(subject, *connections)` for each subject over `of` connections, as many at
        once as there are connections; asserts that both workers answered every time."""
        couples = self.couples()
        groups = [sum(couples[at : at + of // 2], ()) for at in range(0, len(couples), of // 2)]

        async def share(index: int) -> list[tuple[Subject, Sequence[Reply]]]:
            mine = subjects[index :: len(groups)]
            return [(subject, await run(subject, *groups[index])) for subject in mine]

        shares = await asyncio.gather(*(share(index) for index in range(len(groups))))
        outcomes = [outcome for share in shares for outcome in share]
        assert all(len({reply.worker for reply in replies}) == 2 for _, replies in outcomes)
        assert len(outcomes) == len(subjects)
        return outcomes

    async def cancel(self, connection: Connection, ebn: str) -> Reply:
        path = f"/v1/eway-bills/{ebn}/cancellation"
        return await connection.call(self.supplier, "POST", path, {"reason": "raced"})

    async def answer(self, connection: Connection, ebn: str, decision: str) -> Reply:
        path = f"/v1/eway-bills/{ebn}/acceptance"
        return await connection.call(self.recipient, "POST", path, {"decision": decision})

    async def read(self, connection: Connection, ebn: str) -> dict[str, Any]:
        reply = await connection.call(self.officer, "GET", f"/v1/eway-bills/{ebn}")
        assert reply.status == 200
        body: dict[str, Any] = reply.body
        return body

    async def listed(self, connection: Connection) -> dict[str, dict[str, Any]]:
        """Every bill of the supplier, page by page."""
        found: dict[str, dict[str, Any]] = {}
        cursor: str | None = ""
        while cursor is not None:
            path = f"/v1/eway-bills?limit=500{cursor and f'&cursor={cursor}'}"
            page = (await connection.call(self.supplier, "GET", path)).body
            found |= {bill["ebn"]: bill for bill in page["items"]}
            cursor = page["next_cursor"]
        return found

    async def assert_agreed(self, truth: dict[str, dict[str, Any]]) -> None:
        """What the winners were answered is what the record holds, what each worker reads, and
        what each lists."""
        for worker in self.workers:
            listed = await self.listed(worker[0])
            for ebn, bill in truth.items():
                assert await self.read(worker[0], ebn) == bill == listed[ebn]
        for ebn, bill in truth.items():
            row = await self.record.fetchrow(ROW, int(ebn))
            assert row is not None
            assert row["cancelled"] == (bill["status"] == "CANCELLED")
            assert row["decision"] == decision_of(bill)


@pytest.fixture
async def crowd(served: GatewayProcess) -> AsyncIterator[Crowd]:
    everybody = (person(SUPPLIER), person(RECIPIENT), OFFICER, person(TRANSPORTER))
    signed = await asyncio.to_thread(tokens, served, *everybody)
    async with connections(served, CONNECTIONS_EACH) as workers, record(served) as direct:
        yield Crowd(workers, direct, *signed)


def decision_of(bill: dict[str, Any]) -> str | None:
    status: str = bill["acceptance"]["status"]
    return status if status in ("ACCEPTED", "REJECTED") else None


def winner_and_loser(one: Reply, two: Reply) -> tuple[Reply, Reply]:
    """Exactly one of two succeeded; the other was refused for a reason of state."""
    assert sorted((one.status >= 400, two.status >= 400)) == [False, True], (one.body, two.body)
    winner, loser = (one, two) if one.status < 400 else (two, one)
    assert loser.status == 409
    return winner, loser


async def test_cancel_against_cancel(crowd: Crowd) -> None:
    async def run(ebn: str, one: Connection, two: Connection) -> Sequence[Reply]:
        return await asyncio.gather(crowd.cancel(one, ebn), crowd.cancel(two, ebn))

    truth = {}
    winners = Counter[str]()
    for ebn, (one, two) in await crowd.race(await crowd.generate(PAIRS), run, of=2):
        winner, loser = winner_and_loser(one, two)
        assert loser.code == "ALREADY_CANCELLED"
        truth[ebn] = winner.body
        winners[winner.worker] += 1
    assert len(truth) == PAIRS
    assert len(winners) == 2, "each worker wins some"
    await crowd.assert_agreed(truth)


async def test_verification_against_cancellation(crowd: Crowd) -> None:
    """r1(7) proviso: a bill is verified in transit or cancelled, never both."""

    async def run(ebn: str, one: Connection, two: Connection) -> Sequence[Reply]:
        path = f"/v1/eway-bills/{ebn}/verifications"
        seen = {"place": "Attibele", "result": "OK"}
        return await asyncio.gather(
            one.call(crowd.officer, "POST", path, seen), crowd.cancel(two, ebn)
        )

    winners = Counter[str]()
    for ebn, (verified, cancelled) in await crowd.race(
        await crowd.generate(VERIFIED_PAIRS), run, of=2
    ):
        winner, loser = winner_and_loser(verified, cancelled)
        won = "verification" if winner is verified else "cancellation"
        refused = {"verification": "ALREADY_VERIFIED_IN_TRANSIT"}
        assert loser.code == refused.get(won, "ALREADY_CANCELLED")
        winners[won] += 1
        row = await crowd.record.fetchrow(VERIFIED, int(ebn))
        assert row is not None
        assert (row["verified"], row["cancelled"], row["verifications"]) == (
            (True, False, 1) if won == "verification" else (False, True, 0)
        )
    assert len(winners) == 2, "each wins some"
    assert winners.total() == VERIFIED_PAIRS


async def test_renewal_against_itself(crowd: Crowd) -> None:
    """r1(8): one bill goes on from another, however often it is asked for at once."""
    renewal = {"vehicle_number": "MH14CD5678", "distance_km": 90, "reason": "flood"}

    async def run(ebn: str, one: Connection, two: Connection) -> Sequence[Reply]:
        path = f"/v1/eway-bills/{ebn}/renewal"
        return await asyncio.gather(
            *(each.call(crowd.transporter, "POST", path, renewal) for each in (one, two))
        )

    for ebn, (one, two) in await crowd.race(await crowd.generate(PAIRS), run, of=2):
        winner, loser = winner_and_loser(one, two)
        assert (loser.code, loser.body["renewed_to"]) == ("ALREADY_RENEWED", winner.body["ebn"])
        assert winner.body["renewed_from"] == ebn
        heirs = await crowd.record.fetch(HEIRS, int(ebn))
        assert [str(row["ebn"]) for row in heirs] == [winner.body["ebn"]]


async def test_accept_against_reject(crowd: Crowd) -> None:
    async def run(ebn: str, one: Connection, two: Connection) -> Sequence[Reply]:
        return await asyncio.gather(
            crowd.answer(one, ebn, "ACCEPTED"), crowd.answer(two, ebn, "REJECTED")
        )

    truth = {}
    for ebn, (one, two) in await crowd.race(await crowd.generate(PAIRS), run, of=2):
        winner, loser = winner_and_loser(one, two)
        assert loser.code == "ALREADY_ANSWERED"
        assert winner.body["acceptance"]["status"] in loser.body["detail"]
        truth[ebn] = winner.body
    assert {decision_of(bill) for bill in truth.values()} == {"ACCEPTED", "REJECTED"}
    await crowd.assert_agreed(truth)


@pytest.mark.parametrize(
    "contenders", [("CANCEL", "ACCEPTED"), ("CANCEL", "CANCEL"), ("ACCEPTED", "REJECTED")]
)
async def test_two_changes_held_until_both_wait(crowd: Crowd, contenders: tuple[str, str]) -> None:
    """Both are decided on the same version of the bill: its row is locked by the test until each
    worker waits to write."""

    async def ask(connection: Connection, ebn: str, what: str) -> Reply:
        if what == "CANCEL":
            return await crowd.cancel(connection, ebn)
        return await crowd.answer(connection, ebn, what)

    truth = {}
    winners = set[str]()
    for index, ebn in enumerate(await crowd.generate(HELD_PAIRS)):
        # Whichever waits first is served first: each contender and each worker is, by turns.
        couple = crowd.couples()[index // 2 % 2]
        order = contenders[:: 1 if index % 2 else -1]
        async with crowd.record.transaction():
            await crowd.record.fetch("SELECT FROM eway_bill WHERE ebn = $1 FOR UPDATE", int(ebn))
            asked = [
                asyncio.create_task(ask(connection, ebn, what))
                for connection, what in zip(couple, order, strict=True)
            ]
            await until(lambda: crowd.record.fetchval(WAITING))
            assert not any(one.done() for one in asked)
        replies = [await one for one in asked]
        assert replies[0].worker != replies[1].worker
        winner, loser = winner_and_loser(*replies)
        won = replies.index(winner)
        assert loser.code == _why(order[won], order[1 - won])
        winners.add(order[won])
        truth[ebn] = winner.body
    assert winners == set(contenders), "each wins some"
    await crowd.assert_agreed(truth)


def _why(winner: str, loser: str) -> str:
    if winner == "CANCEL":
        return "ALREADY_CANCELLED"
    # An answer does not bar a cancellation, but this one was decided before it was known.
    return "CHANGED_MEANWHILE" if loser == "CANCEL" else "ALREADY_ANSWERED"


async def test_an_answer_given_before_does_not_bar_cancellation(crowd: Crowd) -> None:
    """By rule r1(7) only verification in transit does."""
    truth = {}
    (one, two), *_ = crowd.couples()
    for decision, ebn in zip(("ACCEPTED", "REJECTED") * 8, await crowd.generate(16), strict=True):
        assert (await crowd.answer(one, ebn, decision)).status == 200
        reply = await crowd.cancel(two, ebn)
        assert reply.status == 200
        assert reply.body["status"] == "CANCELLED"
        assert reply.body["acceptance"]["status"] == decision
        refused = await crowd.answer(one, ebn, "ACCEPTED")
        assert refused.code == "ALREADY_CANCELLED"
        truth[ebn] = reply.body
    await crowd.assert_agreed(truth)


async def test_generate_against_generate_of_one_document(crowd: Crowd) -> None:
    """Also within each worker, where two requests may share a transaction."""
    documents = [todays_document() for _ in range(PAIRS)]

    async def run(document: dict[str, Any], *quartet: Connection) -> Sequence[Reply]:
        return await asyncio.gather(
            *(one.call(crowd.supplier, "POST", "/v1/eway-bills", document) for one in quartet)
        )

    truth = {}
    for document, answers in await crowd.race(documents, run, of=4):
        assert sorted(reply.status for reply in answers) == [201, 409, 409, 409]
        (winner,) = (reply for reply in answers if reply.status == 201)
        for loser in answers:
            if loser is not winner:
                assert loser.code == "DOCUMENT_ALREADY_HAS_EWAY_BILL"
                assert loser.body["ebn"] == winner.body["ebn"]
        assert winner.body["part_a"]["document_number"] == document["document_number"]
        truth[winner.body["ebn"]] = winner.body
    assert len(truth) == PAIRS
    await crowd.assert_agreed(truth)
    listed = await crowd.listed(crowd.workers[0][0])
    numbers = Counter(bill["part_a"]["document_number"] for bill in listed.values())
    assert all(numbers[document["document_number"]] == 1 for document in documents)
