"""r2(3): what the invoice fills, what contradicts it, until when, and what strangers are told."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.documents import OFFICER, OTHER, RECIPIENT, STRANGER, SUPPLIER, TRANSPORTER, person
from tests.invoiced import BARS, TOTAL, invoice, line, place, request, whole
from validators.authority import Person
from validators.calendar import india_date
from validators.errors import Fault
from validators.forms import FAULTS_MAX, read_form
from validators.ins06 import Ins06, examine, normalise
from validators.inv1 import read_inv1
from validators.inv1_faults import examine_invoice
from validators.invoice import Invoice
from validators.money import Paise
from validators.part_a_from_invoice import SAID_BY_INVOICE, fill_from_invoice
from validators.rulebook import rulebook_of

NOON = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
GOOD_UNTIL = NOON + timedelta(days=30)
RULEBOOK = rulebook_of("2017-06")
MICROSECOND = timedelta(microseconds=1)
BY, VIA = person(SUPPLIER), person(TRANSPORTER)
IRN = "0" * 64
UNKNOWN = ("/irn", "IRN_UNKNOWN")
DIFFERS = "DIFFERS_FROM_INVOICE"


def recorded(**changes: Any) -> Invoice:
    form, shape = read_inv1(json.dumps(invoice(**changes)).encode())
    assert examine_invoice(form, shape, india_date(NOON)) == []
    return Invoice(form, GOOD_UNTIL)


def furnished(
    sent: dict[str, Any],
    on_record: Invoice | None,
    by: Person = BY,
    at: datetime = NOON,
) -> tuple[Ins06, list[Fault]]:
    """The form as it is examined after it was filled, and all its faults."""
    form, shape = read_form(json.dumps(sent).encode(), Ins06)
    normalise(form)
    faults = fill_from_invoice(form, shape, on_record, by, at)
    return form, faults + examine(form, india_date(at), RULEBOOK)


def faults_of(*asked: Any, **how: Any) -> list[tuple[str, str]]:
    return [(each.pointer, each.code) for each in furnished(*asked, **how)[1]]


def test_what_is_left_out_is_what_the_invoice_says() -> None:
    on_record = recorded(document_number="Tax/1")
    form, faults = furnished(request(IRN), on_record)
    assert faults == []
    assert {name: getattr(form, name) for name in SAID_BY_INVOICE} == {
        "supplier_gstin": SUPPLIER,
        "recipient_gstin": RECIPIENT,
        "document_number": "Tax/1",
        "document_date": on_record.form.document_date,
        "value_of_goods": 88_795_00,
        "hsn_code": "72151000",
        "reason_code": 1,
    }
    assert (form.document_type, form.irn) == ("INVOICE", IRN)
    assert [(one.hsn_code, one.description, one.value) for one in form.goods or ()] == [
        ("721710", "Binding wire", 1250_00),
        ("72151000", "Steel bars", 74_000_00),
    ]


ONE_LINE = {"lines": [line(1)], "total_value": "1475.00"}


def test_one_line_is_no_list_of_goods() -> None:
    form, faults = furnished(request(IRN), recorded(**ONE_LINE))
    assert (form.goods, form.hsn_code, faults) == (None, "721710", [])


def test_of_lines_worth_the_same_the_first_names_the_code() -> None:
    twice = [line(1, hsn_code="1006"), line(2, hsn_code="7215")]
    form, _ = furnished(request(IRN), recorded(lines=twice, total_value="2950.00"))
    assert form.hsn_code == "1006"


@pytest.mark.parametrize(
    ("billed_to", "recipient"),
    [
        (place(), RECIPIENT),
        (place(RECIPIENT.lower()), RECIPIENT),
        (place("2917XYZ00012UN9"), "URP"),
    ],
)
def test_the_recipient_is_who_is_billed(billed_to: dict[str, Any], recipient: str) -> None:
    form, faults = furnished(
        request(IRN), recorded(billed_to=billed_to, shipped_to=place(STRANGER))
    )
    assert (form.recipient_gstin, faults) == (recipient, [])


@pytest.mark.parametrize("gstin", [None, "URP"])
def test_an_unregistered_recipient_is_urp(gstin: str | None) -> None:
    form, faults = furnished(request(IRN), recorded(supply_type="B2C", billed_to=place(gstin)))
    assert (form.recipient_gstin, faults) == ("URP", [])


@pytest.mark.parametrize(
    ("supply_type", "billed_to", "reason"),
    [
        ("B2B", place(), 1),
        ("DEEMED_EXPORT", place(), 1),
        ("EXPORT", place(None, state_code="96"), 2),
    ],
)
def test_the_reason_is_supply_or_export(
    supply_type: str, billed_to: dict[str, Any], reason: int
) -> None:
    on_record = recorded(supply_type=supply_type, billed_to=billed_to)
    assert furnished(request(IRN), on_record)[0].reason_code == reason
    form, faults = furnished(request(IRN, reason_code=7), on_record)
    assert (form.reason_code, faults) == (7, [])


@pytest.mark.parametrize("name", ["place_of_delivery", "distance_km"])
def test_what_the_invoice_does_not_say_is_required(name: str) -> None:
    sent = request(IRN)
    del sent[name]
    assert faults_of(sent, recorded()) == [(f"/{name}", "REQUIRED")]


def test_everything_may_be_said_again() -> None:
    billed = invoice()
    on_record = recorded(**billed)
    sent = whole(
        IRN,
        billed,
        supplier_gstin=SUPPLIER.lower(),
        document_number=billed["document_number"].upper(),
        document_type="INVOICE",
        goods=[
            {"hsn_code": "7217", "description": "BINDING WIRE", "value": 1250},
            {"hsn_code": "72151000", "description": "Steel bars", "value": "74000.00"},
        ],
    )
    form, faults = furnished(sent, on_record)
    assert faults == []
    assert form.document_number == billed["document_number"].upper()
    assert [one.hsn_code for one in form.goods or ()] == ["7217", "72151000"]


@pytest.mark.parametrize("name", SAID_BY_INVOICE)
def test_a_field_of_the_wrong_type_is_not_filled(name: str) -> None:
    assert faults_of(request(IRN, **{name: None}), recorded()) == [(f"/{name}", "WRONG_TYPE")]


GOODS = [
    {"hsn_code": "721710", "description": "Binding wire", "value": "1250.00"},
    {"hsn_code": "72151000", "description": "Steel bars", "value": "74000.00"},
]
CONTRADICTIONS = [
    ("/supplier_gstin", {"supplier_gstin": OTHER}),
    ("/supplier_gstin", {"supplier_gstin": "URP"}),
    ("/recipient_gstin", {"recipient_gstin": STRANGER}),
    ("/recipient_gstin", {"recipient_gstin": "URP"}),
    ("/document_type", {"document_type": "CHALLAN"}),
    ("/document_number", {"document_number": "OTHER/1"}),
    ("/document_date", {"document_date": "2026-11-19"}),
    ("/value_of_goods", {"value_of_goods": "88794.99"}),
    ("/value_of_goods", {"value_of_goods": "88795.01"}),
    ("/hsn_code", {"hsn_code": "7216"}),
    ("/hsn_code", {"hsn_code": "72152000"}),
    ("/goods", {"goods": GOODS[:1]}),
    ("/goods", {"goods": [*GOODS, GOODS[0]]}),
    ("/goods/0/hsn_code", {"goods": [GOODS[0] | {"hsn_code": "72151000"}, GOODS[1]]}),
    ("/goods/1/value", {"goods": [GOODS[0], GOODS[1] | {"value": "74000.01"}]}),
    ("/goods/1/value", {"goods": [GOODS[0], GOODS[1] | {"value": "0"}]}),
    ("/goods/1/description", {"goods": [GOODS[0], GOODS[1] | {"description": "Bananas"}]}),
]


@pytest.mark.parametrize(("pointer", "changes"), CONTRADICTIONS)
def test_a_contradiction_is_told_with_its_place(pointer: str, changes: dict[str, Any]) -> None:
    assert faults_of(request(IRN, **changes), recorded()) == [(pointer, DIFFERS)]


@pytest.mark.parametrize(("pointer", "changes"), CONTRADICTIONS)
def test_a_stranger_is_told_of_no_contradiction(pointer: str, changes: dict[str, Any]) -> None:
    assert pointer
    billed = invoice()
    sent = whole(IRN, billed, **changes)
    form, faults = furnished(sent, recorded(**billed), by=VIA)
    assert [(each.pointer, each.code) for each in faults] == [UNKNOWN]
    assert faults == furnished(sent, None, by=VIA)[1]
    assert form.value_of_goods == Paise.parse(sent["value_of_goods"])


def test_all_contradictions_are_told_at_once_and_what_the_invoice_says() -> None:
    sent = request(IRN, value_of_goods="1", document_date="2026-11-19", recipient_gstin=STRANGER)
    _, faults = furnished(sent, recorded())
    assert [each.detail for each in faults] == [
        f"recipient_gstin differs from the invoice, which says {RECIPIENT}",
        "document_date differs from the invoice, which says 2026-11-20",
        f"value_of_goods differs from the invoice, which says {TOTAL}",
    ]


def test_so_many_contradictions_are_told_and_no_more() -> None:
    many = [line(serial) for serial in range(1, 1001)]
    goods = [{"hsn_code": "1006", "description": "rice", "value": "1"}] * 1000
    on_record = recorded(lines=many, total_value="1475000.00")
    faults = faults_of(request(IRN, goods=goods), on_record)
    assert len(faults) == FAULTS_MAX


def test_an_invoice_may_give_goods_away() -> None:
    free = line(
        3, unit_price="0.00", total="0.00", taxable_value="0.00", igst={"rate": "0", "amount": "0"}
    )
    on_record = recorded(lines=[line(1), line(2, **BARS), free])
    form, faults = furnished(request(IRN), on_record)
    assert form.goods is not None
    assert ([one.value for one in form.goods], faults) == ([1250_00, 74_000_00, 0], [])


@pytest.mark.parametrize(
    "by", [BY, person(RECIPIENT), person(STRANGER), OFFICER], ids=lambda by: by.id
)
def test_whoever_may_read_the_invoice_is_filled_in(by: Person) -> None:
    assert faults_of(request(IRN), recorded(shipped_to=place(STRANGER)), by=by) == []


@pytest.mark.parametrize("name", SAID_BY_INVOICE)
def test_a_stranger_must_say_it_all(name: str) -> None:
    """As if there were no such invoice: an IRN can be guessed."""
    billed = invoice()
    sent = whole(IRN, billed)
    assert faults_of(sent, recorded(**billed), by=VIA) == []
    del sent[name]
    form, faults = furnished(sent, recorded(**billed), by=VIA)
    assert [(each.pointer, each.code) for each in faults] == [(f"/{name}", "REQUIRED"), UNKNOWN]
    assert faults == furnished(sent, None, by=VIA)[1]
    assert getattr(form, name) is UNSET


def test_a_stranger_is_not_given_the_lines() -> None:
    billed = invoice()
    form, faults = furnished(whole(IRN, billed), recorded(**billed), by=VIA)
    assert (form.goods, faults) == (None, [])


def test_a_stranger_learns_of_no_expiry() -> None:
    late = GOOD_UNTIL + MICROSECOND
    billed = invoice()
    assert faults_of(request(IRN), recorded(**billed), by=VIA, at=late)[-1] == UNKNOWN
    told = faults_of(whole(IRN, billed), recorded(**billed), by=VIA, at=late)
    assert told == [("/irn", "IRN_EXPIRED")]


def test_good_until_its_last_instant() -> None:
    on_record = recorded()
    assert faults_of(request(IRN), on_record, at=GOOD_UNTIL) == []
    late = GOOD_UNTIL + MICROSECOND
    form, faults = furnished(request(IRN), on_record, at=late)
    assert [(each.pointer, each.code) for each in faults] == [("/irn", "IRN_EXPIRED")]
    assert faults[0].detail == "irn was good until 2026-12-21T12:00:00+05:30"
    assert form.value_of_goods == 88_795_00


def test_an_unknown_irn_is_told_with_all_that_is_missing() -> None:
    assert sorted(faults_of(request(IRN), None)) == sorted(
        [*((f"/{name}", "REQUIRED") for name in SAID_BY_INVOICE), UNKNOWN]
    )


@given(st.sets(st.sampled_from(SAID_BY_INVOICE)))
def test_whatever_is_left_out_the_bill_is_the_same(left_out: set[str]) -> None:
    billed = invoice(document_number="Tax/1")
    sent = whole(IRN, billed, hsn_code="72151000")
    form, faults = furnished(
        {name: value for name, value in sent.items() if name not in left_out}, recorded(**billed)
    )
    assert faults == []
    assert form == furnished(sent, recorded(**billed))[0]
