"""The arithmetic of an invoice, r2(2): exact, in integers, to the paisa.

Every amount must be the exact product or sum it says to be, rounded to a paisa either way. What an
amount is off beyond that is counted in whole paise, and a document may be off by a rupee in all:
ERPs round a line, a tax or the total to the rupee, and nobody knows which.
"""

from typing import Final, NamedTuple

from validators.errors import Fault, fault
from validators.identifiers import UNREGISTERED
from validators.inv1 import NOTHING, Inv1, Tax
from validators.inv1_numbers import THOUSAND, Countable, Numbers, thousandths
from validators.money import rupees

TOLERANCE_PAISE: Final = 100
"""Rs 1 a document, for rounding."""

ALWAYS_INTER_STATE: Final = frozenset({"EXPORT", "SEZ"})

PER_CENT: Final = 100 * THOUSAND
"""What a rate in thousandths of a per cent is of."""


class Off(NamedTuple):
    """An amount that is not what it should be: where, by how many whole paise, what it should
    be."""

    pointer: str
    paise: int
    expected: int


def what_is_off(form: Inv1, numbers: Numbers) -> list[Off]:
    """The amounts of a form that are not to the paisa what they should be, r2(2): total = quantity
    x price, taxable value = total - discount, tax = taxable value x rate, the invoice's total = all
    of it. A total under reverse charge may leave the taxes out: the recipient pays them."""
    off: list[Off] = []
    amounts = numbers.amounts
    rates = iter(numbers.rates)
    value = taxes = following = 0
    for index, (line, quantity) in enumerate(zip(form.lines, numbers.quantities, strict=True)):
        price, total, discount, taxable = amounts[following : following + 4]
        following += 4
        if not -THOUSAND < total * THOUSAND - quantity * price < THOUSAND:
            off.append(_off(f"/lines/{index}/total", total, quantity * price, THOUSAND))
        if taxable != total - discount:
            # Nothing is worth less than nothing: then it is the discount that is too large.
            if discount > total:
                off.append(_off(f"/lines/{index}/discount", discount, max(total - taxable, 0), 1))
            else:
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
            amount, rate = amounts[following], next(rates)
            following += 1
            taxes += amount
            if not -PER_CENT < amount * PER_CENT - rate * taxable < PER_CENT:
                off.append(_off(f"/lines/{index}/{name}/amount", amount, rate * taxable, PER_CENT))
    value += amounts[following] + amounts[following + 1] + amounts[following + 2]
    stated = amounts[following + 3]
    expected = value + taxes
    if form.supply_type == "REVERSE_CHARGE" and abs(stated - value) < abs(stated - expected):
        expected = value
    if stated != expected:
        off.append(_off("/total_value", stated, expected, 1))
    return off


def arithmetic_faults(counted: Countable) -> list[Fault]:
    """A fault for every amount that is off, when together they are off by more than a rupee. The
    invoice's total is not judged where not all of it could be counted."""
    off = what_is_off(counted.form, counted.numbers)
    if not off:
        return []
    if not counted.whole:
        off = [one for one in off if one.pointer != "/total_value"]
    if sum(one.paise for one in off) <= TOLERANCE_PAISE:
        return []
    return [
        fault(one.pointer, "DOES_NOT_ADD_UP", f"should be {rupees(one.expected)}") for one in off
    ]


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
    outside = form.supply_type in ALWAYS_INTER_STATE
    may_be_inter = outside or states != {supplier}
    may_be_intra = not outside and supplier in states
    faults: list[Fault] = []
    for index, line in enumerate(form.lines):
        cgst, sgst = line.cgst, line.sgst
        local = (cgst is not None and _bears(cgst)) or (sgst is not None and _bears(sgst))
        if line.igst is not None and _bears(line.igst):
            if local:
                faults.append(fault(f"/lines/{index}/igst", "IGST_BESIDE_CGST_SGST"))
            elif not may_be_inter:
                faults.append(fault(f"/lines/{index}/igst", "NOT_INTER_STATE"))
        elif local:
            name = "sgst" if cgst is None else "cgst"
            if not may_be_intra:
                faults.append(fault(f"/lines/{index}/{name}", "INTER_STATE"))
            elif cgst is None or sgst is None or not _of_one_rate(cgst, sgst):
                faults.append(fault(f"/lines/{index}/{name}", "HALVES_DIFFER"))
    return faults


def _bears(tax: Tax) -> bool:
    return tax.amount != NOTHING or thousandths(tax.rate) != 0


def _of_one_rate(cgst: Tax, sgst: Tax) -> bool:
    return cgst.rate == sgst.rate or thousandths(cgst.rate) == thousandths(sgst.rate)


def registration_faults(form: Inv1) -> list[Fault]:
    """Whether the recipient of this type of supply must be registered, or must not."""
    gstin = form.billed_to.gstin
    registered = gstin is not None and gstin != UNREGISTERED
    if form.supply_type == "B2C" and registered:
        return [fault("/billed_to/gstin", "REGISTERED_RECIPIENT")]
    if form.supply_type in ("B2B", "SEZ", "DEEMED_EXPORT") and not registered:
        return [fault("/billed_to/gstin", "UNREGISTERED_RECIPIENT")]
    return []
