"""Notices of e-way bills: owed to the right persons, once, in the bill's own transaction."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from ingest import sms_limits
from ingest.notices import Notices
from ingest.outbox import Line
from sms.owed_words import NotOwedAnyMore, OwedWords
from tests.documents import OTHER, RECIPIENT, SUPPLIER, TRANSPORTER, document, person
from tests.gateway_in_process import Gateway
from tests.owed import MOBILE, ended, registered, rows_for_nothing
from tests.uploads import BILLS, ndjson, uploaded
from tests.waiting import until

BY, TO = person(SUPPLIER), person(RECIPIENT)
AGAINST, EXPIRES = "GENERATED_AGAINST_YOU", "EXPIRES_SOON"
DRIVER, CLERK = "9845012346", "9845012347"
Told = tuple[str, str, str]


@pytest.fixture
async def sql(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


async def _told(sql: asyncpg.Connection) -> list[Told]:
    """Every notice there is: what, to whom, in whose name."""
    rows = await sql.fetch("SELECT * FROM outbox ORDER BY kind DESC, mobile")
    return [(row["kind"], row["mobile"], row["gstin"]) for row in rows]


async def _wanting(
    gateway: Gateway, sql: asyncpg.Connection, *registrations: tuple[str, str, tuple[str, ...]]
) -> None:
    """Numbers registered, by GSTIN, with the notices they want; the gateway knows that some do."""
    slots: dict[str, int] = {}
    for mobile, gstin, wanted in registrations:
        slots[gstin] = slots.get(gstin, 0) + 1
        await registered(sql, gstin, gateway.clock(), *wanted, mobile=mobile, slot=slots[gstin])
    await gateway.services.notices.refresh()


async def _bill(gateway: Gateway, **changes: Any) -> dict[str, Any]:
    who = changes.pop("who", BY)
    answer = await gateway.generate(who, document(**changes))
    assert answer.status_code == 201, answer.text
    bill: dict[str, Any] = answer.json()
    return bill


async def test_to_recipient_and_carrier_when_each_is_due(
    gateway: Gateway, sql: asyncpg.Connection
) -> None:
    await _wanting(
        gateway,
        sql,
        (MOBILE, RECIPIENT, (AGAINST,)),
        (CLERK, RECIPIENT, (AGAINST, EXPIRES)),
        (DRIVER, TRANSPORTER, (AGAINST, EXPIRES)),
        (MOBILE, SUPPLIER, (AGAINST, EXPIRES)),
        (MOBILE, OTHER, (AGAINST, EXPIRES)),
    )
    at = gateway.clock()
    bill = await _bill(gateway)
    assert await _told(sql) == [
        (AGAINST, MOBILE, RECIPIENT), (AGAINST, CLERK, RECIPIENT), (EXPIRES, DRIVER, TRANSPORTER),
    ]  # fmt: skip
    valid_until = gateway.clock.at(bill["valid_until"])
    rows = await sql.fetch("SELECT DISTINCT kind, ebn, created_at, due_at, expires_at FROM outbox")
    assert {row["kind"]: tuple(row)[1:] for row in rows} == {
        AGAINST: (int(bill["ebn"]), at, at, gateway.clock.at(bill["acceptance"]["until"])),
        EXPIRES: (int(bill["ebn"]), at, valid_until - timedelta(hours=4), valid_until),
    }


async def test_to_whoever_generated_it_where_nobody_else_carries(
    gateway: Gateway, sql: asyncpg.Connection
) -> None:
    await _wanting(gateway, sql, (MOBILE, SUPPLIER, (EXPIRES,)), (DRIVER, TRANSPORTER, (EXPIRES,)))
    await _bill(gateway, transporter_id=None)
    assert await _told(sql) == [(EXPIRES, MOBILE, SUPPLIER)]


async def test_nothing_against_a_recipient_of_its_own_or_against_nobody(
    gateway: Gateway, sql: asyncpg.Connection
) -> None:
    await _wanting(gateway, sql, (MOBILE, RECIPIENT, (AGAINST,)))
    await _bill(gateway, who=TO)
    await _bill(gateway, recipient_gstin="URP")
    assert await _told(sql) == []
    await _bill(gateway, who=person(TRANSPORTER))
    assert await _told(sql) == [(AGAINST, MOBILE, RECIPIENT)]


async def test_only_to_numbers_that_are_confirmed_have_not_ended_and_want_it(
    gateway: Gateway, sql: asyncpg.Connection
) -> None:
    at = gateway.clock()
    await _wanting(gateway, sql, (MOBILE, SUPPLIER, (EXPIRES,)), (MOBILE, RECIPIENT, (EXPIRES,)))
    await registered(sql, RECIPIENT, at, AGAINST, mobile=CLERK, slot=2, confirmed=False)
    await ended(sql, await registered(sql, TRANSPORTER, at, EXPIRES, mobile=DRIVER), at)
    await _bill(gateway)
    assert await _told(sql) == []


async def test_once_a_bill_also_of_an_upload_and_none_where_there_is_no_bill(
    gateway: Gateway, sql: asyncpg.Connection
) -> None:
    await _wanting(gateway, sql, (MOBILE, RECIPIENT, (AGAINST,)))
    lines = [document() for _ in range(20)]
    sent = [*lines, lines[0], document(hsn_code="1")]
    body = ndjson([json.dumps(line).encode() for line in sent])
    answers = await uploaded(gateway, BILLS, body)
    assert [one.get("status") for one in answers[:-1]] == [201] * 20 + [409, 422]
    ebns = await sql.fetch("SELECT ebn FROM outbox ORDER BY ebn")
    assert [str(row["ebn"]) for row in ebns] == sorted(one["ebn"] for one in answers[:20])
    again = await gateway.generate(BY, lines[0])
    assert again.status_code == 409
    assert len(await _told(sql)) == 20


async def test_to_the_carrier_the_bill_is_handed_to(
    gateway: Gateway, sql: asyncpg.Connection
) -> None:
    await _wanting(gateway, sql, (MOBILE, OTHER, (EXPIRES,)), (CLERK, RECIPIENT, (AGAINST,)))
    bill = await _bill(gateway)
    assert await _told(sql) == [(AGAINST, CLERK, RECIPIENT)]
    path = f"/v1/eway-bills/{bill['ebn']}/transporter"
    given = await gateway.call(BY, "POST", path, json={"transporter_id": OTHER})
    assert given.status_code == 200, given.text
    assert await _told(sql) == [(AGAINST, CLERK, RECIPIENT), (EXPIRES, MOBILE, OTHER)]
    due = await sql.fetchval("SELECT due_at FROM outbox WHERE kind = $1", EXPIRES)
    assert due == gateway.clock.at(bill["valid_until"]) - timedelta(hours=4)


async def test_once_to_a_carrier_that_had_the_bill_before(
    gateway: Gateway, sql: asyncpg.Connection
) -> None:
    """Handed away and back, it is owed two notices, and the first is not sent."""
    await _wanting(gateway, sql, (MOBILE, TRANSPORTER, (EXPIRES,)))
    bill = await _bill(gateway)
    for carrier in (OTHER, TRANSPORTER):
        gateway.clock.advance(minutes=1)
        path = f"/v1/eway-bills/{bill['ebn']}/transporter"
        given = await gateway.call(BY, "POST", path, json={"transporter_id": carrier})
        assert given.status_code == 200, given.text
    valid_until = gateway.clock.at(bill["valid_until"])
    first, second = await gateway.services.sms.owed.lease(valid_until, 3, Line.OTHERS)
    words = OwedWords(gateway.services.lookups, gateway.services.sms.numbers.new_password)
    with pytest.raises(NotOwedAnyMore, match="and back"):
        await words.of(min(first, second), valid_until)
    assert bill["ebn"] in (await words.of(max(first, second), valid_until)).text


async def test_to_whoever_generated_it_also_once_it_is_named_transporter(
    gateway: Gateway, sql: asyncpg.Connection
) -> None:
    """The same carrier as before: its only notice is sent."""
    await _wanting(gateway, sql, (MOBILE, SUPPLIER, (EXPIRES,)))
    bill = await _bill(gateway, transporter_id=None)
    gateway.clock.advance(minutes=1)
    path = f"/v1/eway-bills/{bill['ebn']}/transporter"
    given = await gateway.call(BY, "POST", path, json={"transporter_id": SUPPLIER})
    assert given.status_code == 200, given.text
    valid_until = gateway.clock.at(bill["valid_until"])
    (message,) = await gateway.services.sms.owed.lease(valid_until, 2, Line.OTHERS)
    words = OwedWords(gateway.services.lookups, gateway.services.sms.numbers.new_password)
    assert bill["ebn"] in (await words.of(message, valid_until)).text


async def test_at_once_where_it_expires_sooner_already(
    gateway: Gateway, sql: asyncpg.Connection
) -> None:
    await _wanting(gateway, sql, (MOBILE, OTHER, (EXPIRES,)))
    bill = await _bill(gateway)
    gateway.clock.now = gateway.clock.at(bill["valid_until"]) - timedelta(hours=1)
    path = f"/v1/eway-bills/{bill['ebn']}/transporter"
    given = await gateway.call(BY, "POST", path, json={"transporter_id": OTHER})
    assert given.status_code == 200, given.text
    (row,) = await sql.fetch("SELECT due_at FROM outbox")
    assert row["due_at"] == gateway.clock()


async def test_nothing_more_is_asked_of_the_record_while_nobody_wants_any(
    gateway: Gateway, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flag is what keeps a generation from a statement more; a worker learns of it by
    itself."""
    monkeypatch.setattr(sms_limits, "NOTICES_SECONDS", 0.0)
    notices = gateway.services.notices
    registration = await registered(sql, RECIPIENT, gateway.clock(), AGAINST)
    assert not notices._wanted
    await _bill(gateway)
    assert await _told(sql) == []
    looking = asyncio.create_task(notices.keep())
    await until(lambda: notices._wanted)
    await _bill(gateway)
    assert len(await _told(sql)) == 1
    await ended(sql, registration, gateway.clock())
    await until(lambda: not notices._wanted)
    looking.cancel()


@pytest.mark.parametrize(
    ("notices", "confirmed", "ends", "wanted"),
    [
        ((), True, False, False),
        ((EXPIRES,), False, False, False),
        ((EXPIRES,), True, True, False),
        ((EXPIRES,), True, False, True),
    ],
)
async def test_whether_anybody_wants_any(
    gateway: Gateway,
    sql: asyncpg.Connection,
    *,
    notices: tuple[str, ...],
    confirmed: bool,
    ends: bool,
    wanted: bool,
) -> None:
    at: datetime = gateway.clock()
    registration = await registered(sql, SUPPLIER, at, *notices, confirmed=confirmed)
    if ends:
        await ended(sql, registration, at)
    known = Notices(gateway.services.database)
    await known.refresh()
    assert known._wanted is wanted


async def test_whether_and_who_is_looked_up_however_many_numbers_there_are(
    gateway: Gateway, sql: asyncpg.Connection
) -> None:
    """Also when so many were registered that PostgreSQL's statistics know nothing of them."""
    many, bills, at = 3000, 64, gateway.clock()
    await sql.execute(
        """INSERT INTO sms_registration (gstin, slot, mobile, role, client_id, language, notices,
               registered_at, confirmed_at)
           SELECT 'G' || i, 1, (9000000000 + i)::text, 'taxpayer', 'c', 'en', '{}', $1, $1
           FROM generate_series(1, $2::integer) AS i""",
        at,
        many,
    )
    assert await rows_for_nothing(sql, "notices_wanted") == 0
    await sql.execute("UPDATE sms_registration SET notices = $1", [EXPIRES])
    gstins = [f"G{number}" for number in range(1, bills + 1)]
    columns = (list(range(bills)), gstins, gstins, *([at] * bills for _ in range(3)))
    looked = await rows_for_nothing(sql, "owe_notices", *columns, sms_limits.EXPIRES_SOON)
    assert looked <= 2 * bills
    assert len(await _told(sql)) == bills
