"""The arithmetic of an invoice, to the paisa: what adds up, what is let pass, what is found."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.invoices import (
    faults_of,
    intra_invoice,
    invoice,
    line,
    random_invoice,
    read,
)
from validators.inv1 import encode, read_inv1
from validators.inv1_faults import examine_invoice
from validators.inv1_numbers import numbers_of

PATIENT = settings(deadline=None)
RANDOMS = st.builds(Random, st.integers(0, 2**32))
MOST = "9999999999999.99"


def one_line(total_value: str, *lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An invoice of some lines and no charges."""
    charges = dict.fromkeys(("freight", "insurance", "packing_forwarding"), ...)
    return invoice(lines=list(lines), total_value=total_value, **charges | changes)


def test_a_sound_invoice() -> None:
    assert faults_of(invoice()) == []
    assert faults_of(intra_invoice()) == []


@pytest.mark.parametrize(("off", "found"), [("1.00", False), ("1.01", True)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_total_may_be_off_by_a_rupee_and_not_a_paisa_more(
    off: str, found: bool, sign: int
) -> None:
    total = Decimal("89120.50") + sign * Decimal(off)
    expected = [("/total_value", "DOES_NOT_ADD_UP")] if found else []
    assert faults_of(invoice(total_value=f"{total:.2f}")) == expected


@pytest.mark.parametrize(("last", "found"), [("0.10", False), ("0.11", True)])
def test_a_rupee_is_of_the_whole_document(last: str, found: bool) -> None:
    """40 paise in a tax, 50 in another line's total, the rest in the invoice's total."""
    first = line(igst={"rate": "18", "amount": "13500.40"})
    second = line(serial=2, total="76000.50", taxable_value="75000.50",
                  igst={"rate": "18", "amount": "13500.09"})  # fmt: skip
    exact = Decimal("75000") + Decimal("13500.40") + Decimal("75000.50") + Decimal("13500.09")
    sent = one_line(f"{exact + Decimal(last):.2f}", first, second)
    expected = ["/lines/0/igst/amount", "/lines/1/total", "/total_value"] if found else []
    assert faults_of(sent) == [(pointer, "DOES_NOT_ADD_UP") for pointer in expected]


@pytest.mark.parametrize("amount", ["0.01", "0.02"])
def test_half_a_paisa_is_rounded_either_way(amount: str) -> None:
    """5 per cent of 30 paise is a paisa and a half."""
    lines = [
        line(
            serial=serial,
            quantity="1",
            unit_price="0.30",
            total="0.30",
            discount="0",
            taxable_value="0.30",
            igst={"rate": "5", "amount": amount},
        )
        for serial in range(1, 201)
    ]
    assert faults_of(one_line(f"{200 * (Decimal('0.30') + Decimal(amount)):.2f}", *lines)) == []


def test_a_paisa_beyond_rounding_counts_for_every_line() -> None:
    """101 lines, each with a tax a paisa higher than rounding up would make it."""
    for count, found in ((100, False), (101, True)):
        lines = [
            line(quantity="1", unit_price="0.30", total="0.30", discount=..., serial=serial,
                 taxable_value="0.30", igst={"rate": "5", "amount": "0.03"})
            for serial in range(1, count + 1)
        ]  # fmt: skip
        faults = faults_of(one_line(f"{count * Decimal('0.33'):.2f}", *lines))
        assert len(faults) == (100 if found else 0)  # The first hundred are told.


@pytest.mark.parametrize("quantity", ["0.333", "0.334", "1000.001", 12.5, 7, "999999999.999"])
def test_quantities_have_three_decimals(quantity: Any) -> None:
    total = (Decimal(str(quantity)) * Decimal("3.00")).quantize(Decimal("0.01"))
    sent = line(quantity=quantity, unit_price="3.00", total=f"{total}", discount="0",
                taxable_value=f"{total}", igst=...)  # fmt: skip
    assert faults_of(one_line(f"{total}", sent)) == []
    assert faults_of(one_line(f"{total + 2}", sent)) == [("/total_value", "DOES_NOT_ADD_UP")]


def test_the_largest_amounts() -> None:
    most = line(
        quantity="1", unit_price=MOST, total=MOST, discount="0", taxable_value=MOST, igst=...
    )
    assert faults_of(one_line(MOST, most)) == []
    twice = [most, most | {"serial": 2}]
    assert faults_of(one_line(MOST, *twice)) == [("/total_value", "DOES_NOT_ADD_UP")]
    over = "10000000000000.00"
    assert faults_of(one_line(over, most)) == [("/total_value", "OUT_OF_RANGE")]
    many = most | {"quantity": "999999999.999"}
    assert faults_of(one_line(MOST, many)) == [("/lines/0/total", "DOES_NOT_ADD_UP")]
    taxed = most | {"igst": {"rate": "1000", "amount": MOST}}
    assert faults_of(one_line(MOST, taxed)) == [
        ("/lines/0/igst/amount", "DOES_NOT_ADD_UP"),
        ("/total_value", "DOES_NOT_ADD_UP"),
    ]


def test_what_it_should_be_is_told() -> None:
    sent = invoice(lines=[line(igst={"rate": "18", "amount": "12345.00"})], total_value="1")
    form, shape = read_inv1(json.dumps(sent).encode())
    told = [one.detail for one in examine_invoice(form, shape, date(2026, 11, 21))]
    assert told == ["amount should be 13500.00", "total_value should be 87965.50"]


def test_nothing_is_worth_less_than_nothing() -> None:
    free = line(discount="76000.00", taxable_value="0", igst=...)
    assert faults_of(one_line("0.00", free)) == []
    over = line(discount="76001.01", taxable_value="0", igst=...)
    assert faults_of(one_line("0.00", over)) == [("/lines/0/discount", "DOES_NOT_ADD_UP")]
    below = line(discount="76001.01", taxable_value="-1.01", igst=...)
    assert faults_of(one_line("0.00", below)) == [("/lines/0/taxable_value", "OUT_OF_RANGE")]


@pytest.mark.parametrize(
    ("total_value", "found"),
    [("89120.50", False), ("75620.50", False), ("75621.50", False), ("75619.50", False),
     ("75621.51", True), ("80000.00", True), ("89121.50", False), ("89121.51", True)],
)  # fmt: skip
def test_the_total_under_reverse_charge_may_leave_the_taxes_out(
    total_value: str, found: bool
) -> None:
    sent = invoice(supply_type="REVERSE_CHARGE", total_value=total_value)
    assert faults_of(sent) == ([("/total_value", "DOES_NOT_ADD_UP")] if found else [])
    left_out = invoice(total_value="75620.50")
    assert faults_of(left_out) == [("/total_value", "DOES_NOT_ADD_UP")]


HALF = {"rate": "9", "amount": "6750.00"}


@PATIENT
@given(RANDOMS, st.sampled_from(["B2B", "REVERSE_CHARGE"]))
def test_random_sound_invoices_are_sound_and_hold_no_float(
    random: Random, supply_type: str
) -> None:
    form = read(random_invoice(random, supply_type))
    assert {type(one) for one in _leaves(json.loads(encode(form)), "")} <= {str}
    numbers = numbers_of(form)
    assert numbers is not None
    assert {type(one) for several in numbers for one in several} <= {int}


def _leaves(value: Any, name: str) -> Iterator[Any]:
    """Everything a document says, but the serial numbers of its lines and what is null."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, name)
    elif name != "serial" and value is not None:
        yield value


def _amounts(sent: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Every amount that another must agree with, by its place."""
    yield "/total_value", sent, "total_value"
    for name in ("freight", "insurance", "packing_forwarding"):
        if name in sent:
            yield "/total_value", sent, name
    for index, one in enumerate(sent["lines"]):
        here = f"/lines/{index}"
        yield f"{here}/total", one, "total"
        yield f"{here}/taxable_value", one, "taxable_value"
        yield f"{here}/total", one, "unit_price"
        for tax in ("cgst", "sgst", "igst", "cess"):
            if tax in one:
                yield f"{here}/{tax}/amount", one[tax], "amount"


@PATIENT
@given(RANDOMS, st.data())
def test_any_amount_changed_by_more_than_a_rupee_is_found(
    random: Random, data: st.DataObject
) -> None:
    sent = random_invoice(random)
    pointer, owner, name = data.draw(st.sampled_from(list(_amounts(sent))))
    by = Decimal(data.draw(st.integers(102, 10**6))).scaleb(-2)
    if name == "unit_price":
        quantity = next(one["quantity"] for one in sent["lines"] if one is owner)
        by = max(by, (by / Decimal(quantity)).quantize(Decimal("0.01")) + 1)
    owner[name] = f"{Decimal(str(owner[name])) + by:.2f}"
    assert (pointer, "DOES_NOT_ADD_UP") in faults_of(sent)


def test_lines_that_can_be_counted_are_counted_whatever_is_wrong_with_others() -> None:
    """And the total is not judged where not all of it is known."""
    sent = invoice(
        lines=[
            line(quantity="ten"),
            line(serial=2, total="1.00"),
            line(serial=3, igst={"rate": "18"}),
            line(serial=4, cgst=HALF, sgst=HALF),
            "nothing",
        ],
        freight=None,
        total_value="1",
    )
    assert sorted(faults_of(sent)) == [
        ("/lines/0/quantity", "DECIMAL_FORMAT"),
        ("/lines/1/discount", "DOES_NOT_ADD_UP"),
        ("/lines/1/total", "DOES_NOT_ADD_UP"),
        ("/lines/2/igst/amount", "REQUIRED"),
        ("/lines/3/igst", "IGST_BESIDE_CGST_SGST"),
        ("/lines/4", "WRONG_TYPE"),
    ]
