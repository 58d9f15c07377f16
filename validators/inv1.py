"""FORM GST INV-1 as uploaded, r2(2): its fields, and one reading of a line in one decode.

Amounts are kept as the decimal text they are stored and shown as; `inv1_numbers` reads them as
integers. Most lines of an upload are sound, written alike and never looked at twice, so what is
checked of each is checked once, cheaply, and only a faulty one is walked field by field.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from validators.errors import Fault
from validators.forms import read_form
from validators.identifiers import upper
from validators.ins06 import GOODS_MAX, Gstin, Hsn

LINES_MAX: Final = GOODS_MAX
"""As many as the e-way bill that is filled from an invoice has, r2(3)."""

SupplyType = Literal[
    "REVERSE_CHARGE", "ECOMMERCE_TCS", "B2B", "B2C", "EXPORT", "SEZ", "DEEMED_EXPORT"
]

NOTHING: Final = "0.00"
"""What an amount that need not be given is without it."""


def _number(description: str, pattern: str, example: str, *others: dict[str, str]) -> Meta:
    """Of a number that is written as text or as a JSON number, or as one of the others."""
    written = [{"type": "string", "pattern": pattern}, {"type": "number"}, *others]
    return Meta(
        description=description, extra_json_schema={"anyOf": written, "examples": [example]}
    )


_RUPEES: Final = r"^[0-9]{1,13}(\.[0-9]{1,2})?$"
_THOUSANDTHS: Final = r"^[0-9]{1,9}(\.[0-9]{1,3})?$"
_NULL: Final = {"type": "null"}

Amount = Annotated[
    Any,
    _number("Rupees, at most two decimals; not negative.", _RUPEES, "75000.00"),
]
AmountIfAny = Annotated[
    Any,
    _number("As the other amounts; nothing, if it is not given.", _RUPEES, NOTHING, _NULL),
]
Quantity = Annotated[
    Any,
    _number("More than zero, at most three decimals.", _THOUSANDTHS, "12.500"),
]
Rate = Annotated[
    Any,
    _number("Per cent of the taxable value, 0 to 1000, at most three decimals.", _THOUSANDTHS, "9"),
]
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
    discount: AmountIfAny = NOTHING
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
    freight: AmountIfAny = NOTHING
    insurance: AmountIfAny = NOTHING
    packing_forwarding: AmountIfAny = NOTHING
    total_value: Annotated[Amount, Meta(description="Total invoice value in figures")]
    total_in_words: str
    signatory: Signatory


# As `forms` decodes, so that both readings of a number are one.
_decode: Final = msgspec.json.Decoder(Inv1, float_hook=Decimal).decode
_parse: Final = msgspec.json.Decoder(float_hook=Decimal).decode
encode: Final = msgspec.json.Encoder().encode

TAXES: Final = ("cgst", "sgst", "igst", "cess")


def read_inv1(line: bytes) -> tuple[Inv1, list[Fault]]:
    """The form a document says and the faults of its shape, as `forms.read_form`; texts are as they
    were written, but for identifiers in upper case."""
    return read_further(line, read_plainly(line))


def read_further(line: bytes, plainly: tuple[Inv1, bytes] | None) -> tuple[Inv1, list[Fault]]:
    """As `read_inv1`, of a line of which `read_plainly` has answered this."""
    form, faults = read_form(line, Inv1) if plainly is None else (plainly[0], [])
    _upper_identifiers(form)
    return form, faults


def read_plainly(line: bytes) -> tuple[Inv1, bytes] | None:
    """The form a document says, as it is written, and the JSON that says it. None where that takes
    more than one decode: something is wrong, or it may be that a key was given twice."""
    try:
        form = _decode(line)
        written = encode(form)
        # What is written the same has dropped nothing.
        if written != line and _has_doubled_keys(line, written):
            return None
    except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
        return None
    return form, written


def _has_doubled_keys(line: bytes, written: bytes) -> bool:
    """Whether it may be that a key was given twice, one of them dropped without a word. Written
    again the form then has fewer colons: those within strings it kept are the same, unless a
    backslash spells one in another way."""
    if b"\\" in line:
        return True
    colons = line.count(b":")
    # A form leaves a member out that says null; what was merely parsed does not.
    return written.count(b":") != colons and encode(_parse(line)).count(b":") != colons


def _upper_identifiers(form: Inv1) -> None:
    for party in (form.supplier, form.billed_to, form.shipped_to):
        if isinstance(party, (Supplier, Place)) and isinstance(party.gstin, str):
            party.gstin = upper(party.gstin)
