"""FORM GST INV-1 as uploaded, r2(2): its fields, and one reading of a line in one decode.

Amounts are kept as the decimal text they are stored and shown as; `invoice_arithmetic` counts in
integers. Most lines of an upload are sound, written alike and never looked at twice, so what is
checked of each is checked once, cheaply, and only a faulty one is walked field by field.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct

from validators.errors import Fault, fault
from validators.forms import read_form
from validators.identifiers import upper
from validators.ins06 import Gstin, Hsn
from validators.money import VALUE_PAISE_MAX, MoneyFormatError, Paise, rupees

LINES_MAX: Final = 1000

SupplyType = Literal[
    "REVERSE_CHARGE", "ECOMMERCE_TCS", "B2B", "B2C", "EXPORT", "SEZ", "DEEMED_EXPORT"
]

_NOTHING: Final = "0.00"

Amount = Annotated[
    Any,
    Meta(
        description="Rupees as a decimal string or a number, at most two decimals; not negative.",
        extra_json_schema={
            "anyOf": [{"type": "string", "pattern": r"^[0-9]{1,13}(\.[0-9]{1,2})?$"},
                      {"type": "number"}],
            "examples": ["75000.00"],
        },
    ),
]  # fmt: skip
Quantity = Annotated[
    Any,
    Meta(
        description="More than zero, at most three decimals.",
        extra_json_schema={
            "anyOf": [{"type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,3})?$"},
                      {"type": "number"}],
            "examples": ["12.500"],
        },
    ),
]  # fmt: skip
Rate = Annotated[
    Any,
    Meta(
        description="Per cent of the taxable value, at most three decimals.",
        extra_json_schema={
            "anyOf": [{"type": "string", "pattern": r"^[0-9]{1,4}(\.[0-9]{1,3})?$"},
                      {"type": "number"}],
            "examples": ["9"],
        },
    ),
]  # fmt: skip
StateCode = Annotated[str, Meta(description="Two digits; 96 is another country.", examples=["29"])]


# `gc=False`: these hold each other as a tree only, and an upload makes a dozen a line.
class Tax(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """One tax on one line."""

    rate: Rate
    amount: Amount


class InvoiceLine(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, gc=False):
    """One line of an invoice."""

    serial: int
    description: str
    hsn_code: Hsn
    quantity: Quantity
    unit: str
    unit_price: Amount
    total: Amount
    discount: Amount = _NOTHING
    taxable_value: Amount
    cgst: Tax | None = None
    sgst: Tax | None = None
    igst: Tax | None = None
    cess: Tax | None = None


class Supplier(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, gc=False):
    """Who supplies, fields 1 to 4."""

    gstin: Gstin
    legal_name: str
    trade_name: str | None = None
    address: str


class Place(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, gc=False):
    """Billed to, or shipped to."""

    name: str
    address: str
    state_code: StateCode
    gstin: Annotated[
        str | None,
        Meta(description="GSTIN or Unique Identity Number; none, or `URP`, if unregistered."),
    ] = None


class Signatory(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """Who signed."""

    name: str
    designation: str


class Inv1(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, gc=False):
    """FORM GST INV-1 as a request."""

    supplier: Supplier
    document_number: Annotated[str, Meta(description="Field 5: 1 to 16 of A-Z a-z 0-9 - /")]
    document_date: Annotated[date, Meta(description="Field 6: not in the future in Asia/Kolkata")]
    supply_type: SupplyType
    billed_to: Place
    shipped_to: Annotated[Place | None, Meta(description="Where it is not billed_to")] = None
    lines: list[InvoiceLine]
    freight: Amount = _NOTHING
    insurance: Amount = _NOTHING
    packing_forwarding: Amount = _NOTHING
    total_value: Annotated[Amount, Meta(description="Total invoice value in figures")]
    total_in_words: str
    signatory: Signatory


# As `forms` decodes, so that both readings of a number are one.
_decode: Final = msgspec.json.Decoder(Inv1, float_hook=Decimal).decode
encode: Final = msgspec.json.Encoder().encode

TAXES: Final = ("cgst", "sgst", "igst", "cess")
_CHARGES: Final = ("freight", "insurance", "packing_forwarding")
_LINE_AMOUNTS: Final = ("unit_price", "total", "discount", "taxable_value")


def read_inv1(line: bytes) -> tuple[Inv1, list[Fault]]:
    """The form a document says and the faults of its shape, as `forms.read_form`; texts are as they
    were written, but for identifiers in upper case."""
    try:
        form = _decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _read_carefully(line)
    # A key given twice is dropped without a word. Written again the form then has fewer colons:
    # those within strings it kept are the same, unless a backslash spells one in another way.
    if b"\\" in line or line.count(b":") != encode(form).count(b":"):
        return _read_carefully(line)
    _upper_identifiers(form)
    return form, []


def _read_carefully(line: bytes) -> tuple[Inv1, list[Fault]]:
    form, faults = read_form(line, Inv1)
    _upper_identifiers(form)
    return form, faults


def _upper_identifiers(form: Inv1) -> None:
    for party in (form.supplier, form.billed_to, form.shipped_to):
        if isinstance(party, (Supplier, Place)) and isinstance(party.gstin, str):
            party.gstin = upper(party.gstin)


def normalise_numbers(form: Inv1) -> list[Fault]:
    """Brings amounts to two decimals, and quantities and rates given as numbers to text; the faults
    of those that are none. Null is as if it had not been given."""
    faults: list[Fault] = []
    for name in (*_CHARGES, "total_value"):
        _amount(form, name, "", faults)
    for index, line in enumerate(form.lines if isinstance(form.lines, list) else ()):
        here = f"/lines/{index}"
        for name in _LINE_AMOUNTS:
            _amount(line, name, here, faults)
        _decimal(line, "quantity", here, faults)
        for name in TAXES:
            tax = getattr(line, name)
            if isinstance(tax, Tax):
                _decimal(tax, "rate", f"{here}/{name}", faults)
                _amount(tax, "amount", f"{here}/{name}", faults)
    return faults


def _amount(owner: Struct, name: str, pointer: str, faults: list[Fault]) -> None:
    written = getattr(owner, name)
    if written is None and name in ("discount", *_CHARGES):
        written = _NOTHING
    if written is UNSET:
        return
    try:
        paise = Paise.parse(written)
    except MoneyFormatError:
        faults.append(fault(f"{pointer}/{name}", "MONEY_FORMAT"))
        setattr(owner, name, UNSET)
        return
    if not 0 <= paise <= VALUE_PAISE_MAX:
        most = rupees(VALUE_PAISE_MAX)
        faults.append(fault(f"{pointer}/{name}", "OUT_OF_RANGE", f"must be from 0 to {most}"))
        setattr(owner, name, UNSET)
        return
    setattr(owner, name, rupees(paise))


def _decimal(owner: Struct, name: str, pointer: str, faults: list[Fault]) -> None:
    written = getattr(owner, name)
    if written is UNSET or isinstance(written, str):
        return  # Its spelling is checked where it is counted with.
    if isinstance(written, bool) or written is None or isinstance(written, (list, dict)):
        faults.append(fault(f"{pointer}/{name}", "DECIMAL_FORMAT"))
        setattr(owner, name, UNSET)
        return
    # Never written out as "f" would: a billion zeros are soon asked for with an exponent.
    setattr(owner, name, str(written))
