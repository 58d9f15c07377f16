"""GET /v1/gstr-1 over real HTTP: which documents are in a month, each once, and sums that agree."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from gateway.gstr_1_views import Gstr1
from ingest import limits
from ingest.archive import archive_invoices
from loadtest.invoices import invoices
from tests.documents import OFFICER, RECIPIENT, STRANGER, SUPPLIER, TRANSPORTER, document, person
from tests.gateway_in_process import Gateway
from tests.waiting import until
from validators.authority import Person, Role
from validators.calendar import INDIA

BY, TO, VIA = person(SUPPLIER), person(RECIPIENT), person(TRANSPORTER)
PATH, NOVEMBER = "/v1/gstr-1", "/v1/gstr-1?period=2026-11"


def _invoice(number: str, day: str = "2026-11-20", supplier: str = SUPPLIER) -> dict[str, Any]:
    (written,) = invoices(7, supplier, 1)
    changed: dict[str, Any] = json.loads(written)
    return changed | {"document_number": number, "document_date": day}


async def _upload(gateway: Gateway, number: str, day: str = "2026-11-20") -> str:
    answer = await gateway.call(BY, "POST", "/v1/invoices", json=_invoice(number, day))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["irn"])


async def _generate(gateway: Gateway, number: str, **changes: Any) -> str:
    sent = document(document_number=number, **changes)
    answer = await gateway.generate(BY, sent)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ebn"])


async def _extract(gateway: Gateway, path: str = NOVEMBER, who: Person = BY) -> dict[str, Any]:
    answer = await gateway.call(who, "GET", path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    msgspec.json.decode(answer.content, type=Gstr1)  # As OpenAPI describes it.
    extract: dict[str, Any] = answer.json()
    return extract


async def _numbers(gateway: Gateway, path: str = NOVEMBER, who: Person = BY) -> list[str]:
    items = (await _extract(gateway, path, who))["items"]
    return [f"{item['source']} {item['document_number']}" for item in items]


async def test_a_month_of_invoices_and_bills(gateway: Gateway) -> None:
    irn = await _upload(gateway, "A1")
    ebn = await _generate(gateway, "B1", value_of_goods="75000.01")
    extract = await _extract(gateway)
    form = _invoice("A1")
    assert extract["supplier_gstin"] == SUPPLIER
    assert extract["period"] == "2026-11"
    assert extract["as_of"] == gateway.clock().astimezone(INDIA).isoformat()
    first, second = extract["items"]
    assert {name: first[name] for name in first if name != "per_rate"} == {
        "source": "INV-1",
        "irn": irn,
        "ebn": None,
        "document_type": "INVOICE",
        "document_number": "A1",
        "document_date": "2026-11-20",
        "supply_type": "B2B",
        "recipient_gstin": form["billed_to"]["gstin"],
        "billed_to_state": form["billed_to"]["state_code"],
        "shipped_to_state": form["shipped_to"]["state_code"],
        "value": form["total_value"],
    }
    assert second == {
        "source": "INS-06",
        "ebn": ebn,
        "document_type": "INVOICE",
        "document_number": "B1",
        "document_date": "2026-11-20",
        "reason_code": 1,
        "recipient_gstin": RECIPIENT,
        "place_of_delivery": "560001",
        "hsn_code": "7215",
        "value": "75000.01",
    }
    totals = extract["totals"]
    assert totals["per_rate"] == first["per_rate"]
    assert (totals["documents"], totals["value"]) == (1, form["total_value"])
    assert totals["without_tax_details"] == {"documents": 1, "value": "75000.01"}


async def test_a_month_without_supplies(gateway: Gateway) -> None:
    extract = await _extract(gateway)
    nothing = dict.fromkeys(("taxable_value", "cgst", "sgst", "igst", "cess", "value"), "0.00")
    assert extract["items"] == []
    assert extract["totals"] == nothing | {
        "documents": 0,
        "per_rate": [],
        "per_hsn": [],
        "without_tax_details": {"documents": 0, "value": "0.00"},
    }


async def test_a_document_with_invoice_and_bill_counts_once(gateway: Gateway) -> None:
    await _upload(gateway, "both/1")
    ebn = await _generate(gateway, "BOTH/1")
    # One of another month's date is the same document still, in the month its invoice says.
    other = await _generate(gateway, "both/2", document_date="2026-10-31")
    await _upload(gateway, "both/2")
    # Of another type, or of another financial year, it is another.
    await _generate(gateway, "both/1", document_type="BILL_OF_SUPPLY")
    await _upload(gateway, "both/3", "2026-03-31")
    await _generate(gateway, "both/3")
    items = (await _extract(gateway))["items"]
    assert [(item["document_number"], item["ebn"]) for item in items[:2]] == [
        ("both/1", ebn),
        ("both/2", other),
    ]
    assert [f"{item['source']} {item['document_number']}" for item in items[2:]] == [
        "INS-06 both/1",
        "INS-06 both/3",
    ]
    assert await _numbers(gateway, f"{PATH}?period=2026-10") == []
    assert await _numbers(gateway, f"{PATH}?period=2026-03") == ["INV-1 both/3"]


async def test_an_invoice_uploaded_after_its_bill_takes_its_place(gateway: Gateway) -> None:
    await _generate(gateway, "A1")
    assert await _numbers(gateway) == ["INS-06 A1"]
    await _upload(gateway, "A1")
    assert await _numbers(gateway) == ["INV-1 A1"]


async def test_the_month_is_that_of_the_documents_date(gateway: Gateway) -> None:
    gateway.clock.advance(days=12)  # 3 December: the bills of November's documents come later.
    days = ("2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01")
    for day in days:
        await _upload(gateway, f"A{day[5:]}", day)
        await _generate(gateway, f"B{day[5:]}", document_date=day)
    assert await _numbers(gateway) == [
        "INV-1 A11-01",
        "INV-1 A11-30",
        "INS-06 B11-01",
        "INS-06 B11-30",
    ]
    assert await _numbers(gateway, f"{PATH}?period=2026-10") == ["INV-1 A10-31", "INS-06 B10-31"]
    assert await _numbers(gateway, f"{PATH}?period=2026-12") == ["INV-1 A12-01", "INS-06 B12-01"]


async def test_a_month_begins_with_midnight_in_india(gateway: Gateway) -> None:
    """Where the number of an invoice or a bill is still of the month before."""
    gateway.clock.now = gateway.clock.at("2026-12-01T00:00:00+05:30")
    await _upload(gateway, "A1", "2026-12-01")
    ebn = await _generate(gateway, "B1", document_date="2026-12-01")
    assert ebn.startswith("212")
    december = f"{PATH}?period=2026-12"
    assert await _numbers(gateway, december) == ["INV-1 A1", "INS-06 B1"]
    gateway.clock.advance(microseconds=-1)
    assert (await gateway.call(BY, "GET", december)).status_code == 422


@pytest.mark.parametrize(
    ("changes", "counted"),
    [
        ({"reason_code": 0}, False),
        ({"reason_code": 1}, True),
        ({"reason_code": 2}, True),
        ({"reason_code": 3}, False),
        ({"reason_code": 4}, True),
        ({"reason_code": 5}, False),
        ({"reason_code": 6}, False),
        ({"reason_code": 7}, False),
        ({"document_type": "BILL_OF_SUPPLY"}, True),
        ({"document_type": "CHALLAN"}, False),
        ({"document_type": "BILL_OF_ENTRY"}, False),
    ],
)
async def test_only_outward_supplies_count(
    gateway: Gateway, changes: dict[str, Any], counted: bool
) -> None:
    await _generate(gateway, "A1", **changes)
    assert await _numbers(gateway) == (["INS-06 A1"] if counted else [])


async def test_a_supply_is_its_suppliers_alone(gateway: Gateway) -> None:
    await _upload(gateway, "A1")
    await _generate(gateway, "B1")
    for other in (TO, VIA, person(STRANGER)):
        assert await _numbers(gateway, who=other) == []
    # Whoever furnished Part A, it is the supplier's to use.
    answer = await gateway.generate(TO, document(document_number="B2"))
    assert answer.status_code == 201
    assert await _numbers(gateway) == ["INV-1 A1", "INS-06 B1", "INS-06 B2"]
    refused = await gateway.call(OFFICER, "GET", NOVEMBER)
    assert (refused.status_code, refused.json()["code"]) == (403, "ROLE_NOT_PERMITTED")
    transporter = person(SUPPLIER, Role.TRANSPORTER)
    assert len(await _numbers(gateway, who=transporter)) == 3


async def test_what_was_cancelled_is_no_supply(gateway: Gateway) -> None:
    ebn = await _generate(gateway, "A1")
    reason = {"reason": "not sent"}
    cancelled = await gateway.call(BY, "POST", f"/v1/eway-bills/{ebn}/cancellation", json=reason)
    assert cancelled.status_code == 200
    assert await _numbers(gateway) == []
    again = await _generate(gateway, "A1")
    (item,) = (await _extract(gateway))["items"]
    assert item["ebn"] == again
    await _upload(gateway, "A1")
    await gateway.call(BY, "POST", f"/v1/eway-bills/{again}/cancellation", json=reason)
    (item,) = (await _extract(gateway))["items"]
    assert (item["source"], item["ebn"]) == ("INV-1", None)


async def test_what_was_renewed_counts_once(gateway: Gateway) -> None:
    ebn = await _generate(gateway, "A1", distance_km=50)
    await _upload(gateway, "A2")
    with_invoice = await _generate(gateway, "A2", distance_km=50)
    renewals = []
    for number in (ebn, with_invoice):
        body = {"vehicle_number": "MH14CD5678", "distance_km": 40, "reason": "flood"}
        answer = await gateway.call(VIA, "POST", f"/v1/eway-bills/{number}/renewal", json=body)
        assert answer.status_code == 201, answer.text
        renewals.append(answer.json()["ebn"])
    items = (await _extract(gateway))["items"]
    assert [(item["source"], item["ebn"]) for item in items] == [
        ("INV-1", renewals[1]),
        ("INS-06", renewals[0]),
    ]


async def test_a_part_a_counts_once_it_is_a_bill(gateway: Gateway) -> None:
    await _upload(gateway, "A1")
    references = []
    for number in ("A1", "B1"):
        sent = document(document_number=number, vehicle_number=None)
        references.append((await gateway.generate(BY, sent)).json()["part_a_reference"])
    (item,) = (await _extract(gateway))["items"]
    assert (item["document_number"], item["ebn"]) == ("A1", None)
    for reference in references:
        path = f"/v1/part-a/{reference}/part-b"
        await gateway.call(VIA, "PUT", path, json={"vehicle_number": "KA12AB1234"})
    items = (await _extract(gateway))["items"]
    assert [(item["source"], item["document_number"]) for item in items] == [
        ("INV-1", "A1"),
        ("INS-06", "B1"),
    ]
    assert items[0]["ebn"] is not None


async def _archive_november(gateway: Gateway, directory: Path) -> None:
    """What was uploaded in November leaves the record; it is as late as that takes."""
    kept = datetime(2026, 12, 1, tzinfo=UTC)
    gateway.clock.now = kept + timedelta(days=30)
    run = archive_invoices(gateway.services.database, kept.date(), directory, gateway.clock())
    assert [done.partition async for done in run] == ["invoice_2026_11_0000"]


async def test_a_month_of_which_an_invoice_was_archived_is_refused(
    gateway: Gateway, tmp_path: Path
) -> None:
    irn = await _upload(gateway, "A1")
    await _generate(gateway, "B1", document_date="2026-10-31")
    await _archive_november(gateway, tmp_path)
    refused = await gateway.call(BY, "GET", NOVEMBER)
    assert (refused.status_code, refused.json()["code"]) == (409, "INVOICE_ARCHIVED")
    assert refused.json()["irn"] == irn
    assert gateway.services.extracts.open == 0
    assert await _numbers(gateway, f"{PATH}?period=2026-10") == ["INS-06 B1"]
    assert await _numbers(gateway, f"{PATH}?period=2026-12") == []


async def test_an_archived_invoice_in_the_middle_breaks_an_extract_off(
    gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "EXTRACT_INVOICES", 1)
    await _upload(gateway, "A2")
    await _archive_november(gateway, tmp_path)
    await _upload(gateway, "A1")
    received = bytearray()

    async def read_on() -> None:
        async with _reading(gateway) as answer:
            async for part in answer.aiter_raw():
                received.extend(part)

    with pytest.raises(httpx.RemoteProtocolError):
        await read_on()
    assert received.count(b'"source":"INV-1"') == 1
    assert b"totals" not in received
    assert gateway.services.extracts.open == 0


@pytest.mark.parametrize(
    ("claims", "invoices_max", "expected"),
    [
        (1, 3, [[], [], [], ["A3"], [], ["A5"], [], []]),
        (2, 3, [[], ["A3"], ["A5"], []]),
        (2, 1, [[], ["A3"], ["A5"], []]),
        (6, 3, [["A3", "A5"], []]),
        (7, 3, [["A3", "A5"], []]),
        (8, 3, [["A3", "A5"]]),
        (8, 2, [["A3", "A5"], []]),
        (8, 1, [["A3"], ["A5"], []]),
    ],
)
async def test_a_page_looks_at_so_many_numbers_at_most(
    gateway: Gateway,
    monkeypatch: pytest.MonkeyPatch,
    claims: int,
    invoices_max: int,
    expected: list[list[str]],
) -> None:
    """However few of them are of the month: a page may be empty, and the next goes on from it."""
    monkeypatch.setattr(limits, "EXTRACT_CLAIMS", claims)
    monkeypatch.setattr(limits, "EXTRACT_INVOICES", invoices_max)
    for number in range(7):
        await _upload(gateway, f"A{number}", "2026-11-20" if number in (3, 5) else "2026-10-20")
    extracts = gateway.services.extracts
    pages = extracts.supplies(SUPPLIER, date(2026, 11, 1), gateway.clock())
    assert [[supply.document_number for supply in page] async for page in pages] == expected


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EXTRACT_INVOICES", "EXTRACT_CLAIMS", "EXTRACT_BILLS"):
        monkeypatch.setattr(limits, name, 3)
    monkeypatch.setattr(limits, "EXTRACT_BYTES_IN_ONE_GO", 1)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("bytes_max", [limits.EXTRACT_PAGE_BYTES, 5000, 1])
async def test_pages_of_any_size_say_the_same(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, bytes_max: int
) -> None:
    """Invoices and bills, some of them of one document, more of each than fit on a page; whole
    pages of bills without a supply among them."""
    monkeypatch.setattr(limits, "EXTRACT_PAGE_BYTES", bytes_max)
    lines = [*invoices(1, SUPPLIER, 20, prefix="A"), *invoices(2, SUPPLIER, 3, prefix="B")]
    headers = {"Content-Type": "application/x-ndjson"}
    bulk = await gateway.call(
        BY, "POST", "/v1/invoices/bulk", content=b"\n".join(lines), headers=headers
    )
    assert bulk.text.count('"status":201') == 23
    uploaded = {json.loads(line)["document_number"]: json.loads(line) for line in lines}
    ebns: dict[str, str] = {}
    for number in (*sorted(uploaded)[::2], *(f"C{index}" for index in range(7))):
        ebns[number] = await _generate(gateway, number)
        for index in range(2):
            await _generate(gateway, f"{number}-{index}", reason_code=7)
    extract = await _extract(gateway)
    items = extract["items"]
    assert len(items) == 30
    assert {item["document_number"]: item["ebn"] for item in items} == {
        **dict.fromkeys(uploaded),
        **ebns,
    }
    for item in items[:23]:
        assert item["value"] == uploaded[item["document_number"]]["total_value"]
    assert [item["source"] for item in items] == ["INV-1"] * 23 + ["INS-06"] * 7
    _adds_up(extract, list(uploaded.values()))


def _adds_up(extract: dict[str, Any], uploaded: list[dict[str, Any]]) -> None:
    totals = extract["totals"]
    of_invoices = [item for item in extract["items"] if item["source"] == "INV-1"]
    assert totals["documents"] == len(of_invoices) == len(uploaded)
    assert Decimal(totals["value"]) == sum(Decimal(item["value"]) for item in of_invoices)
    rows = [row for item in of_invoices for row in item["per_rate"]]
    for name in ("taxable_value", "cgst", "sgst", "igst", "cess"):
        whole = Decimal(totals[name])
        for per in (totals["per_rate"], totals["per_hsn"], rows):
            assert sum(Decimal(row[name]) for row in per) == whole
        for total in totals["per_rate"]:
            of_rate = [row for row in rows if row["rate"] == total["rate"]]
            assert sum(Decimal(row[name]) for row in of_rate) == Decimal(total[name])
    lines = [line for one in uploaded for line in one["lines"]]
    for total in totals["per_hsn"]:
        of_goods = [
            line
            for line in lines
            if (line["hsn_code"], line["unit"]) == (total["hsn_code"], total["unit"])
        ]
        for name in ("quantity", "taxable_value"):
            assert sum(Decimal(line[name]) for line in of_goods) == Decimal(total[name])
    without = [item for item in extract["items"] if item["source"] == "INS-06"]
    assert totals["without_tax_details"]["documents"] == len(without)
    assert Decimal(totals["without_tax_details"]["value"]) == sum(
        Decimal(item["value"]) for item in without
    )


async def test_every_item_is_a_line_of_its_own(gateway: Gateway) -> None:
    for number in ("A1", "A2"):
        await _upload(gateway, number)
        await _generate(gateway, number.replace("A", "B"))
    answer = await gateway.call(BY, "GET", NOVEMBER)
    first, *items, last, _ = answer.text.split("\n")
    assert first.endswith('"items":[')
    assert [json.loads(item.rstrip(","))["document_number"] for item in items] == [
        "A1", "A2", "B1", "B2"
    ]  # fmt: skip
    assert json.loads("{" + last.removeprefix("],"))["totals"]["documents"] == 2


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "REQUIRED"),
        ("?period=november", "PERIOD_FORMAT"),
        ("?period=2026-12", "OUT_OF_RANGE"),
        ("?period=2017-06", "OUT_OF_RANGE"),
        ("?period=2026-11&period=2026-10", "DUPLICATE_KEY"),
        ("?period=2026-11&limit=1", "UNKNOWN_FIELD"),
    ],
)
async def test_a_query_at_fault(gateway: Gateway, query: str, code: str) -> None:
    answer = await gateway.call(BY, "GET", f"{PATH}{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_QUERY")
    assert [one["code"] for one in answer.json()["errors"]] == [code]
    assert (await gateway.call(BY, "GET", f"{PATH}?period=2017-07")).status_code == 200


@asynccontextmanager
async def _locked(dsn: str, table: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Whoever reads the table waits until the block ends."""
    sql = await asyncpg.connect(dsn)
    try:
        async with sql.transaction():
            await sql.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield sql
    finally:
        await sql.close()


@asynccontextmanager
async def _reading(gateway: Gateway) -> AsyncIterator[httpx.Response]:
    """An extract whose headers are here."""
    token = gateway.services.tokens.issue(BY, gateway.clock())
    headers = {"Authorization": f"Bearer {token}"}
    async with gateway.http.stream("GET", NOVEMBER, headers=headers) as answer:
        assert answer.status_code == 200
        yield answer


BLOCKED = """SELECT pid FROM pg_stat_activity WHERE datname = current_database()
    AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()"""


@pytest.mark.usefixtures("small_pages")
async def test_as_of_the_instant_of_the_request(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happens while an extract is read is not in it: another invoice, the invoice of a
    document whose bill is still to be looked at, a bill, a cancellation, a renewal."""
    monkeypatch.setattr(limits, "EXTRACT_INVOICES", 1)
    for number in ("A1", "A2"):
        await _upload(gateway, number)
    await _generate(gateway, "B1")
    cancelled = await _generate(gateway, "B2")
    renewed = await _generate(gateway, "B3", distance_km=50)
    extracts, month = gateway.services.extracts, date(2026, 11, 1)
    async with aclosing(extracts.supplies(SUPPLIER, month, gateway.clock())) as pages:
        read = await anext(pages)
        gateway.clock.advance(microseconds=1)
        await _upload(gateway, "B1")
        await _upload(gateway, "A3")
        await _generate(gateway, "B4")
        path = f"/v1/eway-bills/{cancelled}/cancellation"
        await gateway.call(BY, "POST", path, json={"reason": "not sent"})
        body = {"vehicle_number": "MH14CD5678", "distance_km": 40, "reason": "flood"}
        path = f"/v1/eway-bills/{renewed}/renewal"
        assert (await gateway.call(VIA, "POST", path, json=body)).status_code == 201
        async for page in pages:
            read += page
    assert [supply.document_number for supply in read] == ["A1", "A2", "B1", "B2", "B3"]
    assert await _numbers(gateway) == [
        *("INV-1 A1", "INV-1 A2", "INV-1 A3", "INV-1 B1"),
        *("INS-06 B4", "INS-06 B3"),
    ]


async def test_past_the_bound_an_extract_is_refused(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "EXTRACTS_OPEN_MAX", 1)
    await _upload(gateway, "A1")
    month = date(2026, 11, 1)
    async with aclosing(
        gateway.services.extracts.supplies(SUPPLIER, month, gateway.clock())
    ) as one:
        await anext(one)
        refused = await gateway.call(BY, "GET", NOVEMBER)
        assert (refused.status_code, refused.json()["code"]) == (503, "OVERLOADED")
        assert "retry-after" in refused.headers
    assert await _numbers(gateway) == ["INV-1 A1"]


async def test_a_slow_reader_keeps_nobody_waiting(gateway: Gateway) -> None:
    """What is open but not being read holds neither a turn nor a connection."""
    await _upload(gateway, "A1")
    month, opened = date(2026, 11, 1), limits.EXTRACTS_OPEN_MAX - 1
    async with AsyncExitStack() as stack:
        for _ in range(opened):
            pages = gateway.services.extracts.supplies(SUPPLIER, month, gateway.clock())
            await anext(await stack.enter_async_context(aclosing(pages)))
        assert gateway.services.extracts.open == opened
        assert await _numbers(gateway) == ["INV-1 A1"]
    assert gateway.services.extracts.open == 0


async def test_an_extract_that_broke_off_shows_it(gateway: Gateway, dsn: str) -> None:
    """The record is lost in the middle: neither JSON nor HTTP comes to its end."""
    # More than the sockets hold: the gateway waits for its reader before it has read it all.
    count = 15_000
    body = b"\n".join(invoices(7, SUPPLIER, count))
    headers = {"Content-Type": "application/x-ndjson"}
    await gateway.call(BY, "POST", "/v1/invoices/bulk", content=body, headers=headers)
    received = bytearray()
    async with _reading(gateway) as answer:
        parts = answer.aiter_raw()
        received += await anext(parts)

        async def read_on() -> None:
            async for part in parts:
                received.extend(part)

        async with _locked(dsn, "invoice_claim") as sql:
            reading = asyncio.create_task(read_on())
            (waiting,) = await until(lambda: sql.fetch(BLOCKED))
            await sql.execute("SELECT pg_terminate_backend($1)", waiting["pid"])
            with pytest.raises(httpx.RemoteProtocolError):
                await reading
    assert 0 < received.count(b'"source":"INV-1"') < count
    assert b"totals" not in received
    assert gateway.services.extracts.open == 0
    assert (await _extract(gateway))["totals"]["documents"] == count


@pytest.mark.usefixtures("small_pages")
async def test_an_extract_whose_client_went_away_ends(gateway: Gateway, dsn: str) -> None:
    """At the end of the page it was at: the next would wait for a lock of ours until it did."""
    for number in range(12):
        await _upload(gateway, f"A{number}")
    async with AsyncExitStack() as following:
        async with _locked(dsn, "document_claim") as sql:
            asked = asyncio.create_task(gateway.call(BY, "GET", NOVEMBER))
            await until(lambda: sql.fetch(BLOCKED))
            asked.cancel()
            await asyncio.wait([asked])
            await following.enter_async_context(_locked(dsn, "invoice_claim"))
        await until(lambda: gateway.services.extracts.open == 0)
    assert len(await _numbers(gateway)) == 12
