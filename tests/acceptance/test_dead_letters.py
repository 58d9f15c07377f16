"""GET /v1/sms/dead-letters: what will not be delivered, for the operator alone; and the metrics."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from tests.documents import COMMISSIONER, OFFICER, READER, SUPPLIER, TRANSPORTER, person
from tests.gateway_in_process import Gateway
from tests.owed import MINUTE, MOBILE, owed
from tests.tags import OPERATOR
from validators.authority import Person, Role
from validators.calendar import INDIA

PATH = "/v1/sms/dead-letters"


async def _page(gateway: Gateway, **query: Any) -> dict[str, Any]:
    answer = await gateway.call(OPERATOR, "GET", PATH, params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_a_dead_letter_and_nothing_of_what_it_says(gateway: Gateway, dsn: str) -> None:
    at = gateway.clock()
    sql = await asyncpg.connect(dsn)
    await owed(sql, at)
    dead = {"dead_at": at + 2 * MINUTE, "dead_reason": "the aggregator answered 422"}
    number = await owed(sql, at, ebn=171000000144, sent_at=at + MINUTE, attempts=3, **dead)
    await sql.close()
    answer = await gateway.call(OPERATOR, "GET", PATH)
    assert answer.json() == {
        "items": [
            {
                "message_id": str(number),
                "kind": "REPLY",
                "to": "******2345",
                "ebn": "171000000144",
                "created_at": at.astimezone(INDIA).isoformat(),
                "attempts": 3,
                "sent_at": (at + MINUTE).astimezone(INDIA).isoformat(),
                "dead_at": (at + 2 * MINUTE).astimezone(INDIA).isoformat(),
                "reason": "the aggregator answered 422",
            }
        ],
        "next_cursor": None,
    }
    assert MOBILE not in answer.text
    assert "words" not in answer.text


async def test_by_pages_the_last_first(gateway: Gateway, dsn: str) -> None:
    sql = await asyncpg.connect(dsn)
    at = gateway.clock()
    numbers = [str(await owed(sql, at, dead_at=at, dead_reason="x")) for _ in range(5)]
    await sql.close()
    found: list[str] = []
    cursor: dict[str, Any] = {}
    for items in (2, 2, 1):
        page = await _page(gateway, limit=2, **cursor)
        assert len(page["items"]) == items
        found += [letter["message_id"] for letter in page["items"]]
        cursor = {"cursor": page["next_cursor"]}
    assert cursor == {"cursor": None}
    assert found == numbers[::-1]
    assert (await _page(gateway, limit=5))["next_cursor"] is None


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 501}, {"cursor": "x"}, {"kind": "REPLY"}]
)
async def test_a_page_that_there_is_not(gateway: Gateway, query: dict[str, Any]) -> None:
    answer = await gateway.call(OPERATOR, "GET", PATH, params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_QUERY")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (None, 401),
        *[
            (who, 403)
            for who in (
                person(SUPPLIER),
                person(TRANSPORTER, Role.TRANSPORTER),
                OFFICER,
                READER,
                COMMISSIONER,
                Person("client-of-sms", Role.SMS_PROVIDER, "SMS"),
            )
        ],
    ],
)
async def test_to_nobody_else(gateway: Gateway, who: Person | None, status: int) -> None:
    assert (await gateway.call(who, "GET", PATH)).status_code == status


async def test_what_waits_and_what_is_dead_is_measured(gateway: Gateway, dsn: str) -> None:
    sql = await asyncpg.connect(dsn)
    at = gateway.clock()
    await owed(sql, at - timedelta(seconds=90))
    await owed(sql, at, kind="INFORM_SUPPLIER", ebn=1)
    await owed(sql, at, dead_at=at, dead_reason="x")
    await sql.close()
    await gateway.services.sms.owed.count(at)
    shown = (await gateway.http.get("/metrics")).text.splitlines()
    assert {
        'gateway_sms_waiting{line="replies"} 1.0',
        'gateway_sms_waiting{line="others"} 1.0',
        "gateway_sms_oldest_seconds 90.0",
        "gateway_sms_dead 1.0",
    } <= set(shown)
