"""What is said of a bill after a message about it. Instants are told in Asia/Kolkata."""

from datetime import datetime

from sms.wording.said import Language, Said
from validators.eway_bill import EwayBill


def generated(bill: EwayBill, language: Language) -> Said:
    """`EBN 171000000144 dt 01/04/2018 10:20 valid till 04/04/2018 10:20 KA12AB1234`."""
    raise NotImplementedError


def vehicle_changed(bill: EwayBill, language: Language) -> Said:
    """The bill is on another vehicle, r1(3)."""
    raise NotImplementedError


def cancelled(bill: EwayBill, language: Language) -> Said:
    """The bill is cancelled, r1(7)."""
    raise NotImplementedError


def rejected(bill: EwayBill, language: Language) -> Said:
    """The recipient's rejection is recorded, r1(9)."""
    raise NotImplementedError


def handed_over(bill: EwayBill, language: Language) -> Said:
    """The bill is another transporter's, r1(3)."""
    raise NotImplementedError


def described(bill: EwayBill, at: datetime, language: Language) -> Said:
    """What the bill is at an instant: status, validity, vehicle, the recipient's answer."""
    raise NotImplementedError
