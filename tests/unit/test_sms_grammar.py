"""Lenient in form, strict in meaning: what is read alike, and every field at fault in its turn."""

# Letters that look alike are what is tested here.
# ruff: noqa: RUF001

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.grammar import read, written
from sms.messages import (
    FIELDS,
    MESSAGES,
    ChangeVehicle,
    Confirm,
    GenerateAsTaxpayer,
    Message,
    Misread,
    ReasonCode,
    TranType,
    example_of,
    fields_of,
)
from sms.spelling import TEXT_CHARACTERS_MAX
from tests.documents import OTHER, RECIPIENT, STRANGER, SUPPLIER, TRANSPORTER
from tests.unit.test_sms_every_message import EBN, EWBG
from validators.identifiers import document_number_fault, vehicle_fault
from validators.money import Paise

EWBV = "EWBV 171000000144 KA12AB1234 BRK"
KINDS = pytest.mark.parametrize("kind", MESSAGES.values(), ids=MESSAGES)

WAYS_OF_TYPING: list[Callable[[str], str]] = [
    str.lower,
    str.swapcase,
    lambda text: f"  {text} \n",
    lambda text: text.replace(" ", "  "),
    lambda text: text.replace(" ", "\r\n"),
    lambda text: text.replace(" ", "\u00a0\u200b"),
    lambda text: text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
    lambda text: text.translate({ord("0") + digit: 0x966 + digit for digit in range(10)}),
    lambda text: text.translate(str.maketrans("ABEHKMOPT", "ΑΒΕΗΚΜΟΡΤ")),
    lambda text: text.translate(str.maketrans("ABCEHKMOPTX", "АВСЕНКМОРТХ")),
    lambda text: text.replace("/", "-"),
    lambda text: text.replace("01/04/2018", "1.4.2018"),
    lambda text: text.replace("01/04/2018", "1/04/2018"),
    lambda text: text.replace("75000.00", "75000"),
    lambda text: text.replace("75000.00", "75000.0"),
    lambda text: text.replace("KA12AB1234", "KA 12 AB 1234"),
    lambda text: text.replace("KA12AB1234", "ka-12-ab-1234"),
    lambda text: text.replace("KA12AB1234", "KA12 – AB1234"),
]


@KINDS
@pytest.mark.parametrize("typed", WAYS_OF_TYPING)
def test_the_same_is_read_however_it_is_typed(
    kind: type[Message], typed: Callable[[str], str]
) -> None:
    example = example_of(kind)
    message = read(example)
    assert isinstance(message, kind)
    assert read(typed(example)) == message


def test_every_way_of_typing_changes_some_message() -> None:
    examples = [example_of(kind) for kind in MESSAGES.values()]
    for typed in WAYS_OF_TYPING:
        assert any(typed(example) != example for example in examples)


PLATES = ["KA12AB1234", "KA12A1234", "AB121234", "ABC1234", "TR1234567"]


@pytest.mark.parametrize("plate", PLATES)
@pytest.mark.parametrize("spaces", range(6))
def test_words_too_many_are_the_vehicle(plate: str, spaces: int) -> None:
    spaced = " ".join([*plate[:spaces], plate[spaces:]])
    expected = ChangeVehicle(EBN, plate, ReasonCode.FST)
    assert read(f"EWBV {EBN} {spaced} FST") == expected
    message = read(EWBG.replace("KA12AB1234", spaced))
    assert isinstance(message, GenerateAsTaxpayer)
    assert message.vehicle_number == plate


@pytest.mark.parametrize("spaced", ["KA12AB1234", "KA12 AB1234", "KA 12 AB 1234", "TR-12 34567"])
def test_a_reason_that_is_missing_is_no_fault_of_the_vehicle(spaced: str) -> None:
    missing = Misread("EWBV", FIELDS["reason"].name, "", "REQUIRED")
    assert read(f"EWBV {EBN} {spaced}") == missing
    wrong = Misread("EWBV", FIELDS["vehicle_number"].name, "KA 12", "VEHICLE_FORMAT")
    assert read(f"EWBV {EBN} KA 12 AB") == wrong


@pytest.mark.parametrize("more", ["BRK", "PLEASE", "12 BRK"])
def test_words_too_many_are_no_end_of_a_temporary_registration(more: str) -> None:
    """Its last letters are free: a second reason would be read as some of them."""
    fault = (FIELDS["vehicle_number"].name, f"TR12345 {more}", "VEHICLE_FORMAT")
    assert read(f"EWBV {EBN} TR12345 {more} OTH") == Misread("EWBV", *fault)
    assert read(EWBG.replace("KA12AB1234", f"TR12345 {more}")) == Misread("EWBG", *fault)
    glued = read(f"EWBV {EBN} TR12345BRK OTH")
    assert glued == ChangeVehicle(EBN, "TR12345BRK", ReasonCode.OTH)


FAULTY = {
    "tran_type": [
        ("SUP", "NOT_ONE_OF"),
        ("OISUP", "NOT_ONE_OF"),
        ("OSLR", "NOT_ONE_OF"),
        ("1", "NOT_ONE_OF"),
        ("__CLASS__", "NOT_ONE_OF"),
    ],
    "place_of_delivery": [("56001", "PIN_FORMAT"), ("056001", "PIN_FORMAT")],
    "document_number": [("INV#1", "DOCUMENT_NUMBER_FORMAT"), ("X" * 17, "DOCUMENT_NUMBER_FORMAT")],
    "document_date": [
        ("04/13/2018", "DATE_FORMAT"),
        ("31/04/2018", "DATE_FORMAT"),
        ("29/02/2019", "DATE_FORMAT"),
        ("01/04/18", "DATE_FORMAT"),
        ("2018-04-01", "DATE_FORMAT"),
        ("01042018", "DATE_FORMAT"),
        ("01/04-2018", "DATE_FORMAT"),
        ("00/04/2018", "DATE_FORMAT"),
        ("01/04/0000", "DATE_FORMAT"),
        ("001/04/2018", "DATE_FORMAT"),
    ],
    "value_of_goods": [
        ("75,000", "MONEY_FORMAT"),
        ("75000,00", "MONEY_FORMAT"),
        ("75.000.00", "MONEY_FORMAT"),
        ("75000.000", "MONEY_FORMAT"),
        ("75000.", "MONEY_FORMAT"),
        (".50", "MONEY_FORMAT"),
        ("RS75000", "MONEY_FORMAT"),
        ("75K", "MONEY_FORMAT"),
        ("7_5", "MONEY_FORMAT"),
        ("1E5", "MONEY_FORMAT"),
        ("100²", "MONEY_FORMAT"),
        ("1" * 16, "MONEY_FORMAT"),
    ],
    "hsn_code": [("100", "HSN_FORMAT"), ("10011", "HSN_FORMAT"), ("100110011", "HSN_FORMAT")],
    "distance_km": [
        ("17O", "WRONG_TYPE"),
        ("170KM", "WRONG_TYPE"),
        ("170.5", "WRONG_TYPE"),
        ("-1", "WRONG_TYPE"),
        ("1234567890", "WRONG_TYPE"),
    ],
    "vehicle_number": [("KA12AB12", "VEHICLE_FORMAT"), ("1234", "VEHICLE_FORMAT")],
    "ebn": [
        ("17100000014", "EBN_FORMAT"),
        ("1710000001440", "EBN_FORMAT"),
        ("071000000144", "EBN_FORMAT"),
        ("17100000O144", "EBN_FORMAT"),
    ],
    "reason": [("BREAKDOWN", "NOT_ONE_OF"), ("XXX", "NOT_ONE_OF")],
    "topic": [("ME", "NOT_ONE_OF"), ("EWBZ", "NOT_ONE_OF")],
} | {
    party: [
        ("29AAGCB7383J1Z5", "GSTIN_CHECKSUM"),
        ("29AAGCB7383J1Z", "GSTIN_FORMAT"),
        ("URP1", "GSTIN_FORMAT"),
    ]
    for party in ("supplier_gstin", "recipient_gstin", "other_party", "transporter_id", "gstin")
}
WRONG = [
    (kind, name, wrong, code)
    for kind in MESSAGES.values()
    for name in kind.__struct_fields__
    for wrong, code in FAULTY.get(name, ())
]


@pytest.mark.parametrize(("kind", "name", "wrong", "code"), WRONG)
def test_a_wrong_field_is_named_with_what_was_written(
    kind: type[Message], name: str, wrong: str, code: str
) -> None:
    words = example_of(kind).split()
    words[1 + kind.__struct_fields__.index(name)] = wrong
    assert read(" ".join(words)) == Misread(kind.keyword, FIELDS[name].name, wrong, code)


def test_every_field_was_wrong_once() -> None:
    fields = {name for kind in MESSAGES.values() for name in kind.__struct_fields__}
    assert {name for _, name, _, _ in WRONG} == fields - {"password"}


def test_urp_is_a_party_but_no_transporter_and_no_person() -> None:
    assert isinstance(read(EWBG.replace(RECIPIENT, "urp")), GenerateAsTaxpayer)
    for text in (f"EWBX {EBN} URP", "USE URP"):
        misread = read(text)
        assert isinstance(misread, Misread)
        assert misread.code == "GSTIN_FORMAT"


@KINDS
def test_what_is_missing_is_named(kind: type[Message]) -> None:
    """Word by word taken from the end. HELP may stand alone."""
    words = example_of(kind).split()
    for left in range(1, len(words)):
        field = fields_of(kind)[left - 1].name
        expected = Misread(kind.keyword, field, "", "REQUIRED")
        short = read(" ".join(words[:left]))
        assert short == expected or (kind.keyword == "HELP" and not isinstance(short, Misread))


@pytest.mark.parametrize(
    "keyword", ["EWBC", "EWBR", "EWBD", "EWBX", "HELP", "STOP", "USE", "HINDI", "ENGLISH"]
)
def test_a_word_too_many(keyword: str) -> None:
    text = f"{example_of(MESSAGES[keyword])} please now"
    assert read(text) == Misread(keyword, None, "PLEASE", "UNKNOWN_FIELD")


def test_a_word_too_many_beside_a_vehicle_is_taken_for_it() -> None:
    expected = Misread("EWBV", "Vehicle", "KA12AB1234 PLEASE", "VEHICLE_FORMAT")
    assert read(f"EWBV {EBN} KA12AB1234 please BRK") == expected


@pytest.mark.parametrize(
    "text", ["EWB", "EWBG.", "EWBGOSUP", "EWBC171000000144", "EWBCC 1", "E WBC", "HELLO", "हेल्प"]
)
def test_a_keyword_glued_or_unknown(text: str) -> None:
    assert read(text) == Misread(None, None, text.split(maxsplit=1)[0], "NOT_ONE_OF")


@pytest.mark.parametrize("text", ["", " ", "\n\u200b\x00"])
def test_nothing(text: str) -> None:
    assert read(text) == Misread(None, None, "", "REQUIRED")


def test_the_first_fault_is_told() -> None:
    text = EWBG.replace("OSUP", "XSUP").replace("560012", "0").replace("1001", "1")
    assert read(text) == Misread("EWBG", "TranType", "XSUP", "NOT_ONE_OF")
    assert read(text.replace("XSUP", "OSUP")) == Misread("EWBG", "DelPinCode", "0", "PIN_FORMAT")


def test_a_text_as_long_as_it_may_be_and_one_longer() -> None:
    longest = EWBG.ljust(TEXT_CHARACTERS_MAX)
    assert isinstance(read(longest), GenerateAsTaxpayer)
    assert read(longest + " ") == Misread(None, None, "", "TOO_LONG")


PASSWORDS = ["012345", "01234", "0123456", "O12345", "012 345", "012345 678901", "012345 x"]


@pytest.mark.parametrize("typed", PASSWORDS)
def test_a_password_is_never_written_down(typed: str) -> None:
    read_as = read(f"CONFIRM {typed}")
    if typed == "012345":
        assert read_as == Confirm("012345")
    else:
        assert read_as == Misread("CONFIRM", "OTP", "", "PASSWORD_FORMAT")
    assert not any(digit in repr(read_as) for digit in "0123456789")


@pytest.mark.parametrize("typed", ["12345", "123456", "1234567", "CONFIRM123456", "OTP:123456."])
def test_nor_one_without_its_keyword(typed: str) -> None:
    read_as = read(typed)
    assert isinstance(read_as, Misread)
    assert read_as.code == "NOT_ONE_OF"
    assert not any(digit in read_as.written for digit in "0123456789")


GSTINS = st.sampled_from([SUPPLIER, RECIPIENT, TRANSPORTER, STRANGER, OTHER])
SOUND = {
    "tran_type": st.sampled_from(list(TranType)),
    "supplier_gstin": GSTINS | st.just("URP"),
    "recipient_gstin": GSTINS | st.just("URP"),
    "other_party": GSTINS | st.just("URP"),
    "place_of_delivery": st.integers(100_000, 999_999).map(str),
    "document_number": st.from_regex(r"[A-Z0-9/-]{1,16}", fullmatch=True).filter(
        lambda text: document_number_fault(text) is None
    ),
    "document_date": st.dates(date(1, 1, 1), date(9999, 12, 31)),
    "value_of_goods": st.integers(-(10**17) + 1, 10**17 - 1).map(Paise),
    "hsn_code": st.from_regex(r"[0-9]{4}([0-9]{2}){0,2}", fullmatch=True),
    "distance_km": st.integers(0, 999_999_999),
    "vehicle_number": st.from_regex(
        r"[A-Z]{2}[0-9]{2}[A-Z]{1,2}[0-9]{4}|[A-Z]{2}[0-9]{6}|[A-Z]{3}[0-9]{4}|TR[A-Z0-9]{5,13}",
        fullmatch=True,
    ).filter(lambda text: vehicle_fault(text) is None),
    "ebn": st.integers(10**11, 10**12 - 1),
    "reason": st.sampled_from(list(ReasonCode)),
    "transporter_id": GSTINS,
    "topic": st.none() | st.sampled_from(list(MESSAGES)),
    "password": st.from_regex(r"[0-9]{6}", fullmatch=True),
    "gstin": GSTINS,
}
"""The sound values of every field."""


def sound_messages(kind: type[Message]) -> st.SearchStrategy[Message]:
    return st.builds(kind, **{name: SOUND[name] for name in kind.__struct_fields__})


@KINDS
@given(data=st.data())
def test_what_is_written_is_read_as_the_same(kind: type[Message], data: st.DataObject) -> None:
    message = data.draw(sound_messages(kind))
    assert read(written(message)) == message
