"""INS-06 documents through HTTP: what is taken, what is refused, and how exactly it says why."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx

from tests.acceptance.corpus import Consignment, consignments
from tests.documents import SUPPLIER, document, person
from tests.gateway_in_process import Gateway
from validators.errors import FAULTS

BODY_BYTES_MAX = 1024 * 1024
GOODS = '{"hsn_code": "1006", "description": %s, "value": "10"}'
RICE = '"rice"'
INDIA = timezone(timedelta(hours=5, minutes=30))
AT_ONCE = 20

# A pointer to the field at fault, the JSON sent for that field (None: the field is left out), and
# the code of the fault.
FIELD_FAULTS: tuple[tuple[str, str | None, str], ...] = (
    *((f"/{name}", None, "REQUIRED") for name in (
        "supplier_gstin", "recipient_gstin", "place_of_delivery", "document_number",
        "document_date", "value_of_goods", "hsn_code", "reason_code", "distance_km",
    )),
    ("/supplier_gstin", '"27AAPFU0939F1ZW"', "GSTIN_CHECKSUM"),
    ("/supplier_gstin", '"27AAPFU0939F1ZV "', "GSTIN_FORMAT"),
    ("/supplier_gstin", '"27AAPFU0939F1ZV\\u0000"', "GSTIN_FORMAT"),
    ("/supplier_gstin", '"00AAPFU0939F1ZV"', "GSTIN_FORMAT"),
    ("/supplier_gstin", '""', "GSTIN_FORMAT"),
    ("/supplier_gstin", "27", "WRONG_TYPE"),
    ("/supplier_gstin", "null", "WRONG_TYPE"),
    ("/recipient_gstin", '"29AAGCB7383J1Z5"', "GSTIN_CHECKSUM"),
    ("/recipient_gstin", '"URPX"', "GSTIN_FORMAT"),
    ("/recipient_gstin", '["29AAGCB7383J1Z4"]', "WRONG_TYPE"),
    ("/transporter_id", '"05AAACG2115R1ZM"', "GSTIN_CHECKSUM"),
    ("/transporter_id", '"URP"', "GSTIN_FORMAT"),
    ("/place_of_dispatch", '"040001"', "PIN_FORMAT"),
    ("/place_of_delivery", '"56000"', "PIN_FORMAT"),
    ("/place_of_delivery", '"५६०००१"', "PIN_FORMAT"),
    ("/place_of_delivery", "560001", "WRONG_TYPE"),
    ("/document_type", '"invoice"', "NOT_ONE_OF"),
    ("/document_type", "1", "WRONG_TYPE"),
    ("/document_number", '"INV 1"', "DOCUMENT_NUMBER_FORMAT"),
    ("/document_number", '"INV/2026/00000123"', "DOCUMENT_NUMBER_FORMAT"),
    ("/document_number", '""', "DOCUMENT_NUMBER_FORMAT"),
    ("/document_number", '"INV\\u0000"', "DOCUMENT_NUMBER_FORMAT"),
    ("/document_number", '"INV\\n"', "DOCUMENT_NUMBER_FORMAT"),
    ("/document_number", "123", "WRONG_TYPE"),
    ("/document_date", '"20-11-2026"', "DATE_FORMAT"),
    ("/document_date", '"2026-02-29"', "DATE_FORMAT"),
    ("/document_date", '"2026-11-20T00:00:00Z"', "DATE_FORMAT"),
    ("/document_date", '"2026-11-22"', "DATE_IN_FUTURE"),
    ("/document_date", "20261120", "WRONG_TYPE"),
    ("/value_of_goods", "0", "NOT_POSITIVE"),
    ("/value_of_goods", '"0.00"', "NOT_POSITIVE"),
    ("/value_of_goods", "-1", "NOT_POSITIVE"),
    ("/value_of_goods", '"-0.01"', "NOT_POSITIVE"),
    ("/value_of_goods", '"75000.001"', "MONEY_FORMAT"),
    ("/value_of_goods", "75000.001", "MONEY_FORMAT"),
    ("/value_of_goods", '"75000.000"', "MONEY_FORMAT"),
    ("/value_of_goods", "7.5e4", "MONEY_FORMAT"),
    ("/value_of_goods", "1e400", "MONEY_FORMAT"),
    ("/value_of_goods", '"7.5e4"', "MONEY_FORMAT"),
    ("/value_of_goods", '"75,000"', "MONEY_FORMAT"),
    ("/value_of_goods", '"Rs 75000"', "MONEY_FORMAT"),
    ("/value_of_goods", '"+75000"', "MONEY_FORMAT"),
    ("/value_of_goods", '" 75000"', "MONEY_FORMAT"),
    ("/value_of_goods", '"NaN"', "MONEY_FORMAT"),
    ("/value_of_goods", '"10000000000000.00"', "OUT_OF_RANGE"),
    ("/value_of_goods", '"99999999999999999999"', "MONEY_FORMAT"),
    ("/value_of_goods", "true", "WRONG_TYPE"),
    ("/value_of_goods", "{}", "WRONG_TYPE"),
    *(("/hsn_code", code, "HSN_FORMAT") for code in (
        '"721"', '"72150"', '"721500000"', '"7215-1"', '"७२१५"', '""',
    )),
    ("/hsn_code", "7215", "WRONG_TYPE"),
    ("/reason_code", "8", "OUT_OF_RANGE"),
    ("/reason_code", "-1", "OUT_OF_RANGE"),
    ("/reason_code", '"1"', "WRONG_TYPE"),
    ("/mode", '"Road"', "NOT_ONE_OF"),
    ("/distance_km", "0", "OUT_OF_RANGE"),
    ("/distance_km", "4001", "OUT_OF_RANGE"),
    ("/distance_km", "-350", "OUT_OF_RANGE"),
    ("/distance_km", "99999999999999999999", "OUT_OF_RANGE"),
    ("/distance_km", "350.5", "WRONG_TYPE"),
    ("/distance_km", "true", "WRONG_TYPE"),
    ("/distance_km", '"350"', "WRONG_TYPE"),
    ("/distance_to_transporter_km", "-1", "OUT_OF_RANGE"),
    ("/vehicle_number", '"KA12AB12345"', "VEHICLE_FORMAT"),
    ("/vehicle_number", '"KA12\\u0000AB1234"', "VEHICLE_FORMAT"),
    ("/vehicle_number", '""', "VEHICLE_FORMAT"),
    ("/transport_document_number", '"  "', "EMPTY"),
    ("/transport_document_number", json.dumps("G" * 31), "TOO_LONG"),
    ("/transport_document_number", '"GR\\u0000"', "CONTROL_CHARACTER"),
    ("/irn", json.dumps("0" * 64), "IRN_UNKNOWN"),
    ("/irn", json.dumps("A" * 64), "IRN_FORMAT"),
    ("/over_dimensional", '"yes"', "WRONG_TYPE"),
    ("/over_dimensional", "1", "WRONG_TYPE"),
    ("/goods", "[]", "EMPTY"),
    ("/goods", "{}", "WRONG_TYPE"),
    ("/goods", f"[{','.join([GOODS % RICE] * 1001)}]", "TOO_MANY"),
    *(("/goods/0/description", f"[{GOODS % json.dumps(text)}]", "CONTROL_CHARACTER") for text in (
        "ri\0ce", "ri\x07ce", "ri\tce", "ri\nce", "ri\x7fce", "ri\x85ce", "ri\u2028ce",
        "ri\u202ece", "ri\u2066ce", "ri\u2069ce",
    )),
    ("/goods/0/description", f"[{GOODS % json.dumps('r' * 301)}]", "TOO_LONG"),
    ("/goods/0/hsn_code", '[{"hsn_code": "1", "description": "a", "value": 1}]', "HSN_FORMAT"),
    ("/goods/1/value", f'[{GOODS % RICE}, {{"hsn_code": "1006", "description": "a"}}]', "REQUIRED"),
    ("/goods/0/brand", '[{"hsn_code": "1006", "description": "a", "value": 1, "brand": "b"}]',
     "UNKNOWN_FIELD"),
    ("/supplier_contact", "{}", "CONTACT_INCOMPLETE"),
    ("/exemption/conditions/1", '{"conditions": ["FRESH", "FRESH"]}', "DOUBLED"),
    ("/exemption/conditions/0", '{"conditions": ["COOKED"]}', "NOT_ONE_OF"),
    ("/supplier_contact/mobile", '{"mobile": "5845012345"}', "MOBILE_FORMAT"),
    ("/supplier_contact/email", '{"email": "a@b"}', "EMAIL_FORMAT"),
    ("/supplier_contact/email", '{"email": "a\\u0000@b.in"}', "EMAIL_FORMAT"),
    ("/hsn_cod", '"7215"', "UNKNOWN_FIELD"),
    ("/generated_by", json.dumps(SUPPLIER), "UNKNOWN_FIELD"),
    ("/a~1b~0c", "1", "UNKNOWN_FIELD"),
)  # fmt: skip
ELSEWHERE = {
    *("INSTANT_FORMAT", "CURSOR_FORMAT", "DUPLICATE_KEY", "TRANSPORT_DOCUMENT_REQUIRED"),
    *("NON_MOTORISED", "STATED_WITH_GOODS", "CONVEYANCE_REQUIRED"),
    # Of another rulebook, and of notifications: tests/acceptance/test_rulebook.py.
    *("DOCUMENT_TOO_OLD", "HSN_PREFIX_FORMAT", "STATE_FORMAT", "NOT_OF_THIS_KIND"),
    *("IN_THE_PAST", "NOT_AFTER_ITS_BEGINNING"),
    "MESSAGE_ID_FORMAT",  # tests/acceptance/test_sms_webhook.py.
    "PERIOD_FORMAT",  # tests/acceptance/test_gstr_1.py.
    # Of invoices: tests/acceptance/test_invoice_documents.py.
    *("BEFORE_GST", "DECIMAL_FORMAT", "DOES_NOT_ADD_UP", "IGST_BESIDE_CGST_SGST"),
    *("NOT_INTER_STATE", "INTER_STATE", "HALVES_DIFFER", "REGISTERED_RECIPIENT"),
    *("UNREGISTERED_RECIPIENT", "DIFFERS"),
    # Of consolidated bills and verifications, and of reports: each where those are tested.
    *("EBN_FORMAT", "EBN_UNKNOWN", "NOT_YOUR_TRANSPORT", "NOT_ACTIVE", "OFF_THE_ROAD"),
    *("ON_ANOTHER_VEHICLE", "INCOMPLETE"),
    *("IN_THE_FUTURE", "TOO_EARLY", "NOT_DETAINED", "DETENTION_TOO_SHORT"),
    # Of reads of RFID tags: tests/unit/test_validators_reads.py.
    *("READ_ID_FORMAT", "READ_TOO_OLD", "READ_AHEAD"),
    # Of what an invoice says: tests/acceptance/test_part_a_from_invoice.py.
    *("IRN_EXPIRED", "DIFFERS_FROM_INVOICE"),
    "TAG_FORMAT",  # tests/acceptance/test_tags.py.
    "PASSWORD_FORMAT",  # tests/acceptance/test_sms_numbers.py.
}


def _json(pointer: str, written: str | None) -> bytes:
    """A sound document but for the field a pointer names."""
    name = pointer.split("/")[1].replace("~1", "/").replace("~0", "~")
    sound = {key: json.dumps(value) for key, value in document().items()}
    changed = {key: value for key, value in (sound | {name: written}).items() if value is not None}
    fields = ",".join(f"{json.dumps(key)}:{value}" for key, value in changed.items())
    return f"{{{fields}}}".encode()


async def _post(gateway: Gateway, body: bytes) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return await gateway.call(
        person(SUPPLIER), "POST", "/v1/eway-bills", content=body, headers=headers
    )


def _faults(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(fault["pointer"], fault["code"]) for fault in answer.json().get("errors", ())]


def _said(answer: httpx.Response) -> tuple[int, str, list[tuple[str, str]]]:
    return answer.status_code, answer.json()["code"], _faults(answer)


def _expected(consignment: Consignment, at: datetime) -> dict[str, Any]:
    """The bill a consignment becomes, but for its number."""
    sent = consignment.document
    generated, valid_until = at.isoformat(), (at + timedelta(days=consignment.days)).isoformat()
    part_a = {name: value for name, value in sent.items() if name != "vehicle_number"}
    part_a["irn"] = None
    part_a["value_of_goods"] = consignment.value
    part_a["goods"] = [line | {"value": consignment.value} for line in sent["goods"]]
    vehicle = sent["vehicle_number"]
    answers = sent["recipient_gstin"] != "URP"
    return {
        "status": "ACTIVE",
        "generated_at": generated,
        "valid_until": valid_until,
        "generated_by": consignment.submitted_by,
        "requirement": {"required": consignment.clause == "1(1)", "clause": consignment.clause},
        "part_a": part_a,
        "part_b": {"vehicle_number": vehicle, "since": generated} if vehicle else None,
        "acceptance": {
            "status": "PENDING" if answers else "NOT_APPLICABLE",
            "until": (at + timedelta(hours=72)).isoformat() if answers else None,
            "at": None,
            "remark": None,
        },
        "cancellation": None,
        "verified_at": None,
        "rulebook": "2017-06",
        "transporter_id": sent["transporter_id"],
        "furnished_by": None,
        "renewed_from": None,
        "renewed_to": None,
        "consolidated_number": None,
        "conveyances": [
            {
                "vehicle_number": vehicle,
                "since": generated,
                "by": consignment.submitted_by,
                "reason": None,
                "place": None,
            }
        ]
        if vehicle
        else [],
        "hand_overs": [],
    }


def _together(everything: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(everything), AT_ONCE):
        yield everything[start : start + AT_ONCE]


async def test_every_document_of_the_corpus_becomes_the_bill_it_should(gateway: Gateway) -> None:
    corpus = consignments()
    assert len(corpus) >= 100
    india = gateway.clock().astimezone(INDIA)
    numbers = set()
    for some in _together(corpus):
        answers = await asyncio.gather(
            *(gateway.generate(person(one.submitted_by), one.document) for one in some)
        )
        for one, answer in zip(some, answers, strict=True):
            assert answer.status_code == 201, (one.document, answer.text)
            bill = answer.json()
            numbers.add(bill.pop("ebn"))
            assert bill == _expected(one, india)
    assert len(numbers) == len(corpus)
    assert all(number.isdecimal() and len(number) == 12 for number in numbers)


async def test_every_bad_field_is_refused_by_pointer_and_code(gateway: Gateway) -> None:
    wrong = {}
    for some in _together(list(FIELD_FAULTS)):
        answers = await asyncio.gather(
            *(_post(gateway, _json(pointer, written)) for pointer, written, _ in some)
        )
        for (pointer, written, code), answer in zip(some, answers, strict=True):
            expected = (422, "INVALID_DOCUMENT", [(pointer, code)])
            if _said(answer) != expected:
                wrong[pointer, (written or "")[:80], code] = answer.text
    assert wrong == {}


def test_the_table_has_every_fault_of_a_document() -> None:
    assert {code for _, _, code in FIELD_FAULTS} | ELSEWHERE == set(FAULTS)


SOUND = json.dumps(document(document_number="RAW/1"))
TWICE = '{"hsn_code": "1006",' + SOUND[1:]
NESTED = (
    SOUND[:-1] + ', "goods": [{"value": 1, "value": 2, "hsn_code": "1006", "description": "x"}]}'
)
SPELT_APART = SOUND[:-1] + ', "hsn\\u005fcode": "1006"}'
SURROGATE = SOUND[:-1] + ', "goods": [{"value": 1, "hsn_code": "1006", "description": "\\ud800"}]}'
MALFORMED, INVALID = (400, "MALFORMED_JSON"), (422, "INVALID_DOCUMENT")
BODIES: tuple[tuple[str, bytes, tuple[int, str], list[tuple[str, str]]], ...] = (
    ("empty", b"", MALFORMED, []),
    ("blank", b" \n", MALFORMED, []),
    ("truncated", SOUND[:-20].encode(), MALFORMED, []),
    ("two documents", 2 * SOUND.encode(), MALFORMED, []),
    ("not JSON", b"supplier_gstin=27AAPFU0939F1ZV", MALFORMED, []),
    ("single quotes", SOUND.replace('"', "'").encode(), MALFORMED, []),
    ("NaN", SOUND.replace('"75000.00"', "NaN").encode(), MALFORMED, []),
    ("control character unescaped", SOUND.replace("INV", "I\x01V").encode(), MALFORMED, []),
    ("NUL byte", SOUND.encode() + b"\0", MALFORMED, []),
    ("invalid UTF-8", SOUND.replace("GR-", "GR\xff").encode("latin-1"), MALFORMED, []),
    ("UTF-16", SOUND.encode("utf-16"), MALFORMED, []),
    ("lone surrogate", SURROGATE.encode(), MALFORMED, []),
    ("nested deeply", b"[" * 200_000, MALFORMED, []),
    ("nested deeply within", b'{"goods":' + b"[" * 99_999 + b"]" * 99_999 + b"}", MALFORMED, []),
    ("absurd exponent", SOUND.replace('"75000.00"', "1e" + "9" * 30).encode(), MALFORMED, []),
    ("array", f"[{SOUND}]".encode(), INVALID, [("", "WRONG_TYPE")]),
    ("null", b"null", INVALID, [("", "WRONG_TYPE")]),
    ("text", b'"INS-06"', INVALID, [("", "WRONG_TYPE")]),
    ("a key twice", TWICE.encode(), INVALID, [("/hsn_code", "DUPLICATE_KEY")]),
    ("a key twice, escaped", SPELT_APART.encode(), INVALID, [("/hsn_code", "DUPLICATE_KEY")]),
    ("a nested key twice", NESTED.encode(), INVALID, [("/goods/0/value", "DUPLICATE_KEY")]),
    ("too large", SOUND.encode() + b" " * 2 * BODY_BYTES_MAX, (413, "BODY_TOO_LARGE"), []),
)


async def test_every_bad_body_is_refused_and_makes_no_bill(gateway: Gateway) -> None:
    answers = {name: _said(await _post(gateway, body)) for name, body, _, _ in BODIES}
    assert answers == {name: (*answer, faults) for name, _, answer, faults in BODIES}
    assert (await _post(gateway, SOUND.encode())).status_code == 201


async def test_a_body_of_exactly_the_limit_is_taken_and_a_byte_more_is_not(
    gateway: Gateway,
) -> None:
    full = json.dumps(document()).encode().ljust(BODY_BYTES_MAX)
    assert _said(await _post(gateway, full + b" ")) == (413, "BODY_TOO_LARGE", [])
    assert (await _post(gateway, full)).status_code == 201


async def test_all_faults_are_told_at_once(gateway: Gateway) -> None:
    faulty = document(
        supplier_gstin="27AAPFU0939F1ZW", place_of_delivery=..., value_of_goods="0", hsn_code=1,
        mode="RAIL", transport_document_number=..., distance_km=4001, colour="red",
        document_date="2026-11-22", goods=[{"hsn_code": "1", "description": ""}],
    )  # fmt: skip
    status, code, faults = _said(await gateway.generate(person(SUPPLIER), faulty))
    assert (status, code) == INVALID
    assert sorted(faults) == [
        ("/colour", "UNKNOWN_FIELD"),
        ("/distance_km", "OUT_OF_RANGE"),
        ("/document_date", "DATE_IN_FUTURE"),
        ("/goods/0/description", "EMPTY"),
        ("/goods/0/hsn_code", "HSN_FORMAT"),
        ("/goods/0/value", "REQUIRED"),
        ("/hsn_code", "WRONG_TYPE"),
        ("/place_of_delivery", "REQUIRED"),
        ("/supplier_gstin", "GSTIN_CHECKSUM"),
        ("/transport_document_number", "TRANSPORT_DOCUMENT_REQUIRED"),
        ("/value_of_goods", "NOT_POSITIVE"),
    ]


async def test_the_future_begins_at_midnight_in_india(gateway: Gateway) -> None:
    tomorrow = document(document_date="2026-11-22")
    gateway.clock.now = datetime(2026, 11, 21, 18, 29, 59, 999999, tzinfo=UTC)
    refused = await gateway.generate(person(SUPPLIER), tomorrow)
    assert _said(refused) == (*INVALID, [("/document_date", "DATE_IN_FUTURE")])
    gateway.clock.advance(microseconds=1)
    assert (await gateway.generate(person(SUPPLIER), tomorrow)).status_code == 201
