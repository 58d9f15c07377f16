"""What is said to a number that did not ask."""

from sms.wording.said import Language, Said
from validators.eway_bill import EwayBill


def one_time_password(password: str, gstin: str, language: Language) -> Said:
    """The password that confirms a number for a GSTIN."""
    raise NotImplementedError


def supplier_told(bill: EwayBill, language: Language) -> Said:
    """To an unregistered supplier, r1(6) proviso: the bill of its goods, by whom, their value."""
    raise NotImplementedError


def generated_against_you(bill: EwayBill, language: Language) -> Said:
    """To the recipient: accept or reject until `acceptance_until`, r1(9), r1(10)."""
    raise NotImplementedError


def expires_soon(bill: EwayBill, language: Language) -> Said:
    """To whoever carries the goods: the bill will not be valid any more."""
    raise NotImplementedError
