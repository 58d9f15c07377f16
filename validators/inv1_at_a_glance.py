"""Whether an invoice is sound, r2(2), seen at one glance: most are, and are written alike.

What is seen to be sound has none of the faults of `inv1_faults` and is stored as it is written.
What is not may be sound all the same: then `inv1_faults` looks at everything, which alone says what
is wrong.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from validators.calendar import GST_BEGAN
from validators.identifiers import (
    UNREGISTERED,
    document_number_fault,
    gstin_fault,
    hsn_fault,
    state_fault,
)
from validators.ins06 import DESCRIPTION_CHARACTERS_MAX
from validators.inv1 import LINES_MAX, Inv1, InvoiceLine, Place
from validators.inv1_faults import (
    ADDRESS_CHARACTERS_MAX,
    NAME_CHARACTERS_MAX,
    SERIAL_MAX,
    UNIT_CHARACTERS_MAX,
    WORDS_CHARACTERS_MAX,
)
from validators.inv1_numbers import THOUSAND, NumberError, paise_of, quantity_of, rate_of
from validators.invoice_arithmetic import ALWAYS_INTER_STATE, PER_CENT

_FIRST_DAY: Final = GST_BEGAN.date()
_FIRST_VISIBLE: Final = "!"
"""Of what is printable only a blank is less, and what begins with one may be blank as a whole."""


def seems_sound(form: Inv1, document: bytes, today: date) -> bool:
    """Whether a form that was read plainly, with the JSON that says it, is certainly sound; `today`
    is the date in India."""
    return (
        _is_printable(document)
        and _FIRST_DAY <= form.document_date <= today
        and document_number_fault(form.document_number) is None
        and _parties_are_sound(form)
        and _lines_are_sound(form)
    )


def _is_printable(document: bytes) -> bool:
    """Whether no text of a document holds a character that is not. JSON spells the lower controls
    with a backslash."""
    if b"\\" in document:
        return False
    if document.isascii():
        return b"\x7f" not in document
    return document.decode().isprintable()


def _parties_are_sound(form: Inv1) -> bool:
    supplier, billed_to, signatory = form.supplier, form.billed_to, form.signatory
    trade_name = supplier.trade_name
    return (
        gstin_fault(supplier.gstin) is None
        and supplier.legal_name >= _FIRST_VISIBLE
        and len(supplier.legal_name) <= NAME_CHARACTERS_MAX
        and (
            trade_name is None
            or (trade_name >= _FIRST_VISIBLE and len(trade_name) <= NAME_CHARACTERS_MAX)
        )
        and supplier.address >= _FIRST_VISIBLE
        and len(supplier.address) <= ADDRESS_CHARACTERS_MAX
        and _place_is_sound(billed_to)
        and (
            (shipped_to := form.shipped_to) is None
            or shipped_to == billed_to
            or _place_is_sound(shipped_to)
        )
        and _is_registered(billed_to) == (form.supply_type != "B2C")
        and signatory.name >= _FIRST_VISIBLE
        and len(signatory.name) <= NAME_CHARACTERS_MAX
        and signatory.designation >= _FIRST_VISIBLE
        and len(signatory.designation) <= NAME_CHARACTERS_MAX
        and form.total_in_words >= _FIRST_VISIBLE
        and len(form.total_in_words) <= WORDS_CHARACTERS_MAX
    )


def _place_is_sound(place: Place) -> bool:
    gstin = place.gstin
    return (
        place.name >= _FIRST_VISIBLE
        and len(place.name) <= NAME_CHARACTERS_MAX
        and place.address >= _FIRST_VISIBLE
        and len(place.address) <= ADDRESS_CHARACTERS_MAX
        and state_fault(place.state_code) is None
        and (gstin is None or gstin == UNREGISTERED or gstin_fault(gstin) is None)
    )


def _is_registered(place: Place) -> bool:
    return place.gstin is not None and place.gstin != UNREGISTERED


def _lines_are_sound(form: Inv1) -> bool:
    """Whether every line is sound, bears taxes it may bear, and all adds up to the paisa."""
    lines = form.lines
    if not 0 < len(lines) <= LINES_MAX:
        return False
    here = form.supplier.gstin[:2]
    billed_here = form.billed_to.state_code == here
    shipped_here = billed_here if form.shipped_to is None else form.shipped_to.state_code == here
    outside = form.supply_type in ALWAYS_INTER_STATE
    may_be_inter = outside or not (billed_here and shipped_here)
    may_be_intra = not outside and (billed_here or shipped_here)
    written: list[str] = []
    for line in lines:
        if not (
            1 <= line.serial <= SERIAL_MAX
            and line.description >= _FIRST_VISIBLE
            and len(line.description) <= DESCRIPTION_CHARACTERS_MAX
            and line.unit >= _FIRST_VISIBLE
            and len(line.unit) <= UNIT_CHARACTERS_MAX
            and hsn_fault(line.hsn_code) is None
        ):
            return False
        written += (line.unit_price, line.total, line.discount, line.taxable_value)
        cgst, sgst, igst, cess = line.cgst, line.sgst, line.igst, line.cess
        if igst is not None:
            if cgst is not None or sgst is not None or not may_be_inter:
                return False
            written.append(igst.amount)
        elif cgst is not None and sgst is not None:
            if cgst.rate != sgst.rate or not may_be_intra:
                return False
            written += (cgst.amount, sgst.amount)
        elif cgst is not sgst:
            return False
        if cess is not None:
            written.append(cess.amount)
    written += (form.freight, form.insurance, form.packing_forwarding, form.total_value)
    try:
        amounts = paise_of(written)
        return amounts is not None and _adds_up(lines, amounts)
    except (TypeError, NumberError):
        return False


def _adds_up(lines: Sequence[InvoiceLine], amounts: Sequence[int]) -> bool:
    """As `invoice_arithmetic.what_is_off`, to the paisa, of lines with IGST or both others."""
    following = sum_of_all = 0
    for line in lines:
        price, total, discount, taxable = amounts[following : following + 4]
        following += 4
        if not -THOUSAND < total * THOUSAND - quantity_of(line.quantity) * price < THOUSAND:
            return False
        if taxable != total - discount:
            return False
        sum_of_all += taxable
        if (tax := line.igst or line.cgst) is not None:
            amount, exact = amounts[following], rate_of(tax.rate) * taxable
            following += 1
            if not -PER_CENT < amount * PER_CENT - exact < PER_CENT:
                return False
            sum_of_all += amount
            if line.sgst is not None:
                other = amounts[following]
                following += 1
                if other != amount and not -PER_CENT < other * PER_CENT - exact < PER_CENT:
                    return False
                sum_of_all += other
        if (cess := line.cess) is not None:
            amount, exact = amounts[following], rate_of(cess.rate) * taxable
            following += 1
            if not -PER_CENT < amount * PER_CENT - exact < PER_CENT:
                return False
            sum_of_all += amount
    freight, insurance, packing, stated = amounts[following:]
    return stated == sum_of_all + freight + insurance + packing
