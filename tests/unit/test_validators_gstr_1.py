"""GSTR-1, r1(6): the months there are, what an invoice says for it, and sums that add up."""

import json
from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.invoices import invoices
from tests.documents import SUPPLIER
from validators.gstr_1 import (
    Amounts,
    BillSupply,
    GoodsAmounts,
    InvoiceSupply,
    Totals,
    first_day,
    first_day_after,
    invoice_supply,
    period_fault,
)
from validators.inv1 import read_inv1
from validators.inv1_numbers import decimal_of, thousandths

TODAY = date(2026, 11, 21)
HEADS = ("cgst", "sgst", "igst", "cess")
WIDE = {"rates_max": 1000, "goods_max": 10_000}
BILL = BillSupply(
    ebn=212000000001,
    document_type="BILL_OF_SUPPLY",
    document_number="B1",
    document_date=TODAY,
    reason_code=1,
    recipient_gstin="URP",
    place_of_delivery="560001",
    hsn_code="7215",
    value_paise=1,
)


@pytest.mark.parametrize("period", ["2017-07", "2026-10", "2026-11"])
def test_a_month_of_gst(period: str) -> None:
    assert period_fault(period, TODAY) is None


@pytest.mark.parametrize(
    ("period", "code"),
    [
        ("2017-06", "OUT_OF_RANGE"),
        ("2026-12", "OUT_OF_RANGE"),
        ("0000-01", "OUT_OF_RANGE"),
        ("9999-12", "OUT_OF_RANGE"),
        ("2026-13", "PERIOD_FORMAT"),
        ("2026-00", "PERIOD_FORMAT"),
        ("2026-1", "PERIOD_FORMAT"),
        ("202611", "PERIOD_FORMAT"),
        ("112026", "PERIOD_FORMAT"),
        ("2026-11-01", "PERIOD_FORMAT"),
        ("2026-11\n", "PERIOD_FORMAT"),
        ("२०२६-११", "PERIOD_FORMAT"),
        ("", "PERIOD_FORMAT"),
    ],
)
def test_no_month_of_gst(period: str, code: str) -> None:
    found = period_fault(period, TODAY)
    assert found is not None
    assert (found.pointer, found.code) == ("/period", code)


def test_the_present_month_ends_with_its_last_day() -> None:
    assert period_fault("2026-11", date(2026, 11, 1)) is None
    assert period_fault("2026-11", date(2026, 10, 31)) is not None


@pytest.mark.parametrize(
    ("period", "following"),
    [("2026-11", date(2026, 12, 1)), ("2026-12", date(2027, 1, 1)), ("2027-01", date(2027, 2, 1))],
)
def test_a_month_ends_where_the_next_begins(period: str, following: date) -> None:
    assert first_day_after(first_day(period)) == following


@pytest.mark.parametrize(
    ("written", "shortest"),
    [("0", "0"), ("0.001", "0.001"), ("2.5", "2.5"), ("12.50", "12.5"), ("100", "100")],
)
def test_thousandths_as_a_decimal(written: str, shortest: str) -> None:
    count = thousandths(written)
    assert count is not None
    assert decimal_of(count) == shortest


def _line(**changes: Any) -> dict[str, Any]:
    return {
        "serial": 1,
        "description": "Bars of iron",
        "hsn_code": "7215",
        "quantity": "2.5",
        "unit": "Kgs",
        "unit_price": "400.00",
        "total": "1000.00",
        "taxable_value": "1000.00",
        "cgst": {"rate": "9", "amount": "90.00"},
        "sgst": {"rate": "9", "amount": "90.00"},
    } | changes


def _invoice(lines: list[dict[str, Any]], **changes: Any) -> InvoiceSupply:
    (sound,) = invoices(1, SUPPLIER, 1)
    form, faults = read_inv1(json.dumps(json.loads(sound) | {"lines": lines} | changes).encode())
    assert not faults
    return invoice_supply(form)


def test_the_rate_is_that_of_both_halves_or_of_igst() -> None:
    igst = {"rate": "18.00", "amount": "180.00"}
    nothing = {"rate": "0", "amount": "0.00"}
    cess = {"rate": "12", "amount": "120.00"}
    supply = _invoice(
        [
            _line(),
            _line(cgst=nothing, sgst=nothing, igst=igst, cess=cess),
            _line(cgst=None, sgst=None),
        ]
    )
    assert supply.by_rate == {
        18_000: Amounts(200_000, 9_000, 9_000, 18_000, 12_000),
        0: Amounts(100_000),
    }


def test_goods_are_one_by_code_and_unit_whatever_its_case() -> None:
    supply = _invoice([_line(), _line(unit="KGS", quantity="0.001"), _line(unit="NOS")])
    assert {key: goods.quantity for key, goods in supply.by_goods.items()} == {
        ("7215", "KGS"): 2501,
        ("7215", "NOS"): 2500,
    }


def test_where_the_recipient_is() -> None:
    place = {"name": "A", "address": "B", "state_code": "29"}
    elsewhere = place | {"state_code": "33"}
    supply = _invoice([_line()], billed_to=place, shipped_to=None)
    assert (supply.recipient_gstin, supply.billed_to_state) == ("URP", "29")
    assert supply.shipped_to_state == "29"
    assert _invoice([_line()], billed_to=place, shipped_to=elsewhere).shipped_to_state == "33"


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(0, 40), lines=st.integers(1, 6))
def test_totals_are_the_sums_of_what_was_uploaded(seed: int, count: int, lines: int) -> None:
    """Counted a second time in decimals, from the JSON itself."""
    rates: dict[Decimal, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    goods: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    value = Decimal()
    totals = Totals(**WIDE)
    for written in invoices(seed, SUPPLIER, count, lines=lines):
        document = json.loads(written)
        totals.add(invoice_supply(read_inv1(written)[0]))
        value += Decimal(document["total_value"])
        for line in document["lines"]:
            rate = sum((Decimal(line[head]["rate"]) for head in HEADS if head in line), Decimal())
            key = line["hsn_code"], line["unit"].upper()
            goods[key]["quantity"] += Decimal(line["quantity"])
            for row in (rates[rate], goods[key]):
                row["taxable_value"] += Decimal(line["taxable_value"])
                for head in HEADS:
                    row[head] += Decimal(line.get(head, {"amount": 0})["amount"])
    assert (totals.documents, totals.value_paise) == (count, int(value * 100))
    assert set(totals.by_rate) == {int(rate * 1000) for rate in rates}
    for rate, row in rates.items():
        assert totals.by_rate[int(rate * 1000)] == _amounts(row)
    assert set(totals.by_goods) == set(goods)
    for key, row in goods.items():
        found = totals.by_goods[key]
        assert found.quantity == row["quantity"] * 1000
        assert Amounts(found.taxable_value, *(getattr(found, head) for head in HEADS)) == (
            _amounts(row)
        )
    assert totals.all == _sum(totals.by_rate.values()) == _sum(totals.by_goods.values())


def _amounts(row: dict[str, Decimal]) -> Amounts:
    return Amounts(*(int(row[name] * 100) for name in ("taxable_value", *HEADS)))


def _sum(rows: Any) -> Amounts:
    total = Amounts()
    for row in rows:
        total.add(row)
    return total


def test_what_only_part_a_tells_of_is_counted_apart() -> None:
    totals = Totals(**WIDE)
    totals.add(BILL)
    totals.add(BILL)
    assert (totals.without_tax_details, totals.without_tax_details_paise) == (2, 2)
    assert (totals.documents, totals.value_paise, totals.all) == (0, 0, Amounts())


def test_rows_beyond_the_bounds_are_summed_in_one() -> None:
    totals = Totals(rates_max=2, goods_max=2)
    for number in (1, 2, 3, 4, 1):
        one = Amounts(taxable_value=number)
        goods = GoodsAmounts(taxable_value=number, quantity=number)
        supply = _invoice([_line()])
        supply.by_rate, supply.by_goods = {number: one}, {(f"000{number}", "KGS"): goods}
        totals.add(supply)
    assert {rate: row.taxable_value for rate, row in totals.by_rate.items()} == {
        1: 2,
        2: 2,
        None: 7,
    }
    assert {key: row.taxable_value for key, row in totals.by_goods.items()} == {
        ("0001", "KGS"): 2,
        ("0002", "KGS"): 2,
        None: 7,
    }
    assert totals.all.taxable_value == 11
