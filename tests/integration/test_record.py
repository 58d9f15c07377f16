"""The record itself: schema, queries, durability, and the invariants it would hold alone."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from ingest.migrations import migrate, migrations
from ingest.queries import SQL
from tests.documents import OFFICER, RECIPIENT, SUPPLIER, document, person
from tests.gateway_in_process import Gateway

BY, TO = person(SUPPLIER), person(RECIPIENT)
_LOCKS_HELD = """SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND pid = pg_backend_pid()"""
_TABLES = """SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'public' ORDER BY 1, ordinal_position"""


async def generate(gateway: Gateway, **changes: str) -> int:
    """A new bill's number."""
    answer = await gateway.generate(BY, document(**changes))
    assert answer.status_code == 201, answer.text
    return int(answer.json()["ebn"])


SCRIPTS = ("begin_write", "commit_and_begin_write")
"""Several statements each, which cannot be prepared."""


@pytest.mark.parametrize("name", sorted(SQL.keys() - {*SCRIPTS}))
async def test_every_query_fits_the_schema(dsn: str, name: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.prepare(SQL[name])
    finally:
        await connection.close()


async def test_the_scripts_leave_a_transaction_that_holds_the_lock_of_writers(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for name in SCRIPTS:
            await connection.execute(SQL[name])
            assert connection.is_in_transaction()
            assert await connection.fetchval(_LOCKS_HELD) == 1
        await connection.execute("ROLLBACK")
    finally:
        await connection.close()


async def test_concurrent_migrations_apply_each_once(server_dsn: str, dsn: str) -> None:
    connection = await asyncpg.connect(server_dsn)
    await connection.execute("CREATE DATABASE migrated_by_many")
    await connection.close()
    fresh = server_dsn.replace("/gateway?", "/migrated_by_many?")
    applied = await asyncio.gather(*(migrate(fresh) for _ in range(6)))
    names = [name for name, _ in migrations()]
    assert sorted(applied) == [[]] * 5 + [names]
    assert await migrate(fresh) == []
    schemas = []
    for database in (fresh, dsn):
        connection = await asyncpg.connect(database)
        schemas.append(await connection.fetch(_TABLES))
        await connection.close()
    assert schemas[0] == schemas[1]
    assert len(schemas[0]) > 50


async def test_instants_sent_as_seconds_come_out_to_the_microsecond(
    record: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    began, end = datetime(2017, 7, 1, tzinfo=UTC), datetime(2093, 1, 1, tzinfo=UTC)
    step = timedelta(days=1, microseconds=86_400_001 // 7)
    instants = [began + number * step for number in range((end - began) // step)]
    rows = await record.fetch(
        "SELECT to_timestamp(seconds) FROM unnest($1::double precision[]) AS seconds",
        [at.timestamp() for at in instants],
    )
    assert [row[0] for row in rows] == instants


async def test_commits_are_on_disk_whatever_the_default(gateway: Gateway, dsn: str) -> None:
    direct = await asyncpg.connect(dsn)
    name = await direct.fetchval("SELECT current_database()")
    await direct.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    await direct.close()
    database = gateway.services.database
    held = [await database.acquire() for _ in range(4)]  # New ones among them.
    try:
        for connection in held:
            assert await connection.fetchval("SHOW synchronous_commit") == "on"
    finally:
        for connection in held:
            await database.release(connection)


CHANGES = {
    "cancelled after 24 hours": """cancelled_at = generated_at + interval '24 hours 1 microsecond',
        cancelled_by = generated_by, cancellation_reason = 'late'""",
    "answered after 72 hours": """decision = 'ACCEPTED',
        decided_at = acceptance_until + interval '1 microsecond'""",
    "another value of goods": "value_paise = value_paise + 1",
    "another document": "document_number = 'OTHER/1'",
    "another validity": "valid_until = valid_until + interval '1 day'",
    "a version left out": "version = version + 1",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_the_record_refuses_by_itself(gateway: Gateway, change: str) -> None:
    ebn = await generate(gateway)
    also = "" if change.startswith("version") else "version = version + 1, "
    if not also:
        change = "version = version + 2"
    # Also to whoever goes past the parent table.
    for table in ("eway_bill", "eway_bill_2026_11"):
        async with gateway.services.database.connection() as connection:
            with pytest.raises(asyncpg.CheckViolationError):
                await connection.execute(
                    f"UPDATE {table} SET {also}{change} WHERE ebn = $1",  # noqa: S608
                    ebn,
                )


async def test_the_record_takes_changes_at_the_last_instant(gateway: Gateway) -> None:
    ebn = await generate(gateway)
    async with gateway.services.database.connection() as connection:
        for change in (
            "decision = 'REJECTED', decided_at = acceptance_until",
            "cancelled_at = generated_at + interval '24 hours', cancelled_by = generated_by",
        ):
            await connection.execute(
                f"UPDATE eway_bill SET version = version + 1, {change} WHERE ebn = $1",  # noqa: S608
                ebn,
            )
        for again in ("cancelled_at = NULL", "decision = 'ACCEPTED'", "decision = NULL"):
            with pytest.raises(asyncpg.CheckViolationError):
                await connection.execute(
                    f"UPDATE eway_bill SET version = version + 1, {again} WHERE ebn = $1",  # noqa: S608
                    ebn,
                )


async def test_a_verified_bill_cannot_be_cancelled(gateway: Gateway) -> None:
    ebn = await generate(gateway)
    async with gateway.services.database.connection() as connection:
        await connection.execute(
            "UPDATE eway_bill SET version = 2, verified_at = generated_at WHERE ebn = $1", ebn
        )
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(
                "UPDATE eway_bill SET version = 3, cancelled_at = generated_at WHERE ebn = $1", ebn
            )


async def test_a_document_has_one_claim_and_a_number_one_bill(gateway: Gateway) -> None:
    ebn = await generate(gateway)
    async with gateway.services.database.connection() as connection:
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("INSERT INTO document_claim SELECT * FROM document_claim")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("INSERT INTO eway_bill SELECT * FROM eway_bill")
        assert await connection.fetchval("SELECT ebn FROM document_claim") == ebn


async def test_a_batch_of_duplicates_stores_one_of_each(gateway: Gateway) -> None:
    documents = [document() for _ in range(20)]
    answers = await asyncio.gather(
        *(gateway.generate(BY, one) for _ in range(4) for one in documents)
    )
    for index, one in enumerate(documents):
        mine = answers[index :: len(documents)]
        assert Counter(answer.status_code for answer in mine) == {201: 1, 409: 3}
        (winner,) = (answer.json() for answer in mine if answer.status_code == 201)
        assert winner["part_a"]["document_number"] == one["document_number"]
        assert {answer.json()["ebn"] for answer in mine} == {winner["ebn"]}
    async with gateway.services.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM eway_bill") == 20


async def test_a_row_the_record_will_not_take_spoils_no_other(gateway: Gateway) -> None:
    async with gateway.services.database.connection() as connection:
        await connection.execute(
            "ALTER TABLE eway_bill ADD CHECK (document_number NOT LIKE 'POISON%')"
        )
    documents = [
        document(document_number=f"{'POISON' if number % 7 == 0 else 'SOUND'}/{number}")
        for number in range(40)
    ]
    answers = await asyncio.gather(*(gateway.generate(BY, one) for one in documents))
    for one, answer in zip(documents, answers, strict=True):
        poisoned = one["document_number"].startswith("POISON")
        assert answer.status_code == (500 if poisoned else 201)
    async with gateway.services.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM eway_bill") == 34
        assert await connection.fetchval("SELECT count(*) FROM document_claim") == 34


async def test_a_month_taken_away_leaves_the_others_serving(gateway: Gateway) -> None:
    november = await generate(gateway, vehicle_number="KA01AA0001")
    gateway.clock.advance(days=10)
    assert gateway.clock() > datetime(2026, 12, 1, tzinfo=UTC) - timedelta(hours=1)
    december = await generate(gateway, vehicle_number="KA01AA0002")
    async with gateway.services.database.connection() as connection:
        await connection.execute("ALTER TABLE eway_bill DETACH PARTITION eway_bill_2026_11")
    read = await gateway.call(OFFICER, "GET", f"/v1/eway-bills/{november}")
    assert read.status_code == 404
    read = await gateway.call(OFFICER, "GET", f"/v1/eway-bills/{december}")
    assert read.status_code == 200
    listed = (await gateway.call(BY, "GET", "/v1/eway-bills")).json()
    assert [bill["ebn"] for bill in listed["items"]] == [str(december)]
    carried = await gateway.call(OFFICER, "GET", "/v1/vehicles/KA01AA0002/eway-bills")
    assert [bill["ebn"] for bill in carried.json()["items"]] == [str(december)]
    for person_, path, body in (
        (TO, "acceptance", {"decision": "ACCEPTED"}),
        (BY, "cancellation", {"reason": "test"}),
    ):
        answer = await gateway.call(person_, "POST", f"/v1/eway-bills/{december}/{path}", json=body)
        assert answer.status_code == 200
    assert await generate(gateway) > december
