"""Invoices: up to five hundred in a request, each checked to the paisa, stored together."""

from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from itertools import chain
from typing import Annotated, Final, Literal, Self

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy.exc import IntegrityError

from loadtest.ordinary.access import Session, Trader
from loadtest.ordinary.fields import DocumentNumber, Gstin, Hsn, Money, Words, financial_year
from loadtest.ordinary.tables import Invoice

router: Final = APIRouter()

INVOICES_MAX: Final = 500
"""In one request."""
_PAISA: Final = Decimal("0.01")


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Tax(_Form):
    """One tax on one line."""

    rate: Annotated[Decimal, Field(ge=0, le=1000, decimal_places=3)]
    amount: Money


class Line(_Form):
    """One line, whose amounts agree with each other."""

    serial: Annotated[int, Field(ge=1)]
    description: Words
    hsn_code: Hsn
    quantity: Annotated[Decimal, Field(gt=0, decimal_places=3)]
    unit: Words
    unit_price: Money
    total: Money
    discount: Money = Decimal(0)
    taxable_value: Money
    cgst: Tax | None = None
    sgst: Tax | None = None
    igst: Tax | None = None

    @property
    def taxes(self) -> list[Tax]:
        """Those it bears."""
        return [tax for tax in (self.cgst, self.sgst, self.igst) if tax is not None]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if abs(self.quantity * self.unit_price - self.total) >= _PAISA:
            raise ValueError("total is not quantity x unit_price")
        if self.total - self.discount != self.taxable_value:
            raise ValueError("taxable_value is not total - discount")
        for tax in self.taxes:
            if abs(self.taxable_value * tax.rate / 100 - tax.amount) >= _PAISA:
                raise ValueError("a tax is not taxable_value x rate")
        if self.igst is not None and (self.cgst is not None or self.sgst is not None):
            raise ValueError("IGST beside CGST or SGST")
        return self


class Supplier(_Form):
    """Who supplies."""

    gstin: Gstin
    legal_name: Words
    address: Words


class Place(_Form):
    """Billed to, or shipped to."""

    name: Words
    address: Words
    state_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
    gstin: Gstin | None = None


class Signatory(_Form):
    """Who signed."""

    name: Words
    designation: Words


class InvoiceForm(_Form):
    """FORM GST INV-1, whose total is that of its lines and freight."""

    supplier: Supplier
    document_number: DocumentNumber
    document_date: date
    supply_type: Literal["B2B", "B2C", "EXPORT", "SEZ", "DEEMED_EXPORT"]
    billed_to: Place
    shipped_to: Place
    lines: Annotated[list[Line], Field(min_length=1, max_length=1000)]
    freight: Money = Decimal(0)
    total_value: Money
    total_in_words: Words
    signatory: Signatory

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        taxes = chain.from_iterable(line.taxes for line in self.lines)
        worth = sum((line.taxable_value for line in self.lines), self.freight)
        if worth + sum((tax.amount for tax in taxes), Decimal(0)) != self.total_value:
            raise ValueError("total_value is not the sum of it all")
        return self


class Registered(BaseModel):
    """The reference number an invoice was given."""

    document_number: str
    irn: str


@router.post("/v1/invoices/batch", status_code=201)
async def register(
    forms: Annotated[list[InvoiceForm], Field(max_length=INVOICES_MAX)],
    trader: Trader,
    session: Session,
) -> list[Registered]:
    """All of them or none, on disk when they are answered."""
    if any(form.supplier.gstin != trader.sub for form in forms):
        raise HTTPException(403, "not the supplier of every invoice")
    at = datetime.now(UTC)
    rows = [_row(form, at) for form in forms]
    try:
        async with session.begin():
            session.add_all(rows)
    except IntegrityError as error:
        raise HTTPException(409, "an invoice number was used before") from error
    return [Registered(document_number=row.document_number, irn=row.irn.hex()) for row in rows]


def _row(form: InvoiceForm, at: datetime) -> Invoice:
    year = financial_year(form.document_date)
    named = f"{form.supplier.gstin}/{year}/{form.document_number}"
    return Invoice(
        irn=sha256(named.encode()).digest(),
        uploaded_at=at,
        supplier_gstin=form.supplier.gstin,
        financial_year=year,
        document_number=form.document_number,
        document=form.model_dump(mode="json", exclude_none=True),
    )
