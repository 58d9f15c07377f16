"""From messages to forms and, from the faults of the forms, back to the fields of the messages."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from sms.forms import ins06_of, misread_of
from sms.grammar import read
from sms.messages import (
    MESSAGES,
    Generate,
    GenerateAsTaxpayer,
    Message,
    Misread,
    ReasonCode,
    TranType,
    example_of,
)
from tests.documents import RECIPIENT, SUPPLIER, TRANSPORTER
from tests.unit.test_sms_every_message import AT, EWBG, EWBT, RULEBOOK, form_of
from validators.errors import fault
from validators.ins06 import Ins06, examine
from validators.money import VALUE_PAISE_MAX, Paise
from validators.rulebook import DISTANCE_KM_MAX

REASONS = {
    "OSUP": 1, "OEXP": 2, "OJOB": 3, "OSCD": 4, "ORNK": 5, "OFOU": 7, "OEOF": 0, "OLNS": 0,
    "OOTH": 0, "ISUP": 1, "IIMP": 2, "ISCD": 4, "IJWR": 3, "ISLR": 6, "IEOF": 0, "IFOU": 7,
    "IOTH": 0,
}  # fmt: skip


def message_of(text: str) -> Generate:
    message = read(text)
    assert isinstance(message, Generate)
    return message


@pytest.mark.parametrize(("letters", "code"), REASONS.items())
def test_every_tran_type_has_its_reason_in_a_7(letters: str, code: int) -> None:
    form = ins06_of(message_of(EWBG.replace("OSUP", letters)), SUPPLIER)
    assert isinstance(form, Ins06)
    assert form.reason_code == code
    outward = form.supplier_gstin == SUPPLIER
    assert outward == (letters[0] == "O")


def test_no_other_tran_type() -> None:
    assert [each.value for each in TranType] == list(REASONS)


def test_every_reason_of_a_transfer() -> None:
    reasons = {each.value: each.transfer_reason for each in ReasonCode}
    assert reasons == {
        "FST": "FIRST_CONVEYANCE",
        "BRK": "BREAKDOWN",
        "TRS": "TRANSHIPMENT",
        "OTH": "OTHER",
    }


def test_ewbg_of_goods_that_come_in() -> None:
    form = form_of(EWBG.replace("OSUP", "ISLR"), SUPPLIER)
    assert (form.supplier_gstin, form.recipient_gstin) == (RECIPIENT, SUPPLIER)
    assert form.reason_code == 6


def test_ewbg_of_goods_from_an_unregistered_supplier() -> None:
    form = form_of(EWBG.replace("OSUP", "ISUP").replace(RECIPIENT, "URP"), SUPPLIER)
    assert (form.supplier_gstin, form.recipient_gstin) == ("URP", SUPPLIER)


def test_ewbg_of_goods_that_come_in_from_oneself_names_no_supplier() -> None:
    message = read(EWBG.replace("OSUP", "ISUP"))
    assert isinstance(message, Generate)
    assert ins06_of(message, RECIPIENT) == Misread("EWBG", "RecGSTIN", RECIPIENT, "OWN_GSTIN")


def test_ewbg_of_goods_for_own_use_may_go_to_oneself() -> None:
    form = form_of(EWBG.replace("OSUP", "OFOU"), RECIPIENT)
    assert form.supplier_gstin == form.recipient_gstin == RECIPIENT


POINTERS = {
    "/place_of_delivery": "DelPinCode",
    "/document_number": "InvNo",
    "/document_date": "InvDate",
    "/value_of_goods": "TotalValue",
    "/hsn_code": "HSNCode",
    "/reason_code": "TranType",
    "/distance_km": "ApprDist",
    "/vehicle_number": "Vehicle",
    "/mode": None,
    "/document_type": None,
    "/goods/0/hsn_code": None,
    "": None,
    "/ebn": None,
    "/tran_type": "TranType",
}
PARTIES = [
    (EWBG, "RecGSTIN", None),
    (EWBG.replace("OSUP", "ISUP"), None, "RecGSTIN"),
    (EWBT, "RecGSTIN", "SuppGSTIN"),
    (EWBT.replace("OSUP", "ISUP"), "RecGSTIN", "SuppGSTIN"),
]


def field_of(message: Message, pointer: str) -> str | None:
    """The field of a message that a fault found at a pointer into its form is said to be of."""
    return misread_of(message, fault(pointer, "WRONG_TYPE")).field


@pytest.mark.parametrize(("text", "recipient", "supplier"), PARTIES)
def test_the_field_of_a_pointer(text: str, recipient: str | None, supplier: str | None) -> None:
    message = message_of(text)
    assert {each: field_of(message, each) for each in POINTERS} == POINTERS
    assert field_of(message, "/recipient_gstin") == recipient
    assert field_of(message, "/supplier_gstin") == supplier
    assert field_of(message, "/transporter_id") is None


OF_CHANGES = [
    ("EWBV", "/vehicle_number", "Vehicle"),
    ("EWBV", "/reason", "ReasonCode"),
    ("EWBV", "/place", None),
    ("EWBC", "/reason", None),
    ("EWBR", "/remark", None),
    ("EWBX", "/transporter_id", "TransporterId"),
]


@pytest.mark.parametrize(("keyword", "pointer", "field"), OF_CHANGES)
def test_the_field_of_a_pointer_into_a_change(
    keyword: str, pointer: str, field: str | None
) -> None:
    message = read(example_of(MESSAGES[keyword]))
    assert not isinstance(message, Misread)
    assert field_of(message, pointer) == field


def test_every_fault_that_only_the_use_case_can_find_is_one_of_a_field() -> None:
    sound = message_of(EWBG)
    assert isinstance(sound, GenerateAsTaxpayer)
    found: list[tuple[Message, str, str, str]] = [
        (replace(sound, document_date=AT.date() + timedelta(days=1)), "InvDate", "02/04/2018",
         "DATE_IN_FUTURE"),
        (replace(sound, value_of_goods=Paise(0)), "TotalValue", "0.00", "NOT_POSITIVE"),
        (replace(sound, value_of_goods=Paise(-50)), "TotalValue", "-0.50", "NOT_POSITIVE"),
        (replace(sound, value_of_goods=Paise(VALUE_PAISE_MAX + 1)), "TotalValue",
         "10000000000000.00", "OUT_OF_RANGE"),
        (replace(sound, distance_km=0), "ApprDist", "0", "OUT_OF_RANGE"),
        (replace(sound, distance_km=DISTANCE_KM_MAX + 1), "ApprDist", "4001", "OUT_OF_RANGE"),
    ]  # fmt: skip
    for message, field, shown, code in found:
        assert isinstance(message, GenerateAsTaxpayer)
        form = ins06_of(message, SUPPLIER)
        assert isinstance(form, Ins06)
        (only,) = examine(form, AT.date(), RULEBOOK)
        assert misread_of(message, only) == Misread("EWBG", field, shown, code)


def test_a_fault_of_what_the_message_does_not_say() -> None:
    message = message_of(EWBT)
    at_fault = fault("/transporter_id", "GSTIN_FORMAT")
    assert misread_of(message, at_fault) == Misread("EWBT", None, "", "GSTIN_FORMAT")


def test_the_day_is_not_swapped_with_the_month() -> None:
    message = message_of(EWBG.replace("01/04/2018", "2/3/2018"))
    assert message.document_date == date(2018, 3, 2)


def test_who_sends_it_is_who_generates() -> None:
    for text, sender in ((EWBG, SUPPLIER), (EWBT, TRANSPORTER)):
        form = ins06_of(message_of(text), sender)
        assert isinstance(form, Ins06)
        assert sender in (form.supplier_gstin, form.transporter_id)
        assert form.recipient_gstin == RECIPIENT
