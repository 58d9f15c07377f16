"""A Part A that waits for its transporter, r1(1)(b): who may complete it, until when, and how.

LAPSED is a fact of the clock: no job writes it, every reader computes it.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from validators.authority import TRADERS, Person
from validators.change_forms import Remark, remark_faults, vehicle_of
from validators.errors import Fault, Refusal
from validators.ins06 import Ins06, Vehicle, part_b_needed
from validators.rulebook import Rulebook


class PendingPartA(Struct, frozen=True):
    """Part A as furnished, normalised and sound, and what became of it.

    `ebn` is that of the bill it became; `reference` is a number of the same kind that is never an
    EBN as well.
    """

    reference: int
    furnished_by: str
    furnished_at: datetime
    lapses_at: datetime
    transporter_id: str
    form: Ins06
    rulebook: str
    ebn: int | None = None
    withdrawn_at: datetime | None = None
    given_up_at: datetime | None = None
    """When its document was given to another after it had lapsed."""


class PartAStatus(StrEnum):
    """What a Part A is at an instant."""

    PART_A_ONLY = "PART_A_ONLY"
    COMPLETED = "COMPLETED"
    WITHDRAWN = "WITHDRAWN"
    LAPSED = "LAPSED"


class PartB(Struct, forbid_unknown_fields=True, kw_only=True):
    """Part B of INS-06: the conveyance."""

    vehicle_number: Vehicle


class Withdrawal(Struct, forbid_unknown_fields=True, kw_only=True):
    """Why a Part A is withdrawn, in words."""

    reason: Remark


def waits_for_transporter(form: Ins06, person: Person, rulebook: Rulebook) -> bool:
    """Whether a normalised form is a Part A for somebody else to complete, r1(1)(b): by road, with
    a transporter that is not whoever furnishes it, and without the conveyance it needs."""
    return (
        form.mode == "ROAD"
        and form.vehicle_number is None
        and isinstance(form.transporter_id, str)
        and form.transporter_id != person.id
        and part_b_needed(form, rulebook)
    )


def part_a_status(part_a: PendingPartA, at: datetime) -> PartAStatus:
    """COMPLETED, WITHDRAWN, else by the clock: it waits up to and including `lapses_at`."""
    if part_a.ebn is not None:
        return PartAStatus.COMPLETED
    if part_a.withdrawn_at is not None:
        return PartAStatus.WITHDRAWN
    if part_a.given_up_at is not None or at > part_a.lapses_at:
        return PartAStatus.LAPSED
    return PartAStatus.PART_A_ONLY


def may_read_part_a(person: Person, part_a: PendingPartA) -> bool:
    """Its parties: furnisher, supplier, recipient and the transporter it waits for."""
    return person.role in TRADERS and person.id in (
        part_a.furnished_by,
        part_a.transporter_id,
        part_a.form.supplier_gstin,
        part_a.form.recipient_gstin,
    )


def require_completable(part_a: PendingPartA, by: str, at: datetime) -> None:
    """r1(1)(b): only its transporter, until it lapses. Raises Refusal NOT_THE_TRANSPORTER,
    PART_A_COMPLETED, PART_A_WITHDRAWN or PART_A_LAPSED."""
    if by != part_a.transporter_id:
        raise Refusal("NOT_THE_TRANSPORTER")
    _require_waiting(part_a, at)


def require_withdrawable(part_a: PendingPartA, by: str, at: datetime) -> None:
    """Only its furnisher, while it waits. Raises Refusal NOT_THE_FURNISHER, PART_A_COMPLETED,
    PART_A_WITHDRAWN or PART_A_LAPSED."""
    if by != part_a.furnished_by:
        raise Refusal("NOT_THE_FURNISHER")
    _require_waiting(part_a, at)


def _require_waiting(part_a: PendingPartA, at: datetime) -> None:
    status = part_a_status(part_a, at)
    if status is PartAStatus.COMPLETED:
        raise Refusal("PART_A_COMPLETED", ebn=str(part_a.ebn))
    if status is PartAStatus.WITHDRAWN:
        raise Refusal("PART_A_WITHDRAWN")
    if status is PartAStatus.LAPSED:
        raise Refusal("PART_A_LAPSED")


def examine_part_b(form: PartB) -> list[Fault]:
    """The faults of a Part B; its vehicle number is brought to the spelling that is stored."""
    form.vehicle_number, faults = vehicle_of(form.vehicle_number)
    return faults


def examine_withdrawal(form: Withdrawal) -> list[Fault]:
    """The faults of a withdrawal."""
    return remark_faults("/reason", form.reason)
