"""Every code of the catalogue, provoked for real; and one bad row that must not spoil others."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import httpx
import pytest

from ingest import limits
from tests.acceptance.invoice_refusals import INVOICE_TRIGGERS
from tests.acceptance.life_refusals import LIFE_TRIGGERS, TODAYS_TRIGGERS
from tests.acceptance.report_refusals import REPORT_TRIGGERS
from tests.acceptance.sms_number_refusals import SMS_NUMBER_TRIGGERS
from tests.acceptance.sms_refusals import SMS_TRIGGERS
from tests.acceptance.tag_refusals import TAG_TRIGGERS
from tests.documents import (
    COMMISSIONER,
    OFFICER,
    RECIPIENT,
    STRANGER,
    SUPPLIER,
    TRANSPORTER,
    document,
    notification,
    person,
)
from tests.gateway_in_process import Gateway, TestClock, gateway_in_process
from tests.waiting import until
from validators.authority import Person
from validators.errors import PROBLEMS
from validators.rulebook import rulebooks_enabled

BY, TO, VIA = person(SUPPLIER), person(RECIPIENT), person(TRANSPORTER)
BILLS, TOKEN, NOTIFICATIONS = "/v1/eway-bills", "/v1/oauth/token", "/v1/notifications"
WAITING_MAX = 3
POISON = "POISON"


@dataclass(frozen=True)
class World:
    """A gateway, and a connection past it to its database."""

    gateway: Gateway
    sql: "asyncpg.Connection[asyncpg.Record]"

    async def post(self, path: str, body: Any = None, who: Person | None = BY) -> httpx.Response:
        return await self.gateway.call(who, "POST", path, json=body)

    async def bill(self) -> str:
        """The path of a new bill."""
        answer = await self.gateway.generate(BY, document())
        return f"{BILLS}/{answer.json()['ebn']}"

    async def cancel(self, path: str, who: Person = BY) -> httpx.Response:
        return await self.post(f"{path}/cancellation", {"reason": "not sent"}, who)

    async def accept(self, path: str, who: Person = TO) -> httpx.Response:
        return await self.post(f"{path}/acceptance", {"decision": "ACCEPTED"}, who)

    async def raw(self, body: bytes, **headers: str) -> httpx.Response:
        named = {"Content-Type": "application/json"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.gateway.call(BY, "POST", BILLS, content=body, headers=named)

    async def token(self, **form: str) -> httpx.Response:
        sent = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"} | form
        return await self.gateway.http.post(TOKEN, data=sent)

    @asynccontextmanager
    async def locked(self, table: str) -> AsyncIterator[None]:
        """Whoever writes (or reads, of `client`) the table waits until the block ends."""
        async with self.sql.transaction():
            await self.sql.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield

    async def blocked(self, condition: str = "wait_event <> 'advisory'") -> list[int]:
        """The backends of the gateway that wait for a lock, once there are any."""
        asked = (
            "SELECT pid FROM pg_stat_activity "  # noqa: S608
            "WHERE datname = current_database() AND pid <> pg_backend_pid() "
            f"AND wait_event_type = 'Lock' AND {condition}"
        )

        async def waiting() -> list[int]:
            await self.sql.execute("SELECT pg_stat_clear_snapshot()")
            return [row["pid"] for row in await self.sql.fetch(asked)]

        found: list[int] = await until(waiting)
        return found

    async def kill(self, pids: list[int]) -> None:
        await self.sql.execute("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid", pids)


@pytest.fixture
async def world(
    dsn: str, redis_url: str, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """With queues short enough to be filled."""
    for name in (
        *("BATCH_BILLS_MAX", "BULK_BILLS_IN_FLIGHT_MAX", "WAITING_BILLS_MAX"),
        "SECRET_CHECKS_WAITING_MAX",
    ):
        monkeypatch.setattr(limits, name, WAITING_MAX)
    sql = await asyncpg.connect(dsn)
    async with gateway_in_process(dsn, redis_url, clock) as gateway:
        yield World(gateway, sql)
    await sql.close()


async def _overloaded(world: World) -> httpx.Response:
    async with world.locked("document_claim"):
        first = asyncio.create_task(world.gateway.generate(BY, document()))
        await world.blocked()
        waiting = [
            asyncio.create_task(world.gateway.generate(BY, document())) for _ in range(WAITING_MAX)
        ]
        await until(lambda: world.gateway.services.generation.waiting == WAITING_MAX)
        refused = await world.gateway.generate(BY, document())
    answers = await asyncio.gather(first, *waiting)
    assert [answer.status_code for answer in answers] == [201] * (1 + WAITING_MAX)
    listed = await world.gateway.call(BY, "GET", BILLS)
    assert len(listed.json()["items"]) == 1 + WAITING_MAX
    return refused


async def _too_many_token_requests(world: World) -> httpx.Response:
    async with world.locked("client"):
        enough = limits.SECRET_CHECKS_AT_ONCE + WAITING_MAX + 1
        asked = [asyncio.create_task(world.token()) for _ in range(enough)]
        refused = await until(lambda: [one.result() for one in asked if one.done()])
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers if answer not in refused} == {401}
    return answers[answers.index(refused[0])]


async def _record_unavailable(world: World) -> httpx.Response:
    sent = document()
    async with world.locked("document_claim"):
        refused = asyncio.create_task(world.gateway.generate(BY, sent))
        await world.kill(await world.blocked())
        answer = await refused
    assert (await world.gateway.generate(BY, sent)).status_code == 201  # Nothing was stored.
    return answer


async def _outcome_unknown(world: World) -> httpx.Response:
    """The commit waits in a deferred trigger, and the backend is killed within it."""
    await world.sql.execute("""
        CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END';
        CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON replayable_answer
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()""")
    sent, headers = document(), {"Idempotency-Key": "k"}
    async with world.sql.transaction():
        await world.sql.execute("SELECT pg_advisory_xact_lock(4711)")
        unknown = asyncio.create_task(world.gateway.generate(BY, sent, headers=headers))
        await world.kill(await world.blocked("wait_event = 'advisory' AND query ~* 'commit'"))
        answer = await unknown
    again = await world.gateway.generate(BY, sent, headers=headers)
    assert again.status_code == 201  # Sending again settles it.
    return answer


async def _poison(world: World, column: str) -> None:
    await world.sql.execute(
        f"ALTER TABLE eway_bill ADD CHECK ({column} IS DISTINCT FROM '{POISON}')"
    )


async def _internal_error(world: World) -> httpx.Response:
    await _poison(world, "document_number")
    return await world.post(BILLS, document(document_number=POISON))


async def _changed_meanwhile(world: World) -> httpx.Response:
    """The cancellation is decided while the acceptance of the same version waits to be stored."""
    path = await world.bill()
    async with world.sql.transaction():
        await world.sql.execute("SELECT FROM eway_bill FOR UPDATE")
        accepting = asyncio.create_task(world.accept(path))
        await world.blocked()
        cancelling = asyncio.create_task(world.cancel(path))
        await until(lambda: world.gateway.services.changes.waiting)
    assert (await accepting).status_code == 200
    refused = await cancelling
    assert (await world.cancel(path)).status_code == 200
    return refused


async def _verified(world: World) -> httpx.Response:
    path = await world.bill()  # Nobody reads it before, so hot state knows nothing older.
    await world.sql.execute("UPDATE eway_bill SET verified_at = generated_at, version = 2")
    return await world.cancel(path)


async def _after(world: World, hours: int, call: str) -> httpx.Response:
    path = await world.bill()
    world.gateway.clock.advance(hours=hours, microseconds=1)
    return await (world.cancel(path) if call == "cancel" else world.accept(path))


async def _twice(world: World, *calls: str) -> httpx.Response:
    path = await world.bill()
    for call in calls:
        answer = await (world.cancel(path) if call == "cancel" else world.accept(path))
    return answer


async def _document_twice(world: World, **again: Any) -> httpx.Response:
    sent, headers = document(), {"Idempotency-Key": "k"}
    await world.gateway.generate(BY, sent, headers=headers)
    return await world.gateway.generate(BY, sent | again, headers=headers if again else {})


async def _as(world: World, call: str) -> httpx.Response:
    path = await world.bill()
    return await (world.cancel(path, VIA) if call == "cancel" else world.accept(path, VIA))


async def _notified_twice(world: World) -> httpx.Response:
    sent = notification(world.gateway.clock())
    assert (await world.post(NOTIFICATIONS, sent, COMMISSIONER)).status_code == 201
    return await world.post(NOTIFICATIONS, sent | {"title": "Another"}, COMMISSIONER)


Trigger = Callable[[World], Awaitable[httpx.Response]]
NOBODYS: Final = f"{BILLS}/100000000017"
TRIGGERS: Final[dict[str, Trigger]] = {
    "OVERLOADED": _overloaded,
    "TOO_MANY_TOKEN_REQUESTS": _too_many_token_requests,
    "NO_SUCH_RESOURCE": lambda world: world.post("/v1/eway-bill"),
    "METHOD_NOT_ALLOWED": lambda world: world.gateway.call(BY, "DELETE", BILLS),
    "INVALID_CLIENT": World.token,
    "UNSUPPORTED_GRANT_TYPE": lambda world: world.token(grant_type="password"),
    "UNAUTHENTICATED": lambda world: world.post(BILLS, who=None),
    "ROLE_NOT_PERMITTED": lambda world: world.post(BILLS, document(), OFFICER),
    "UNSUPPORTED_MEDIA_TYPE": lambda world: world.raw(b"{}", Content_Type="text/xml"),
    "UNSUPPORTED_CONTENT_ENCODING": lambda world: world.raw(b"{}", Content_Encoding="br"),
    "BODY_TOO_LARGE": lambda world: world.raw(b" " * (limits.BODY_BYTES_MAX + 1)),
    "MALFORMED_BODY": lambda world: world.raw(b"{}", Content_Encoding="gzip"),
    "MALFORMED_JSON": lambda world: world.raw(b"{"),
    "INVALID_IDEMPOTENCY_KEY": lambda world: world.raw(b"{}", Idempotency_Key="two words"),
    "IDEMPOTENCY_KEY_NOT_TAKEN": lambda world: world.gateway.call(
        BY, "POST", f"{BILLS}/bulk", headers={"Idempotency-Key": "k"}
    ),
    "IDEMPOTENCY_KEY_REUSED": lambda world: _document_twice(world, distance_km=1),
    "INVALID_QUERY": lambda world: world.gateway.call(BY, "GET", f"{BILLS}?limit=0"),
    "INVALID_DOCUMENT": lambda world: world.post(BILLS, {}),
    "EWAY_BILL_NOT_FOUND": lambda world: world.cancel(NOBODYS),
    "NOT_A_PARTY": lambda world: world.post(BILLS, document(), person(STRANGER)),
    "NOT_THE_GENERATOR": lambda world: _as(world, "cancel"),
    "NOT_THE_RECIPIENT": lambda world: _as(world, "accept"),
    "NOTIFICATION_EXISTS": _notified_twice,
    "DOCUMENT_ALREADY_HAS_EWAY_BILL": _document_twice,
    "ALREADY_CANCELLED": lambda world: _twice(world, "cancel", "cancel"),
    "ALREADY_VERIFIED_IN_TRANSIT": _verified,
    "CANCELLATION_WINDOW_CLOSED": lambda world: _after(world, 24, "cancel"),
    "ALREADY_ANSWERED": lambda world: _twice(world, "accept", "accept"),
    "DEEMED_ACCEPTED": lambda world: _after(world, 72, "accept"),
    "CHANGED_MEANWHILE": _changed_meanwhile,
    "RECORD_UNAVAILABLE": _record_unavailable,
    "OUTCOME_UNKNOWN": _outcome_unknown,
    "INTERNAL_ERROR": _internal_error,
}


OTHERS: Final = {
    **LIFE_TRIGGERS,
    **REPORT_TRIGGERS,
    **INVOICE_TRIGGERS,
    **TAG_TRIGGERS,
    **SMS_NUMBER_TRIGGERS,
    **SMS_TRIGGERS,
}


OF_ONE_READ: Final = {"READ_ID_REUSED"}
"""Of a read beside others, never of a call: tests/acceptance/test_reads.py."""


def test_every_code_of_the_catalogue_is_provoked() -> None:
    assert {*TRIGGERS, *OTHERS, *TODAYS_TRIGGERS, *OF_ONE_READ} == set(PROBLEMS)


@pytest.mark.parametrize("code", [*TRIGGERS, *OTHERS])
async def test_the_refusal(world: World, code: str) -> None:
    if code in OTHERS:
        _is_as_catalogued(await OTHERS[code](world.gateway), code)
    else:
        _is_as_catalogued(await TRIGGERS[code](world), code)
    assert (await world.gateway.http.get("/readyz")).json()["postgres"] == "ok"


@pytest.mark.parametrize("code", TODAYS_TRIGGERS)
async def test_the_refusal_of_todays_rulebook(
    dsn: str, redis_url: str, clock: TestClock, code: str
) -> None:
    todays = rulebooks_enabled(["2018-rule-138"])
    async with gateway_in_process(dsn, redis_url, clock, todays) as gateway:
        _is_as_catalogued(await TODAYS_TRIGGERS[code](gateway), code)


def _is_as_catalogued(answer: httpx.Response, code: str) -> None:
    problem, expected = answer.json(), PROBLEMS[code]
    assert (problem["code"], answer.status_code) == (code, expected.status)
    assert (problem["status"], problem["title"]) == (expected.status, expected.title)
    assert problem.get("retry", False) == expected.retry
    assert answer.headers["content-type"] == "application/problem+json"
    assert ("retry-after" in answer.headers) == (answer.status_code in (429, 503))
    assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)


async def test_one_poisoned_document_does_not_spoil_its_neighbours(
    gateway: Gateway, dsn: str
) -> None:
    sql = await asyncpg.connect(dsn)
    world = World(gateway, sql)
    await _poison(world, "document_number")
    documents = [document() for _ in range(20)]
    documents[9]["document_number"] = POISON
    async with world.locked("document_claim"):
        first = asyncio.create_task(gateway.generate(BY, document()))
        await world.blocked()
        rest = [asyncio.create_task(gateway.generate(BY, one)) for one in documents]
        await until(lambda: gateway.services.generation.waiting == len(documents))
    answers = [await first, *await asyncio.gather(*rest)]
    await sql.close()
    assert Counter(answer.status_code for answer in answers) == {201: 20, 500: 1}
    assert answers[10].json()["code"] == "INTERNAL_ERROR"
    made = {answer.json()["ebn"] for answer in answers if answer.status_code == 201}
    listed = await gateway.call(BY, "GET", BILLS)
    assert {bill["ebn"] for bill in listed.json()["items"]} == made


async def test_one_poisoned_change_does_not_spoil_its_neighbours(
    gateway: Gateway, dsn: str
) -> None:
    sql = await asyncpg.connect(dsn)
    world = World(gateway, sql)
    await _poison(world, "cancellation_reason")
    paths = [await world.bill() for _ in range(6)]
    async with sql.transaction():
        await sql.execute("SELECT FROM eway_bill FOR UPDATE")
        tasks = [asyncio.create_task(world.cancel(paths[0]))]
        await world.blocked()
        for path in paths[1:]:
            reason = {"reason": POISON if path == paths[3] else "not sent"}
            tasks.append(asyncio.create_task(world.post(f"{path}/cancellation", reason)))
        await until(lambda: gateway.services.changes.waiting == len(paths) - 1)
    answers = await asyncio.gather(*tasks)
    await sql.close()
    assert [answer.status_code for answer in answers] == [200, 200, 200, 500, 200, 200]
