"""The numbers of FORM GST INV-1, r2(2): read from text into integers, all of a form at once.

Sound numbers written alike take one step together. Otherwise they are brought to one spelling one
by one, those that are none are found, and what is left is what can be counted with.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from validators.errors import Fault, fault
from validators.inv1 import NOTHING, TAXES, Inv1, InvoiceLine, Tax
from validators.money import VALUE_PAISE_MAX, MoneyFormatError, Paise, rupees

RATE_MAX: Final = 1000
"""Per cent; some cess is several times the value."""
THOUSAND: Final = 1000

_CANONICAL: Final = re.compile(r"(?:,(?:0|[1-9][0-9]{0,12}+)\.[0-9]{2})++").fullmatch
_integers: Final = msgspec.json.Decoder(list[int]).decode
_DECIMAL: Final = re.compile(r"(-?[0-9]{1,9})(?:\.([0-9]{1,3}))?").fullmatch
_CHARGES: Final = ("freight", "insurance", "packing_forwarding")
_LINE_AMOUNTS: Final = ("unit_price", "total", "discount", "taxable_value")


class Numbers(NamedTuple):
    """The numbers of a form, in its order."""

    amounts: list[int]
    """In paise: of each line unit price, total, discount, taxable value and its taxes' amounts,
    then freight, insurance, packing and the total."""
    quantities: list[int]
    """Of each line, in thousandths."""
    rates: list[int]
    """Of every tax, in thousandths of a per cent."""


class Countable(NamedTuple):
    """What can be counted of a form."""

    form: Inv1
    """With nothing in place of what cannot be read."""
    numbers: Numbers
    whole: bool
    """Whether nothing had to be replaced."""


class NumberError(ValueError):
    """What is no number: the code of the fault and, if they are not the catalogue's, the words."""


# Rates are few, quantities mostly small and round. What raises is not kept, however long it is.
@lru_cache(maxsize=65_536)
def thousandths(written: str) -> int:
    """A quantity or a rate with at most three decimals as an integer of thousandths. Raises
    NumberError for any other text."""
    match = _DECIMAL(written) if isinstance(written, str) else None
    if match is None:
        raise NumberError("DECIMAL_FORMAT")
    return int(match[1] + (match[2] or "").ljust(3, "0"))


def decimal_of(thousandths: int) -> str:
    """Thousandths as the shortest decimal: 12500 is "12.5"."""
    whole, rest = divmod(thousandths, THOUSAND)
    return f"{whole}.{rest:03}".rstrip("0").rstrip(".")


@lru_cache(maxsize=65_536)
def quantity_of(written: str) -> int:
    """A quantity in thousandths. Raises NumberError for any other text."""
    number = thousandths(written)
    if number <= 0:
        raise NumberError("NOT_POSITIVE")
    return number


@lru_cache(maxsize=65_536)
def rate_of(written: str) -> int:
    """A rate in thousandths of a per cent. Raises NumberError for any other text."""
    number = thousandths(written)
    if not 0 <= number <= RATE_MAX * THOUSAND:
        raise NumberError("OUT_OF_RANGE", f"must be from 0 to {RATE_MAX}")
    return number


def numbers_of(form: Inv1) -> Numbers | None:
    """The numbers of a form. None unless all of them are text, the amounts with two decimals, and
    every quantity and rate is in its range."""
    written: list[str] = []
    quantities: list[str] = []
    rates: list[str] = []
    for line in form.lines:
        quantities.append(line.quantity)
        written += (line.unit_price, line.total, line.discount, line.taxable_value)
        if (cgst := line.cgst) is not None:
            written.append(cgst.amount)
            rates.append(cgst.rate)
        if (sgst := line.sgst) is not None:
            written.append(sgst.amount)
            rates.append(sgst.rate)
        if (igst := line.igst) is not None:
            written.append(igst.amount)
            rates.append(igst.rate)
        if (cess := line.cess) is not None:
            written.append(cess.amount)
            rates.append(cess.rate)
    written += (form.freight, form.insurance, form.packing_forwarding, form.total_value)
    try:
        amounts = paise_of(written)
        if amounts is None:
            return None
        return Numbers(amounts, list(map(quantity_of, quantities)), list(map(rate_of, rates)))
    except (TypeError, NumberError):
        return None


def paise_of(amounts: Sequence[str]) -> list[int] | None:
    """Amounts in paise, all of them at once: a call for each would take six times as long. None
    unless every one is written with two decimals. Raises TypeError for what is no text."""
    joined = f",{','.join(amounts)}"
    # An amount that holds a comma would be read as two.
    if not _CANONICAL(joined) or joined.count(",") != len(amounts):
        return None
    digits = joined.replace(",0.00", ",0").replace(".", "")[1:]
    try:
        return _integers(f"[{digits}]")
    except msgspec.DecodeError:  # JSON has no integers that begin with a zero: 0.45 is 045.
        return list(map(int, digits.split(",")))


def normalise_numbers(form: Inv1) -> list[Fault]:
    """Brings amounts to two decimals, and quantities and rates given as numbers to text. The faults
    of those that are none, which are then UNSET. Null is as if it had not been given."""
    faults: list[Fault] = []
    for name in (*_CHARGES, "total_value"):
        _normalise(form, name, "", _amount_text, faults)
    for index, line in enumerate(form.lines if isinstance(form.lines, list) else ()):
        here = f"/lines/{index}"
        _normalise(line, "quantity", here, _quantity_text, faults)
        for name in _LINE_AMOUNTS:
            _normalise(line, name, here, _amount_text, faults)
        for name in TAXES:
            tax = getattr(line, name)
            if isinstance(tax, Tax):
                _normalise(tax, "rate", f"{here}/{name}", _rate_text, faults)
                _normalise(tax, "amount", f"{here}/{name}", _amount_text, faults)
    return faults


def _normalise(
    owner: Struct, name: str, pointer: str, text_of: Callable[[Any], str], faults: list[Fault]
) -> None:
    written = getattr(owner, name)
    if written is UNSET:
        return  # It is at fault already.
    if written is None and name in ("discount", *_CHARGES):
        written = NOTHING
    try:
        if isinstance(written, bool) or not isinstance(written, (str, int, Decimal)):
            raise NumberError("WRONG_TYPE", "must be a decimal string or a number")
        setattr(owner, name, text_of(written))
    except NumberError as error:
        faults.append(fault(f"{pointer}/{name}", *error.args))
        setattr(owner, name, UNSET)


def _amount_text(written: Any) -> str:
    try:
        paise = Paise.parse(written)
    except MoneyFormatError:
        raise NumberError("MONEY_FORMAT") from None
    if not 0 <= paise <= VALUE_PAISE_MAX:
        raise NumberError("OUT_OF_RANGE", f"must be from 0 to {rupees(VALUE_PAISE_MAX)}")
    return rupees(paise)


def _quantity_text(written: Any) -> str:
    quantity_of(text := str(written))
    return text


def _rate_text(written: Any) -> str:
    rate_of(text := str(written))
    return text


_EMPTY_LINE: Final = InvoiceLine(
    serial=1, description="", hsn_code="", unit="",
    quantity="1", unit_price=NOTHING, total=NOTHING, taxable_value=NOTHING,
)  # fmt: skip


def countable(form: Inv1) -> Countable:
    """What can be counted of a form whose numbers were normalised. A line with a number that cannot
    be read is left out, the others are not: everything wrong is told at once."""
    read = form.lines if isinstance(form.lines, list) else []
    lines = [line if _is_countable(line) else _EMPTY_LINE for line in read]
    charges = {name: getattr(form, name) for name in (*_CHARGES, "total_value")}
    known = {name: NOTHING if amount is UNSET else amount for name, amount in charges.items()}
    whole = lines == form.lines and known == charges and isinstance(form.supply_type, str)
    counted = replace(form, lines=lines, **known)
    numbers = numbers_of(counted)
    if numbers is None:
        raise AssertionError("every number was normalised")
    return Countable(counted, numbers, whole)


def _is_countable(line: InvoiceLine) -> bool:
    numbers: list[Any] = [line.quantity, line.unit_price, line.total, line.discount]
    numbers.append(line.taxable_value)
    for tax in (line.cgst, line.sgst, line.igst, line.cess):
        if tax is not None:
            numbers += (tax.rate, tax.amount) if isinstance(tax, Tax) else (UNSET,)
    return UNSET not in numbers
