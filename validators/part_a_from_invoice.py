"""Part A of INS-06 from an uploaded invoice, r2(3): what the invoice says need not be said again,
and what is said again must agree.

Which figures: A.5 is the invoice's total in figures, taxes and freight included. The rules do not
define the value; the total is the one figure that the paper, the invoice on record and the bill
all show to an officer, and the rules that came later count the taxes in as well. A line of goods
is worth its taxable value, as the invoice says it. A.6 has room for one code: that of the line with
the greatest taxable value, of equals the first.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

from msgspec import UNSET

from validators.authority import Person
from validators.calendar import INDIA
from validators.errors import Fault, fault
from validators.forms import FAULTS_MAX
from validators.identifiers import UNREGISTERED, party_fault, upper
from validators.ins06 import EXPORT_IMPORT, SUPPLY, GoodsLine, Ins06
from validators.inv1 import Inv1
from validators.invoice import Invoice, may_read
from validators.money import Paise, rupees
from validators.requirement import same_goods

SAID_BY_INVOICE: Final = (
    "supplier_gstin",
    "recipient_gstin",
    "document_number",
    "document_date",
    "value_of_goods",
    "hsn_code",
    "reason_code",
)
"""The required fields of INS-06 that may be left out beside an `irn`."""

_EQUAL: Final = SAID_BY_INVOICE[:5]
"""Those that must be what the invoice says. Of a code its goods must be among the invoice's; why
the goods move the invoice does not say, so any reason that is given stands."""

_DIFFERS: Final = "DIFFERS_FROM_INVOICE"


def fill_from_invoice(
    form: Ins06,
    faults: Sequence[Fault],
    invoice: Invoice | None,
    person: Person,
    at: datetime,
) -> list[Fault]:
    """Fills what a normalised form leaves out and the invoice of its `irn` says, r2(3), at an
    instant; answers the faults that remain of those found while reading the form, and those of
    `irn` and of every field that contradicts the invoice.

    Nothing is filled, and nothing told, for whoever may not read the invoice: an IRN follows from
    a supplier and a number that others can guess. A transporter who was handed the invoice, r1(5),
    knows what it says; to anyone who does not say all of it right, there is no such invoice.
    """
    unknown = fault("/irn", "IRN_UNKNOWN")
    if invoice is None:
        return [*faults, unknown]
    said, goods = _said(invoice.form), _goods(invoice.form)
    differing = list(islice(_differences(form, said, goods), FAULTS_MAX))
    if may_read(person, invoice.form):
        remaining = _fill(form, faults, said, goods)
    elif faults or differing:
        return [*faults, unknown]
    else:
        remaining = []
    if at > invoice.good_until:
        words = f"was good until {invoice.good_until.astimezone(INDIA).isoformat()}"
        differing.append(fault("/irn", "IRN_EXPIRED", words))
    return remaining + differing


def _said(invoice: Inv1) -> dict[str, Any]:
    """What an invoice says of the fields of Part A. Whoever it is billed to is the recipient; a
    holder of a Unique Identity Number is no registered person."""
    recipient = invoice.billed_to.gstin or UNREGISTERED
    principal = max(invoice.lines, key=lambda line: Paise.parse(line.taxable_value))
    return {
        "supplier_gstin": invoice.supplier.gstin,
        "recipient_gstin": UNREGISTERED if party_fault(recipient) else recipient,
        "document_number": invoice.document_number,
        "document_date": invoice.document_date,
        "value_of_goods": Paise.parse(invoice.total_value),
        "hsn_code": principal.hsn_code,
        "reason_code": EXPORT_IMPORT if invoice.supply_type == "EXPORT" else SUPPLY,
    }


def _goods(invoice: Inv1) -> list[GoodsLine]:
    return [
        GoodsLine(
            hsn_code=line.hsn_code,
            description=line.description,
            value=Paise.parse(line.taxable_value),
        )
        for line in invoice.lines
    ]


def _fill(
    form: Ins06, faults: Sequence[Fault], said: dict[str, Any], goods: list[GoodsLine]
) -> list[Fault]:
    """The faults but for those of what was missing and is there now."""
    remaining = []
    for each in faults:
        name = each.pointer[1:]
        if each.code == "REQUIRED" and name in said:
            setattr(form, name, said[name])
        else:
            remaining.append(each)
    if form.goods is None and len(goods) > 1:
        form.goods = goods
    return remaining


def _differences(form: Ins06, said: dict[str, Any], goods: list[GoodsLine]) -> Iterator[Fault]:
    """A fault for every field that contradicts. What is missing or could not be read is UNSET."""
    if isinstance(form.document_type, str) and form.document_type != "INVOICE":
        yield fault("/document_type", _DIFFERS, "must be INVOICE, as what irn names")
    for name in _EQUAL:
        yield from _difference(f"/{name}", getattr(form, name), said[name])
    if isinstance(form.hsn_code, str):
        yield from _strange_goods("/hsn_code", form.hsn_code, goods)
    if not isinstance(form.goods, list):
        return
    if len(form.goods) != len(goods):
        words = f"has {len(form.goods)} lines, the invoice has {len(goods)}"
        yield fault("/goods", _DIFFERS, words)
        return
    for index, (line, billed) in enumerate(zip(form.goods, goods, strict=True)):
        here = f"/goods/{index}"
        if isinstance(line.hsn_code, str):
            yield from _strange_goods(f"{here}/hsn_code", line.hsn_code, [billed])
        yield from _difference(f"{here}/description", line.description, billed.description)
        yield from _difference(f"{here}/value", line.value, billed.value)


def _difference(pointer: str, given: Any, said: Any) -> Iterator[Fault]:
    if given is not UNSET and _meant(given) != _meant(said):
        shown = rupees(said) if isinstance(said, Paise) else said
        yield fault(pointer, _DIFFERS, f"differs from the invoice, which says {shown}")


def _meant(value: Any) -> Any:
    return upper(value) if isinstance(value, str) else value


def _strange_goods(pointer: str, hsn_code: str, goods: Sequence[GoodsLine]) -> Iterator[Fault]:
    if not any(same_goods(hsn_code, line.hsn_code) for line in goods):
        words = f"differs from the invoice, which says {goods[0].hsn_code}"
        if len(goods) > 1:
            words = "is of no line of the invoice"
        yield fault(pointer, _DIFFERS, words)
