"""INV-1 documents through HTTP: the sound ones and what is shown of them, the faulty and why."""

import asyncio
import json

import asyncpg
import pytest

from tests.acceptance.invoice_corpus import FAULTY, FaultyInvoice, sound_invoices
from tests.acceptance.test_documents import ELSEWHERE, FIELD_FAULTS
from tests.documents import OFFICER, SUPPLIER, person
from tests.gateway_in_process import Gateway
from tests.invoices import INVOICES, invoice

BY = person(SUPPLIER)
ADDED = {"irn", "uploaded_at", "valid_until"}


async def test_every_sound_invoice_is_stored_as_it_was_sent(gateway: Gateway) -> None:
    corpus = sound_invoices()
    assert len(corpus) + len(FAULTY) >= 50
    answers = await asyncio.gather(
        *(gateway.call(BY, "POST", INVOICES, json=one) for one in corpus)
    )
    irns = set()
    for one, answer in zip(corpus, answers, strict=True):
        assert answer.status_code == 201, (one, answer.text)
        view = answer.json()
        irns.add(view["irn"])
        assert {name: view[name] for name in view if name not in ADDED} == one
        read = await gateway.call(OFFICER, "GET", f"{INVOICES}/{view['irn']}")
        assert read.content == answer.content
    assert len(irns) == len(corpus)


@pytest.mark.parametrize("escaped", [False, True])
async def test_every_faulty_invoice_is_refused_with_all_that_is_wrong(
    gateway: Gateway, dsn: str, escaped: bool
) -> None:
    """Also where the body has a backslash, which is read another way."""

    async def post(one: FaultyInvoice) -> tuple[int, str, list[tuple[str, str]]]:
        body = json.dumps(one.document, ensure_ascii=escaped)
        if escaped:
            body = body.replace('"supplier"', '"\\u0073upplier"')
        headers = {"Content-Type": "application/json"}
        answer = await gateway.call(BY, "POST", INVOICES, content=body.encode(), headers=headers)
        told = [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]
        return answer.status_code, answer.json()["code"], sorted(told)

    answers = {one.why: await post(one) for one in FAULTY}
    assert answers == {one.why: (422, "INVALID_DOCUMENT", sorted(one.faults)) for one in FAULTY}
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("SELECT count(*) FROM invoice_claim") == 0
    await connection.close()


def test_the_faults_of_invoices_are_all_here() -> None:
    """DIFFERS is of the state of an invoice: tests/acceptance/test_invoices.py."""
    of_bills = {code for _, _, code in FIELD_FAULTS}
    of_invoices = {code for one in FAULTY for _, code in one.faults} - of_bills
    assert of_invoices <= ELSEWHERE
    assert of_invoices == {
        *("BEFORE_GST", "DECIMAL_FORMAT", "DOES_NOT_ADD_UP", "IGST_BESIDE_CGST_SGST"),
        *("NOT_INTER_STATE", "INTER_STATE", "HALVES_DIFFER", "REGISTERED_RECIPIENT"),
        *("UNREGISTERED_RECIPIENT", "STATE_FORMAT"),
    }


async def test_what_is_not_json_is_no_invoice(gateway: Gateway) -> None:
    sound = json.dumps(invoice())
    for body in (b"", b"{", sound[:-1].encode(), 2 * sound.encode(), sound.encode("utf-16")):
        headers = {"Content-Type": "application/json"}
        answer = await gateway.call(BY, "POST", INVOICES, content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED_JSON")
