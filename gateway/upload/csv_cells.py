"""What spreadsheets write into a cell, read strictly: amounts, dates, codes.

Nothing is guessed: a cell that can be read in two ways is refused with what to write instead.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any, Final

_PLAIN: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?").fullmatch
_WESTERN: Final = re.compile(r"-?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?").fullmatch
_INDIAN: Final = re.compile(r"-?[1-9][0-9]?(?:,[0-9]{2})*,[0-9]{3}(?:\.[0-9]+)?").fullmatch
_DECIMAL_COMMA: Final = re.compile(r"-?[0-9]+(?:\.[0-9]{3})*,[0-9]+").fullmatch
_ONE_SEPARATOR: Final = re.compile(r"-?[1-9][0-9]{0,2}[,.][0-9]{3}").fullmatch
_SCIENTIFIC: Final = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+").fullmatch
_SHORTENED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+").fullmatch
_RUPEES: Final = re.compile(r"(?:₹|Rs\.?|INR)\s*(?=[-0-9])", re.IGNORECASE).match
_SPREADSHEET_ERROR: Final = re.compile(
    r"#{3,}|#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)"
).fullmatch

_DATES: Final = (
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})").fullmatch,
    re.compile(r"(?P<day>[0-9]{2})/(?P<month>[0-9]{2})/(?P<year>[0-9]{4})").fullmatch,
    re.compile(r"(?P<day>[0-9]{2})-(?P<month>[0-9]{2})-(?P<year>[0-9]{4})").fullmatch,
)


class CellUnreadable(ValueError):
    """The cell cannot be read; the message says why."""


Reader = Callable[[str, bool], Any]
"""Reads a cell that is not blank, without the blanks around it, to a JSON value. The flag says
that cells are separated by semicolons, as where the decimal sign is a comma. Raises
CellUnreadable."""


def amount(cell: str, semicolons: bool) -> str:
    """A decimal number without its thousands separators: 1,00,000.50 is "100000.50".

    Takes Indian and Western groups, and a leading ₹, Rs or INR. A decimal comma is refused, and
    in a file of semicolons so is one separator before three digits: 1,234 may be 1.234 there.
    """
    found = _RUPEES(cell)
    number = cell[found.end() :] if found else cell
    if semicolons and _ONE_SEPARATOR(number):
        whole = re.sub("[,.]", "", number)
        exact = number.replace(",", ".")
        raise CellUnreadable(
            f"{shown(cell)} may be {whole} or {exact} in a file of semicolons: write {whole}.00 "
            f"or {exact}0"
        )
    if _PLAIN(number):
        return number
    if _WESTERN(number) or _INDIAN(number):
        return number.replace(",", "")
    if _SCIENTIFIC(number):
        raise CellUnreadable(_shortened(cell))
    if _DECIMAL_COMMA(number) and number.count(",") == 1:
        written = number.replace(".", "").replace(",", ".")
        raise CellUnreadable(f"{shown(cell)} has a decimal comma: write {written}")
    if "," in number and re.fullmatch(r"-?[0-9,]+(?:\.[0-9]+)?", number):
        raise CellUnreadable(
            f"{shown(cell)} is grouped neither as 1,00,000 nor as 100,000: write it without commas"
        )
    raise CellUnreadable(f"{shown(cell)} is not a number: write it as 100000.00")


def integer(cell: str, semicolons: bool) -> int:
    """A whole number; spreadsheets write some as 350.0 or 1,200."""
    whole, _, fraction = amount(cell, semicolons).partition(".")
    if fraction.strip("0") or len(whole) > 15:
        raise CellUnreadable(f"{shown(cell)} is not a whole number")
    return int(whole)


def day(cell: str, _: bool) -> str:
    """A date as YYYY-MM-DD, from that, DD/MM/YYYY or DD-MM-YYYY: the day is first, never the
    month."""
    for pattern in _DATES:
        if found := pattern(cell):
            try:
                read = date(int(found["year"]), int(found["month"]), int(found["day"]))
            except ValueError:
                break
            return read.isoformat()
    if found := re.fullmatch(r"([0-9]{2})[/-]([0-9]{2})[/-][0-9]{4}", cell):
        raise CellUnreadable(f"{shown(cell)} is no date with the day first: write DD/MM/YYYY")
    raise CellUnreadable(f"{shown(cell)} is not a date: write YYYY-MM-DD or DD/MM/YYYY")


def text(cell: str, _: bool) -> str:
    """Words, as they stand."""
    if _SPREADSHEET_ERROR(cell):
        raise CellUnreadable(f"{shown(cell)} is a spreadsheet's error, not a value")
    return cell


def identifier(cell: str, semicolons: bool) -> str:
    """A number or code, as it stands, unless a spreadsheet has shortened it."""
    if _SHORTENED(cell):
        raise CellUnreadable(_shortened(cell))
    return text(cell, semicolons)


def state_code(cell: str, semicolons: bool) -> str:
    """A State's code out of `29`, `29-Karnataka` or `Karnataka (29)`; a lost zero is put back."""
    numbers = re.findall("[0-9]+", cell)
    if len(numbers) == 1 and len(numbers[0]) <= 2:
        return str(numbers[0]).zfill(2)
    return text(cell, semicolons)


def word(cell: str, semicolons: bool) -> str:
    """One of the gateway's words, however it is spaced: `Bill of supply` is BILL_OF_SUPPLY."""
    return re.sub(r"[\s_-]+", "_", text(cell, semicolons)).upper()


_SUPPLY_TYPES: Final = {
    "SUPPLIES_ATTRACTING_REVERSE_CHARGE": "REVERSE_CHARGE",
    "SUPPLIES_MADE_THROUGH_E_COMMERCE_ATTRACTING_TCS": "ECOMMERCE_TCS",
    "B_TO_B_SUPPLIES": "B2B",
    "B_TO_B": "B2B",
    "B_TO_C_SUPPLIES": "B2C",
    "B_TO_C": "B2C",
    "SUPPLIES_MADE_TO_SEZ": "SEZ",
}
"""As FORM GST INV-1 prints them."""


def supply_type(cell: str, semicolons: bool) -> str:
    """A type of supply, in the gateway's word or in the form's."""
    read = word(re.sub(r"^\([ivx]+\)\s*", "", cell), semicolons)
    return _SUPPLY_TYPES.get(read, read)


_REASONS: Final = {
    "SUPPLY": 1,
    "EXPORT/IMPORT": 2,
    "JOB_WORK": 3,
    "SKD/CKD": 4,
    "RECIPIENT_NOT_KNOWN": 5,
    "SALES_RETURN": 6,
    "FOR_OWN_USE": 7,
    "OTHERS": 0,
}
"""As FORM GST INS-06 prints them."""


def reason_code(cell: str, semicolons: bool) -> int:
    """A.7 by its code, or by the form's description of it."""
    read = word(cell, semicolons)
    return _REASONS[read] if read in _REASONS else integer(cell, semicolons)


def yes_or_no(cell: str, _: bool) -> bool:
    """Yes, no, true, false, 1 or 0."""
    read = {"YES": True, "TRUE": True, "1": True, "NO": False, "FALSE": False, "0": False}
    if cell.upper() not in read:
        raise CellUnreadable(f"{shown(cell)} is neither yes nor no")
    return read[cell.upper()]


def shown(cell: str) -> str:
    """A cell for a person to recognise; a long one by its beginning."""
    return repr(cell if len(cell) <= 40 else cell[:40] + "…")


def _shortened(cell: str) -> str:
    return (
        f"{shown(cell)} is a number a spreadsheet has shortened: format the column as text and "
        "write all its digits"
    )
