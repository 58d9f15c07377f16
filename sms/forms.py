"""From a message to the forms that the use cases take, and from their faults back to its fields."""

from sms.messages import Cancel, ChangeVehicle, Generate, HandOver, Message, Misread, Reject
from validators.change_forms import Acceptance, Cancellation, NewTransporter, Transfer
from validators.errors import Fault
from validators.ins06 import Ins06


def ins06_of(message: Generate, sender: str) -> Ins06 | Misread:
    """The form of EWBG or EWBT, normalised; `sender` is the GSTIN or transporter id that the number
    acts for. Misread (OWN_GSTIN) if an inward EWBG names the sender, and so no supplier."""
    raise NotImplementedError


def transfer_of(message: ChangeVehicle) -> Transfer:
    """The form of EWBV, r1(3)."""
    raise NotImplementedError


def cancellation_of(message: Cancel) -> Cancellation:
    """The form of EWBC, r1(7)."""
    raise NotImplementedError


def rejection_of(message: Reject) -> Acceptance:
    """The form of EWBR, r1(9)."""
    raise NotImplementedError


def new_transporter_of(message: HandOver) -> NewTransporter:
    """The form of EWBX, r1(3)."""
    raise NotImplementedError


def field_of(message: Message, pointer: str) -> str | None:
    """The name of the field that a fault's JSON pointer is about; None: none of the message's."""
    raise NotImplementedError


def misread_of(message: Message, fault: Fault) -> Misread:
    """A fault that a use case found in the form of a message, as a fault of the message."""
    raise NotImplementedError
