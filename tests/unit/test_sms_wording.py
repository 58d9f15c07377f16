"""Every text within its limit at its longest, in its alphabet, and saying what it must."""

import string
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sms.alphabets import segments, septets, utf16_units
from sms.grammar import read
from sms.messages import MESSAGES, Confirm, Help, Misread, example_of, fields_of
from sms.wording import bills, notices, numbers
from sms.wording.refusals import misread
from sms.wording.said import SEPTETS_MAX, TEMPLATES, UNITS_MAX, Said, fits, said
from tests.documents import RECIPIENT, SUPPLIER, TRANSPORTER
from tests.unit.test_sms_every_message import AT, BILL, HOUR
from validators.eway_bill import PartA
from validators.identifiers import vehicle_fault
from validators.money import VALUE_PAISE_MAX, rupees
from validators.sms_number import Language

ENGLISH, HINDI = Language.ENGLISH, Language.HINDI
LANGUAGES = pytest.mark.parametrize("language", Language)
NAMES = pytest.mark.parametrize("name", TEMPLATES[ENGLISH])
INSTANT = "31/12/2026 23:59"
PARTY = "29AAGCB7383J1Z4"
MOST = rupees(VALUE_PAISE_MAX)
LONGEST = {
    "ebn": "999999999999", "generated_at": INSTANT, "valid_until": INSTANT, "at": INSTANT,
    "until": INSTANT, "vehicle": "TR" + "W" * 13, "transporter": PARTY, "by": PARTY,
    "gstin": PARTY, "gstins": " ".join([PARTY] * numbers.GSTINS_MAX), "document": "W" * 16,
    "value": MOST, "most": MOST, "tries": "99", "password": "000000", "keyword": "CONFIRM",
    "field": "TransporterId", "example": PARTY, "named": "PA999999999999",
    "subject": "EWBG " + "W" * 16,
}  # fmt: skip
WIDEST = {
    ENGLISH: {"status": "CANCELLED", "acceptance": "has not answered"},
    HINDI: {"status": "नवीनीकृत", "acceptance": "स्वीकृत माना"},
}


def variables(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


def longest_of(name: str, language: Language, **other: str) -> str:
    """A template at its longest values, before anything is cut."""
    values = LONGEST | WIDEST[language] | other
    if name.startswith("misread."):
        # A word too many is answered with the whole message.
        values |= {"example": example_of(MESSAGES["EWBX"])}
    if name.endswith(".TranType"):
        values |= {"keyword": "EWBG"}
    return TEMPLATES[language][name].format_map(values)


def width_of(text: str, language: Language) -> int:
    """Septets or units; a text in English that is not GSM-7 fails."""
    if language is HINDI:
        return utf16_units(text)
    width = septets(text)
    assert width is not None, text
    return width


WIDTH_MAX = {ENGLISH: SEPTETS_MAX, HINDI: UNITS_MAX}
WRITTEN_MIN = 15
"""So much of what was written is always told."""


@NAMES
@LANGUAGES
def test_nothing_but_what_was_written_is_ever_cut(name: str, language: Language) -> None:
    width = width_of(longest_of(name, language, written="W" * WRITTEN_MIN), language)
    assert width <= WIDTH_MAX[language]


@NAMES
def test_the_languages_fill_in_the_same(name: str) -> None:
    assert TEMPLATES[ENGLISH].keys() == TEMPLATES[HINDI].keys()
    english, hindi = (set(variables(TEMPLATES[each][name])) for each in (ENGLISH, HINDI))
    assert english == hindi
    assert english <= LONGEST.keys() | WIDEST[HINDI].keys() | {"written"}


@NAMES
def test_hindi_is_hindi_and_its_latin_is_ascii(name: str) -> None:
    text = TEMPLATES[HINDI][name]
    assert any("\u0900" <= each <= "\u097f" for each in text)
    assert all(each.isascii() or "\u0900" <= each <= "\u097f" for each in text)


def test_english_is_one_segment_and_hindi_two_at_most() -> None:
    assert len(segments("W" * SEPTETS_MAX)) == 1
    assert len(segments("W" * (SEPTETS_MAX + 1))) == 2
    assert len(segments("ह" * UNITS_MAX)) == 2
    assert len(segments("ह" * (UNITS_MAX + 1))) == 3


@pytest.mark.parametrize(
    ("text", "language", "inside"),
    [
        ("W" * 160, ENGLISH, True),
        ("W" * 161, ENGLISH, False),
        ("W" * 158 + "€", ENGLISH, True),
        ("W" * 159 + "€", ENGLISH, False),
        ("ह", ENGLISH, False),
        ("ह" * 134, HINDI, True),
        ("ह" * 135, HINDI, False),
        ("ह" * 132 + "\U0001fa94", HINDI, True),
        ("ह" * 133 + "\U0001fa94", HINDI, False),
    ],
)
def test_fits(text: str, language: Language, inside: bool) -> None:
    assert fits(text, language) is inside


@NAMES
@LANGUAGES
@given(data=st.data())
@settings(max_examples=30)
def test_whatever_is_filled_in_it_fits_and_no_fixed_part_is_cut(
    name: str, language: Language, data: st.DataObject
) -> None:
    """Each value that a person chose may be any text; numbers, instants and words of ours not."""
    template = TEMPLATES[language][name]
    ours = LONGEST | WIDEST[language]
    free = ("written", "gstins", "document", "by", "transporter", "gstin", "subject", "vehicle")
    values = ours | {
        each: data.draw(st.text(max_size=400)) for each in free if each in variables(template)
    }
    template_named, text = said(name, language, **values)
    assert template_named == f"{name}.{language}"
    assert width_of(text, language) <= WIDTH_MAX[language]
    assert text.isprintable()
    rest = text
    for fixed, variable, _, _ in string.Formatter().parse(template):
        assert fixed in rest
        rest = rest[rest.index(fixed) + len(fixed) :]
        if variable in ("ebn", "generated_at", "valid_until", "at", "until", "password"):
            assert values[variable] in rest


def test_what_is_written_is_cut_at_the_limit_and_not_before() -> None:
    room = SEPTETS_MAX - width_of(
        longest_of("fault.VEHICLE_FORMAT", ENGLISH, written="", keyword="EWBV", field="Vehicle"),
        ENGLISH,
    )
    values = {"keyword": "EWBV", "field": "Vehicle", "example": "W" * 15}
    whole = said("fault.VEHICLE_FORMAT", ENGLISH, written="X" * room, **values).text
    cut = said("fault.VEHICLE_FORMAT", ENGLISH, written="X" * (room + 1), **values).text
    assert (len(whole), len(cut)) == (SEPTETS_MAX, SEPTETS_MAX)
    assert f'"{"X" * room}"' in whole
    assert f'"{"X" * (room - 2)}.."' in cut


def test_what_could_hurt_is_not_said_back() -> None:
    hurtful = 'X"{ebn}\n\x1b\u202e`<😀%s'
    told = misread(Misread("EWBC", "EBN", hurtful, "EBN_FORMAT"), ENGLISH)
    assert '"X"{ebn}????<?%s"' in told.text
    hindi = misread(Misread("EWBC", "EBN", hurtful + "ह", "EBN_FORMAT"), HINDI)
    assert '"X"{ebn}????<?%sह"' in hindi.text


@pytest.mark.parametrize("keyword", MESSAGES)
@LANGUAGES
def test_help_of_a_keyword_has_its_form(keyword: str, language: Language) -> None:
    answer = numbers.helped(Help(keyword), language)
    form = [keyword, *(field.name for field in fields_of(MESSAGES[keyword]))]
    assert (keyword if keyword == "HELP" else " ".join(form)) in answer.text
    assert fits(answer.text, language)


@LANGUAGES
def test_the_answers_to_a_number(language: Language) -> None:
    answers = {
        "stranger": numbers.stranger(language),
        "no-password": numbers.no_password_awaited(language),
        "password-used-up": numbers.password_used_up(language),
        "password-expired": numbers.password_expired(language),
        "stopped": numbers.stopped(language),
        "too-many": numbers.too_many_messages(language),
        "too-late": numbers.too_late(language),
        "language": numbers.language_chosen(language),
        "help": numbers.helped(Help(), language),
    }
    for name, answer in answers.items():
        assert answer == Said(f"{name}.{language}", TEMPLATES[language][name])


@LANGUAGES
def test_of_many_gstins_the_first_are_named(language: Language) -> None:
    gstins = [f"{state:02}AAPFU0939F1ZV" for state in range(1, 9)]
    text = numbers.choose_gstin(gstins, language).text
    assert all(gstin in text for gstin in gstins[: numbers.GSTINS_MAX])
    assert gstins[numbers.GSTINS_MAX] not in text


def test_the_one_time_password() -> None:
    english = notices.one_time_password("012345", SUPPLIER, ENGLISH)
    hindi = notices.one_time_password("012345", SUPPLIER, HINDI)
    assert english.text == (
        f"012345 is the OTP to use this number for e-way bills of GSTIN {SUPPLIER}. "
        "Send CONFIRM 012345. Tell it to nobody"
    )
    for answer in (english, hindi):
        (reply,) = (part for part in answer.text.split("CONFIRM")[1:])
        assert read(f"CONFIRM {reply.split()[0].rstrip('.')}") == Confirm("012345")
        assert SUPPLIER in answer.text


def test_the_notices_of_a_bill() -> None:
    answerable = replace(BILL, acceptance_until=BILL.valid_until - HOUR)
    assert notices.supplier_told(BILL, ENGLISH).text == (
        f"EBN 171000000144 dt 01/04/2018 10:20 was generated by {SUPPLIER} for your goods: "
        "document 546, Rs 75000.00, vehicle KA12AB1234"
    )
    assert notices.supplier_told(BILL, HINDI).text == (
        f"आपके माल का EBN 171000000144 {SUPPLIER} ने बनाया: 546, Rs 75000.00, KA12AB1234, "
        "01/04/2018 10:20"
    )
    assert notices.generated_against_you(answerable, ENGLISH).text == (
        f"E-way bill against you by {SUPPLIER}: doc 546, Rs 75000.00. To reject send "
        "EWBR 171000000144 by 04/04/2018 09:20, else deemed accepted"
    )
    assert notices.generated_against_you(answerable, HINDI).text == (
        f"आपके नाम बिल 546, Rs 75000.00, {SUPPLIER}। 04/04/2018 09:20 तक EWBR 171000000144 से "
        "अस्वीकार, वरना स्वीकृत"
    )
    assert notices.expires_soon(BILL, ENGLISH).text == (
        "EBN 171000000144 on KA12AB1234 is valid only till 04/04/2018 10:20. Renew it in time if "
        "the goods will not arrive"
    )
    assert "KA12AB1234, केवल 04/04/2018 10:20 तक वैध" in notices.expires_soon(BILL, HINDI).text


def test_an_instant_is_told_to_the_minute_that_has_begun() -> None:
    until = BILL.valid_until + timedelta(seconds=59, microseconds=999_999)
    assert (
        "till 04/04/2018 10:20 " in bills.generated(replace(BILL, valid_until=until), ENGLISH).text
    )
    until += timedelta(microseconds=1)
    assert (
        "till 04/04/2018 10:21 " in bills.generated(replace(BILL, valid_until=until), ENGLISH).text
    )


PLATES = st.from_regex(
    r"[A-Z]{2}[0-9]{2}[A-Z]{1,2}[0-9]{4}|TR[A-Z0-9]{5,13}", fullmatch=True
).filter(lambda text: vehicle_fault(text) is None)


PARTS_A = st.builds(
    lambda number, paise: replace(BILL.part_a, document_number=number, value_paise=paise),
    st.text("ABCXYZ0189/-", min_size=1, max_size=16),
    st.integers(1, VALUE_PAISE_MAX),
)


@LANGUAGES
@given(
    vehicle=PLATES,
    part_a=PARTS_A,
    ebn=st.integers(10**11, 10**12 - 1),
    until=st.timedeltas(HOUR, timedelta(days=9999)).map(lambda later: AT + later),
)
def test_what_the_reader_needs_is_in_every_text_of_a_bill(
    language: Language, vehicle: str, part_a: PartA, ebn: int, until: datetime
) -> None:
    number, paise = part_a.document_number, part_a.value_paise
    bill = replace(
        BILL,
        ebn=ebn,
        vehicle_number=vehicle,
        part_a=part_a,
        valid_until=until,
        acceptance_until=until,
        cancelled_at=until,
        decided_at=until,
        handed_to=TRANSPORTER,
        generated_by=RECIPIENT,
    )
    told = [
        (bills.generated, (vehicle, bills.instant(bill.valid_until))),
        (bills.vehicle_changed, (vehicle, bills.instant(bill.valid_until))),
        (bills.cancelled, (bills.instant(bill.cancelled_at),)),
        (bills.rejected, (bills.instant(bill.decided_at),)),
        (bills.handed_over, (TRANSPORTER, bills.instant(bill.valid_until))),
        (notices.supplier_told, (vehicle, number, rupees(paise), RECIPIENT)),
        (notices.generated_against_you, (number, rupees(paise), RECIPIENT)),
        (notices.expires_soon, (vehicle, bills.instant(bill.valid_until))),
    ]
    for tell, needed in told:
        text = tell(bill, language).text
        assert fits(text, language)
        assert all(each in text for each in (str(ebn), *needed))
    described = bills.described(replace(bill, cancelled_at=None), AT + HOUR, language).text
    assert fits(described, language)
    assert all(each in described for each in (str(ebn), vehicle, bills.instant(bill.valid_until)))
