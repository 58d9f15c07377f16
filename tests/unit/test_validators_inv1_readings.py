"""An invoice is read quickly where that is sure, carefully where not: never to another result."""

import gc
import json
from contextlib import suppress
from datetime import date
from functools import lru_cache
from random import Random
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loadtest.invoices import invoices
from tests.damage import ANY, Place, damaged, doubled, places, with_raw, without
from tests.documents import SUPPLIER
from validators.errors import Refusal
from validators.inv1 import encode, read_inv1
from validators.inv1_faults import examine_invoice
from validators.inv1_numbers import NumberError, thousandths
from validators.invoice import differences

NUMBERED: Final = (
    *("quantity", "rate", "amount", "unit_price", "total", "discount", "taxable_value"),
    *("freight", "total_value"),
)
TODAY: Final = date(2026, 11, 22)
LINES: Final = [
    *invoices(1, SUPPLIER, 4, lines=2),
    json.dumps(json.loads(next(invoices(2, SUPPLIER, 1, lines=1))) | {"shipped_to": None}).encode(),
]
DOCUMENTS: Final = [json.loads(line) for line in LINES]
PLACES: Final = [(document, place) for document in DOCUMENTS for place in places(document) if place]
MEMBERS: Final = [(document, place) for document, place in PLACES if isinstance(place[-1], str)]
COUNTED: Final = [
    (document, place) for document, place in PLACES if place[-1] in (*NUMBERED, "serial")
]
JSON_NUMBER: Final = rb"-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,6})?([eE][+-]?[0-9]{1,5})?"
THOROUGH: Final = settings(deadline=None, max_examples=400)


def outcome(line: bytes) -> Any:
    """What is stored of a line, or everything wrong with it."""
    try:
        form, shape = read_inv1(line)
    except Refusal as refusal:
        return refusal.problem.code
    return examine_invoice(form, shape, TODAY) or encode(form)


def agree(line: bytes) -> Any:
    """The outcome of a line, having seen that it is that of the same document spelt with a
    backslash, which is never read quickly."""
    found = outcome(line)
    for name in (b"supplier", b"billed_to"):
        spelt = line.replace(b'"%b":' % name, rb'"\u%04x%b":' % (name[0], name[1:]), 1)
        assert found == outcome(spelt)
    return found


def test_a_sound_document_is_read_alike() -> None:
    for line in LINES:
        assert isinstance(agree(line), bytes)


@pytest.mark.parametrize("raw", ANY, ids=lambda raw: repr(raw[:20]))
def test_any_value_at_any_place(raw: bytes) -> None:
    document = DOCUMENTS[0]
    for place in places(document):
        agree(with_raw(document, place, raw))


@pytest.mark.parametrize("escaped", [False, True])
def test_any_key_given_twice_is_seen(escaped: bool) -> None:
    for document, place in MEMBERS:
        value: Any = document
        for key in place:
            value = value[key]
        for raw in (json.dumps(value).encode(), b"null", b'"a:b:c"', b'{"a":{"b":1}}'):
            found = agree(doubled(document, place, raw, escaped=escaped))
            assert "DUPLICATE_KEY" in [fault.code for fault in found]


def test_anything_left_out() -> None:
    for document, place in PLACES:
        agree(without(document, place))


@THOROUGH
@given(st.sampled_from(PLACES), st.sampled_from(PLACES), st.sampled_from(ANY))
def test_a_value_moved_to_another_place(
    here: tuple[Any, Place], there: tuple[Any, Place], raw: bytes
) -> None:
    document, place = here
    value: Any = there[0]
    for key in there[1]:
        value = value[key]
    moved = with_raw(document, place, json.dumps(value).encode())
    agree(moved)
    with suppress(KeyError, IndexError, TypeError):  # The first move may have taken the place away.
        agree(with_raw(json.loads(moved), place, raw))


@THOROUGH
@given(st.integers(0, 2**32), st.integers(0, len(LINES) - 1))
def test_damage_of_any_kind(seed: int, index: int) -> None:
    agree(damaged(Random(seed), LINES[index]))  # noqa: S311 - not a secret


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@THOROUGH
@given(st.sampled_from(PLACES), json_values)
@example((DOCUMENTS[0], ("lines", 0, "quantity")), 12)
@example((DOCUMENTS[0], ("lines", 0, "quantity")), 12.0)
@example((DOCUMENTS[0], ("lines", 0, "serial")), 1.0)
@example((DOCUMENTS[0], ("lines", 0, "serial")), True)
def test_any_json_at_any_place(here: tuple[Any, Place], value: Any) -> None:
    written = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    agree(with_raw(*here, written))


@THOROUGH
@given(st.sampled_from(COUNTED), st.from_regex(JSON_NUMBER, fullmatch=True))
def test_any_spelling_of_a_number(here: tuple[Any, Place], raw: bytes) -> None:
    agree(with_raw(*here, raw))
    agree(with_raw(*here, b'"%b"' % raw))


def test_numbers_are_as_good_as_text() -> None:
    """Every amount, quantity and rate as a number where the form has its text."""
    document = json.loads(LINES[0])
    text = json.loads(LINES[0])
    for place in places(text):
        if place and place[-1] in NUMBERED:
            owner: Any = document
            for key in place[:-1]:
                owner = owner[key]
            written = owner[place[-1]]
            owner[place[-1]] = float(written) if "." in written else int(written)
    expected = agree(LINES[0])
    assert isinstance(expected, bytes)
    again = agree(json.dumps(document).encode())
    assert not differences(read_inv1(expected)[0], read_inv1(again)[0])


@pytest.mark.parametrize("raw", [b"1e999999999", b"1e-999999999", b"-1e999999999"])
def test_an_exponent_is_never_written_out(raw: bytes) -> None:
    """A billion zeros would take a gigabyte; `timeout` and memory would tell."""
    document = DOCUMENTS[0]
    for place in (("lines", 0, "quantity"), ("lines", 0, "serial"), ("total_value",)):
        assert agree(with_raw(document, place, raw))


def test_nothing_too_long_is_remembered() -> None:
    """Else a few thousand lines of a megabyte would fill the memory."""
    document = DOCUMENTS[0]
    long = b'"' + b"9" * 600 + b'"'
    counted = _remembered()
    for place in places(document):
        agree(with_raw(document, place, long))
    assert _remembered() == counted
    assert thousandths("999999999.999") == 999_999_999_999
    with pytest.raises(NumberError):
        thousandths("9" * 14)


def _remembered() -> int:
    """How many texts longer than any that is taken are in caches."""
    caches = [one for one in gc.get_objects() if isinstance(one, type(lru_cache(len)))]
    held = [one for cache in caches for one in gc.get_referents(cache) if isinstance(one, dict)]
    return sum(isinstance(key, str) and len(key) >= 600 for keys in held for key in keys)
