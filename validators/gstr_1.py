"""GSTR-1, r1(6): which documents are a supplier's outward supplies of a month, and their sums.

What is counted, in integers: paise, thousandths of a unit, thousandths of a per cent.
"""

import re
from datetime import date
from itertools import islice
from typing import Final

from msgspec import Struct

from validators.calendar import GST_BEGAN
from validators.errors import Fault, fault
from validators.identifiers import UNREGISTERED, upper
from validators.inv1 import Inv1
from validators.inv1_numbers import numbers_of
from validators.invoice import key_of

OUTWARD_REASONS: Final = (1, 2, 4)
"""A.7 of INS-06: supply, export, and a supply sent knocked down in lots. Job work, own use and
goods whose recipient is not known yet are none; a return is the other's; of others nobody knows."""
OUTWARD_DOCUMENTS: Final = ("INVOICE", "BILL_OF_SUPPLY")
"""A challan goes with what is no supply, or with one that has its invoice too; a bill of entry
with imports."""

FIRST_PERIOD: Final = f"{GST_BEGAN:%Y-%m}"
_AMOUNTS_OF_A_LINE: Final = 4
"""Before those of its taxes; the last is the taxable value."""
_PERIOD: Final = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])").fullmatch


def period_fault(text: str, today: date) -> Fault | None:
    """PERIOD_FORMAT, or OUT_OF_RANGE for a month before GST or after the one of `today`, or
    None."""
    if not _PERIOD(text):
        return fault("/period", "PERIOD_FORMAT")
    this_month = today.isoformat()[:7]
    if not FIRST_PERIOD <= text <= this_month:
        return fault("/period", "OUT_OF_RANGE", f"must be from {FIRST_PERIOD} to {this_month}")
    return None


def first_day(period: str) -> date:
    """The first day of a sound period."""
    return date.fromisoformat(f"{period}-01")


def first_day_after(month: date) -> date:
    """The first day of the month after the one that begins with this day."""
    year, month_before = divmod(month.year * 12 + month.month, 12)
    return date(year, month_before + 1, 1)


class Amounts(Struct, gc=False):
    """Taxable value and taxes in paise."""

    taxable_value: int = 0
    cgst: int = 0
    sgst: int = 0
    igst: int = 0
    cess: int = 0

    def add(self, other: "Amounts") -> None:
        """Adds what another says."""
        self.taxable_value += other.taxable_value
        self.cgst += other.cgst
        self.sgst += other.sgst
        self.igst += other.igst
        self.cess += other.cess


class GoodsAmounts(Amounts, gc=False):
    """The same of one kind of goods, and how much of it, in thousandths of its unit."""

    quantity: int = 0


GoodsKey = tuple[str, str]
"""HSN code, and unit in upper case: what is measured in two units cannot be added."""


class InvoiceSupply(Struct):
    """An outward supply as its invoice tells it."""

    irn: str
    document_number: str
    document_date: date
    supply_type: str
    recipient_gstin: str
    billed_to_state: str
    shipped_to_state: str
    value_paise: int
    by_rate: dict[int, Amounts]
    by_goods: dict[GoodsKey, GoodsAmounts]
    ebn: int | None = None
    """Of the e-way bill the goods moved under, where there is one."""


class BillSupply(Struct):
    """An outward supply of which only Part A of its e-way bill tells: its value, and no tax."""

    ebn: int
    document_type: str
    document_number: str
    document_date: date
    reason_code: int
    recipient_gstin: str
    place_of_delivery: str
    hsn_code: str
    value_paise: int


Supply = InvoiceSupply | BillSupply


def invoice_supply(form: Inv1) -> InvoiceSupply:
    """What an invoice on record says for GSTR-1, r1(6). A line's rate is that of IGST, or of CGST
    and SGST together."""
    by_rate: dict[int, Amounts] = {}
    by_goods: dict[GoodsKey, GoodsAmounts] = {}
    counted = numbers_of(form)
    if counted is None:
        raise ValueError(f"an invoice on record cannot be counted: {form.document_number}")
    amounts, rates = iter(counted.amounts), iter(counted.rates)
    for line, quantity in zip(form.lines, counted.quantities, strict=True):
        *_, taxable = islice(amounts, _AMOUNTS_OF_A_LINE)
        cgst, sgst, igst, cess = line.cgst, line.sgst, line.igst, line.cess
        one = Amounts(
            taxable,
            next(amounts) if cgst else 0,
            next(amounts) if sgst else 0,
            next(amounts) if igst else 0,
            next(amounts) if cess else 0,
        )
        rate = sum([next(rates) for tax in (cgst, sgst, igst) if tax])
        if cess:
            next(rates)  # Of its own; what a line is taxed at is without it.
        if (of_rate := by_rate.get(rate)) is None:
            of_rate = by_rate[rate] = Amounts()
        of_rate.add(one)
        key = line.hsn_code, upper(line.unit)
        if (of_goods := by_goods.get(key)) is None:
            of_goods = by_goods[key] = GoodsAmounts()
        of_goods.add(one)
        of_goods.quantity += quantity
    *_, value = amounts
    return InvoiceSupply(
        irn=key_of(form).irn,
        document_number=form.document_number,
        document_date=form.document_date,
        supply_type=form.supply_type,
        recipient_gstin=form.billed_to.gstin or UNREGISTERED,
        billed_to_state=form.billed_to.state_code,
        shipped_to_state=(form.shipped_to or form.billed_to).state_code,
        value_paise=value,
        by_rate=by_rate,
        by_goods=by_goods,
    )


class Totals:
    """The sums of supplies, in bounded memory. Rates and goods beyond the bounds, which real trade
    does not reach, are summed together under None."""

    def __init__(self, *, rates_max: int, goods_max: int) -> None:
        self._rates_max = rates_max
        self._goods_max = goods_max
        self.documents = 0
        self.value_paise = 0
        self.all = Amounts()
        self.by_rate: dict[int | None, Amounts] = {}
        self.by_goods: dict[GoodsKey | None, GoodsAmounts] = {}
        self.without_tax_details = 0
        self.without_tax_details_paise = 0

    def add(self, supply: Supply) -> None:
        """Counts a supply, each once. What only Part A tells of is counted apart."""
        if isinstance(supply, BillSupply):
            self.without_tax_details += 1
            self.without_tax_details_paise += supply.value_paise
            return
        self.documents += 1
        self.value_paise += supply.value_paise
        for rate, amounts in supply.by_rate.items():
            self.all.add(amounts)
            known = rate in self.by_rate or len(self.by_rate) < self._rates_max
            self.by_rate.setdefault(rate if known else None, Amounts()).add(amounts)
        for key, goods in supply.by_goods.items():
            known = key in self.by_goods or len(self.by_goods) < self._goods_max
            kept = self.by_goods.setdefault(key if known else None, GoodsAmounts())
            kept.add(goods)
            kept.quantity += goods.quantity
