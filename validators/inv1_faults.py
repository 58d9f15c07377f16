"""Everything that can be wrong with an invoice, r2(2): found at once, each with its place."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

from msgspec import UNSET

from validators.calendar import GST_BEGAN
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
from validators.ins06 import DESCRIPTION_CHARACTERS_MAX
from validators.inv1 import LINES_MAX, Inv1, Place, Signatory, Supplier
from validators.inv1_numbers import Countable, countable, normalise_numbers, numbers_of
from validators.invoice_arithmetic import arithmetic_faults, registration_faults, tax_faults

NAME_CHARACTERS_MAX: Final = 200
ADDRESS_CHARACTERS_MAX: Final = 500
UNIT_CHARACTERS_MAX: Final = 20
WORDS_CHARACTERS_MAX: Final = 500
SERIAL_MAX: Final = 999_999
_FIRST_DAY: Final = GST_BEGAN.date()

_Check = Callable[[str], str | None]
_Named = tuple[tuple[str, str], ...]
"""Names of members, each with the code of what is wrong with it."""


def _texts(checks: dict[str, _Check]) -> Callable[[Any], _Named]:
    """What finds the faults of the texts of an object of one kind, all at once."""
    in_turn = tuple(checks.items())

    def faults_of(owner: Any) -> _Named:
        wrong: _Named = ()
        for name, check in in_turn:
            text = getattr(owner, name)
            if type(text) is str and (code := check(text)):
                wrong = (*wrong, (name, code))
        return wrong

    return faults_of


def _text(length_max: int) -> _Check:
    return lambda text: text_fault(text, length_max)


_name, _address = _text(NAME_CHARACTERS_MAX), _text(ADDRESS_CHARACTERS_MAX)
_in_supplier: Final = _texts(
    {"gstin": gstin_fault, "legal_name": _name, "trade_name": _name, "address": _address}
)
_in_place: Final = _texts({"name": _name, "address": _address, "gstin": recipient_fault})
_in_signatory: Final = _texts({"name": _name, "designation": _name})
_in_line: Final = _texts(
    {
        "description": _text(DESCRIPTION_CHARACTERS_MAX),
        "hsn_code": hsn_fault,
        "unit": _text(UNIT_CHARACTERS_MAX),
    }
)
_in_whole: Final = _texts(
    {
        "document_number": document_number_fault,
        "total_in_words": _text(WORDS_CHARACTERS_MAX),
    }
)

# What decides the taxes a line may bear, and whether the recipient must be registered.
_OF_TAXES: Final = frozenset(
    {
        *("", "/supplier", "/supplier/gstin", "/supply_type"),
        *("/billed_to", "/billed_to/state_code", "/shipped_to", "/shipped_to/state_code"),
    }
)
_OF_REGISTRATION: Final = frozenset(("", "/supply_type", "/billed_to", "/billed_to/gstin"))


def examine_invoice(form: Inv1, shape: Sequence[Fault], today: date) -> list[Fault]:
    """All the faults of a form, after those found while reading it; `today` is the date in India.
    On return the amounts are normalised. What is at fault itself is not held against the rest: of
    a faulty form every line is counted whose numbers can be read."""
    faults = list(shape)
    if len(faults) >= FAULTS_MAX:
        return faults  # More are not told, and not even known: any member may be of any type.
    numbers = None if faults else numbers_of(form)
    if numbers is None:
        faults += normalise_numbers(form)
        counted = countable(form)
    else:
        counted = Countable(form, numbers, whole=True)
    _add(faults, "", _in_whole(form))
    if isinstance(form.supplier, Supplier):
        _add(faults, "/supplier", _in_supplier(form.supplier))
    _check_place(form, "billed_to", faults)
    # Mostly the two are one, and one look is enough if nothing was found.
    if form.shipped_to is not None and (faults or form.shipped_to != form.billed_to):
        _check_place(form, "shipped_to", faults)
    if isinstance(form.signatory, Signatory):
        _add(faults, "/signatory", _in_signatory(form.signatory))
    _check_date(form.document_date, today, faults)
    _check_lines(form.lines, faults)
    at_fault = {one.pointer for one in faults}
    faults += arithmetic_faults(counted)
    if at_fault.isdisjoint(_OF_REGISTRATION):
        faults += registration_faults(form)
    if at_fault.isdisjoint(_OF_TAXES):
        faults += tax_faults(counted.form)
    return faults[:FAULTS_MAX]


def _add(faults: list[Fault], pointer: str, wrong: _Named) -> None:
    for name, code in wrong:
        faults.append(fault(f"{pointer}/{name}", code))


def _check_place(form: Inv1, name: str, faults: list[Fault]) -> None:
    place = getattr(form, name)
    if not isinstance(place, Place):
        return  # Its shape is at fault already.
    _add(faults, f"/{name}", _in_place(place))
    if isinstance(place.state_code, str):
        # Whatever the type of supply is, if that is at fault.
        abroad = form.supply_type in ("EXPORT", UNSET)
        known = country_fault if abroad else state_fault
        if code := known(place.state_code):
            faults.append(fault(f"/{name}/state_code", code))


def _check_date(day: Any, today: date, faults: list[Fault]) -> None:
    if not isinstance(day, date):
        return
    if day > today:
        faults.append(fault("/document_date", "DATE_IN_FUTURE"))
    elif day < _FIRST_DAY:
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
        if wrong := _in_line(line):  # A pointer a line would be dear.
            _add(faults, f"/lines/{index}", wrong)
        serial = line.serial
        if isinstance(serial, int) and not 1 <= serial <= SERIAL_MAX:
            words = f"must be from 1 to {SERIAL_MAX}"
            faults.append(fault(f"/lines/{index}/serial", "OUT_OF_RANGE", words))
        if len(faults) >= FAULTS_MAX:
            return
