"""What is shown of a supplier's GSTR-1 extract: one JSON document, written while it is read."""

from datetime import date, datetime

from msgspec import Struct

from gateway.views import encode
from validators.calendar import INDIA
from validators.gstr_1 import Amounts, BillSupply, GoodsAmounts, GoodsKey, Supply, Totals
from validators.inv1_numbers import decimal_of
from validators.money import rupees


class AmountsView(Struct):
    """Taxable value and taxes."""

    taxable_value: str
    cgst: str
    sgst: str
    igst: str
    cess: str


class RateView(AmountsView, kw_only=True):
    """The sums of one rate, in per cent: of IGST, or of CGST and SGST together; null in the totals
    for all beyond the first rates, of which there are too many."""

    rate: str | None


class GoodsView(AmountsView, kw_only=True):
    """The sums of one HSN code in one unit; all three null for all beyond the first, of which there
    are too many."""

    hsn_code: str | None
    unit: str | None
    quantity: str | None


class InvoiceSupplyView(Struct, tag_field="source", tag="INV-1"):
    """A supply as its invoice tells it; `ebn` is the e-way bill the goods moved under."""

    irn: str
    ebn: str | None
    document_type: str
    document_number: str
    document_date: date
    supply_type: str
    recipient_gstin: str
    billed_to_state: str
    shipped_to_state: str
    value: str
    per_rate: list[RateView]


class BillSupplyView(Struct, tag_field="source", tag="INS-06"):
    """A supply of which only Part A of its e-way bill tells."""

    ebn: str
    document_type: str
    document_number: str
    document_date: date
    reason_code: int
    recipient_gstin: str
    place_of_delivery: str
    hsn_code: str
    value: str


class WithoutTaxView(Struct):
    """The sums of what only Part A tells of: how many documents, and the value of their goods."""

    documents: int
    value: str


class TotalsView(AmountsView, kw_only=True):
    """The sums of the invoices, and apart from them what only Part A tells of."""

    documents: int
    value: str
    per_rate: list[RateView]
    per_hsn: list[GoodsView]
    without_tax_details: WithoutTaxView


class Gstr1(Struct):
    """The outward supplies of a month as they were at an instant, and their sums."""

    supplier_gstin: str
    period: str
    as_of: datetime
    items: list[InvoiceSupplyView | BillSupplyView]
    totals: TotalsView


class _Beginning(Struct):
    supplier_gstin: str
    period: str
    as_of: datetime


def beginning_json(supplier_gstin: str, period: str, at: datetime) -> bytes:
    """A Gstr1 up to its first item, each of which then follows on a line of its own."""
    head = encode(_Beginning(supplier_gstin, period, at.astimezone(INDIA)))
    return head[:-1] + b',"items":['


def items_json(supplies: list[Supply], *, first: bool) -> bytes:
    """Items of a Gstr1, the first ones or others."""
    lines = b",\n".join([encode(_item(supply)) for supply in supplies])
    return b"\n" + lines if first else b",\n" + lines


def ending_json(totals: Totals) -> bytes:
    """The end of a Gstr1 after its last item."""
    return b'\n],"totals":' + encode(_totals(totals)) + b"}\n"


def _item(supply: Supply) -> InvoiceSupplyView | BillSupplyView:
    if isinstance(supply, BillSupply):
        return BillSupplyView(
            str(supply.ebn),
            supply.document_type,
            supply.document_number,
            supply.document_date,
            supply.reason_code,
            supply.recipient_gstin,
            supply.place_of_delivery,
            supply.hsn_code,
            rupees(supply.value_paise),
        )
    return InvoiceSupplyView(
        supply.irn,
        str(supply.ebn) if supply.ebn else None,
        "INVOICE",
        supply.document_number,
        supply.document_date,
        supply.supply_type,
        supply.recipient_gstin,
        supply.billed_to_state,
        supply.shipped_to_state,
        rupees(supply.value_paise),
        [_rate(rate, amounts) for rate, amounts in sorted(supply.by_rate.items())],
    )


def _totals(totals: Totals) -> TotalsView:
    rates = sorted(totals.by_rate.items(), key=lambda row: (row[0] is None, row[0] or 0))
    goods = sorted(totals.by_goods.items(), key=lambda row: (row[0] is None, row[0] or ("", "")))
    return TotalsView(
        *_amounts(totals.all),
        documents=totals.documents,
        value=rupees(totals.value_paise),
        per_rate=[_rate(rate, amounts) for rate, amounts in rates],
        per_hsn=[_goods(key, amounts) for key, amounts in goods],
        without_tax_details=WithoutTaxView(
            totals.without_tax_details, rupees(totals.without_tax_details_paise)
        ),
    )


def _rate(rate: int | None, amounts: Amounts) -> RateView:
    return RateView(*_amounts(amounts), rate=None if rate is None else decimal_of(rate))


def _goods(key: GoodsKey | None, amounts: GoodsAmounts) -> GoodsView:
    hsn_code, unit = key or (None, None)
    return GoodsView(
        *_amounts(amounts),
        hsn_code=hsn_code,
        unit=unit,
        quantity=decimal_of(amounts.quantity) if key else None,
    )


def _amounts(amounts: Amounts) -> tuple[str, str, str, str, str]:
    return (
        rupees(amounts.taxable_value),
        rupees(amounts.cgst),
        rupees(amounts.sgst),
        rupees(amounts.igst),
        rupees(amounts.cess),
    )
