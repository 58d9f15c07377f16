"""A key given twice is a fault wherever it stands and however it is spelt."""

import json
from decimal import Decimal
from typing import Never

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.test_validators_forms import SOUND_TEXT, outcome, shape, with_raw
from tests.unit.test_validators_ins06 import sound
from validators.forms import FAULTS_MAX

PATIENT = settings(deadline=None)
THOROUGH = settings(deadline=None, max_examples=200)
TWICE = [("/mode", "DUPLICATE_KEY")]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (rb'"ROAD", "mode": "ROAD"', TWICE),
        (rb'"ROAD", "mode"  : "ROAD"', TWICE),
        (b'"ROAD", "mode"\n\t:"ROAD"', TWICE),
        (rb'"ROAD", "\u006dode": "ROAD"', TWICE),
        (rb'"ROAD", "mode": "ROAD", "transport_document_number": "a\\b"', TWICE),
        (rb'null, "mode": null', TWICE),
        (rb'null, "mode": null, "mode": "ROAD"', TWICE * 2),
        (rb'"SHIP", "mode": "SHIP"', [*TWICE, ("/mode", "NOT_ONE_OF")]),
        (
            rb'null, "a/~": 1, "a\/~": 1',
            [("/a~1~0", "DUPLICATE_KEY"), ("/a~1~0", "UNKNOWN_FIELD")],
        ),
        (
            rb'null, "supplier_contact": {"email": "a@b.in", "\u0065mail": "a@b.in"}',
            [("/supplier_contact/email", "DUPLICATE_KEY")],
        ),
        (
            b'null, "goods": [{"hsn_code": "7215", "hsn_code": "7215", "value": 1,'
            b' "description": "bars"}]',
            [("/goods/0/hsn_code", "DUPLICATE_KEY")],
        ),
        (
            b'null, "goods": [{}], "goods": [{"hsn_code": "7215", "value": 1, "value": 1,'
            b' "description": "bars"}]',
            [("/goods", "DUPLICATE_KEY"), ("/goods/0/value", "DUPLICATE_KEY")],
        ),
        (rb'null, "transport_document_number": "\"mode\": 1, \"mode\": 2"', []),
        (rb'null, "transport_document_number": "{\\"', []),
        (b'null, "transport_document_number": "mode"', []),
    ],
)
def test_duplicate_keys(raw: bytes, expected: list[tuple[str, str]]) -> None:
    assert shape(with_raw("mode", raw)) == expected


def again_given(text: str) -> int | None:
    """How many keys an object of the text repeats; None when the text is not JSON."""
    again = 0

    def pairs_seen(pairs: list[tuple[str, object]]) -> list[tuple[str, object]]:
        nonlocal again
        again += len(pairs) - len({key for key, _ in pairs})
        return pairs

    def refuse(constant: str) -> Never:
        raise ValueError(constant)

    try:
        value = json.loads(
            text, object_pairs_hook=pairs_seen, parse_float=Decimal, parse_constant=refuse
        )
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except (ValueError, ArithmeticError):  # Half a surrogate pair cannot be encoded either.
        return None
    return again


def duplicates_found(text: str) -> int | None:
    found = outcome(text.encode())
    if isinstance(found, str):
        assert found == "MALFORMED_JSON"
        return None
    return sum(code == "DUPLICATE_KEY" for _, code in found)


GAPS = st.sampled_from(["", " ", "\n\t "])
KEYS = st.sampled_from(
    ['"a"', '"b"', r'"\u0061"', r'"a\/b"', '"a/b"', '"\u00e9"', r'"\u00e9"', '""', r'"\"a"']
)
LEAVES = KEYS | st.sampled_from(["1", "-0.5e3", "true", "null", r'"\\"', r'"{\"a\":1,\"a\":1}"'])


def arrays_or_objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.builds("{}{}:{}{}".format, KEYS, GAPS, GAPS, inner)
    return st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]") | st.lists(
        pairs, max_size=5
    ).map(lambda members: "{" + ",".join(members) + "}")


@THOROUGH
@given(st.recursive(LEAVES, arrays_or_objects, max_leaves=20))
def test_duplicate_keys_agree_with_a_plain_reading(text: str) -> None:
    expected = again_given(text)
    assert expected is not None
    assert duplicates_found(text) == min(expected, FAULTS_MAX)


MEMBERS = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in sound().items()]
FRAGMENTS = st.sampled_from(
    [m + "," for m in MEMBERS]
    + ["," + m for m in MEMBERS]
    + [r'"\u006dode":"ROAD",', r"\u006d", r"\ud83d", r"\ude9a", "NaN", "{", "}", '"', "\\", "\x00"]
)
PLACES = st.integers(0, len(SOUND_TEXT))
# Most cuts are nothing or little, so that many mutations are JSON still.
CUTS = st.sampled_from([0, 0, 0, 1, 2, 40])


@THOROUGH
@given(st.lists(st.tuples(PLACES, CUTS, FRAGMENTS | st.text(max_size=2)), max_size=3))
def test_mutated_text_agrees_with_a_plain_reading(edits: list[tuple[int, int, str]]) -> None:
    text = SOUND_TEXT
    for place, cut, inserted in edits:
        text = text[:place] + inserted + text[place + cut :]
    assert duplicates_found(text) == again_given(text)


@PATIENT
@given(st.data())
def test_members_put_again_are_found(data: st.DataObject) -> None:
    repeated = data.draw(st.lists(st.sampled_from(MEMBERS), max_size=6))
    members = data.draw(st.permutations(MEMBERS + repeated))
    text = "{" + ", ".join(members) + "}"
    assert duplicates_found(text) == again_given(text) == len(repeated)
