"""Lists through HTTP: pages, filters, and what is said of parameters that are wrong."""

import asyncio
from datetime import UTC, datetime
from typing import Any

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
from validators.authority import Person

BY = person(SUPPLIER)
BILLS = "/v1/eway-bills"
VEHICLE = "/v1/vehicles/KA12AB1234/eway-bills"


async def _generate(gateway: Gateway, count: int = 1, **changes: Any) -> list[str]:
    """The numbers of new bills, newest first."""
    answers = await asyncio.gather(
        *(gateway.generate(BY, document(**changes)) for _ in range(count))
    )
    return sorted((answer.json()["ebn"] for answer in answers), reverse=True)


async def _list(gateway: Gateway, query: str, who: Person = BY, path: str = BILLS) -> list[str]:
    answer = await gateway.call(who, "GET", f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    return [bill["ebn"] for bill in answer.json()["items"]]


async def _pages(
    gateway: Gateway, query: str, who: Person = BY, path: str = BILLS, *, meanwhile: bool = False
) -> list[list[str]]:
    """Every page there is; with `meanwhile`, a bill is generated before each."""
    pages, cursor = [], ""
    while True:
        answer = (await gateway.call(who, "GET", f"{path}?{query}{cursor}")).json()
        pages.append([bill["ebn"] for bill in answer["items"]])
        if answer["next_cursor"] is None:
            return pages
        cursor = f"&cursor={answer['next_cursor']}"
        if meanwhile:
            await _generate(gateway)


def _all(pages: list[list[str]]) -> list[str]:
    return [ebn for page in pages for ebn in page]


@pytest.mark.parametrize("meanwhile", [False, True])
async def test_pages_show_every_bill_once_newest_first(gateway: Gateway, meanwhile: bool) -> None:
    older = await _generate(gateway, 11)
    gateway.clock.advance(days=40)
    ebns = await _generate(gateway, 12) + older
    pages = await _pages(gateway, "limit=5", meanwhile=meanwhile)
    assert [len(page) for page in pages] == [5, 5, 5, 5, 3]
    assert _all(pages) == ebns


@pytest.mark.parametrize(("limit", "sizes"), [(23, [23]), (22, [22, 1]), (1, [1] * 23)])
async def test_the_last_page_has_no_cursor(gateway: Gateway, limit: int, sizes: list[int]) -> None:
    await _generate(gateway, 23)
    assert [len(page) for page in await _pages(gateway, f"limit={limit}")] == sizes


async def test_fifty_are_shown_unless_asked_otherwise(gateway: Gateway) -> None:
    ebns = await _generate(gateway, 101)
    assert [len(page) for page in await _pages(gateway, "")] == [50, 50, 1]
    assert await _list(gateway, "limit=500") == ebns
    on_vehicle = await _pages(gateway, "", OFFICER, VEHICLE)
    assert [len(page) for page in on_vehicle] == [50, 50, 1]
    assert sorted(_all(on_vehicle)) == sorted(ebns)


async def test_a_vehicle_s_pages_show_every_bill_once(gateway: Gateway) -> None:
    ebns = await _generate(gateway, 7)
    await _generate(gateway, 3, transporter_id=OTHER)
    for who, count in ((person(TRANSPORTER), 7), (OFFICER, 10), (READER, 10)):
        pages = await _pages(gateway, "limit=3", who, VEHICLE, meanwhile=False)
        seen = _all(pages)
        assert (len(seen), len(set(seen))) == (count, count)
        assert set(ebns) <= set(seen)
        assert all(pages)


async def test_roles_show_what_one_is_in_each(gateway: Gateway) -> None:
    (sent,) = await _generate(gateway)
    (elsewhere,) = await _generate(gateway, recipient_gstin=OTHER, transporter_id=SUPPLIER)
    (unregistered,) = await _generate(gateway, recipient_gstin="URP", transporter_id=...)
    expected = {
        (SUPPLIER, "supplier"): [unregistered, elsewhere, sent],
        (SUPPLIER, "transporter"): [elsewhere],
        (SUPPLIER, "recipient"): [],
        (RECIPIENT, "recipient"): [sent],
        (RECIPIENT, "supplier"): [],
        (OTHER, "recipient"): [elsewhere],
        (TRANSPORTER, "transporter"): [sent],
        (STRANGER, "supplier"): [],
        (STRANGER, "recipient"): [],
        (STRANGER, "transporter"): [],
    }
    listed = {
        (gstin, role): await _list(gateway, f"role={role}", person(gstin))
        for gstin, role in expected
    }
    assert listed == expected


async def test_instants_include_their_ends_to_the_microsecond(gateway: Gateway) -> None:
    """Across midnight of the last day of a month, by UTC and by India's clock."""
    gateway.clock.now = datetime(2026, 11, 30, 23, 59, 59, 999998, tzinfo=UTC)
    ebns = []
    for _ in range(4):
        ebns += await _generate(gateway)
        gateway.clock.advance(microseconds=1)
    first, second, third, fourth = ebns
    expected = {
        "generated_from=2026-11-30T23:59:59.999999Z": [fourth, third, second],
        "generated_from=2026-12-01T00:00:00Z": [fourth, third],
        "generated_from=2026-12-01T05:30:00+05:30": [fourth, third],
        "generated_from=2026-12-01T05:30:00.000001+05:30": [fourth],
        "generated_from=2026-12-01T05:30:00.000001%2B05:30": [fourth],
        "generated_from=2026-12-01T05:30:00.000002+05:30": [],
        "generated_to=2026-12-01T05:29:59.999998+05:30": [first],
        "generated_to=2026-12-01T05:29:59.999999+05:30": [second, first],
        "generated_to=2026-11-30T18:59:59.999999-05:00": [second, first],
        "generated_to=2026-11-30T23:59:59.999997Z": [],
        "generated_from=2026-11-30T23:59:59.999999Z"
        "&generated_to=2026-12-01T00:00:00Z": [third, second],
        "generated_from=2026-12-01T00:00:00Z&generated_to=2026-11-30T00:00:00Z": [],
        "generated_from=2000-01-01T00:00:00Z": [fourth, third, second, first],
    }  # fmt: skip
    assert {query: await _list(gateway, query) for query in expected} == expected


async def test_a_document_number_is_found_in_any_case(gateway: Gateway) -> None:
    (wanted,) = await _generate(gateway, document_number="Inv/2026-a")
    (challan,) = await _generate(gateway, document_number="INV/2026-A", document_type="CHALLAN")
    await _generate(gateway, document_number="INV/2026-AB")
    for written in ("Inv/2026-a", "INV/2026-A", "inv%2F2026-a"):
        assert await _list(gateway, f"document_number={written}") == [challan, wanted]
    assert await _list(gateway, "document_number=INV/2026") == []
    for who, role in ((RECIPIENT, "recipient"), (TRANSPORTER, "transporter")):
        query = f"role={role}&document_number=inv/2026-a&status=ACTIVE"
        assert await _list(gateway, query, person(who)) == [challan, wanted]
    assert await _list(gateway, "document_number=inv/2026-a", person(STRANGER)) == []


async def test_filters_hold_on_every_page(gateway: Gateway) -> None:
    wanted = await _generate(gateway, 7, distance_km=1000)
    await _generate(gateway, 7, distance_km=10)
    gateway.clock.advance(days=2)
    assert await _pages(gateway, "status=ACTIVE&limit=3") == [wanted[:3], wanted[3:6], wanted[6:]]


# What is wrong, and where it is said to be.
WRONG: tuple[tuple[str, list[tuple[str, str]]], ...] = (
    ("limit=0", [("/limit", "OUT_OF_RANGE")]),
    ("limit=501", [("/limit", "OUT_OF_RANGE")]),
    ("limit=-1", [("/limit", "OUT_OF_RANGE")]),
    ("limit=x", [("/limit", "WRONG_TYPE")]),
    ("limit=", [("/limit", "WRONG_TYPE")]),
    ("limit=1.5", [("/limit", "WRONG_TYPE")]),
    ("limit=%D9%A3", [("/limit", "WRONG_TYPE")]),
    ("limit=1&limit=1", [("/limit", "DUPLICATE_KEY")]),
    ("cursor=MTIz", [("/cursor", "CURSOR_FORMAT")]),
    ("cursor=!", [("/cursor", "CURSOR_FORMAT")]),
    ("cursor=", [("/cursor", "CURSOR_FORMAT")]),
    ("cursor=%E2%82%AC", [("/cursor", "CURSOR_FORMAT")]),
    ("cursor=100000000017", [("/cursor", "CURSOR_FORMAT")]),
    ("colour=red", [("/colour", "UNKNOWN_FIELD")]),
    ("Limit=1", [("/Limit", "UNKNOWN_FIELD")]),
)
WRONG_IN_LISTS: tuple[tuple[str, list[tuple[str, str]]], ...] = (
    ("role=owner", [("/role", "NOT_ONE_OF")]),
    ("role=", [("/role", "NOT_ONE_OF")]),
    ("role=supplier&role=recipient", [("/role", "DUPLICATE_KEY")]),
    ("status=LIVE", [("/status", "NOT_ONE_OF")]),
    ("status=active", [("/status", "NOT_ONE_OF")]),
    ("document_number=a%20b", [("/document_number", "DOCUMENT_NUMBER_FORMAT")]),
    ("document_number=a%00", [("/document_number", "DOCUMENT_NUMBER_FORMAT")]),
    ("document_number=", [("/document_number", "DOCUMENT_NUMBER_FORMAT")]),
    ("generated_from=2026-11-21T00:00:00", [("/generated_from", "INSTANT_FORMAT")]),
    ("generated_to=2026-11-21", [("/generated_to", "INSTANT_FORMAT")]),
    ("generated_to=2026-13-21T00:00:00Z", [("/generated_to", "INSTANT_FORMAT")]),
    ("generated_to=1700000000", [("/generated_to", "INSTANT_FORMAT")]),
    ("generated_from=0001-01-01T00:00:00Z", [("/generated_from", "OUT_OF_RANGE")]),
    ("generated_to=9999-12-31T23:59:59Z", [("/generated_to", "OUT_OF_RANGE")]),
    ("limit=0&role=owner&cursor=!&generated_from=x&colour=red", [
        ("/colour", "UNKNOWN_FIELD"), ("/cursor", "CURSOR_FORMAT"),
        ("/generated_from", "INSTANT_FORMAT"), ("/limit", "OUT_OF_RANGE"), ("/role", "NOT_ONE_OF"),
    ]),
    ("role=%FF", []),
    ("&".join(f"a{number}=1" for number in range(100)), []),
)  # fmt: skip


def _said(answer: httpx.Response) -> tuple[int, str, list[tuple[str, str]]]:
    problem = answer.json()
    faults = [(fault["pointer"], fault["code"]) for fault in problem.get("errors", ())]
    return answer.status_code, problem["code"], sorted(faults)


async def test_wrong_parameters_are_refused_by_pointer_and_code(gateway: Gateway) -> None:
    asked = [(BILLS, BY, case) for case in (*WRONG, *WRONG_IN_LISTS)]
    asked += [(VEHICLE, OFFICER, case) for case in WRONG]
    wrong = {}
    for path, who, (query, faults) in asked:
        answer = await gateway.call(who, "GET", f"{path}?{query}")
        if _said(answer) != (422, "INVALID_QUERY", faults):
            wrong[path, query] = answer.text
    assert wrong == {}


@pytest.mark.parametrize("vehicle", ["KA", "KA12AB12345", "KA12%00AB1234", "%F0%9F%9A%9A"])
async def test_a_vehicle_that_is_none_is_refused(gateway: Gateway, vehicle: str) -> None:
    answer = await gateway.call(OFFICER, "GET", f"/v1/vehicles/{vehicle}/eway-bills")
    assert _said(answer) == (422, "INVALID_QUERY", [("/vehicle_number", "VEHICLE_FORMAT")])
