"""Part A from an uploaded invoice over HTTP, r2(3): filled, compared, kept with the bill."""

from typing import Any

import httpx
import pytest

from tests.documents import (
    OFFICER,
    OTHER,
    RECIPIENT,
    STRANGER,
    SUPPLIER,
    TRANSPORTER,
    document,
    person,
)
from tests.gateway_in_process import Gateway
from tests.invoiced import BARS, TOTAL, bill_read, invoice, line, place, request, uploaded, whole
from validators.authority import Person, Role
from validators.part_a_from_invoice import SAID_BY_INVOICE

BY, TO, VIA = person(SUPPLIER), person(RECIPIENT), person(TRANSPORTER, Role.TRANSPORTER)
BILLS, ASKED, INVOICES = "/v1/eway-bills", "/v1/eway-bills/requirement", "/v1/invoices"
UNKNOWN = ("/irn", "IRN_UNKNOWN")
DIFFERS = "DIFFERS_FROM_INVOICE"
NOBODY_S = "0" * 64


def told(answer: httpx.Response) -> list[tuple[str, str]]:
    """The faults of a document that was refused."""
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_DOCUMENT"), answer.text
    return [(each["pointer"], each["code"]) for each in answer.json()["errors"]]


async def test_a_bill_says_what_its_invoice_says(gateway: Gateway) -> None:
    billed = invoice()
    irn = await uploaded(gateway, billed)
    answer = await gateway.generate(BY, request(irn))
    assert answer.status_code == 201, answer.text
    bill = answer.json()
    assert bill["part_a"] == {
        "supplier_gstin": SUPPLIER,
        "recipient_gstin": RECIPIENT,
        "place_of_dispatch": None,
        "place_of_delivery": "560025",
        "document_type": "INVOICE",
        "document_number": billed["document_number"],
        "document_date": "2026-11-20",
        "value_of_goods": TOTAL,
        "hsn_code": "72151000",
        "reason_code": 1,
        "transport_document_number": None,
        "mode": "ROAD",
        "distance_km": 350,
        "distance_to_transporter_km": None,
        "transporter_id": TRANSPORTER,
        "goods": [
            {"hsn_code": "721710", "description": "Binding wire", "value": "1250.00"},
            {"hsn_code": "72151000", "description": "Steel bars", "value": "74000.00"},
        ],
        "supplier_contact": None,
        "irn": irn,
    }
    assert bill["requirement"] == {"required": True, "clause": "1(1)"}
    from_record = await bill_read(gateway, bill["ebn"])
    await gateway.until_hot()
    filled, kept = [await bill_read(gateway, bill["ebn"]) for _ in range(2)]
    assert from_record == filled == kept == bill
    (listed,) = (await gateway.call(VIA, "GET", f"{BILLS}?role=transporter")).json()["items"]
    assert listed == bill
    shown = await gateway.call(OFFICER, "GET", f"{INVOICES}/{bill['part_a']['irn']}")
    assert shown.json()["document_number"] == billed["document_number"]


async def test_a_bill_without_an_invoice_has_no_irn(gateway: Gateway) -> None:
    bill = (await gateway.generate(BY, document())).json()
    assert bill["part_a"]["irn"] is None
    assert await bill_read(gateway, bill["ebn"]) == bill


@pytest.mark.parametrize("who", [BY, TO, person(STRANGER)], ids=["supplier", "billed", "shipped"])
async def test_whoever_the_invoice_names_may_leave_it_to_the_invoice(
    gateway: Gateway, who: Person
) -> None:
    irn = await uploaded(gateway, shipped_to=place(STRANGER))
    answer = await gateway.generate(who, request(irn, transporter_id=STRANGER))
    assert (answer.status_code, answer.json()["generated_by"]) == (201, who.id)


async def test_who_may_generate_is_asked_of_the_form_as_filled(gateway: Gateway) -> None:
    """Whoever it is shipped to reads the invoice, and is no recipient of the bill for that."""
    irn = await uploaded(gateway, shipped_to=place(STRANGER))
    answer = await gateway.generate(person(STRANGER), request(irn))
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_A_PARTY")


async def test_contradictions_are_told_field_by_field_and_make_no_bill(gateway: Gateway) -> None:
    irn = await uploaded(gateway)
    wrong = {
        "supplier_gstin": OTHER,
        "recipient_gstin": STRANGER,
        "document_type": "CHALLAN",
        "document_number": "OTHER/1",
        "document_date": "2026-11-19",
        "value_of_goods": "88795.01",
        "hsn_code": "7216",
    }
    answer = await gateway.generate(BY, request(irn, **wrong))
    assert sorted(told(answer)) == sorted((f"/{name}", DIFFERS) for name in wrong)
    details = {each["pointer"]: each["detail"] for each in answer.json()["errors"]}
    assert details["/value_of_goods"] == (
        f"value_of_goods differs from the invoice, which says {TOTAL}"
    )
    for name, value in wrong.items():
        one = await gateway.generate(BY, request(irn, **{name: value}))
        assert told(one) == [(f"/{name}", DIFFERS)]
    assert (await gateway.generate(BY, request(irn, value_of_goods=TOTAL))).status_code == 201


async def test_what_the_invoice_does_not_say_and_other_faults_are_told_with_them(
    gateway: Gateway,
) -> None:
    irn = await uploaded(gateway)
    sent = request(irn, value_of_goods="1", vehicle_number=None, colour="red", hsn_code=7215)
    del sent["place_of_delivery"]
    answer = await gateway.generate(BY, sent | {"transporter_id": None})
    assert sorted(told(answer)) == [
        ("/colour", "UNKNOWN_FIELD"),
        ("/hsn_code", "WRONG_TYPE"),
        ("/place_of_delivery", "REQUIRED"),
        ("/value_of_goods", DIFFERS),
        ("/vehicle_number", "CONVEYANCE_REQUIRED"),
    ]


async def test_without_an_invoice_everything_is_required(gateway: Gateway) -> None:
    missing = sorted((f"/{name}", "REQUIRED") for name in SAID_BY_INVOICE)
    sent = request(NOBODY_S)
    assert sorted(told(await gateway.generate(BY, sent))) == sorted([*missing, UNKNOWN])
    assert sorted(told(await gateway.generate(BY, sent | {"irn": None}))) == missing
    malformed = await gateway.generate(BY, sent | {"irn": "A" * 64})
    assert sorted(told(malformed)) == sorted([*missing, ("/irn", "IRN_FORMAT")])
    wrong_type = await gateway.generate(BY, sent | {"irn": 7})
    assert sorted(told(wrong_type)) == sorted([*missing, ("/irn", "WRONG_TYPE")])


async def test_an_irn_that_was_guessed_tells_a_stranger_nothing(gateway: Gateway) -> None:
    """As of an IRN of nobody's, whatever is left out or guessed wrong."""
    billed = invoice()
    irn = await uploaded(gateway, billed)
    guesses: list[dict[str, Any]] = [
        request(irn),
        request(irn, supplier_gstin=SUPPLIER, document_number=billed["document_number"]),
        *(
            whole(irn, billed, **one)
            for one in (
                {"value_of_goods": "88795.01"},
                {"recipient_gstin": STRANGER},
                {"document_date": "2026-11-19"},
                {"hsn_code": "1006"},
                {"goods": [{"hsn_code": "7215", "description": "Steel bars", "value": "74000"}]},
            )
        ),
    ]
    for path in (BILLS, ASKED):
        for guess in guesses:
            answer = await gateway.call(VIA, "POST", path, json=guess)
            of_nobody = await gateway.call(VIA, "POST", path, json=guess | {"irn": NOBODY_S})
            assert UNKNOWN in told(answer)
            assert answer.json()["errors"] == of_nobody.json()["errors"]
    assert (await gateway.generate(BY, request(irn))).status_code == 201  # Nothing held it.


async def test_a_transporter_generates_on_the_basis_of_the_invoice_it_was_handed(
    gateway: Gateway,
) -> None:
    """r1(5): it says what is in it, and no more than it says is filled in."""
    billed = invoice()
    irn = await uploaded(gateway, billed)
    answer = await gateway.generate(VIA, whole(irn, billed))
    assert answer.status_code == 201, answer.text
    part_a = (await bill_read(gateway, answer.json()["ebn"]))["part_a"]
    assert (part_a["irn"], part_a["goods"]) == (irn, None)


async def test_an_irn_is_good_for_30_days_from_its_upload(gateway: Gateway) -> None:
    """r2(2): to the microsecond, also for the question whether a bill is required."""
    first, second = await uploaded(gateway), await uploaded(gateway)
    gateway.clock.advance(days=30)
    assert (await gateway.generate(BY, request(first))).status_code == 201
    assert (await gateway.call(BY, "POST", ASKED, json=request(second))).status_code == 200
    gateway.clock.advance(microseconds=1)
    for path in (BILLS, ASKED):
        refused = await gateway.call(BY, "POST", path, json=request(second))
        assert told(refused) == [("/irn", "IRN_EXPIRED")]
    (fault,) = refused.json()["errors"]
    assert fault["detail"] == "irn was good until 2026-12-21T14:05:09.123456+05:30"


async def test_the_requirement_is_that_of_the_invoice_s_goods(gateway: Gateway) -> None:
    milk = line(
        1, hsn_code="0401", description="Milk", quantity="1000", unit="LTR", unit_price="60.00",
        total="60000.00", taxable_value="60000.00", igst={"rate": "0", "amount": "0.00"},
    )  # fmt: skip
    ghee = line(2, hsn_code="0405", description="Ghee")
    irn = await uploaded(gateway, lines=[milk, ghee], total_value="61475.00")
    for who in (BY, OFFICER):
        answer = await gateway.call(who, "POST", ASKED, json=request(irn))
        assert answer.status_code == 200, answer.text
        stated = answer.json()
        assert (stated["required"], stated["clause"]) == (True, "1(1)")
        assert stated["explanation"].startswith("Required: Rs 61475.00 ")
        assert [item["hsn_code"] for item in stated["items"]] == ["0401", "0405"]


async def test_conditions_are_stated_with_the_lines_of_the_invoice(gateway: Gateway) -> None:
    """What an exemption depends on the invoice does not say."""
    milk = line(
        1, hsn_code="0401", description="Milk", quantity="1000", unit="LTR", unit_price="60.00",
        total="60000.00", taxable_value="60000.00", igst={"rate": "0", "amount": "0.00"},
    )  # fmt: skip
    irn = await uploaded(gateway, lines=[milk, milk | {"serial": 2}], total_value="120000.00")
    of_all = request(irn, exemption={"conditions": ["FRESH", "NOT_UHT"]})
    assert told(await gateway.generate(BY, of_all)) == [
        ("/exemption/conditions", "STATED_WITH_GOODS")
    ]
    stated = {
        "hsn_code": "0401", "description": "milk", "value": "60000.00",
        "conditions": ["FRESH", "NOT_UHT"],
    }  # fmt: skip
    answer = await gateway.generate(BY, request(irn, goods=[stated, stated]))
    assert answer.json()["requirement"] == {"required": False, "clause": "1(12)(a)"}


async def test_an_export_says_so(gateway: Gateway) -> None:
    abroad = place(None, state_code="96", address="Jebel Ali, Dubai")
    irn = await uploaded(gateway, supply_type="EXPORT", billed_to=abroad)
    bill = (await gateway.generate(BY, request(irn))).json()
    assert (bill["part_a"]["recipient_gstin"], bill["part_a"]["reason_code"]) == ("URP", 2)
    assert bill["acceptance"]["status"] == "NOT_APPLICABLE"


async def test_a_thousand_lines_become_a_thousand_goods(gateway: Gateway) -> None:
    many = [line(serial) for serial in range(1, 1000)]
    irn = await uploaded(gateway, lines=[*many, line(1000, **BARS)], total_value="1560845.00")
    answer = await gateway.generate(BY, request(irn))
    assert answer.status_code == 201, answer.text
    part_a = (await bill_read(gateway, answer.json()["ebn"]))["part_a"]
    assert (len(part_a["goods"]), part_a["hsn_code"]) == (1000, "72151000")


async def test_what_may_be_left_out_is_documented(gateway: Gateway) -> None:
    openapi = (await gateway.http.get("/openapi.json")).json()
    form = openapi["components"]["schemas"]["Ins06"]
    assert sorted(form["required"]) == ["distance_km", "place_of_delivery"]
    assert form["anyOf"] == [
        {"required": list(SAID_BY_INVOICE)},
        {"required": ["irn"], "properties": {"irn": {"type": "string"}}},
    ]
