"""The arithmetic of an invoice, r2(2): exact, in integers, to the paisa.

Every amount must be the exact product or sum it says to be, rounded to a paisa either way. What an
amount is off beyond that is counted in whole paise, and a document may be off by a rupee in all:
ERPs round a line, a tax or the total to the rupee, and nobody knows which.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from validators.errors import Fault, fault
from validators.identifiers import UNREGISTERED
from validators.inv1 import Inv1, InvoiceLine, Tax
from validators.money import rupees

TOLERANCE_PAISE: Final = 100
"""Rs 1 a document, for rounding."""

RATE_MAX: Final = 1000
"""Per cent; some cess is several times the value."""

_CANONICAL: Final = re.compile(r"(?:[0-9]{1,13}+\.[0-9]{2}\n)++").fullmatch
_QUANTITY_CHARACTERS_MAX: Final = 13
_QUANTITY: Final = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,3}))?").fullmatch
_ALWAYS_INTER_STATE: Final = frozenset({"EXPORT", "SEZ"})

_THOUSAND: Final = 1000
_PER_CENT: Final = 100 * _THOUSAND
"""What a rate in thousandths of a per cent is of."""


class Off(NamedTuple):
    """An amount that is not what it should be: where, by how many whole paise, what it should
    be."""

    pointer: str
    paise: int
    expected: int


def thousandths(written: str) -> int | None:
    """A quantity or a rate with at most three decimals as an integer of thousandths, or None when
    it is none."""
    return _thousandths(written) if len(written) <= _QUANTITY_CHARACTERS_MAX else None


@lru_cache(maxsize=65_536)  # Rates are few, quantities mostly small and round.
def _thousandths(written: str) -> int | None:
    match = _QUANTITY(written)
    return int(match[1] + (match[2] or "").ljust(3, "0")) if match else None


def amounts_of(form: Inv1) -> list[int] | None:
    """Every amount of a form in paise: of each line unit price, total, discount, taxable value and
    its taxes' amounts, then freight, insurance, packing and the total. None when one of them is not
    text with two decimals, or a quantity or a rate is no text (`inv1.normalise_numbers` brings them
    to that)."""
    written: list[str] = []
    others: list[str] = []
    for line in form.lines:
        written += (line.unit_price, line.total, line.discount, line.taxable_value)
        others.append(line.quantity)
        for tax in (line.cgst, line.sgst, line.igst, line.cess):
            if tax is not None:
                written.append(tax.amount)
                others.append(tax.rate)
    written += (form.freight, form.insurance, form.packing_forwarding, form.total_value)
    try:
        "".join(others)  # Which fails where one is no text.
        joined = "\n".join(written) + "\n"
    except TypeError:
        return None
    # All of them at once: a call for each would take four times as long.
    return list(map(int, joined.replace(".", "").split())) if _CANONICAL(joined) else None


def what_is_off(form: Inv1, amounts: list[int]) -> tuple[list[Off], list[Fault]]:
    """The amounts of a form that are not to the paisa what they should be, r2(2): total = quantity
    x price, taxable value = total - discount, tax = taxable value x rate, the invoice's total = all
    of it. A total under reverse charge may leave the taxes out: the recipient pays them. Beside
    them the faults of quantities and rates, with which nothing can be counted.

    `amounts` is as `amounts_of` answers them.
    """
    off: list[Off] = []
    faults: list[Fault] = []
    value = taxes = following = 0
    for index, line in enumerate(form.lines):
        price, total, discount, taxable = amounts[following : following + 4]
        following += 4
        quantity = thousandths(line.quantity)
        if not quantity:
            code = "DECIMAL_FORMAT" if quantity is None else "NOT_POSITIVE"
            faults.append(fault(f"/lines/{index}/quantity", code))
        elif not -_THOUSAND < total * _THOUSAND - quantity * price < _THOUSAND:
            off.append(_off(f"/lines/{index}/total", total, quantity * price, _THOUSAND))
        if taxable != total - discount:
            off.append(_off(f"/lines/{index}/taxable_value", taxable, total - discount, 1))
        value += taxable
        for name, tax in (
            ("cgst", line.cgst),
            ("sgst", line.sgst),
            ("igst", line.igst),
            ("cess", line.cess),
        ):
            if tax is None:
                continue
            amount = amounts[following]
            following += 1
            taxes += amount
            rate = thousandths(tax.rate)
            if rate is None:
                faults.append(fault(f"/lines/{index}/{name}/rate", "DECIMAL_FORMAT"))
            elif rate > RATE_MAX * _THOUSAND:
                words = f"must be from 0 to {RATE_MAX}"
                faults.append(fault(f"/lines/{index}/{name}/rate", "OUT_OF_RANGE", words))
            elif not -_PER_CENT < amount * _PER_CENT - rate * taxable < _PER_CENT:
                off.append(_off(f"/lines/{index}/{name}/amount", amount, rate * taxable, _PER_CENT))
    value += amounts[following] + amounts[following + 1] + amounts[following + 2]
    stated = amounts[following + 3]
    if stated != value + taxes and not (form.supply_type == "REVERSE_CHARGE" and stated == value):
        off.append(_off("/total_value", stated, value + taxes, 1))
    return off, faults


def arithmetic_faults(form: Inv1, amounts: list[int]) -> list[Fault]:
    """The faults of quantities and rates, and a fault for every amount that is off, when together
    they are off by more than a rupee."""
    off, faults = what_is_off(form, amounts)
    if off and not faults and sum(one.paise for one in off) > TOLERANCE_PAISE:
        return [
            fault(one.pointer, "DOES_NOT_ADD_UP", f"should be {rupees(one.expected)}")
            for one in off
        ]
    return faults


def _off(pointer: str, stated: int, exact: int, scale: int) -> Off:
    """`exact` is in paise times `scale`; a fraction of a paisa may be rounded either way."""
    away = abs(stated * scale - exact) // scale
    return Off(pointer, away, (2 * exact + scale) // (2 * scale))


def tax_faults(form: Inv1) -> list[Fault]:
    """Which taxes a line may bear: never IGST beside CGST or SGST; IGST if the supply is
    inter-State, CGST and SGST at one rate if not. A tax of nothing is as good as none."""
    supplier = form.supplier.gstin[:2]
    states = {form.billed_to.state_code}
    if form.shipped_to is not None:
        # INV-1 does not name the place of supply: it is either of the two, and not ours to say.
        states.add(form.shipped_to.state_code)
    outside = form.supply_type in _ALWAYS_INTER_STATE
    may_be_inter = outside or states != {supplier}
    may_be_intra = not outside and supplier in states
    faults: list[Fault] = []
    for index, line in enumerate(form.lines):
        if line.igst is not None and _bears(line.igst):
            if _bears_local(line):
                faults.append(fault(f"/lines/{index}/igst", "IGST_BESIDE_CGST_SGST"))
            elif not may_be_inter:
                faults.append(fault(f"/lines/{index}/igst", "NOT_INTER_STATE"))
        elif _bears_local(line):
            name = "cgst" if line.cgst is not None else "sgst"
            if not may_be_intra:
                faults.append(fault(f"/lines/{index}/{name}", "INTER_STATE"))
            elif not _halves(line.cgst, line.sgst):
                faults.append(fault(f"/lines/{index}/{name}", "HALVES_DIFFER"))
    return faults


def _bears(tax: Tax | None) -> bool:
    return tax is not None and (tax.amount != "0.00" or thousandths(tax.rate) != 0)


def _bears_local(line: InvoiceLine) -> bool:
    return _bears(line.cgst) or _bears(line.sgst)


def _halves(cgst: Tax | None, sgst: Tax | None) -> bool:
    return (
        cgst is not None and sgst is not None and thousandths(cgst.rate) == thousandths(sgst.rate)
    )


def registration_faults(form: Inv1) -> list[Fault]:
    """Whether the recipient of this type of supply must be registered, or must not."""
    gstin = form.billed_to.gstin
    registered = gstin is not None and gstin != UNREGISTERED
    if form.supply_type == "B2C" and registered:
        return [fault("/billed_to/gstin", "REGISTERED_RECIPIENT")]
    if form.supply_type in ("B2B", "SEZ", "DEEMED_EXPORT") and not registered:
        return [fault("/billed_to/gstin", "UNREGISTERED_RECIPIENT")]
    return []
