"""From a message to the forms that the use cases take, and from their faults back to its fields."""

from typing import Final

from sms.grammar import written_field
from sms.messages import (
    FIELDS,
    Cancel,
    ChangeVehicle,
    Generate,
    GenerateAsTaxpayer,
    GenerateAsTransporter,
    HandOver,
    Message,
    Misread,
    Reject,
)
from validators.change_forms import Acceptance, Cancellation, NewTransporter, Transfer
from validators.errors import Fault
from validators.ins06 import Ins06, normalise

BY_SMS: Final = "by SMS"
"""The reason, the remark and the place, for which the messages have no field."""


def ins06_of(message: Generate, sender: str) -> Ins06 | Misread:
    """The form of EWBG or EWBT, r1(12) Explanation, normalised; `sender` is the GSTIN or
    transporter id that the number acts for. Misread (OWN_GSTIN) if an inward EWBG names the sender,
    and so no supplier."""
    if isinstance(message, GenerateAsTransporter):
        return _ins06(message, message.supplier_gstin, message.recipient_gstin, sender)
    if message.tran_type.outward:
        return _ins06(message, sender, message.other_party)
    if message.other_party == sender:
        return Misread(message.keyword, FIELDS["other_party"].name, sender, "OWN_GSTIN")
    return _ins06(message, message.other_party, sender)


def _ins06(
    message: Generate, supplier: str, recipient: str, transporter: str | None = None
) -> Ins06:
    form = Ins06(
        supplier_gstin=supplier,
        recipient_gstin=recipient,
        place_of_delivery=message.place_of_delivery,
        document_number=message.document_number,
        document_date=message.document_date,
        value_of_goods=message.value_of_goods,
        hsn_code=message.hsn_code,
        reason_code=message.tran_type.reason_code,
        distance_km=message.distance_km,
        vehicle_number=message.vehicle_number,
        transporter_id=transporter,
    )
    normalise(form)
    return form


def transfer_of(message: ChangeVehicle) -> Transfer:
    """The form of EWBV, r1(3)."""
    reason = message.reason.transfer_reason
    return Transfer(vehicle_number=message.vehicle_number, reason=reason, place=BY_SMS)


def cancellation_of(_: Cancel) -> Cancellation:
    """The form of EWBC, r1(7), r1(12) Explanation."""
    return Cancellation(reason=BY_SMS)


def rejection_of(_: Reject) -> Acceptance:
    """The form of EWBR, r1(9)."""
    return Acceptance(decision="REJECTED", remark=BY_SMS)


def new_transporter_of(message: HandOver) -> NewTransporter:
    """The form of EWBX, r1(3)."""
    return NewTransporter(transporter_id=message.transporter_id)


def misread_of(message: Message, fault: Fault) -> Misread:
    """A fault that a use case found in the form of a message, as a fault of the message."""
    if attribute := _attribute_of(message, fault.pointer):
        shown = written_field(message, attribute)
        return Misread(message.keyword, FIELDS[attribute].name, shown, fault.code)
    return Misread(message.keyword, None, "", fault.code)


def _attribute_of(message: Message, pointer: str) -> str | None:
    """Forms and messages call the same things by the same names, but for these."""
    name = pointer.removeprefix("/")
    if name == "reason_code":
        name = "tran_type"
    elif isinstance(message, GenerateAsTaxpayer) and name == _other_party_is(message):
        name = "other_party"
    return name if name in message.__struct_fields__ else None


def _other_party_is(message: GenerateAsTaxpayer) -> str:
    return "recipient_gstin" if message.tran_type.outward else "supplier_gstin"
