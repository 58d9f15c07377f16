"""What is said to a number that did not ask."""

from sms.wording.bills import NOTHING, instant
from sms.wording.said import Said, said
from validators.eway_bill import EwayBill
from validators.money import rupees
from validators.sms_number import Language


def one_time_password(password: str, gstin: str, language: Language) -> Said:
    """The password that confirms a number for a GSTIN."""
    return said("one-time-password", language, password=password, gstin=gstin)


def supplier_told(bill: EwayBill, language: Language) -> Said:
    """To an unregistered supplier, r1(6) proviso: the bill of its goods, by whom, their value."""
    return said(
        "supplier-told",
        language,
        ebn=str(bill.ebn),
        generated_at=instant(bill.generated_at),
        by=bill.generated_by,
        document=bill.part_a.document_number,
        value=rupees(bill.part_a.value_paise),
        vehicle=bill.vehicle_number or NOTHING,
    )


def generated_against_you(bill: EwayBill, language: Language) -> Said:
    """To the recipient: accept or reject until `acceptance_until`, r1(9), r1(10)."""
    return said(
        "generated-against-you",
        language,
        ebn=str(bill.ebn),
        by=bill.generated_by,
        document=bill.part_a.document_number,
        value=rupees(bill.part_a.value_paise),
        until=instant(bill.acceptance_until),
    )


def expires_soon(bill: EwayBill, language: Language) -> Said:
    """To whoever carries the goods: the bill will not be valid any more."""
    return said(
        "expires-soon",
        language,
        ebn=str(bill.ebn),
        vehicle=bill.vehicle_number or NOTHING,
        valid_until=instant(bill.valid_until),
    )
