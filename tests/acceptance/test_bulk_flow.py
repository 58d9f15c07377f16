"""Uploads by the thousand: answered in order as they come, beside everything else a worker does."""

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ingest import limits
from tests.documents import OFFICER, STRANGER, TRANSPORTER, document, person
from tests.gateway_in_process import Gateway
from tests.uploads import BILLS, BY, INVOICES, KINDS, Kind, codes, ndjson, summary, uploaded
from tests.uploads import uploading as begun
from tests.waiting import until
from validators.authority import Person


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each of the two calls."""
    return KINDS[request.param]


def line(**changes: Any) -> bytes:
    return json.dumps(document(**changes)).encode()


async def test_answers_come_while_the_upload_runs(gateway: Gateway, dsn: str, kind: Kind) -> None:
    """A client that waits for each answer before it sends more is never left waiting."""
    lines = kind.lines(1500)
    async with begun(gateway, kind) as upload:
        known, sent = [], 0
        for count in (1, 1, 2, 7, 511, 512, 400, 66):
            await upload.send(*lines[sent : sent + count])
            answers = await upload.answers(count)
            assert await kind.stored(dsn) == sent + count, "201 is said of what is stored"
            known += answers
            sent += count
        assert upload.headers["content-type"] == "application/x-ndjson"
        await upload.end()
        assert await upload.rest() == [summary(1500, 1500)]
        assert await upload.closed()
    assert codes(known) == [(201, None)] * 1500
    assert len({answer[kind.named] for answer in known}) == 1500
    assert set(known[0]) == {"line", "status", kind.named}


async def test_half_a_line_holds_up_no_whole_one(gateway: Gateway, kind: Kind) -> None:
    one, two = kind.lines(2)
    async with begun(gateway, kind) as upload:
        await upload.send_bytes(one + b"\n" + two[:200])
        assert codes(await upload.answers(1)) == [(201, None)]
        await upload.send_bytes(two[200:])
        await upload.end()
        (second, last) = await upload.rest()
    assert (second["line"], second["status"], last) == (2, 201, summary(2, 2))


async def test_sent_again_it_answers_what_is_there(gateway: Gateway, dsn: str, kind: Kind) -> None:
    lines = kind.lines(40)
    first = await uploaded(gateway, kind, ndjson(lines[:25]))
    assert first.pop() == summary(25, 25)
    gateway.clock.advance(hours=1)
    again = await uploaded(gateway, kind, ndjson(lines))
    assert again.pop() == summary(40, 15, existing=25)
    assert [answer["status"] for answer in again] == [kind.again] * 25 + [201] * 15
    assert [answer[kind.named] for answer in again[:25]] == [one[kind.named] for one in first]
    assert await kind.stored(dsn) == 40


async def test_what_is_sent_again_is_not_written_into_postgresql_s_log(
    gateway: Gateway, data_dir: Path
) -> None:
    """Whoever sends lines again and again, each alone, would fill the disk with it."""
    log = data_dir / "postgres.log"
    logged = log.stat().st_size
    lines = INVOICES.lines(3)
    await uploaded(gateway, INVOICES, ndjson(lines))
    async with begun(gateway, INVOICES) as upload:
        for sent in lines:
            await upload.send(sent)
            assert [one["status"] for one in await upload.answers(1)] == [200]
    assert b"invoice_claim" not in log.read_bytes()[logged:]


async def test_a_document_twice_in_one_upload_is_taken_once(
    gateway: Gateway, dsn: str, kind: Kind
) -> None:
    one, two, three = kind.lines(3)
    answers = await uploaded(gateway, kind, ndjson([one, two, one, three, two, one]))
    assert answers.pop() == summary(6, 3, existing=3)
    assert len({answer[kind.named] for answer in answers}) == 3
    created = [answer["line"] for answer in answers if answer["status"] == 201]
    assert created == [1, 2, 4]
    assert answers[2][kind.named] == answers[5][kind.named] == answers[0][kind.named]
    assert answers[4][kind.named] == answers[1][kind.named]
    assert await kind.stored(dsn) == 3


async def test_single_requests_are_served_beside_an_upload(gateway: Gateway, kind: Kind) -> None:
    lines = kind.lines(3000)
    async with begun(gateway, kind) as upload:
        answering = asyncio.create_task(upload.whole(ndjson(lines)))
        served = 0
        while not answering.done():
            answer = await gateway.generate(BY, document())
            assert answer.status_code == 201
            served += 1
        assert (await answering).pop() == summary(3000, 3000)
    assert served > 1


async def test_what_a_line_may_be_answered(gateway: Gateway) -> None:
    """E-way bills: whole, Part A alone, there already (mine or not), faulty, not mine."""
    theirs = document(supplier_gstin=STRANGER, document_number="THEIRS/1", transporter_id=...)
    taken = await gateway.generate(person(STRANGER), theirs)
    waiting = {"vehicle_number": ..., "document_number": "PART/A"}
    sent = [
        line(document_number="WHOLE/1"),
        line(**waiting),
        line(document_number="WHOLE/1"),
        line(**waiting),
        line(document_number="FAULTY", hsn_code="1", distance_km=0),
        json.dumps(theirs).encode(),
        line(supplier_gstin=STRANGER, recipient_gstin=STRANGER, transporter_id=...),
        b"[]",
        b"{",
        line(document_number="WHOLE/2"),
    ]
    answers = await uploaded(gateway, BILLS, ndjson(sent))
    assert answers.pop() == summary(10, 3, existing=2, refused=5)
    assert codes(answers) == [
        (201, None),
        (201, None),
        (409, "DOCUMENT_ALREADY_HAS_EWAY_BILL"),
        (409, "DOCUMENT_ALREADY_HAS_PART_A"),
        (422, "INVALID_DOCUMENT"),
        (403, "NOT_A_PARTY"),
        (403, "NOT_A_PARTY"),
        (422, "INVALID_DOCUMENT"),
        (400, "MALFORMED_JSON"),
        (201, None),
    ]
    assert answers[2]["ebn"] == answers[0]["ebn"]
    assert answers[3]["part_a_reference"] == answers[1]["part_a_reference"]
    assert [fault["pointer"] for fault in answers[4]["errors"]] == ["/hsn_code", "/distance_km"]
    bill = await gateway.call(BY, "GET", f"/v1/eway-bills/{answers[0]['ebn']}")
    assert bill.json()["part_a"]["document_number"] == "WHOLE/1"
    part_a = await gateway.call(BY, "GET", f"/v1/part-a/{answers[1]['part_a_reference']}")
    assert part_a.json()["document_number"] == "PART/A"
    assert taken.json()["ebn"] not in json.dumps(answers)


async def test_what_is_there_and_not_the_caller_s_is_refused(gateway: Gateway) -> None:
    """An unregistered supplier's document belongs to whoever generated; of a registered one's only
    parties learn the number."""
    sent = document(transporter_id=TRANSPORTER)
    made = await gateway.generate(BY, sent)
    assert made.status_code == 201
    answer = await uploaded_by(gateway, person(TRANSPORTER), json.dumps(sent).encode())
    assert answer[0]["ebn"] == made.json()["ebn"]
    assert answer[1] == summary(1, 0, existing=1)
    foreign = json.dumps(sent | {"transporter_id": STRANGER}).encode()
    answer = await uploaded_by(gateway, person(STRANGER), foreign)
    assert (answer[0]["code"], "ebn" in answer[0]) == ("DOCUMENT_ALREADY_HAS_EWAY_BILL", False)
    assert answer[1] == summary(1, 0, refused=1)


async def uploaded_by(gateway: Gateway, who: Any, sent: bytes) -> list[dict[str, Any]]:
    async with begun(gateway, BILLS, who) as upload:
        return await upload.whole(sent)


async def test_another_invoice_of_the_number_is_told_what_differs(gateway: Gateway) -> None:
    (one,) = INVOICES.lines(1)
    changed = json.loads(one)
    changed["signatory"]["designation"] = "Director"
    answers = await uploaded(gateway, INVOICES, ndjson([one, json.dumps(changed).encode(), one]))
    assert answers.pop() == summary(3, 1, existing=1, refused=1)
    assert codes(answers) == [(201, None), (409, "INVOICE_DIFFERS"), (200, None)]
    assert [fault["pointer"] for fault in answers[1]["errors"]] == ["/signatory/designation"]
    assert len({answer["irn"] for answer in answers}) == 1


async def test_a_line_the_record_will_not_take_spoils_no_neighbour(
    gateway: Gateway, dsn: str, kind: Kind
) -> None:
    lines = kind.lines(20)
    number = json.loads(lines[9])["document_number"]
    table, column = {
        "ebn": ("eway_bill", "document_number"), "irn": ("invoice_claim", "number")
    }[kind.named]  # fmt: skip
    direct = await asyncpg.connect(dsn)
    await direct.execute(f"ALTER TABLE {table} ADD CHECK ({column} <> '{number}')")
    await direct.close()
    answers = await uploaded(gateway, kind, ndjson(lines))
    assert answers.pop() == summary(20, 19, refused=1)
    assert codes(answers) == [
        (500, "INTERNAL_ERROR") if index == 9 else (201, None) for index in range(20)
    ]
    assert answers[9]["retry"] is True
    assert await kind.stored(dsn) == 19


# Refused as a whole ----------------------------------------------------------------------------


async def test_an_idempotency_key_is_refused_and_nothing_taken(
    gateway: Gateway, dsn: str, kind: Kind
) -> None:
    async with begun(gateway, kind, idempotency_key="k") as upload:
        await upload.send(*kind.lines(1))
        problem = await upload.refusal()
    assert (problem["status"], problem["code"]) == (422, "IDEMPOTENCY_KEY_NOT_TAKEN")
    assert problem["detail"] == "each line is safe to send again by itself"
    assert await kind.stored(dsn) == 0


async def test_who_may_not_upload(gateway: Gateway, kind: Kind) -> None:
    async with begun(gateway, kind, OFFICER) as upload:
        assert (await upload.refusal())["code"] == "ROLE_NOT_PERMITTED"
    async with begun(gateway, kind, authorization="Bearer x") as upload:
        assert (await upload.refusal())["code"] == "UNAUTHENTICATED"


async def test_one_client_does_not_keep_the_others_out(
    gateway: Gateway, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BULK_UPLOADS_OF_ONE_MAX", 1)
    another = Person("another-client-of-the-supplier", BY.role, BY.id)
    one, two = kind.lines(2)
    async with begun(gateway, kind) as first:
        await first.send(one)
        assert codes(await first.answers(1)) == [(201, None)]
        async with begun(gateway, kind) as second:
            assert (await second.refusal())["code"] == "OVERLOADED"
        async with begun(gateway, kind, another) as second:
            assert (await second.whole(two)).pop() == summary(1, 1)


async def test_too_many_uploads_at_once(
    gateway: Gateway, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BULK_UPLOADS_MAX", 2)
    one, two, three = kind.lines(3)
    async with begun(gateway, kind) as first, begun(gateway, kind) as second:
        for upload, sent in ((first, one), (second, two)):
            await upload.send(sent)
            assert codes(await upload.answers(1)) == [(201, None)]
        async with begun(gateway, kind) as third:
            problem = await third.refusal()
            assert (problem["status"], problem["code"]) == (503, "OVERLOADED")
            assert third.headers["retry-after"] == str(limits.RETRY_AFTER_SECONDS)
        await first.end()
        assert await first.rest() == [summary(1, 1)]
        async with begun(gateway, kind) as third:
            assert (await third.whole(three)).pop() == summary(1, 1)
        second.writer.transport.abort()

    async def taken() -> bool:
        answers = [await uploading_one(gateway, kind, three) for _ in range(2)]
        return answers == [200, 200]

    assert await until(taken), "an upload whose client went away makes room"


async def uploading_one(gateway: Gateway, kind: Kind, sent: bytes) -> int:
    async with begun(gateway, kind) as upload:
        await upload.send(sent)
        await upload.end()
        return await upload.head()
