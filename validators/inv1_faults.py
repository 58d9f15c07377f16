"""Everything that can be wrong with an invoice, r2(2): found at once, each with its place."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from validators.errors import Fault, fault
from validators.forms import FAULTS_MAX
from validators.identifiers import (
    country_fault,
    document_number_fault,
    gstin_fault,
    hsn_fault,
    recipient_fault,
    state_fault,
    text_fault,
)
from validators.inv1 import LINES_MAX, Inv1, InvoiceLine, Place, Tax, normalise_numbers
from validators.invoice_arithmetic import (
    amounts_of,
    arithmetic_faults,
    registration_faults,
    tax_faults,
)

NAME_CHARACTERS_MAX: Final = 200
ADDRESS_CHARACTERS_MAX: Final = 500
DESCRIPTION_CHARACTERS_MAX: Final = 300
UNIT_CHARACTERS_MAX: Final = 20
WORDS_CHARACTERS_MAX: Final = 500
SERIAL_MAX: Final = 999_999
GST_BEGAN: Final = date(2017, 7, 1)

Checks = tuple[tuple[str, Callable[[str], str | None]], ...]


def _text(length_max: int) -> Callable[[str], str | None]:
    # The same names, places and goods come again and again. What is too long is not remembered.
    @lru_cache(maxsize=16_384)
    def remembered(text: str) -> str | None:
        return text_fault(text, length_max)

    def check(text: str) -> str | None:
        return remembered(text) if len(text) <= length_max else text_fault(text, length_max)

    return check


_name, _address = _text(NAME_CHARACTERS_MAX), _text(ADDRESS_CHARACTERS_MAX)

_SUPPLIER: Final[Checks] = (
    ("gstin", gstin_fault),
    ("legal_name", _name),
    ("trade_name", _name),
    ("address", _address),
)
_PLACE: Final[Checks] = (("name", _name), ("address", _address), ("gstin", recipient_fault))
_SIGNATORY: Final[Checks] = (("name", _name), ("designation", _name))
_LINE: Final[Checks] = (
    ("description", _text(DESCRIPTION_CHARACTERS_MAX)),
    ("hsn_code", hsn_fault),
    ("unit", _text(UNIT_CHARACTERS_MAX)),
)
_WHOLE: Final[Checks] = (
    ("document_number", document_number_fault),
    ("total_in_words", _text(WORDS_CHARACTERS_MAX)),
)


def examine_invoice(form: Inv1, shape: Sequence[Fault], today: date) -> list[Fault]:
    """All the faults of a form, after those found while reading it; `today` is the date in India.
    On return the amounts are normalised. The arithmetic is examined where every number is there,
    which taxes are due where nothing is missing or unknown."""
    faults = list(shape)
    amounts = None if faults else amounts_of(form)
    if amounts is None:
        faults += normalise_numbers(form)
        amounts = amounts_of(form) if _can_be_counted(form) else None
    _check(form, _WHOLE, "", faults)
    _check(form.supplier, _SUPPLIER, "/supplier", faults)
    _check_place(form, "billed_to", faults)
    if form.shipped_to is not None:
        _check_place(form, "shipped_to", faults)
    _check(form.signatory, _SIGNATORY, "/signatory", faults)
    _check_date(form.document_date, today, faults)
    _check_lines(form.lines, faults)
    if amounts is not None:
        faults += arithmetic_faults(form, amounts)
        if not shape:
            faults += registration_faults(form) + tax_faults(form)
    return faults[:FAULTS_MAX]


def _can_be_counted(form: Inv1) -> bool:
    """Whether every number of a form that was read carefully is there and is text."""
    if not isinstance(form.lines, list):
        return False
    numbers: list[Any] = [form.freight, form.insurance, form.packing_forwarding, form.total_value]
    for line in form.lines:
        if not isinstance(line, InvoiceLine):
            return False
        numbers += (line.quantity, line.unit_price, line.total, line.discount, line.taxable_value)
        for tax in (line.cgst, line.sgst, line.igst, line.cess):
            if tax is not None:
                numbers += (tax.rate, tax.amount) if isinstance(tax, Tax) else (None,)
    return all(isinstance(number, str) for number in numbers)


def _check(owner: Any, checks: Checks, pointer: str, faults: list[Fault]) -> None:
    if not isinstance(owner, Struct):
        return  # Its shape is at fault already.
    for name, check in checks:
        text = getattr(owner, name)
        if isinstance(text, str) and (code := check(text)):
            faults.append(fault(f"{pointer}/{name}", code))


def _check_place(form: Inv1, name: str, faults: list[Fault]) -> None:
    place = getattr(form, name)
    _check(place, _PLACE, f"/{name}", faults)
    if isinstance(place, Place) and isinstance(place.state_code, str):
        known = country_fault if form.supply_type == "EXPORT" else state_fault
        if code := known(place.state_code):
            faults.append(fault(f"/{name}/state_code", code))


def _check_date(day: Any, today: date, faults: list[Fault]) -> None:
    if not isinstance(day, date):
        return
    if day > today:
        faults.append(fault("/document_date", "DATE_IN_FUTURE"))
    elif day < GST_BEGAN:
        faults.append(fault("/document_date", "BEFORE_GST"))


def _check_lines(lines: Any, faults: list[Fault]) -> None:
    if not isinstance(lines, list):
        return
    if not lines:
        faults.append(fault("/lines", "EMPTY"))
    if len(lines) > LINES_MAX:
        faults.append(fault("/lines", "TOO_MANY", f"must have at most {LINES_MAX} entries"))
        return
    for index, line in enumerate(lines):
        _check(line, _LINE, f"/lines/{index}", faults)
        serial = getattr(line, "serial", None)
        if isinstance(serial, int) and not 1 <= serial <= SERIAL_MAX:
            words = f"must be from 1 to {SERIAL_MAX}"
            faults.append(fault(f"/lines/{index}/serial", "OUT_OF_RANGE", words))
        if len(faults) >= FAULTS_MAX:
            return
