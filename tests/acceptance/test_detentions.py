"""Detentions over HTTP, FORM GST INS-09: who may report and see them, what is too short, pages."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from tests.documents import (
    OFFICER,
    OTHER,
    READER,
    RECIPIENT,
    STRANGER,
    SUPPLIER,
    TRANSPORTER,
    document,
    person,
)
from tests.gateway_in_process import Gateway
from tests.reports import DETENTIONS, detention
from validators.authority import Person, Role

BY, TO, VIA = person(SUPPLIER), person(RECIPIENT), person(TRANSPORTER, Role.TRANSPORTER)
NOT_TRADERS = [
    READER,
    Person("client-of-sms", Role.SMS_PROVIDER, "sms"),
    Person("client-of-commissioner", Role.COMMISSIONER, "commissioner"),
    Person("client-of-operator", Role.OPERATOR, "operator"),
]
ROLE = (403, "ROLE_NOT_PERMITTED")
NOT_THE_TRANSPORTER = (403, "NOT_THE_TRANSPORTER")
UNSEEN = (404, "EWAY_BILL_NOT_FOUND")
NOBODYS = "100000000017"


async def _bill(gateway: Gateway, **changes: Any) -> str:
    answer = await gateway.generate(BY, document(**changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ebn"])


async def _report(
    gateway: Gateway, ebn: str, /, who: Person | None = VIA, key: str = "", **changes: Any
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    told = detention(ebn, **changes)
    return await gateway.call(who, "POST", DETENTIONS, json=told, headers=headers)


async def _list(gateway: Gateway, who: Person | None, **query: str) -> httpx.Response:
    return await gateway.call(who, "GET", DETENTIONS, params=query)


def _said(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


def _faults(answer: httpx.Response, code: str = "INVALID_DOCUMENT") -> list[tuple[str, str]]:
    assert _said(answer) == (422, code)
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


async def test_a_detention_as_it_is_answered_and_listed(gateway: Gateway) -> None:
    ebn = await _bill(gateway)
    answer = await _report(gateway, ebn)
    assert answer.status_code == 201
    reported = answer.json()
    assert isinstance(reported["detention_id"], str)
    assert reported == detention(ebn) | {
        "detention_id": reported["detention_id"],
        "recorded_at": "2026-11-21T14:05:09.123456+05:30",
        "recorded_by": TRANSPORTER,
    }
    still = (await _report(gateway, ebn, detained_until=..., officer_name=...)).json()
    assert (still["detained_until"], still["officer_name"]) == (None, None)
    for who in (OFFICER, VIA):
        listed = await _list(gateway, who, ebn=ebn)
        assert listed.json() == {"items": [still, reported], "next_cursor": None}
    other = await _bill(gateway)
    listed = await _list(gateway, OFFICER, ebn=other)
    assert (listed.status_code, listed.json()) == (200, {"items": [], "next_cursor": None})


async def test_who_may_report_and_who_may_see(gateway: Gateway) -> None:
    ebn = await _bill(gateway)
    expected: list[tuple[Person | None, tuple[int, str | None], tuple[int, str | None]]] = [
        (VIA, (201, None), (200, None)),
        (BY, NOT_THE_TRANSPORTER, NOT_THE_TRANSPORTER),
        (TO, NOT_THE_TRANSPORTER, NOT_THE_TRANSPORTER),
        (person(STRANGER), UNSEEN, UNSEEN),
        (person(OTHER, Role.TRANSPORTER), UNSEEN, UNSEEN),
        (OFFICER, ROLE, (200, None)),
        *((who, ROLE, ROLE) for who in NOT_TRADERS),
        (None, (401, "UNAUTHENTICATED"), (401, "UNAUTHENTICATED")),
    ]
    for who, report, listing in expected:
        assert _said(await _report(gateway, ebn, who)) == report
        assert _said(await _list(gateway, who, ebn=ebn)) == listing


async def test_a_bill_there_is_not(gateway: Gateway) -> None:
    theirs = await _bill(gateway)
    shown = {
        (_said(answer), str(answer.json() | {"request_id": None}))
        for ebn in (NOBODYS, theirs)
        for answer in (
            await _report(gateway, ebn, person(STRANGER)),
            await _list(gateway, person(STRANGER), ebn=ebn),
        )
    }
    assert [said for said, _ in shown] == [UNSEEN]
    assert _said(await _list(gateway, OFFICER, ebn=NOBODYS)) == UNSEEN


async def test_thirty_minutes_to_the_microsecond(gateway: Gateway) -> None:
    ebn = await _bill(gateway)
    began = gateway.clock().isoformat()
    gateway.clock.advance(minutes=30)
    now = gateway.clock().isoformat()
    for pointer, until in (("/detained_from", ...), ("/detained_until", now)):
        answer = await _report(gateway, ebn, detained_from=began, detained_until=until)
        assert _faults(answer) == [(pointer, "DETENTION_TOO_SHORT")]
    gateway.clock.advance(microseconds=1)
    for until in (..., gateway.clock().isoformat()):
        answer = await _report(gateway, ebn, detained_from=began, detained_until=until)
        assert answer.status_code == 201


async def test_a_report_at_fault_is_told_everything_at_once(gateway: Gateway) -> None:
    answer = await _report(
        gateway, "1", place="", detained_until="2026-11-21T14:05:09.123457+05:30"
    )
    assert _faults(answer) == [
        ("/place", "EMPTY"), ("/ebn", "EBN_FORMAT"), ("/detained_until", "IN_THE_FUTURE"),
    ]  # fmt: skip
    answer = await _report(gateway, NOBODYS, detained_until="2026-11-21T11:59:00+05:30")
    assert _faults(answer) == [("/detained_until", "TOO_EARLY")]


async def test_a_bill_that_has_ended_was_detained_all_the_same(gateway: Gateway) -> None:
    ebn = await _bill(gateway, distance_km=50)
    path = f"/v1/eway-bills/{ebn}/cancellation"
    await gateway.call(BY, "POST", path, json={"reason": "not sent"})
    gateway.clock.advance(days=9)
    assert (await _report(gateway, ebn)).status_code == 201


async def test_a_report_under_one_key_is_recorded_once(gateway: Gateway) -> None:
    ebn = await _bill(gateway)
    assert _said(await _report(gateway, ebn, BY, "k")) == NOT_THE_TRANSPORTER
    answers = await asyncio.gather(*(_report(gateway, ebn, VIA, "k") for _ in range(6)))
    assert {(one.status_code, one.content) for one in answers} == {(201, answers[0].content)}
    assert sum("idempotency-replayed" in one.headers for one in answers) == 5
    reused = await _report(gateway, ebn, VIA, "k", place="elsewhere")
    assert _said(reused) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len((await _list(gateway, VIA, ebn=ebn)).json()["items"]) == 1
    # Without a key a second report is a second detention.
    await _report(gateway, ebn)
    assert len((await _list(gateway, VIA, ebn=ebn)).json()["items"]) == 2


async def test_pages_show_every_detention_once_newest_first(gateway: Gateway) -> None:
    ebn = await _bill(gateway)
    ids = [(await _report(gateway, ebn)).json()["detention_id"] for _ in range(12)]
    await _report(gateway, await _bill(gateway))
    for limit in ("1", "5", "12", "500"):
        seen: list[list[str]] = []
        query = {"ebn": ebn, "limit": limit}
        while True:
            page = (await _list(gateway, VIA, **query)).json()
            seen.append([one["detention_id"] for one in page["items"]])
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert [one for page in seen for one in page] == ids[::-1]
        assert [len(page) for page in seen[:-1]] == [int(limit)] * (len(seen) - 1)
        assert seen[-1]


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("", "/ebn", "REQUIRED"),
        ("ebn=1", "/ebn", "EBN_FORMAT"),
        ("ebn=", "/ebn", "EBN_FORMAT"),
        (f"ebn={NOBODYS}&ebn={NOBODYS}", "/ebn", "DUPLICATE_KEY"),
        (f"ebn={NOBODYS}&limit=0", "/limit", "OUT_OF_RANGE"),
        (f"ebn={NOBODYS}&limit=501", "/limit", "OUT_OF_RANGE"),
        (f"ebn={NOBODYS}&cursor=MA", "/cursor", "CURSOR_FORMAT"),
        (f"ebn={NOBODYS}&cursor=x", "/cursor", "CURSOR_FORMAT"),
        (f"ebn={NOBODYS}&vehicle=KA12AB1234", "/vehicle", "UNKNOWN_FIELD"),
    ],
)
async def test_a_query_at_fault(gateway: Gateway, query: str, pointer: str, code: str) -> None:
    answer = await gateway.call(OFFICER, "GET", f"{DETENTIONS}?{query}")
    assert _faults(answer, "INVALID_QUERY") == [(pointer, code)]


async def test_the_record_alone_keeps_a_report_as_it_is(gateway: Gateway, dsn: str) -> None:
    await _report(gateway, await _bill(gateway))
    sql = await asyncpg.connect(dsn)
    with pytest.raises(asyncpg.CheckViolationError, match="what was recorded does not change"):
        await sql.execute("UPDATE detention SET detained_until = detained_from")
    await sql.close()
