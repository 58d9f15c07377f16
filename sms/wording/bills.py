"""What is said of a bill after a message about it. Instants are told in Asia/Kolkata."""

from datetime import datetime
from typing import Final

from sms.wording.said import Said, said
from validators.calendar import INDIA
from validators.eway_bill import AcceptanceStatus, EwayBill, Status, acceptance_status, status
from validators.sms_number import Language

NOTHING: Final = "-"
"""Where a bill has no such thing: off the road it has no vehicle."""

_STATUS: Final = {
    Language.ENGLISH: {each: each.value for each in Status},
    Language.HINDI: {
        Status.ACTIVE: "वैध",
        Status.CANCELLED: "रद्द",
        Status.EXPIRED: "समाप्त",
        Status.RENEWED: "नवीनीकृत",
    },
}
_ACCEPTANCE: Final = {
    Language.ENGLISH: {
        AcceptanceStatus.PENDING: "has not answered",
        AcceptanceStatus.ACCEPTED: "accepted",
        AcceptanceStatus.REJECTED: "REJECTED",
        AcceptanceStatus.DEEMED_ACCEPTED: "deemed accepted",
        AcceptanceStatus.NOT_APPLICABLE: NOTHING,
    },
    Language.HINDI: {
        AcceptanceStatus.PENDING: "उत्तर नहीं",
        AcceptanceStatus.ACCEPTED: "स्वीकृत",
        AcceptanceStatus.REJECTED: "अस्वीकृत",
        AcceptanceStatus.DEEMED_ACCEPTED: "स्वीकृत माना",
        AcceptanceStatus.NOT_APPLICABLE: NOTHING,
    },
}


def generated(bill: EwayBill, language: Language) -> Said:
    """`EBN 171000000144 dt 01/04/2018 10:20 valid till 04/04/2018 10:20 KA12AB1234`."""
    return said(
        "generated",
        language,
        ebn=str(bill.ebn),
        generated_at=instant(bill.generated_at),
        valid_until=instant(bill.valid_until),
        vehicle=bill.vehicle_number or NOTHING,
    )


def vehicle_changed(bill: EwayBill, language: Language) -> Said:
    """The bill is on another vehicle, r1(3)."""
    return said(
        "vehicle-changed",
        language,
        ebn=str(bill.ebn),
        vehicle=bill.vehicle_number or NOTHING,
        valid_until=instant(bill.valid_until),
    )


def cancelled(bill: EwayBill, language: Language) -> Said:
    """The bill is cancelled, r1(7)."""
    return said("cancelled", language, ebn=str(bill.ebn), at=instant(bill.cancelled_at))


def rejected(bill: EwayBill, language: Language) -> Said:
    """The recipient's rejection is recorded, r1(9)."""
    return said("rejected", language, ebn=str(bill.ebn), at=instant(bill.decided_at))


def handed_over(bill: EwayBill, language: Language) -> Said:
    """The bill is another transporter's, r1(3)."""
    return said(
        "handed-over",
        language,
        ebn=str(bill.ebn),
        transporter=bill.transporter_id or NOTHING,
        valid_until=instant(bill.valid_until),
    )


def described(bill: EwayBill, at: datetime, language: Language) -> Said:
    """What the bill is at an instant: status, validity, vehicle, the recipient's answer."""
    return said(
        "described",
        language,
        ebn=str(bill.ebn),
        status=_STATUS[language][status(bill, at)],
        generated_at=instant(bill.generated_at),
        valid_until=instant(bill.valid_until),
        vehicle=bill.vehicle_number or NOTHING,
        acceptance=_ACCEPTANCE[language][acceptance_status(bill, at)],
    )


def instant(at: datetime | None) -> str:
    """An instant as India's clocks tell it, to the minute that has begun: nobody is told of more
    time than there is."""
    return at.astimezone(INDIA).strftime("%d/%m/%Y %H:%M") if at else NOTHING
