"""INS-06 field by field: what is wrong, where, and by which code. Home of the sound document."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from validators.calendar import financial_year, india_date
from validators.forms import read_form
from validators.ins06 import Ins06, examine, normalise
from validators.rulebook import rulebook_of

SUPPLIER = "27AAPFU0939F1ZV"
RECIPIENT = "29AAGCB7383J1Z4"
TRANSPORTER = "24AAACC1206D1ZM"
NOON = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
TODAY = india_date(NOON)
RULEBOOK = rulebook_of("2017-06")
MICROSECOND = timedelta(microseconds=1)


def sound(**changes: object) -> dict[str, object]:
    """A document without a fault, with some fields replaced or added."""
    return {
        "supplier_gstin": SUPPLIER,
        "recipient_gstin": RECIPIENT,
        "place_of_delivery": "560001",
        "document_number": "INV/2026/000123",
        "document_date": "2026-11-20",
        "value_of_goods": "75000.00",
        "hsn_code": "7215",
        "reason_code": 1,
        "distance_km": 350,
        "vehicle_number": "KA12AB1234",
        "transporter_id": TRANSPORTER,
    } | changes


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()


def faults_of(document: object, today: date = TODAY) -> list[tuple[str, str]]:
    """Pointer and code of every fault, of shape and of content."""
    form, shape = read_form(encoded(document), Ins06)
    normalise(form)
    return [(each.pointer, each.code) for each in shape + examine(form, today, RULEBOOK)]


def line(**changes: object) -> dict[str, object]:
    return {"hsn_code": "7215", "description": "bars", "value": "75000.00"} | changes


SOUND = [
    {},
    {"supplier_gstin": "URP", "supplier_contact": {"mobile": "9876543210"}},
    {"supplier_gstin": "urp", "supplier_contact": {"email": "asha@example.in"}},
    {"recipient_gstin": "URP"},
    {"supplier_gstin": SUPPLIER.lower(), "transporter_id": TRANSPORTER.lower()},
    {"place_of_dispatch": "400001", "document_type": "CHALLAN", "irn": None, "goods": None},
    {"document_number": "A"},
    {"document_number": "abc-XYZ/01234567"},
    {"document_date": "2026-11-21"},
    {"document_date": "2024-02-29"},
    {"value_of_goods": 75000},
    {"value_of_goods": 75000.5},
    {"hsn_code": "721510"},
    {"hsn_code": "72151000"},
    {"reason_code": 0},
    {"reason_code": 7},
    {"distance_km": 1},
    {"distance_km": 4000},
    {"vehicle_number": "ka 12 ab 1234"},
    {"mode": "RAIL", "vehicle_number": None, "transport_document_number": "RR-1"},
    {"goods": [line(value="74999.99"), line(value="0.01")]},
    {"goods": [line(description="x" * 300)]},
    {"goods": [line(value="75.00")] * 1000},
]


@pytest.mark.parametrize("changes", SOUND, ids=lambda changes: json.dumps(changes)[:60])
def test_sound_document_has_no_fault(changes: dict[str, object]) -> None:
    assert faults_of(sound(**changes)) == []


REQUIRED = sorted(sound().keys() - {"vehicle_number", "transporter_id"})


@pytest.mark.parametrize("name", REQUIRED)
def test_required_field_missing(name: str) -> None:
    document = sound()
    del document[name]
    assert faults_of(document) == [(f"/{name}", "REQUIRED")]


@pytest.mark.parametrize("name", REQUIRED)
def test_required_field_null(name: str) -> None:
    assert faults_of(sound(**{name: None})) == [(f"/{name}", "WRONG_TYPE")]


FAULTY = [
    ("supplier_gstin", "27AAPFU0939F1ZW", "GSTIN_CHECKSUM"),
    ("supplier_gstin", "", "GSTIN_FORMAT"),
    ("recipient_gstin", "00AAPFU0939F1ZV", "GSTIN_FORMAT"),
    ("recipient_gstin", "URP ", "GSTIN_FORMAT"),
    ("recipient_gstin", 29, "WRONG_TYPE"),
    ("transporter_id", "URP", "GSTIN_FORMAT"),
    ("place_of_dispatch", "040001", "PIN_FORMAT"),
    ("place_of_delivery", "56000", "PIN_FORMAT"),
    ("place_of_delivery", 560001, "WRONG_TYPE"),
    ("document_type", "RECEIPT", "NOT_ONE_OF"),
    ("document_type", "invoice", "NOT_ONE_OF"),
    ("document_type", 1, "WRONG_TYPE"),
    ("document_number", "", "DOCUMENT_NUMBER_FORMAT"),
    ("document_number", "INV/2026/00001234", "DOCUMENT_NUMBER_FORMAT"),
    ("document_number", "INV 1", "DOCUMENT_NUMBER_FORMAT"),
    ("document_date", "2026-11-22", "DATE_IN_FUTURE"),
    ("document_date", "2026-02-29", "DATE_FORMAT"),
    ("document_date", "20-11-2026", "DATE_FORMAT"),
    ("document_date", "20261120", "DATE_FORMAT"),
    ("document_date", "2026-11-20T00:00:00", "DATE_FORMAT"),
    ("document_date", "2026-11-20\n", "DATE_FORMAT"),
    ("document_date", "\u0968\u0966\u0968\u096c-11-20", "DATE_FORMAT"),
    ("document_date", 20261120, "WRONG_TYPE"),
    ("value_of_goods", "0.00", "NOT_POSITIVE"),
    ("value_of_goods", "-0.01", "NOT_POSITIVE"),
    ("value_of_goods", "75,000.00", "MONEY_FORMAT"),
    ("value_of_goods", 75000.125, "MONEY_FORMAT"),
    ("value_of_goods", True, "WRONG_TYPE"),
    ("value_of_goods", False, "WRONG_TYPE"),
    ("value_of_goods", [], "WRONG_TYPE"),
    ("hsn_code", "72151", "HSN_FORMAT"),
    ("hsn_code", 7215, "WRONG_TYPE"),
    ("reason_code", -1, "OUT_OF_RANGE"),
    ("reason_code", 8, "OUT_OF_RANGE"),
    ("reason_code", "1", "WRONG_TYPE"),
    ("reason_code", 1.0, "WRONG_TYPE"),
    ("transport_document_number", " ", "EMPTY"),
    ("transport_document_number", "x" * 31, "TOO_LONG"),
    ("transport_document_number", "GR\x00", "CONTROL_CHARACTER"),
    ("mode", "SHIP", "NOT_ONE_OF"),
    ("distance_km", 0, "OUT_OF_RANGE"),
    ("distance_km", 4001, "OUT_OF_RANGE"),
    ("distance_km", 10**30, "OUT_OF_RANGE"),
    ("distance_km", True, "WRONG_TYPE"),
    ("distance_to_transporter_km", -1, "OUT_OF_RANGE"),
    ("distance_to_transporter_km", 4001, "OUT_OF_RANGE"),
    ("distance_to_transporter_km", "9", "WRONG_TYPE"),
    ("vehicle_number", "", "VEHICLE_FORMAT"),
    ("vehicle_number", "KA12AB123", "VEHICLE_FORMAT"),
    ("irn", "F" * 64, "IRN_FORMAT"),
    ("goods", [], "EMPTY"),
    ("goods", {}, "WRONG_TYPE"),
    ("goods", [line(value="0.01")] * 1001, "TOO_MANY"),
    ("supplier_contact", {}, "CONTACT_INCOMPLETE"),
    ("supplier_contact", "9876543210", "WRONG_TYPE"),
    ("consignee", "x", "UNKNOWN_FIELD"),
]


@pytest.mark.parametrize(("name", "value", "code"), FAULTY)
def test_one_fault(name: str, value: object, code: str) -> None:
    assert faults_of(sound(**{name: value})) == [(f"/{name}", code)]


NESTED = [
    ({"goods": [line(), line(hsn_code="72")]}, "/goods/1/hsn_code", "HSN_FORMAT"),
    ({"goods": [line(description="\u202e")]}, "/goods/0/description", "CONTROL_CHARACTER"),
    ({"goods": [line(description="\t")]}, "/goods/0/description", "EMPTY"),
    ({"goods": [line(description="x" * 301)]}, "/goods/0/description", "TOO_LONG"),
    ({"goods": [line(value="0")]}, "/goods/0/value", "NOT_POSITIVE"),
    ({"goods": [line(value="1.234")]}, "/goods/0/value", "MONEY_FORMAT"),
    ({"goods": [line(), 7]}, "/goods/1", "WRONG_TYPE"),
    ({"goods": [line(colour="red")]}, "/goods/0/colour", "UNKNOWN_FIELD"),
    ({"supplier_contact": {"mobile": "5876543210"}}, "/supplier_contact/mobile", "MOBILE_FORMAT"),
    ({"supplier_contact": {"email": "asha"}}, "/supplier_contact/email", "EMAIL_FORMAT"),
    ({"supplier_contact": {"fax": "1"}}, "/supplier_contact/fax", "UNKNOWN_FIELD"),
]


@pytest.mark.parametrize(("changes", "pointer", "code"), NESTED)
def test_nested_fault(changes: dict[str, object], pointer: str, code: str) -> None:
    assert (pointer, code) in faults_of(sound(**changes))


def test_wrong_type_says_what_was_expected() -> None:
    _, shape = read_form(encoded(sound(distance_to_transporter_km="5", mode=1)), Ins06)
    assert {each.pointer: each.detail for each in shape} == {
        "/distance_to_transporter_km": "distance_to_transporter_km must be an integer, "
        "not a string",
        "/mode": "mode must be a string, not an integer",
    }


def test_normalised_spelling_and_defaults() -> None:
    form, _ = read_form(
        encoded(sound(supplier_gstin=SUPPLIER.lower(), vehicle_number="ka 12 ab 1234")), Ins06
    )
    normalise(form)
    assert (form.supplier_gstin, form.vehicle_number) == (SUPPLIER, "KA12AB1234")
    assert (form.document_type, form.mode) == ("INVOICE", "ROAD")
    assert form.document_number == "INV/2026/000123"


@pytest.mark.parametrize("letter", ["\u0131", "\u017f", "\uff33"])
def test_only_ascii_letters_are_raised_to_upper_case(letter: str) -> None:
    """Dotless i and long s have ASCII capitals; a full-width S has not. None is a letter here."""
    assert faults_of(sound(vehicle_number=f"KA12A{letter}1234")) == [
        ("/vehicle_number", "VEHICLE_FORMAT")
    ]


MIDNIGHT_IN_INDIA = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (MIDNIGHT_IN_INDIA - MICROSECOND, date(2026, 11, 21)),
        (MIDNIGHT_IN_INDIA, date(2026, 11, 22)),
    ],
)
def test_document_date_against_the_wall_clock_of_india(at: datetime, day: date) -> None:
    assert india_date(at) == day
    tomorrow = day + timedelta(days=1)
    assert faults_of(sound(document_date=day.isoformat()), india_date(at)) == []
    assert faults_of(sound(document_date=tomorrow.isoformat()), india_date(at)) == [
        ("/document_date", "DATE_IN_FUTURE")
    ]


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2026, 3, 31), 2025),
        (date(2026, 4, 1), 2026),
        (date(2026, 12, 31), 2026),
        (date(2027, 1, 1), 2026),
    ],
)
def test_financial_year(day: date, year: int) -> None:
    assert financial_year(day) == year


CONVEYANCE_REQUIRED = [("/vehicle_number", "CONVEYANCE_REQUIRED")]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"distance_to_transporter_km": 9}, []),
        ({"distance_to_transporter_km": 0}, []),
        ({"distance_to_transporter_km": 10}, CONVEYANCE_REQUIRED),
        ({"distance_to_transporter_km": None}, CONVEYANCE_REQUIRED),
        ({}, CONVEYANCE_REQUIRED),
        ({"distance_to_transporter_km": 9, "transporter_id": None}, CONVEYANCE_REQUIRED),
        ({"distance_to_transporter_km": 9, "mode": "ROAD"}, []),
    ],
)
def test_part_b_third_proviso(changes: dict[str, object], expected: list[tuple[str, str]]) -> None:
    """r1(1): by road, without a vehicle, only below 10 km to the transporter's place."""
    assert faults_of(sound(vehicle_number=None, **changes)) == expected


@pytest.mark.parametrize("mode", ["RAIL", "AIR", "VESSEL"])
def test_off_road_needs_the_transport_document_and_no_vehicle(mode: str) -> None:
    document = sound(mode=mode, vehicle_number=None)
    missing = [("/transport_document_number", "TRANSPORT_DOCUMENT_REQUIRED")]
    assert faults_of(document) == missing
    assert faults_of(document | {"transport_document_number": None}) == missing
    assert faults_of(document | {"transport_document_number": "RR-1"}) == []
