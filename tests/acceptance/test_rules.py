"""Rules that no other test is about, each by what it allows: docs/rules.md has the tests of all."""

from typing import Any

import pytest

from tests.documents import RECIPIENT, SUPPLIER, TRANSPORTER, document, person
from tests.gateway_in_process import Gateway
from validators.authority import Person, Role

BY, TO, VIA = person(SUPPLIER), person(RECIPIENT), person(TRANSPORTER, Role.TRANSPORTER)
BILLS = "/v1/eway-bills"


@pytest.mark.parametrize("value", ["1.00", "50000.01"])
async def test_a_transporter_generates_for_the_unregistered(gateway: Gateway, value: str) -> None:
    """r1(1) second proviso: neither end is registered; what is required says the value alone."""
    sent = document(supplier_gstin="URP", recipient_gstin="URP", value_of_goods=value)
    for stranger in (BY, TO):
        refused = await gateway.generate(stranger, sent)
        assert (refused.status_code, refused.json()["code"]) == (403, "NOT_A_PARTY")
    answer = await gateway.generate(VIA, sent)
    bill = answer.json()
    assert (answer.status_code, bill["generated_by"]) == (201, TRANSPORTER)
    assert bill["requirement"]["required"] is (value == "50000.01")
    assert bill["acceptance"]["status"] == "NOT_APPLICABLE"


async def test_a_transporter_generates_what_nobody_has_and_consolidates(gateway: Gateway) -> None:
    """r1(5), from invoice, bill of supply or challan; what the consignor has generated it
    cannot generate again."""
    made = []
    for kind in ("INVOICE", "BILL_OF_SUPPLY", "CHALLAN"):
        sent = document(document_type=kind, value_of_goods="50000.01")
        answer = await gateway.generate(VIA, sent)
        assert (answer.status_code, answer.json()["generated_by"]) == (201, TRANSPORTER)
        made.append(answer.json()["ebn"])
        late = await gateway.generate(BY, sent)
        assert (late.status_code, late.json()["ebn"]) == (409, made[-1])
    body = {"ebns": made, "vehicle_number": "KA12AB1234"}
    whole = await gateway.call(VIA, "POST", "/v1/consolidated-eway-bills", json=body)
    assert whole.status_code == 201
    assert [item["ebn"] for item in whole.json()["items"]] == made
    theirs = document()
    first = (await gateway.generate(BY, theirs)).json()["ebn"]
    refused = await gateway.generate(VIA, theirs)
    assert (refused.status_code, refused.json()["ebn"]) == (409, first)


@pytest.mark.parametrize("furnisher", [TO, VIA], ids=["recipient", "transporter"])
async def test_part_a_is_the_suppliers_to_use_whoever_furnished_it(
    gateway: Gateway, furnisher: Person
) -> None:
    """r1(6): every field of it, as furnished."""
    goods = [{"hsn_code": "7215", "description": "bars", "value": "75000.00"}]
    sent = document(goods=goods)
    ebn = (await gateway.generate(furnisher, sent)).json()["ebn"]
    read = (await gateway.call(BY, "GET", f"{BILLS}/{ebn}")).json()
    (listed,) = (await gateway.call(BY, "GET", f"{BILLS}?role=supplier")).json()["items"]
    assert listed == read
    told: dict[str, Any] = read["part_a"]
    furnished = sent.keys() - {"vehicle_number", "irn"}
    assert {name: told[name] for name in furnished} == {name: sent[name] for name in furnished}


async def test_a_bill_holds_in_every_state(gateway: Gateway) -> None:
    """r1(11): from Maharashtra to Karnataka, and read and verified alike in all the others."""
    ebn = (await gateway.generate(BY, document())).json()["ebn"]
    place = {"place": "check post", "result": "OK", "physical": True}
    for state in (f"{code:02}" for code in range(1, 39)):
        officer = Person(f"client-in-{state}", Role.OFFICER, f"officer-{state}", state)
        read = await gateway.call(officer, "GET", f"{BILLS}/{ebn}")
        assert (read.status_code, read.json()["status"]) == (200, "ACTIVE")
        told = await gateway.call(officer, "POST", f"{BILLS}/{ebn}/verifications", json=place)
        assert (told.status_code, told.json()["state"]) == (201, state)
        assert told.json()["bill_status"] == "ACTIVE"
