"""What a person sends to change an e-way bill: each form, and its faults."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from validators.errors import Fault, fault
from validators.identifiers import gstin_fault, normal_vehicle, text_fault, upper, vehicle_fault
from validators.ins06 import DISTANCE_KM_MAX, Gstin, Vehicle, range_fault

REMARK_CHARACTERS_MAX: Final = 300
PLACE_CHARACTERS_MAX: Final = 100

Remark = Annotated[str, Meta(description=f"1 to {REMARK_CHARACTERS_MAX} characters")]
Place = Annotated[str, Meta(description=f"1 to {PLACE_CHARACTERS_MAX} characters")]
TransferReason = Literal["TRANSHIPMENT", "BREAKDOWN", "FIRST_CONVEYANCE", "OTHER"]


class Cancellation(Struct, forbid_unknown_fields=True, kw_only=True):
    """Why an e-way bill is cancelled, in words, r1(7)."""

    reason: Remark


class Acceptance(Struct, forbid_unknown_fields=True, kw_only=True):
    """The recipient's answer, r1(9), with a remark if there is something to say."""

    decision: Literal["ACCEPTED", "REJECTED"]
    remark: Remark | None = None


class Transfer(Struct, forbid_unknown_fields=True, kw_only=True):
    """The conveyance the goods go on with, r1(3): why and where they were moved to it."""

    vehicle_number: Vehicle
    reason: TransferReason
    place: Place


class NewTransporter(Struct, forbid_unknown_fields=True, kw_only=True):
    """The transporter a bill is handed to, r1(3)."""

    transporter_id: Gstin


class Renewal(Struct, forbid_unknown_fields=True, kw_only=True):
    """What a renewal changes, r1(8) second proviso: the conveyance, the distance that is left; and
    the circumstances."""

    vehicle_number: Vehicle
    distance_km: Annotated[int, Meta(description=f"1 to {DISTANCE_KM_MAX}")]
    reason: Remark


def examine_cancellation(form: Cancellation) -> list[Fault]:
    """The faults of a cancellation."""
    return remark_faults("/reason", form.reason)


def examine_acceptance(form: Acceptance) -> list[Fault]:
    """The faults of an answer."""
    return remark_faults("/remark", form.remark)


def examine_transfer(form: Transfer) -> list[Fault]:
    """The faults of a transfer; its vehicle number is brought to the spelling that is stored."""
    form.vehicle_number, faults = vehicle_of(form.vehicle_number)
    return [*faults, *place_faults("/place", form.place)]


def examine_new_transporter(form: NewTransporter) -> list[Fault]:
    """The faults of a hand-over; the transporter is brought to the spelling that is stored."""
    if isinstance(form.transporter_id, str):
        form.transporter_id = upper(form.transporter_id)
        if code := gstin_fault(form.transporter_id):
            return [fault("/transporter_id", code)]
    return []


def examine_renewal(form: Renewal) -> list[Fault]:
    """The faults of a renewal; its vehicle number is brought to the spelling that is stored."""
    form.vehicle_number, faults = vehicle_of(form.vehicle_number)
    if isinstance(form.distance_km, int) and not 1 <= form.distance_km <= DISTANCE_KM_MAX:
        faults.append(range_fault("/distance_km", 1, DISTANCE_KM_MAX))
    return [*faults, *remark_faults("/reason", form.reason)]


def vehicle_of(written: str) -> tuple[str, list[Fault]]:
    """A vehicle number as it is stored, and its faults; what is no text is a fault already."""
    if not isinstance(written, str):
        return written, []
    number = normal_vehicle(written)
    code = vehicle_fault(number)
    return number, [fault("/vehicle_number", code)] if code else []


def remark_faults(pointer: str, text: str | None) -> list[Fault]:
    """The faults of a reason or remark."""
    return _text_faults(pointer, text, REMARK_CHARACTERS_MAX)


def place_faults(pointer: str, text: str | None) -> list[Fault]:
    """The faults of a place in words."""
    return _text_faults(pointer, text, PLACE_CHARACTERS_MAX)


def _text_faults(pointer: str, text: str | None, characters_max: int) -> list[Fault]:
    if isinstance(text, str) and (code := text_fault(text, characters_max)):
        return [fault(pointer, code)]
    return []
