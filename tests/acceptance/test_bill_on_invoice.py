"""What becomes of a bill whose Part A is an invoice's, r2(3): one a document, kept, renewed."""

import asyncio

from tests.documents import RECIPIENT, SUPPLIER, TRANSPORTER, document, person
from tests.gateway_in_process import Gateway
from tests.invoiced import TOTAL, bill_read, invoice, request, uploaded
from validators.authority import Role

BY, TO, VIA = person(SUPPLIER), person(RECIPIENT), person(TRANSPORTER, Role.TRANSPORTER)
BILLS = "/v1/eway-bills"


async def test_an_invoice_that_has_a_bill_is_refused_with_its_number(gateway: Gateway) -> None:
    billed = invoice()
    irn = await uploaded(gateway, billed)
    ebn = (await gateway.generate(BY, request(irn))).json()["ebn"]
    upper = request(irn, document_number=billed["document_number"].upper())
    by_hand = document(document_number=billed["document_number"])
    for sent in (request(irn), upper, by_hand):
        refused = await gateway.generate(BY, sent)
        assert refused.status_code == 409
        assert refused.json()["code"] == "DOCUMENT_ALREADY_HAS_EWAY_BILL"
        assert refused.json()["ebn"] == ebn
    cancelled = await gateway.call(
        BY, "POST", f"{BILLS}/{ebn}/cancellation", json={"reason": "not sent"}
    )
    assert cancelled.status_code == 200
    assert (await gateway.generate(BY, request(irn))).status_code == 201


async def test_of_many_requests_for_one_invoice_one_becomes_the_bill(gateway: Gateway) -> None:
    irn = await uploaded(gateway)
    answers = await asyncio.gather(
        *(gateway.generate(who, request(irn)) for who in (BY, TO) for _ in range(10))
    )
    made = [answer.json()["ebn"] for answer in answers if answer.status_code == 201]
    assert len(made) == 1
    assert {answer.json()["ebn"] for answer in answers} == set(made)


async def test_a_part_a_that_waits_keeps_its_invoice(gateway: Gateway) -> None:
    """Completed when the IRN is good no more: it was when Part A was furnished."""
    billed = invoice()
    irn = await uploaded(gateway, billed)
    gateway.clock.advance(days=30)
    answer = await gateway.generate(BY, request(irn, vehicle_number=None))
    waiting = answer.json()
    assert (answer.status_code, waiting["status"]) == (201, "PART_A_ONLY")
    assert (waiting["irn"], waiting["value_of_goods"]) == (irn, TOTAL)
    assert waiting["document_number"] == billed["document_number"]
    again = await gateway.generate(BY, request(irn))
    assert (again.status_code, again.json()["code"]) == (409, "DOCUMENT_ALREADY_HAS_PART_A")
    (listed,) = (await gateway.call(VIA, "GET", "/v1/part-a?assigned_to=me")).json()["items"]
    assert listed == waiting
    gateway.clock.advance(days=15)
    path = f"/v1/part-a/{waiting['part_a_reference']}/part-b"
    completed = await gateway.call(VIA, "PUT", path, json={"vehicle_number": "KA12AB1234"})
    assert completed.status_code == 201
    part_a = (await bill_read(gateway, completed.json()["ebn"]))["part_a"]
    assert (part_a["irn"], len(part_a["goods"])) == (irn, 2)


async def test_a_renewed_bill_keeps_its_invoice(gateway: Gateway) -> None:
    irn = await uploaded(gateway)
    ebn = (await gateway.generate(BY, request(irn))).json()["ebn"]
    gateway.clock.advance(days=5)
    onward = {"vehicle_number": "KA12AB1234", "distance_km": 50, "reason": "flood"}
    renewed = await gateway.call(VIA, "POST", f"{BILLS}/{ebn}/renewal", json=onward)
    assert (renewed.status_code, renewed.json()["part_a"]["irn"]) == (201, irn)


async def test_the_same_key_answers_the_same_bill(gateway: Gateway) -> None:
    irn = await uploaded(gateway)
    key = {"Idempotency-Key": "one"}
    first = await gateway.generate(BY, request(irn), headers=key)
    gateway.clock.advance(hours=23)
    again = await gateway.generate(BY, request(irn), headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
