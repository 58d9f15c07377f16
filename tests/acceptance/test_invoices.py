"""Invoices through HTTP: uploaded once, answered the same ever after, read by whom they concern."""

import asyncio
import gzip
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import asyncpg
import httpx
import pytest

from ingest.limits import BODY_BYTES_MAX, INVOICE_SUPPLIERS_MAX
from tests.documents import OFFICER, OTHER, RECIPIENT, STRANGER, SUPPLIER, TRANSPORTER, person
from tests.gateway_in_process import Gateway
from tests.invoices import INVOICES, SHIPPED_TO, invoice, line, party
from validators.authority import Person, Role

BY, TO, DEPOT = person(SUPPLIER), person(RECIPIENT), person(SHIPPED_TO)
INDIA = timezone(timedelta(hours=5, minutes=30))
IRN = "e9808b4790392fc5a4c8bf06926ba3b21f4f44e654720a20faffe33d22f49b38"
"""Of INV/26/1 of 2026-27, as sha256sum counts it."""


async def upload(
    gateway: Gateway, document: dict[str, Any], who: Person = BY, **request: Any
) -> httpx.Response:
    return await gateway.call(who, "POST", INVOICES, json=document, **request)


async def find(gateway: Gateway, who: Person, number: str, **query: Any) -> httpx.Response:
    params = {"document_number": number} | query
    return await gateway.call(who, "GET", INVOICES, params=params)


def irns(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["irn"] for one in answer.json()["items"]]


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


async def rows(dsn: str) -> tuple[int, int]:
    """How many invoices there are, and how many claims."""
    connection = await asyncpg.connect(dsn)
    try:
        counted = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM invoice), (SELECT count(*) FROM invoice_claim)"
        )
    finally:
        await connection.close()
    assert counted is not None
    return counted[0], counted[1]


async def test_an_invoice_gets_its_reference_number(gateway: Gateway) -> None:
    sent = invoice(document_number="inv/26/1")
    answer = await upload(gateway, sent)
    at = gateway.clock().astimezone(INDIA)
    assert answer.status_code == 201
    view = answer.json()
    assert view.pop("irn") == IRN
    assert view.pop("uploaded_at") == at.isoformat()
    assert view.pop("valid_until") == (at + timedelta(days=30)).isoformat()
    assert view == sent
    read = await gateway.call(BY, "GET", f"{INVOICES}/{IRN}")
    assert (read.status_code, read.content) == (200, answer.content)


async def test_again_it_is_answered_with_the_first_upload(gateway: Gateway, dsn: str) -> None:
    sent = invoice(document_number="INV/1")
    first = await upload(gateway, sent)
    gateway.clock.advance(days=1)
    spellings: list[dict[str, Any]] = [
        {},
        {"document_number": "inv/1"},
        {"total_value": 89120.5, "packing_forwarding": ..., "freight": 500},
        {"lines": [line(taxable_value="75000")]},
        {"lines": [line(taxable_value=75000)]},
        {"lines": [line(quantity=10.0, igst={"rate": "18.00", "amount": 13500})]},
    ]
    for changes in spellings:
        again = await upload(gateway, invoice(**sent | changes))
        assert (again.status_code, again.content) == (200, first.content), changes
    assert await rows(dsn) == (1, 1)


async def test_another_invoice_of_the_number_is_a_conflict(gateway: Gateway, dsn: str) -> None:
    sent = invoice(document_number="INV/26/1")
    await upload(gateway, sent)
    other = sent | {
        "total_value": "89120.51",
        "billed_to": party(name="Bharat Steel"),
        "lines": [line(igst={"rate": "18", "amount": "13500.01"})],
    }
    answer = await upload(gateway, other)
    assert (answer.status_code, answer.json()["code"]) == (409, "INVOICE_DIFFERS")
    assert answer.json()["irn"] == IRN
    assert faults(answer) == [
        ("/billed_to/name", "DIFFERS"),
        ("/lines/0/igst/amount", "DIFFERS"),
        ("/total_value", "DIFFERS"),
    ]
    assert await rows(dsn) == (1, 1)
    kept = await gateway.call(BY, "GET", f"{INVOICES}/{IRN}")
    assert kept.json()["total_value"] == "89120.50"


async def test_an_idempotency_key_answers_to_the_byte(gateway: Gateway) -> None:
    sent, headers = invoice(), {"Idempotency-Key": "upload-1"}
    first = await upload(gateway, sent, headers=headers)
    again = await upload(gateway, sent, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    without = await upload(gateway, sent)
    assert (without.status_code, without.content) == (200, first.content)
    reused = await upload(gateway, sent | {"total_value": "89120.51"}, headers=headers)
    assert (reused.status_code, reused.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    conflict = {"Idempotency-Key": "upload-2"}
    for replayed in (False, True):
        answer = await upload(gateway, sent | {"total_value": "89120.51"}, headers=conflict)
        assert (answer.status_code, answer.json()["code"]) == (409, "INVOICE_DIFFERS")
        assert ("idempotency-replayed" in answer.headers) == replayed
    # A faulty document is mended under its key.
    mended = {"Idempotency-Key": "upload-3"}
    assert (await upload(gateway, {}, headers=mended)).status_code == 422
    assert (await upload(gateway, invoice(), headers=mended)).status_code == 201


@pytest.mark.parametrize("alike", [True, False])
async def test_two_at_once_over_two_connections(gateway: Gateway, dsn: str, alike: bool) -> None:
    sent = invoice()
    others = sent if alike else sent | {"total_value": "89120.51"}
    token = gateway.services.tokens.issue(BY, gateway.clock())
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(base_url=gateway.address, headers=headers) as one,
        httpx.AsyncClient(base_url=gateway.address, headers=headers) as other,
    ):
        answers = await asyncio.gather(
            *(client.post(INVOICES, json=body)
              for _ in range(10) for client, body in ((one, sent), (other, others)))
        )  # fmt: skip
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == ([200] * 19 + [201] if alike else [200] * 9 + [201] + [409] * 10)
    assert len({answer.content for answer in answers if answer.status_code < 300}) == 1
    assert await rows(dsn) == (1, 1)


async def test_who_reads_it(gateway: Gateway) -> None:
    irn = (await upload(gateway, invoice(document_number="X/1"))).json()["irn"]
    for who in (BY, TO, DEPOT, OFFICER):
        read = await gateway.call(who, "GET", f"{INVOICES}/{irn}")
        assert (read.status_code, read.json()["irn"]) == (200, irn)
        for query in ({}, {"supplier_gstin": SUPPLIER}, {"supplier_gstin": SUPPLIER.lower()}):
            assert irns(await find(gateway, who, "x/1", **query)) == [irn], (who, query)
    for who in (person(STRANGER + "x"), person(TRANSPORTER), person(OTHER, Role.TRANSPORTER)):
        refused = await gateway.call(who, "GET", f"{INVOICES}/{irn}")
        assert (refused.status_code, refused.json()["code"]) == (404, "INVOICE_NOT_FOUND")
        for query in ({}, {"supplier_gstin": SUPPLIER}):
            assert irns(await find(gateway, who, "X/1", **query)) == []
    for unknown in ("0" * 64, irn[:16] + "0" * 48, irn.upper(), irn[:-1], "INV-1"):
        answer = await gateway.call(BY, "GET", f"{INVOICES}/{unknown}")
        assert (answer.status_code, answer.json()["code"]) == (404, "INVOICE_NOT_FOUND"), unknown


async def test_only_its_supplier_uploads_it(gateway: Gateway, dsn: str) -> None:
    for who in (TO, DEPOT, person(STRANGER)):
        answer = await upload(gateway, invoice(), who)
        assert (answer.status_code, answer.json()["code"]) == (403, "NOT_A_PARTY")
    answer = await upload(gateway, invoice(), OFFICER)
    assert (answer.status_code, answer.json()["code"]) == (403, "ROLE_NOT_PERMITTED")
    assert await rows(dsn) == (0, 0)


async def test_one_number_is_another_invoice_in_another_year(gateway: Gateway) -> None:
    """The financial year ends on 31 March."""
    days = ("2025-03-31", "2025-04-01", "2026-03-31", "2026-04-01")
    made = [await upload(gateway, invoice(document_number="7", document_date=day)) for day in days]
    assert [answer.status_code for answer in made] == [201, 201, 409, 201]
    assert faults(made[2]) == [("/document_date", "DIFFERS")]
    newest_first = [made[index].json()["irn"] for index in (3, 1, 0)]
    assert len(set(newest_first)) == 3
    for who in (BY, TO, OFFICER):
        assert irns(await find(gateway, who, "7")) == newest_first
    first = await find(gateway, BY, "7", limit=2)
    assert irns(first) == newest_first[:2]
    rest = await find(gateway, BY, "7", limit=2, cursor=first.json()["next_cursor"])
    assert (irns(rest), rest.json()["next_cursor"]) == (newest_first[2:], None)


async def test_one_number_of_several_suppliers(gateway: Gateway, dsn: str) -> None:
    mine = invoice(document_number="1")
    theirs = invoice(document_number="1", billed_to=party("27", SUPPLIER), shipped_to=...)
    theirs["supplier"] = theirs["supplier"] | {"gstin": RECIPIENT}
    of = {
        SUPPLIER: (await upload(gateway, mine)).json()["irn"],
        RECIPIENT: (await upload(gateway, theirs, TO)).json()["irn"],
    }
    assert irns(await find(gateway, OFFICER, "1")) == [of[SUPPLIER], of[RECIPIENT]]
    for gstin in (SUPPLIER, RECIPIENT):
        # One's own first; another's is named.
        assert irns(await find(gateway, person(gstin), "1")) == [of[gstin]]
        for other in (SUPPLIER, RECIPIENT):
            answer = await find(gateway, person(gstin), "1", supplier_gstin=other)
            assert irns(answer) == [of[other]]
    assert irns(await find(gateway, DEPOT, "1")) == [of[SUPPLIER]]


async def test_a_number_of_too_many_suppliers_is_not_searched(gateway: Gateway, dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    fill = """
        INSERT INTO invoice_claim
        SELECT one, now(), 2026, 212, lpad(one::text, 15, '0'), 'COMMON'
        FROM generate_series($1::integer, $2) AS one"""
    await connection.execute(fill, 1, INVOICE_SUPPLIERS_MAX)
    assert irns(await find(gateway, OFFICER, "COMMON")) == []
    await connection.execute(fill, INVOICE_SUPPLIERS_MAX + 1, INVOICE_SUPPLIERS_MAX + 1)
    await connection.close()
    answer = await find(gateway, OFFICER, "COMMON")
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_QUERY")
    assert faults(answer) == [("/supplier_gstin", "REQUIRED")]
    mine = await upload(gateway, invoice(document_number="common"))
    assert irns(await find(gateway, BY, "COMMON")) == [mine.json()["irn"]]


async def test_what_is_sent_again_uses_up_no_ids(gateway: Gateway, dsn: str) -> None:
    first, other = invoice(), invoice()
    assert (await upload(gateway, first)).status_code == 201
    for again in (first, first | {"total_in_words": "other words"}) * 3:
        assert (await upload(gateway, again)).status_code in (200, 409)
    assert (await upload(gateway, other)).status_code == 201
    connection = await asyncpg.connect(dsn)
    ids = await connection.fetch("SELECT invoice_id FROM invoice_claim ORDER BY invoice_id")
    await connection.close()
    assert ids[1][0] == ids[0][0] + 1


async def test_a_search_that_takes_too_long_is_given_up(gateway: Gateway, dsn: str) -> None:
    """As where there are millions of suppliers; here a lock of ours is what it waits for."""
    connection = await asyncpg.connect(dsn)
    async with connection.transaction():
        await connection.execute("LOCK TABLE invoice_claim IN ACCESS EXCLUSIVE MODE")
        answer = await find(gateway, OFFICER, "COMMON")
    await connection.close()
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_QUERY")
    assert faults(answer) == [("/supplier_gstin", "REQUIRED")]
    assert irns(await find(gateway, OFFICER, "COMMON")) == []


@pytest.mark.parametrize(
    ("query", "told"),
    [({}, ("/document_number", "REQUIRED")),
     ({"document_number": "INV 1"}, ("/document_number", "DOCUMENT_NUMBER_FORMAT")),
     ({"supplier_gstin": "URP"}, ("/supplier_gstin", "GSTIN_FORMAT")),
     ({"supplier_gstin": SUPPLIER[:-1] + "W"}, ("/supplier_gstin", "GSTIN_CHECKSUM")),
     ({"limit": "0"}, ("/limit", "OUT_OF_RANGE")),
     ({"limit": "501"}, ("/limit", "OUT_OF_RANGE")),
     ({"cursor": "!"}, ("/cursor", "CURSOR_FORMAT")),
     ({"number": "1"}, ("/number", "UNKNOWN_FIELD"))],
)  # fmt: skip
async def test_a_faulty_query(gateway: Gateway, query: dict[str, str], told: Any) -> None:
    sent = query if told[1] == "REQUIRED" else {"document_number": "1"} | query
    answer = await gateway.call(BY, "GET", INVOICES, params=sent)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_QUERY")
    assert faults(answer) == [told]


async def test_after_thirty_days_it_is_still_read(gateway: Gateway) -> None:
    first = await upload(gateway, invoice())
    view = first.json()
    until = gateway.clock.at(view["valid_until"])
    assert until - gateway.clock.at(view["uploaded_at"]) == timedelta(days=30)
    for at in (until, until + timedelta(microseconds=1), until + timedelta(days=400)):
        gateway.clock.now = at
        for who in (BY, OFFICER):
            read = await gateway.call(who, "GET", f"{INVOICES}/{view['irn']}")
            assert (read.status_code, read.content) == (200, first.content)
        again = await upload(gateway, {key: view[key] for key in invoice()})
        assert (again.status_code, again.content) == (200, first.content)


async def test_the_future_begins_at_midnight_in_india(gateway: Gateway) -> None:
    tomorrow = invoice(document_date="2026-11-22")
    gateway.clock.now = datetime(2026, 11, 21, 18, 29, 59, 999999, tzinfo=UTC)
    refused = await upload(gateway, tomorrow)
    assert faults(refused) == [("/document_date", "DATE_IN_FUTURE")]
    gateway.clock.advance(microseconds=1)
    assert (await upload(gateway, tomorrow)).status_code == 201


async def test_an_archived_invoice_is_not_uploaded_anew(gateway: Gateway, dsn: str) -> None:
    sent = invoice(document_number="INV/26/1")
    assert (await upload(gateway, sent)).status_code == 201
    connection = await asyncpg.connect(dsn)
    await connection.execute("ALTER TABLE invoice DETACH PARTITION invoice_2026_11_0000")
    await connection.close()
    answer = await upload(gateway, sent)
    assert (answer.status_code, answer.json()["code"]) == (409, "INVOICE_ARCHIVED")
    assert answer.json()["irn"] == IRN
    gone = await gateway.call(BY, "GET", f"{INVOICES}/{IRN}")
    assert (gone.status_code, gone.json()["code"]) == (404, "INVOICE_NOT_FOUND")
    assert irns(await find(gateway, BY, "INV/26/1")) == []


async def test_bodies_have_a_limit_and_may_be_compressed(gateway: Gateway) -> None:
    async def post(body: bytes, **headers: str) -> httpx.Response:
        named = {"Content-Type": "application/json"} | headers
        return await gateway.call(BY, "POST", INVOICES, content=body, headers=named)

    sent = invoice()
    full = json.dumps(sent).encode().ljust(BODY_BYTES_MAX)
    for body, encoding in ((full + b" ", "identity"), (gzip.compress(full + b" "), "gzip")):
        headers = {"Content-Encoding": encoding} if encoding == "gzip" else {}
        too_large = await post(body, **headers)
        assert (too_large.status_code, too_large.json()["code"]) == (413, "BODY_TOO_LARGE")
    first = await post(full)
    assert first.status_code == 201
    again = await post(gzip.compress(full), **{"Content-Encoding": "gzip"})
    assert (again.status_code, again.content) == (200, first.content)
    text = await post(full, **{"Content-Type": "text/plain"})
    assert (text.status_code, text.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
