"""FORM GST INV-1: every field's shape and content, and all that is wrong at once."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.invoices import UIN, faults_of, intra_invoice, invoice, line, party, read
from validators.errors import FAULTS, Refusal
from validators.inv1 import LINES_MAX, encode, read_inv1

PATIENT = settings(deadline=None)

OTHER_TYPES: list[Any] = [True, [], {}, ["1.00"]]
# A pointer, what is written there (`...`: nothing), and the code of the fault.
FIELDS: list[tuple[str, Any, str]] = [
    *((f"/{name}", ..., "REQUIRED") for name in (
        "supplier", "document_number", "document_date", "supply_type", "billed_to", "lines",
        "total_value", "total_in_words", "signatory", "supplier/gstin", "supplier/legal_name",
        "supplier/address", "billed_to/name", "billed_to/address", "billed_to/state_code",
        "shipped_to/name", "shipped_to/address", "shipped_to/state_code", "signatory/name",
        "signatory/designation", "lines/0/serial", "lines/0/description", "lines/0/hsn_code",
        "lines/0/quantity", "lines/0/unit", "lines/0/unit_price", "lines/0/total",
        "lines/0/taxable_value", "lines/0/igst/rate", "lines/0/igst/amount",
    )),
    *((f"/{name}", None, "WRONG_TYPE") for name in (
        "supplier", "document_number", "document_date", "supply_type", "billed_to", "lines",
        "total_value", "total_in_words", "signatory", "supplier/gstin", "billed_to/name",
        "lines/0/serial", "lines/0/hsn_code", "lines/0/quantity", "lines/0/total",
        "lines/0/igst/rate", "lines/0/igst/amount",
    )),
    *((f"/{name}", other, "WRONG_TYPE") for name in (
        "total_value", "freight", "lines/0/quantity", "lines/0/unit_price", "lines/0/discount",
        "lines/0/igst/rate", "lines/0/igst/amount",
    ) for other in OTHER_TYPES),
    *((f"/{name}", written, "MONEY_FORMAT") for name in (
        "total_value", "insurance", "lines/0/total", "lines/0/igst/amount",
    ) for written in ("", "1.001", 1.001, "1.000", "1,000", "Rs 1", "+1", " 1", "1 ", "1e2", "१",
                      "NaN", "1.", ".5", "9" * 30)),
    *((f"/{name}", written, "OUT_OF_RANGE") for name in (
        "total_value", "packing_forwarding", "lines/0/unit_price", "lines/0/igst/amount",
    ) for written in ("-0.01", -1, "10000000000000.00", 10**13)),
    *(("/lines/0/quantity", written, "DECIMAL_FORMAT") for written in (
        "", "ten", "1.0001", 1.0001, "1.", ".5", "+1", "1e2", "1 ", "1234567890", "१",
    )),
    *(("/lines/0/quantity", written, "NOT_POSITIVE") for written in (
        0, "0", "0.000", -1, "-0.001",
    )),
    *(("/lines/0/igst/rate", written, "DECIMAL_FORMAT") for written in ("18%", "", "1.0001")),
    *(("/lines/0/igst/rate", written, "OUT_OF_RANGE") for written in ("1000.001", -1, "-0.001")),
    ("/supplier/gstin", "27AAPFU0939F1ZW", "GSTIN_CHECKSUM"),
    ("/supplier/gstin", "URP", "GSTIN_FORMAT"),
    ("/supplier/gstin", UIN, "GSTIN_FORMAT"),
    ("/billed_to/gstin", "", "GSTIN_FORMAT"),
    ("/billed_to/gstin", "29AAGCB7383J1Z5", "GSTIN_CHECKSUM"),
    ("/shipped_to/gstin", "3917UNO00157UNO", "GSTIN_FORMAT"),
    ("/billed_to/state_code", "96", "STATE_FORMAT"),
    ("/billed_to/state_code", "00", "STATE_FORMAT"),
    ("/shipped_to/state_code", "KA", "STATE_FORMAT"),
    ("/shipped_to/state_code", 29, "WRONG_TYPE"),
    ("/document_number", "INV 1", "DOCUMENT_NUMBER_FORMAT"),
    ("/document_number", "x" * 17, "DOCUMENT_NUMBER_FORMAT"),
    ("/document_date", "2026-11-22", "DATE_IN_FUTURE"),
    ("/document_date", "2017-06-30", "BEFORE_GST"),
    ("/document_date", "2026-02-29", "DATE_FORMAT"),
    ("/document_date", "2026-11-20T00:00:00Z", "DATE_FORMAT"),
    ("/supply_type", "b2b", "NOT_ONE_OF"),
    ("/lines", [], "EMPTY"),
    ("/lines", {}, "WRONG_TYPE"),
    ("/lines/0", "steel", "WRONG_TYPE"),
    ("/lines/0/serial", 0, "OUT_OF_RANGE"),
    ("/lines/0/serial", 1_000_000, "OUT_OF_RANGE"),
    ("/lines/0/serial", "1", "WRONG_TYPE"),
    ("/lines/0/hsn_code", "721", "HSN_FORMAT"),
    ("/lines/0/igst", [], "WRONG_TYPE"),
    ("/lines/0/igst/cess", "1", "UNKNOWN_FIELD"),
    ("/lines/0/tax", "1", "UNKNOWN_FIELD"),
    ("/irn", "0" * 64, "UNKNOWN_FIELD"),
    ("/supplier/state_code", "27", "UNKNOWN_FIELD"),
    *((f"/{name}", written, code) for name, most in (
        ("supplier/legal_name", 200), ("supplier/trade_name", 200), ("supplier/address", 500),
        ("billed_to/name", 200), ("shipped_to/address", 500), ("lines/0/description", 300),
        ("lines/0/unit", 20), ("total_in_words", 500), ("signatory/name", 200),
        ("signatory/designation", 200),
    ) for written, code in (("", "EMPTY"), (" \u00a0", "EMPTY"), ("स" * (most + 1), "TOO_LONG"),
                            ("a\u202eb", "CONTROL_CHARACTER"), ("a\tb", "CONTROL_CHARACTER"))),
]  # fmt: skip
ELSEWHERE = {
    # Beside this file, of the arithmetic, the taxes and the invoice on record.
    *("DOES_NOT_ADD_UP", "IGST_BESIDE_CGST_SGST", "NOT_INTER_STATE", "INTER_STATE"),
    *("HALVES_DIFFER", "REGISTERED_RECIPIENT", "UNREGISTERED_RECIPIENT", "DIFFERS"),
    *("DUPLICATE_KEY", "TOO_MANY"),
}


def put(document: Any, pointer: str, written: Any) -> None:
    """Writes a value where a pointer says; `...` removes what is there."""
    *above, last = pointer.split("/")[1:]
    for name in above:
        document = document[int(name) if isinstance(document, list) else name]
    if isinstance(document, list):
        document[int(last)] = written
    elif written is ...:
        del document[last]
    else:
        document[last] = written


def changed(pointer: str, written: Any) -> dict[str, Any]:
    document = json.loads(json.dumps(invoice()))
    put(document, pointer, written)
    return dict(document)


@pytest.mark.parametrize(("pointer", "written", "code"), FIELDS, ids=lambda one: repr(one)[:40])
def test_a_faulty_field(pointer: str, written: Any, code: str) -> None:
    """Wherever it was found: while reading, or on the way for the sound. Nothing else is told but
    what an amount that is not known leaves undecided."""
    document = changed(pointer, written)
    told = [(pointer, code)]
    if pointer == "/lines" and written == []:
        told.append(("/total_value", "DOES_NOT_ADD_UP"))
    assert faults_of(document) == told
    # A backslash sends it another way.
    escaped = json.dumps(document).replace('"total_value"', '"total\\u005fvalue"').encode()
    assert sorted(faults_of(escaped)) == sorted(told)


def test_every_fault_of_an_invoice_is_provoked() -> None:
    assert {code for _, _, code in FIELDS} <= set(FAULTS)
    assert set(FAULTS) >= ELSEWHERE
    assert ELSEWHERE.isdisjoint(code for _, _, code in FIELDS)


def test_a_fault_in_each_field_is_told_of_each() -> None:
    """The last fault of every field, all in one document."""
    document = json.loads(json.dumps(invoice(lines=[line(), line(serial=2)])))
    told = {}
    for pointer, written, code in FIELDS:
        whole = pointer in ("/lines/0", "/lines/0/igst") or pointer.count("/") == 1
        if not whole and written is not ... and code != "UNKNOWN_FIELD":
            put(document, pointer, written)
            told[pointer] = code
    document["lines"][1]["total"] = "1.00"
    told |= {"/lines/1/total": "DOES_NOT_ADD_UP", "/lines/1/discount": "DOES_NOT_ADD_UP"}
    assert len(told) > 20
    assert dict(faults_of(document)) == told


OPTIONAL = (
    *("supplier/trade_name", "shipped_to", "shipped_to/gstin"),
    *("freight", "insurance", "packing_forwarding", "lines/0/discount"),
)


def test_what_need_not_be_given_may_be_null_or_missing() -> None:
    sent = invoice(lines=[line(unit_price=7500, total=75000, discount=0)], total_value=88500)
    sent |= {"freight": 0, "insurance": "0", "packing_forwarding": "0.0"}
    for name in OPTIONAL:
        for written in (None, ...):
            document = json.loads(json.dumps(sent))
            put(document, f"/{name}", written)
            assert faults_of(document) == [], name
    for name in ("cgst", "sgst", "cess"):
        put(sent, f"/lines/0/{name}", None)
    assert faults_of(sent) == []


@pytest.mark.parametrize("day", ["2017-07-01", "2026-11-21"])
def test_from_the_first_day_of_gst_to_today(day: str) -> None:
    assert faults_of(invoice(document_date=day)) == []


def test_export_may_be_to_another_country() -> None:
    abroad = party("96", None)
    assert faults_of(invoice(supply_type="EXPORT", billed_to=abroad, shipped_to=abroad)) == []
    # What kind of supply it is is not known: the State is not held against it.
    unknown = invoice(supply_type="EXPORTS", billed_to=abroad)
    assert faults_of(unknown) == [("/supply_type", "NOT_ONE_OF")]


def test_identifiers_are_read_in_upper_case() -> None:
    sent = invoice(billed_to=party(gstin=party()["gstin"].lower()))
    sent["supplier"]["gstin"] = sent["supplier"]["gstin"].lower()
    form = read(sent)
    assert (form.supplier.gstin, form.billed_to.gstin) == ("27AAPFU0939F1ZV", "29AAGCB7383J1Z4")
    # Letters that only become ASCII ones in upper case are none: U+0131, U+017F.
    for odd in ("27AAPFU0939F\u01311ZV", "27AAPFU0939F1Z\u017f"):
        assert faults_of(invoice(billed_to=party(gstin=odd))) == [
            ("/billed_to/gstin", "GSTIN_FORMAT")
        ]


def test_texts_are_kept_as_written() -> None:
    form = read(invoice(total_in_words='  रुपये  fifty:\\u0041 "only" '))
    assert form.total_in_words == '  रुपये  fifty:\\u0041 "only" '


@pytest.mark.parametrize("count", [LINES_MAX, LINES_MAX + 1])
def test_the_number_of_lines_is_bounded(count: int) -> None:
    lines = [line(serial=serial + 1, igst=...) for serial in range(count)]
    charges = dict.fromkeys(("freight", "insurance", "packing_forwarding"), ...)
    document = invoice(lines=lines, total_value=f"{75_000 * count}.00", **charges)
    assert faults_of(document) == ([] if count == LINES_MAX else [("/lines", "TOO_MANY")])


SOUND = json.dumps(intra_invoice(document_number="1"))
TWICE = [
    ('"freight":', '"freight": "1.00", "freight":', "/freight"),
    ('"gstin":', '"gstin": "x:y", "gstin":', "/supplier/gstin"),
    ('"serial":', '"serial": 1, "serial":', "/lines/0/serial"),
    ('"rate":', '"rate": null, "rate":', "/lines/0/cgst/rate"),
    ('"freight":', '"\\u0066reight": "1.00", "freight":', "/freight"),
    ('"freight":', '"shipped_to": null, "freight": "1:2", "freight":', "/freight"),
]


@pytest.mark.parametrize(("here", "twice", "pointer"), TWICE)
def test_a_key_given_twice(here: str, twice: str, pointer: str) -> None:
    assert faults_of(SOUND.replace(here, twice, 1).encode()) == [(pointer, "DUPLICATE_KEY")]


def test_colons_and_nulls_make_no_key_twice() -> None:
    sent = intra_invoice(shipped_to=None, total_in_words='Rupees: null, ":null" and 5:30 only')
    sent["supplier"] |= {"trade_name": None, "address": "12:34 Mill Road: Mumbai"}
    sent["lines"] = [sent["lines"][0] | {"igst": None, "cess": None}]
    assert faults_of(sent) == []
    assert faults_of(json.dumps(sent, ensure_ascii=False, indent=3).encode()) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null x", b"\xff", b'{"total_value": NaN}', b"[" * 200_000,
     b'{"total_value": ' + b"9" * 5000 + b"}", b'{"total_value": 1e' + b"9" * 30 + b"}",
     SOUND.encode("utf-16"), SOUND.encode() + SOUND.encode()],
)  # fmt: skip
def test_what_is_not_json(body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        read_inv1(body)
    assert refused.value.problem.code == "MALFORMED_JSON"


@pytest.mark.parametrize("written", ["1e999999999", "1e-999999999", "-1e999999999", "9" * 4000])
@pytest.mark.parametrize("pointer", ["/lines/0/quantity", "/lines/0/igst/rate", "/total_value"])
def test_a_number_out_of_every_range_costs_nothing(pointer: str, written: str) -> None:
    body = json.dumps(changed(pointer, "HERE")).replace('"HERE"', written)
    for way in (body, body.replace("total_in_words", "total\\u005fin_words")):
        assert [pointer for pointer, _ in faults_of(way.encode())] == [pointer]


def test_what_is_no_object_is_told_so_and_nothing_more() -> None:
    for body in (b"[]", b"null", b'"INV-1"', b"7"):
        assert faults_of(body) == [("", "WRONG_TYPE")]
    assert {code for _, code in faults_of(b"{}")} == {"REQUIRED"}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
PLACES = sorted({pointer for pointer, _, code in FIELDS if code != "UNKNOWN_FIELD"})


@PATIENT
@given(st.dictionaries(st.sampled_from(PLACES), JSON, max_size=4))
def test_whatever_is_written_is_either_sound_or_told(written: dict[str, Any]) -> None:
    """Nothing is raised, and what is sound is stored as it is read again."""
    document = json.loads(json.dumps(invoice()))
    # What is deeper first, that its place is still there.
    for pointer in sorted(written, key=lambda one: -one.count("/")):
        put(document, pointer, written[pointer])
    if not faults_of(document):
        stored = encode(read(document))
        assert encode(read(stored)) == stored
