"""Reading a form: every fault of its shape at once, and no body that is more than refused."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.test_validators_ins06 import encoded, faults_of, line, sound
from validators.errors import Refusal, fault
from validators.forms import FAULTS_MAX, read_form
from validators.ins06 import Ins06

PATIENT = settings(deadline=None)
THOROUGH = settings(deadline=None, max_examples=200)


def shape(body: bytes) -> list[tuple[str, str]]:
    return [(each.pointer, each.code) for each in read_form(body, Ins06)[1]]


def refusal(body: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read_form(body, Ins06)
    return caught.value


def outcome(body: bytes) -> list[tuple[str, str]] | str:
    """The faults of a body, or the code it is refused with; any other exception is a failure."""
    try:
        return shape(body)
    except Refusal as refused:
        return refused.problem.code


def with_raw(name: str, raw: bytes) -> bytes:
    """A sound document whose field holds these very bytes."""
    return encoded(sound(**{name: "@"})).replace(b'"@"', raw)


def test_all_the_faults_at_once() -> None:
    document = sound(
        supplier_gstin="27AAPFU0939F1ZU",
        place_of_delivery=560001,
        document_date="yesterday",
        value_of_goods="1.001",
        mode="SHIP",
        distance_km="350",
        goods=[line(hsn_code="7"), line(value=[]), "bars", {"a/b": 1, "~": 2}],
        supplier_contact={"mobile": 1, "fax": ""},
        colour="red",
        **{"": 0, "m~n/o": 0},
    )
    del document["hsn_code"]
    assert Counter(faults_of(document)) == Counter(
        [
            ("/supplier_gstin", "GSTIN_CHECKSUM"),
            ("/place_of_delivery", "WRONG_TYPE"),
            ("/document_date", "DATE_FORMAT"),
            ("/value_of_goods", "MONEY_FORMAT"),
            ("/hsn_code", "REQUIRED"),
            ("/mode", "NOT_ONE_OF"),
            ("/distance_km", "WRONG_TYPE"),
            ("/goods/0/hsn_code", "HSN_FORMAT"),
            ("/goods/1/value", "WRONG_TYPE"),
            ("/goods/2", "WRONG_TYPE"),
            ("/goods/3/a~1b", "UNKNOWN_FIELD"),
            ("/goods/3/~0", "UNKNOWN_FIELD"),
            ("/goods/3/hsn_code", "REQUIRED"),
            ("/goods/3/description", "REQUIRED"),
            ("/goods/3/value", "REQUIRED"),
            ("/supplier_contact/mobile", "WRONG_TYPE"),
            ("/supplier_contact/fax", "UNKNOWN_FIELD"),
            ("/colour", "UNKNOWN_FIELD"),
            ("/", "UNKNOWN_FIELD"),
            ("/m~0n~1o", "UNKNOWN_FIELD"),
        ]
    )


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"1", b"1.5", b"true", b"null"])
def test_not_an_object(body: bytes) -> None:
    assert shape(body) == [("", "WRONG_TYPE")]


def test_the_list_of_faults_is_bounded() -> None:
    _, faults = read_form(encoded(dict.fromkeys(map(str, range(FAULTS_MAX * 2)))), Ins06)
    assert len(faults) == FAULTS_MAX


SOUND_TEXT = json.dumps(sound(goods=[line(), line(description='"\\ \u091a')], mode="ROAD"))


@PATIENT
@given(st.binary(), st.integers(0, len(SOUND_TEXT)))
def test_any_bytes_are_read_or_refused(inserted: bytes, place: int) -> None:
    sound_bytes = SOUND_TEXT.encode()
    for body in (inserted, sound_bytes[:place] + inserted + sound_bytes[place:]):
        found = outcome(body)
        assert found == "MALFORMED_JSON" or isinstance(found, list)


@pytest.mark.parametrize("length", range(0, len(SOUND_TEXT), 7))
def test_truncated_json(length: int) -> None:
    assert refusal(SOUND_TEXT.encode()[:length]).problem.code == "MALFORMED_JSON"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"{} {}",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 01}',
        b'{"a": .5}',
        b'{"a": 1} // why',
        b"{a: 1}",
        b'{"a": "\n"}',
        b'{"a": "\x00"}',
        b'{"a": "\\x"}',
        b'{"a": "\\n\n"}',
        b"{1: 1}",
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b'{"a": "\xff"}',
        b'{"\xff": 1}',
        b'{"a": "\\n\xff"}',
        b'{"a": "\xc0\xaf"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\xf0\x9f\x9a"}',
        b'{"a": "\xf4\x90\x80\x80"}',
        rb'{"a": "\ud83d"}',
        rb'{"a": "\ude9a\ud83d"}',
        rb'{"\ud83d": 1}',
        rb'{"a": "\ud83dx"}',
    ],
)
def test_not_json(body: bytes) -> None:
    assert refusal(body).problem.code == "MALFORMED_JSON"


def test_escaped_surrogate_pair_is_one_character() -> None:
    form, faults = read_form(with_raw("transport_document_number", rb'"\ud83d\ude9a"'), Ins06)
    assert faults == []
    assert form.transport_document_number == "\U0001f69a"


@pytest.mark.parametrize("innermost", [b"", b'"x"', rb'"\\"', rb'{"a":1,"\u0061":1}'])
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_bottomless_nesting(opening: bytes, innermost: bytes) -> None:
    closing = b"]" if opening == b"[" else b"}"
    nested = opening * 100_000 + (innermost or b"[]") + closing * 100_000
    for body in (nested, with_raw("goods", nested)):
        assert refusal(body).problem.code == "MALFORMED_JSON"


@pytest.mark.parametrize("innermost", [b"1", rb'"\\"', b'{"a":1,"a":1}'])
def test_nesting_about_the_limits_is_a_fault_or_refused(innermost: bytes) -> None:
    for depth in range(2, 1300, 9):
        found = outcome(with_raw("goods", b"[" * depth + innermost + b"]" * depth))
        assert found == "MALFORMED_JSON" or ("/goods/0", "WRONG_TYPE") in found


@pytest.mark.parametrize("digits", [19, 20, 400, 4000, 4400, 100_000])
@pytest.mark.parametrize("sign", [b"", b"-"])
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("distance_km", "OUT_OF_RANGE"),
        ("value_of_goods", "MONEY_FORMAT"),
        ("hsn_code", "WRONG_TYPE"),
        ("colour", "UNKNOWN_FIELD"),
        ("goods", "WRONG_TYPE"),
    ],
)
def test_huge_integer(name: str, code: str, sign: bytes, digits: int) -> None:
    """Past what Python converts to text it is refused outright; before, the field is at fault."""
    body = with_raw(name, sign + b"9" * digits)
    if digits > 4000:
        assert refusal(body).problem.code == "MALFORMED_JSON"
    else:
        form, faults = read_form(body, Ins06)
        if code == "OUT_OF_RANGE":
            assert faults == []
            assert form.distance_km == int(sign + b"9" * digits)
        else:
            assert [(each.pointer, each.code) for each in faults] == [(f"/{name}", code)]


@pytest.mark.parametrize("number", [b"1e400", b"-1e-400", b"1E99999999999999999999", b"0e1"])
def test_huge_exponent(number: bytes) -> None:
    for name in ("value_of_goods", "distance_km", "hsn_code"):
        found = outcome(with_raw(name, number))
        if isinstance(found, str):
            assert found == "MALFORMED_JSON"
        else:
            assert [pointer for pointer, _ in found] == [f"/{name}"]


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["75000.00", "2026-11-20", "ROAD", "URP", "27AAPFU0939F1ZV"])
)
JSON_VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3), inner, max_size=4)
        | inner.map(lambda value: [line(value=value)])
        | inner.map(lambda value: {"mobile": value})
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(Ins06.__struct_fields__) | st.text(max_size=3)
SOUND_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "place_of_dispatch": st.none() | st.text(),
        "document_type": st.none() | st.sampled_from(["CHALLAN", "BILL_OF_ENTRY"]),
        "value_of_goods": st.integers(-(10**14), 10**14) | st.just("1.5") | st.just(0.25),
        "reason_code": st.integers(),
        "document_date": st.dates().map(str),
        "goods": st.none() | st.lists(st.text().map(lambda text: line(description=text))),
        "supplier_contact": st.none() | st.just({}) | st.just({"mobile": None}),
        "distance_to_transporter_km": st.none() | st.integers(),
    },
)


def assert_paths_agree(document: dict[str, object], *, ascii_only: bool) -> int:
    """An unknown field alone forces the slow path, and must change nothing but one fault."""
    body = json.dumps(document, ensure_ascii=ascii_only).encode()
    form, faults = read_form(body, Ins06)
    walked, more = read_form(body[:-1] + b', "a stranger": 1}', Ins06)
    assert walked == form
    assert Counter(more) == Counter([*faults, fault("/a stranger", "UNKNOWN_FIELD")])
    return len(faults)


@THOROUGH
@given(st.dictionaries(NAMES, JSON_VALUES, max_size=5), st.booleans())
def test_any_document_is_read_alike_on_both_paths(
    changes: dict[str, object], ascii_only: bool
) -> None:
    assert_paths_agree(sound() | changes, ascii_only=ascii_only)


@PATIENT
@given(SOUND_CHANGES, st.booleans())
def test_sound_shape_has_no_fault_on_either_path(
    changes: dict[str, object], ascii_only: bool
) -> None:
    assert assert_paths_agree(sound(**changes), ascii_only=ascii_only) == 0


@PATIENT
@given(st.dictionaries(st.text(), JSON_VALUES))
def test_any_object_is_read(document: dict[str, object]) -> None:
    _, faults = read_form(encoded(document), Ins06)
    assert {each.code for each in faults} >= {"REQUIRED"}
