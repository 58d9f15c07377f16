"""What is seen at a glance is what looking at everything finds."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loadtest.invoices import invoices
from tests.damage import damaged
from tests.documents import SUPPLIER
from tests.invoices import TODAY, intra_invoice, intra_line, invoice, line, party, random_invoice
from validators.ins06 import DESCRIPTION_CHARACTERS_MAX
from validators.inv1 import encode, read_inv1, read_plainly
from validators.inv1_at_a_glance import seems_sound
from validators.inv1_faults import (
    ADDRESS_CHARACTERS_MAX,
    NAME_CHARACTERS_MAX,
    UNIT_CHARACTERS_MAX,
    WORDS_CHARACTERS_MAX,
    examine_invoice,
)
from validators.inv1_numbers import paise_of
from validators.money import Paise

THOROUGH: Final = settings(deadline=None, max_examples=400)
SUPPLY_TYPES: Final = (
    *("REVERSE_CHARGE", "ECOMMERCE_TCS", "B2B", "B2C", "EXPORT", "SEZ", "DEEMED_EXPORT"),
)
NOTHING: Final = {"rate": "0", "amount": "0.00"}
SPELLINGS: Final = st.lists(
    st.sampled_from(["0.00", "1.50", ",", "\n", ".", "0", "-", " "]), max_size=4
).map("".join)
"""Of an amount, or of what is none: made of pieces of which two amounts could be taken for one."""


def seen(document: Any) -> bool:
    """Whether a document is seen to be sound, having found that it is then, and is stored as it was
    read."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    plainly = read_plainly(body)
    if plainly is None or not seems_sound(*plainly, TODAY):
        return False
    form, shape = read_inv1(body)
    assert examine_invoice(form, shape, TODAY) == []
    assert encode(form) == plainly[1]
    return True


def test_what_businesses_write_is_seen() -> None:
    for lines in range(1, 6):
        assert all(map(seen, invoices(7, SUPPLIER, 50, lines=lines)))
    assert seen(invoice())
    with_cess = intra_line(cess={"rate": "1", "amount": "750.00"})
    free = line(igst=..., unit_price="0.00", total="0.00", discount="0.00", taxable_value="0.00")
    assert seen(intra_invoice(lines=[with_cess, free], total_value="89870.50"))


@THOROUGH
@given(st.integers(0, 2**32), st.sampled_from(SUPPLY_TYPES), st.sampled_from([None, "URP", ...]))
def test_random_documents(seed: int, supply_type: str, gstin: Any) -> None:
    document = random_invoice(Random(seed), supply_type)  # noqa: S311 - not a secret
    seen(document)
    if gstin is not ...:
        document["billed_to"]["gstin"] = gstin
    seen(document)


@THOROUGH
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_damage_of_any_kind(seed: int, lines: int) -> None:
    body = next(invoices(seed, SUPPLIER, 1, lines=lines))
    assert seen(body)
    for again in range(4):
        seen(damaged(Random(seed + again), body))  # noqa: S311 - not a secret


@THOROUGH
@given(st.integers(0, 2**32), st.integers(0, 2**16), st.integers(-200, 200))
def test_any_amount_off_by_a_little(seed: int, which: int, paise: int) -> None:
    document = json.loads(next(invoices(seed, SUPPLIER, 1, lines=2)))
    owners = [(owner, name) for owner, name, value in leaves(document) if "." in str(value)]
    owner, name = owners[which % len(owners)]
    if name in ("rate", "quantity"):
        return
    worth = max(0, int(owner[name].replace(".", "")) + paise)
    owner[name] = f"{worth // 100}.{worth % 100:02}"
    seen(document)


def leaves(value: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Every text of a document with its owner and its place there."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, (dict, list)):
            yield from leaves(inner)
        elif isinstance(inner, str):
            yield value, key, inner


@THOROUGH
@given(st.integers(0, 2**16), st.text(max_size=6))
@example(0, "")
@example(0, " ")
@example(0, "\u3000")
@example(0, "\x7f")
@example(0, "\u202e")
@example(0, "२७")
def test_any_text_at_any_place(which: int, text: str) -> None:
    document = json.loads(next(invoices(which, SUPPLIER, 1, lines=1)))
    for owner, name, value in list(leaves(document)):
        for spelt in (text, text + value, value + text):
            owner[name] = spelt
            seen(json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        owner[name] = value


@pytest.mark.parametrize(
    ("place", "length_max"),
    [
        (("supplier", "legal_name"), NAME_CHARACTERS_MAX),
        (("supplier", "trade_name"), NAME_CHARACTERS_MAX),
        (("supplier", "address"), ADDRESS_CHARACTERS_MAX),
        (("billed_to", "name"), NAME_CHARACTERS_MAX),
        (("shipped_to", "address"), ADDRESS_CHARACTERS_MAX),
        (("signatory", "name"), NAME_CHARACTERS_MAX),
        (("signatory", "designation"), NAME_CHARACTERS_MAX),
        (("lines", 0, "description"), DESCRIPTION_CHARACTERS_MAX),
        (("lines", 0, "unit"), UNIT_CHARACTERS_MAX),
        (("total_in_words",), WORDS_CHARACTERS_MAX),
    ],
)
def test_the_longest_text(place: tuple[Any, ...], length_max: int) -> None:
    for letter in ("x", "ñ"):
        for length, sound in ((length_max, True), (length_max + 1, False)):
            document = invoice()
            owner: Any = document
            for key in place[:-1]:
                owner = owner[key]
            owner[place[-1]] = letter * length
            assert seen(json.dumps(document, ensure_ascii=False).encode()) is sound


@pytest.mark.parametrize(
    "document",
    [
        invoice(billed_to=party(gstin="URP")),
        invoice(supply_type="B2C"),
        invoice(lines=[]),
        invoice(lines=[intra_line()]),
        invoice(lines=[line(cgst=NOTHING)]),
        intra_invoice(lines=[line()]),
        intra_invoice(lines=[intra_line(sgst=...)]),
        intra_invoice(lines=[intra_line(cgst={"rate": "8", "amount": "6000.00"})]),
        invoice(document_date="2026-11-22"),
        invoice(document_date="2017-06-30"),
        invoice(lines=[line(serial=0)]),
        invoice(lines=[line(quantity="0")]),
        invoice(lines=[line(hsn_code="721५")]),
    ],
)
def test_what_is_wrong_is_not_seen(document: dict[str, Any]) -> None:
    assert not seen(document)


@THOROUGH
@given(st.lists(st.integers(0, 10**15 - 1), min_size=1, max_size=6))
@example([0, 5, 45, 100, 10**15 - 1])
def test_amounts_are_read_to_the_paisa(paise: list[int]) -> None:
    assert paise_of([f"{one // 100}.{one % 100:02}" for one in paise]) == paise


@THOROUGH
@given(st.lists(SPELLINGS, min_size=1, max_size=3))
@example(["1.00,2.00"])
@example(["1.00\n2.00", "0.00"])
def test_no_other_spelling_of_an_amount_is_read(amounts: list[str]) -> None:
    read = paise_of(amounts)
    if read is not None:
        assert read == [Paise.parse(one) for one in amounts]
