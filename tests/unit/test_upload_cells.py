"""Cells as spreadsheets write them: what is read, exactly, and what is refused, and why."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upload import csv_cells
from gateway.upload.csv_cells import CellUnreadable

AMOUNTS = st.decimals(0, 10**13, places=2, allow_nan=False, allow_infinity=False)


def western(amount: Decimal) -> str:
    return f"{amount:,}"


def indian(amount: Decimal) -> str:
    whole, _, fraction = f"{amount}".partition(".")
    head, last = whole[:-3], whole[-3:]
    pairs: list[str] = []
    while head:
        head, pairs = head[:-2], [head[-2:], *pairs]
    return ",".join([*pairs, last]) + (f".{fraction}" if fraction else "")


@given(AMOUNTS, st.sampled_from([str, western, indian]), st.sampled_from(["", "₹", "₹ ", "Rs. "]))
def test_an_amount_is_read_to_the_paisa(amount: Decimal, style: object, sign: str) -> None:
    assert callable(style)
    written = f"{sign}{style(amount)}"
    assert Decimal(csv_cells.amount(written, False)) == amount
    # With paise two digits follow the point: a file of semicolons makes no doubt of it.
    assert Decimal(csv_cells.amount(written, True)) == amount


@given(st.from_regex(r"[0-9]{1,4}(,[0-9]{1,4}){1,4}", fullmatch=True))
def test_groups_are_western_or_indian_or_refused(written: str) -> None:
    value = int(written.replace(",", ""))
    try:
        read = csv_cells.amount(written, False)
    except CellUnreadable:
        assert written not in (western(Decimal(value)), indian(Decimal(value)))
    else:
        assert int(read) == value
        assert written in (western(Decimal(value)), indian(Decimal(value)))


@pytest.mark.parametrize(
    ("written", "semicolons", "reason"),
    [
        ("1,0,0", False, "neither as 1,00,000 nor as 100,000"),
        ("1,00,00", False, "decimal comma|neither"),
        ("1,000,00.00", False, "neither"),
        ("1234,56", False, "decimal comma: write 1234.56"),
        ("1.234,56", True, "decimal comma: write 1234.56"),
        ("1.234.567,8", True, "decimal comma: write 1234567.8"),
        ("1,234", True, "may be 1234 or 1.234"),
        ("1.234", True, "may be 1234 or 1.234"),
        ("₹1,234", True, "may be 1234 or 1.234"),
        ("1.23E+11", False, "shortened"),
        ("1,23E+11", True, "shortened"),
        ("1e5", False, "shortened"),
        ("", False, "not a number"),
        ("12 000", False, "not a number"),
        ("(100.00)", False, "not a number"),
        ("#REF!", False, "not a number"),
        ("+5", False, "not a number"),
        ("१२", False, "not a number"),
        ("1.", False, "not a number"),
        ("NaN", False, "not a number"),
    ],
)
def test_what_is_no_amount_is_refused_with_what_to_write(
    written: str, semicolons: bool, reason: str
) -> None:
    with pytest.raises(CellUnreadable, match=reason):
        csv_cells.amount(written, semicolons)


def test_what_a_file_of_semicolons_leaves_no_doubt_of() -> None:
    for written, read in (
        ("1,234.50", "1234.50"),
        ("1,00,000", "100000"),
        ("1,000,000", "1000000"),
        ("0.500", "0.500"),
        ("1234.500", "1234.500"),
        ("-12.5", "-12.5"),
    ):
        assert csv_cells.amount(written, True) == read


@given(st.dates(date(1000, 1, 1)))
def test_a_date_is_read_with_its_day_first(day: date) -> None:
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"):
        assert csv_cells.day(day.strftime(form), False) == day.isoformat()


@given(st.dates(date(1000, 1, 1)))
def test_a_date_with_its_month_first_is_never_read_where_that_can_be_seen(day: date) -> None:
    written = day.strftime("%m/%d/%Y")
    if day.day > 12:
        with pytest.raises(CellUnreadable, match="day first: write DD/MM/YYYY"):
            csv_cells.day(written, False)


@pytest.mark.parametrize(
    "written",
    ["03/13/2026", "31/11/2026", "1/2/2026", "21/11/26", "2026-11-31", "45982", "21.11.2026",
     "21 Nov 2026", "2026/11/21", "2026-11-21 00:00", "२१/११/२०२६", "00/01/2026"],
)  # fmt: skip
def test_what_is_no_date_is_refused(written: str) -> None:
    with pytest.raises(CellUnreadable, match="DD/MM/YYYY"):
        csv_cells.day(written, False)


@pytest.mark.parametrize(
    ("read", "written", "value"),
    [
        (csv_cells.integer, "1,200", 1200),
        (csv_cells.integer, "350.0", 350),
        (csv_cells.identifier, "1E5", "1E5"),
        (csv_cells.identifier, "INV/2026-01", "INV/2026-01"),
        (csv_cells.text, "1.23E+11", "1.23E+11"),
        (csv_cells.state_code, "29", "29"),
        (csv_cells.state_code, "9", "09"),
        (csv_cells.state_code, "29-Karnataka", "29"),
        (csv_cells.state_code, "Karnataka (29)", "29"),
        (csv_cells.state_code, "Karnataka", "Karnataka"),
        (csv_cells.supply_type, "b2b", "B2B"),
        (csv_cells.supply_type, "(iii) B to B supplies", "B2B"),
        (csv_cells.supply_type, "Deemed export", "DEEMED_EXPORT"),
        (csv_cells.supply_type, "Supplies attracting reverse charge", "REVERSE_CHARGE"),
        (csv_cells.supply_type, "something", "SOMETHING"),
        (csv_cells.reason_code, "1", 1),
        (csv_cells.reason_code, "Job Work", 3),
        (csv_cells.reason_code, "Others", 0),
        (csv_cells.word, "Bill of supply", "BILL_OF_SUPPLY"),
        (csv_cells.yes_or_no, "Yes", True),
        (csv_cells.yes_or_no, "FALSE", False),
    ],
)
def test_other_cells(read: csv_cells.Reader, written: str, value: object) -> None:
    assert read(written, False) == value


@pytest.mark.parametrize(
    ("read", "written", "reason"),
    [
        (csv_cells.integer, "1.5", "whole"),
        (csv_cells.integer, "9" * 40, "whole"),
        (csv_cells.identifier, "2.75E+14", "shortened"),
        (csv_cells.identifier, "#N/A", "error"),
        (csv_cells.text, "########", "error"),
        (csv_cells.yes_or_no, "perhaps", "neither"),
        (csv_cells.reason_code, "gift", "not a number"),
    ],
)
def test_other_cells_refused(read: csv_cells.Reader, written: str, reason: str) -> None:
    with pytest.raises(CellUnreadable, match=reason):
        read(written, False)


def test_a_long_cell_is_shown_by_its_beginning() -> None:
    with pytest.raises(CellUnreadable) as refused:
        csv_cells.day("x" * 10_000, False)
    assert len(str(refused.value)) < 120
