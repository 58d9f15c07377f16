"""Identifiers: what is one, what is nearly one, and what only looks like one."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from validators import identifiers
from validators.identifiers import gstin_check_character, gstin_fault, text_fault

PATIENT = settings(deadline=None)
ALPHABET = string.digits + string.ascii_uppercase
REAL = [
    "05AAACG2115R1ZN",
    "05AAACG2140A1ZL",
    "27AAPFU0939F1ZV",
    "29AAGCB7383J1Z4",
    "24AAACC1206D1ZM",
]
DIGIT_ZEROS = {"devanagari": 0x0966, "arabic-indic": 0x0660, "bengali": 0x09E6, "wide": 0xFF10}


def in_script(text: str, zero: int) -> str:
    """The text with its ASCII digits replaced by those of another script."""
    return "".join(chr(zero + int(c)) if c in string.digits else c for c in text)


@st.composite
def gstins(draw: st.DrawFn) -> str:
    state = f"{draw(st.integers(1, 38)):02}"
    pan_and_entity = draw(st.from_regex(r"[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]", fullmatch=True))
    first_fourteen = f"{state}{pan_and_entity}Z"
    return first_fourteen + gstin_check_character(first_fourteen)


@pytest.mark.parametrize("gstin", REAL)
def test_real_gstin(gstin: str) -> None:
    assert gstin_fault(gstin) is None
    assert gstin_check_character(gstin[:14]) == gstin[14]


def assert_substitutions_refused(gstin: str) -> None:
    accepted = [
        (position, character)
        for position in range(15)
        for character in ALPHABET
        if character != gstin[position]
        and gstin_fault(gstin[:position] + character + gstin[position + 1 :]) is None
    ]
    assert accepted == []


@pytest.mark.parametrize("gstin", REAL)
def test_every_single_substitution_of_a_real_gstin_is_refused(gstin: str) -> None:
    assert_substitutions_refused(gstin)


@PATIENT
@given(gstins())
def test_every_single_substitution_is_refused(gstin: str) -> None:
    assert gstin_fault(gstin) is None
    assert_substitutions_refused(gstin)


@PATIENT
@given(st.sampled_from(REAL) | gstins(), st.integers(0, 13))
def test_every_adjacent_transposition_is_refused(gstin: str, at: int) -> None:
    """The algorithm is blind to 0 and Z changing places only, which the pattern rules out."""
    swapped = gstin[:at] + gstin[at + 1] + gstin[at] + gstin[at + 2 :]
    assert (gstin_fault(swapped) is None) == (swapped == gstin)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "URP",
        REAL[0].lower(),
        REAL[0] + "\n",
        REAL[0] + " ",
        " " + REAL[0],
        REAL[0][:14],
        REAL[0] + "0",
        "00AAPFU0939F1ZV",
        "39AAPFU0939F1ZV",
        "98AAPFU0939F1ZV",
        "27AAPFU0939F1YV",
        *(in_script(REAL[0], zero) for zero in DIGIT_ZEROS.values()),
    ],
)
def test_not_the_form_of_a_gstin(text: str) -> None:
    assert gstin_fault(text) == "GSTIN_FORMAT"


@pytest.mark.parametrize("state", ["01", "09", "38", "97", "99"])
def test_state_code_of_a_gstin(state: str) -> None:
    first_fourteen = f"{state}AAPFU0939F1Z"
    assert gstin_fault(first_fourteen + gstin_check_character(first_fourteen)) is None


def test_wrong_check_character_is_told_apart() -> None:
    assert gstin_fault("27AAPFU0939F1ZU") == "GSTIN_CHECKSUM"


def test_an_unregistered_person_is_a_party_without_a_gstin() -> None:
    assert identifiers.party_fault("URP") is None
    assert identifiers.party_fault(REAL[0]) is None
    assert identifiers.party_fault("URPX") == "GSTIN_FORMAT"
    assert identifiers.party_fault("urp") == "GSTIN_FORMAT"


@pytest.mark.parametrize("uin", ["0717UNO00157UNO", "2718USA00012ON1", "9917USA00012UNZ"])
def test_a_recipient_may_have_a_unique_identity_number(uin: str) -> None:
    assert identifiers.recipient_fault(uin) is None
    assert identifiers.party_fault(uin) == gstin_fault(uin) == "GSTIN_FORMAT"
    for text in (uin.lower(), uin[:-1], uin + "0", "39" + uin[2:], uin[:12] + "XN" + uin[-1]):
        assert identifiers.recipient_fault(text) == "GSTIN_FORMAT"


def test_a_recipient_is_else_a_party() -> None:
    for text in ("URP", REAL[0], "", "27AAPFU0939F1ZU", "URPX"):
        assert identifiers.recipient_fault(text) == identifiers.party_fault(text)


def test_states_and_other_countries() -> None:
    codes = {f"{code:02}" for code in range(100)}
    states = {code for code in codes if identifiers.state_fault(code) is None}
    assert states == {*(f"{code:02}" for code in range(1, 39)), "97", "99"}
    assert {code for code in codes if identifiers.country_fault(code) is None} == states | {"96"}
    for text in ("", "7", "029", "KA", "96 ", in_script("29", DIGIT_ZEROS["devanagari"])):
        assert identifiers.state_fault(text) == identifiers.country_fault(text) == "STATE_FORMAT"


CASES = {
    "pin": (
        ["560001", "110001", "999999"],
        ["060001", "56000", "5600011", "", "56 001", "56000A", "-60001"],
    ),
    "hsn": (
        ["7215", "721510", "72151000", "0101"],
        ["", "72", "721", "72151", "7215100", "721510001", "7215100000", "72 15", "721A"],
    ),
    "document_number": (
        ["1", "INV/2026/000123", "a-Z/09", "x" * 16],
        ["", "x" * 17, "INV 1", "INV_1", "INV.1", "INV\\1", "\u0907", "INV\x001"],
    ),
    "irn": (
        ["0123456789abcdef" * 4],
        ["", "f" * 63, "f" * 65, "F" * 64, "g" * 64, " " + "f" * 64],
    ),
    "tag": (
        # 96 bits, and from the shortest TID of 64 to the longest EPC of 496.
        ["E28011606000020401234567", "0000000000000001", "F" * 124],
        [
            *("", "F" * 15, "F" * 17, "F" * 18, "F" * 19, "F" * 123, "F" * 125, "F" * 128),
            *("0" * 16, "0" * 24, "0" * 124, "e28011606000020401234567", "G" * 24),
            *("E280 1160 6000 0204", "0xE280116060000204", "E280-1160-6000-0204"),
        ],
    ),
    "mobile": (
        ["9876543210", "6000000000"],
        ["5876543210", "987654321", "98765432100", "+919876543210", "98765 43210", ""],
    ),
    "email": (
        ["a@b.in", "asha.rao+bills@mail.example.co.in", "\u0905@\u092d\u093e\u0930\u0924.in"],
        ["", "a", "@b.in", "a@", "a@b", "a@b.", "a@.in", "a@b..in", "a b@c.in", "a@b@c.in"],
    ),
}
LABEL = "b" * 63
CASES["email"][0].append(f"{'x' * 59}@{LABEL}.{LABEL}.{LABEL}.in")  # 254 characters
CASES["email"][1].append(f"{'x' * 60}@{LABEL}.{LABEL}.{LABEL}.in")
CASES["email"][1].extend(["x" * 65 + "@b.in", f"a@{LABEL}b.in"])
CASES["email"][1].extend(["a\x00@b.in", "a@b\x7f.in", "a\u202e@b.in"])


def fault_of(kind: str, text: str) -> object:
    return getattr(identifiers, f"{kind}_fault")(text)


@pytest.mark.parametrize(("kind", "text"), [(kind, t) for kind in CASES for t in CASES[kind][0]])
def test_accepted(kind: str, text: str) -> None:
    assert fault_of(kind, text) is None


@pytest.mark.parametrize(("kind", "text"), [(kind, t) for kind in CASES for t in CASES[kind][1]])
def test_refused(kind: str, text: str) -> None:
    assert fault_of(kind, text) == f"{kind.upper()}_FORMAT"


@pytest.mark.parametrize("kind", sorted(CASES))
def test_line_ends_and_other_scripts_are_never_accepted(kind: str) -> None:
    good = CASES[kind][0][0]
    for text in (good + "\n", "\n" + good, good + "\r"):
        assert fault_of(kind, text) == f"{kind.upper()}_FORMAT"
    if kind != "email":  # The part before the @ may be in any script.
        for zero in DIGIT_ZEROS.values():
            assert fault_of(kind, in_script(good, zero)) == f"{kind.upper()}_FORMAT"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("KA12AB1234", "KA12AB1234"),
        ("KA12A1234", "KA12A1234"),
        ("KA121234", "KA121234"),
        ("KAB1234", "KAB1234"),
        ("TR12AB1234", "TR12AB1234"),
        ("TRKA0199", "TRKA0199"),
        ("ka 12 ab 1234", "KA12AB1234"),
        (" ka12 a1234 ", "KA12A1234"),
        ("kab 1234", "KAB1234"),
        ("tr ka 0199", "TRKA0199"),
    ],
)
def test_vehicle_accepted(written: str, stored: str) -> None:
    assert identifiers.normal_vehicle(written) == stored
    assert identifiers.vehicle_fault(stored) is None


@pytest.mark.parametrize(
    "written",
    [
        "",
        "KA12AB123",
        "KA12AB12345",
        "KA12ABC1234",
        "K12AB1234",
        "KA1AB1234",
        "KA12-AB-1234",
        "12AB1234",
        "ABCD1234",
        "TR",
        "TR-12345",
        "KA12AB1234\n",
        "KA12AB\t1234",
        "KA12AB1234\u00a0",
        *(in_script("KA12AB1234", zero) for zero in DIGIT_ZEROS.values()),
    ],
)
def test_vehicle_refused(written: str) -> None:
    assert identifiers.vehicle_fault(identifiers.normal_vehicle(written)) == "VEHICLE_FORMAT"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("E28011606000020401234567", "E28011606000020401234567"),
        ("e280 1160 6000 0204 0123 4567", "E28011606000020401234567"),
        (" 00000000 0000000a ", "000000000000000A"),
        ("0" * 15, None),
        ("0000 0000 0000 0000", None),
        ("e280\t1160 6000 0204", None),
        ("e280\u00a01160 6000 0204", None),
        # Some other letters become ones of the alphabet in upper case.
        ("\ufb00" * 8, None),
        *((in_script("E28011606000020401234567", zero), None) for zero in DIGIT_ZEROS.values()),
    ],
    ids=ascii,
)
def test_tag_is_read_as_it_is_stored(written: str, stored: str | None) -> None:
    assert identifiers.tag_of(written) == stored


@PATIENT
@given(st.integers(10**11, 10**12 - 1))
def test_ebn_is_read_as_the_number_it_is(number: int) -> None:
    assert identifiers.ebn_of(str(number)) == number


@pytest.mark.parametrize(
    "text",
    ["", "099999999999", "10000000001", "1000000000171", "10000000001x", "100000000017\n"]
    + [" 100000000017", "+10000000001", "1_0000000001"]
    + [in_script("100000000017", zero) for zero in DIGIT_ZEROS.values()],
)
def test_not_an_ebn(text: str) -> None:
    assert identifiers.ebn_of(text) is None


CONTROLS = [0x00, 0x07, 0x09, 0x0A, 0x0D, 0x1B, 0x1F, 0x7F, 0x80, 0x85, 0x9B, 0x9F]
OVERRIDES = [0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]


@pytest.mark.parametrize("character", [chr(code) for code in CONTROLS + OVERRIDES], ids=ascii)
@pytest.mark.parametrize("template", ["{}rice", "ri{}ce", "rice{}"])
def test_text_with_a_control_character(character: str, template: str) -> None:
    assert text_fault(template.format(character), 10) == "CONTROL_CHARACTER"


@pytest.mark.parametrize(
    "text",
    [
        "rice",
        "\u091a\u093e\u0935\u0932",  # Devanagari
        "\u0686\u0627\u0648\u0644",  # Urdu, right to left without any override
        "\u0915\u094d\u200d\u0937",  # a zero-width joiner is part of the spelling
        "\U0001f69a \U00020000",
        "e\u0301",
    ],
)
def test_text_in_any_script(text: str) -> None:
    assert text_fault(text, 10) is None


@pytest.mark.parametrize("text", ["", " ", "\u00a0", "\u3000 ", "\n\t"], ids=ascii)
def test_blank_text(text: str) -> None:
    assert text_fault(text, 10) == "EMPTY"


@pytest.mark.parametrize("character", ["x", "\u0915", "\U0001f69a"], ids=ascii)
def test_text_length_is_in_characters(character: str) -> None:
    assert text_fault(character * 30, 30) is None
    assert text_fault(character * 31, 30) == "TOO_LONG"
