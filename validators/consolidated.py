"""FORM GST INS-07, r1(4): many e-way bills of one conveyance under one number."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.structs import replace

from validators.authority import Person, is_party
from validators.change_forms import vehicle_of
from validators.errors import Fault, fault
from validators.eway_bill import EwayBill, Move, Status, status
from validators.identifiers import ebn_of
from validators.ins06 import Vehicle
from validators.rulebook import Rulebook, valid_until

MEMBERS_MAX: Final = 1000


class Consolidation(Struct, forbid_unknown_fields=True, kw_only=True):
    """The e-way bills on one conveyance."""

    ebns: Annotated[list[str], Meta(description=f"1 to {MEMBERS_MAX} e-way bill numbers")]
    vehicle_number: Vehicle


class ConsolidatedBill(Struct, frozen=True):
    """A consolidated e-way bill; it never changes. Its members keep their own validity."""

    number: int
    transporter_id: str
    vehicle_number: str
    generated_at: datetime
    valid_until: datetime
    rulebook: str
    ebns: list[int]
    moves: list[int]
    """For each member how often it had changed conveyance when it came on this one."""


def is_on_board(bill: EwayBill, moves: int) -> bool:
    """Whether a member is on the consolidated bill's conveyance still, never having left it."""
    return len(bill.moves) == moves


def examine_consolidation(form: Consolidation) -> list[Fault]:
    """The faults of the form itself; its vehicle number is brought to the stored spelling."""
    form.vehicle_number, faults = vehicle_of(form.vehicle_number)
    if not isinstance(form.ebns, list):
        return faults
    if not form.ebns:
        faults.append(fault("/ebns", "EMPTY"))
    if len(form.ebns) > MEMBERS_MAX:
        return [*faults, fault("/ebns", "TOO_MANY", f"may name at most {MEMBERS_MAX}")]
    seen = set()
    for index, written in enumerate(form.ebns):
        if not isinstance(written, str):
            continue
        if ebn_of(written) is None:
            faults.append(fault(f"/ebns/{index}", "EBN_FORMAT"))
        elif written in seen:
            faults.append(fault(f"/ebns/{index}", "DOUBLED"))
        seen.add(written)
    return faults


def members_named(form: Consolidation) -> list[int | None]:
    """The numbers a form names, None for one that is no number or is named before."""
    if not isinstance(form.ebns, list) or len(form.ebns) > MEMBERS_MAX:
        return []
    first = {written: index for index, written in reversed([*enumerate(form.ebns)])}
    return [
        ebn_of(written) if isinstance(written, str) and first[written] == index else None
        for index, written in enumerate(form.ebns)
    ]


def member_faults(
    ebns: Sequence[int | None],
    bills: Mapping[int, EwayBill],
    person: Person,
    vehicle_number: str,
    at: datetime,
) -> list[Fault]:
    """Why bills cannot be on one consolidated bill, r1(4): each must be live, by road, transported
    by whoever consolidates, and on this conveyance or on none yet. Those that are None are at fault
    already."""
    return [
        fault(f"/ebns/{index}", code)
        for index, ebn in enumerate(ebns)
        if ebn is not None and (code := _member_fault(bills.get(ebn), person, vehicle_number, at))
    ]


def _member_fault(
    bill: EwayBill | None, person: Person, vehicle_number: str, at: datetime
) -> str | None:
    if bill is None or not is_party(person, bill):
        return "EBN_UNKNOWN"
    if person.id != bill.carrier:
        return "NOT_YOUR_TRANSPORT"
    if status(bill, at) is not Status.ACTIVE:
        return "NOT_ACTIVE"
    if bill.part_a.mode != "ROAD":
        return "OFF_THE_ROAD"
    return "ON_ANOTHER_VEHICLE" if bill.vehicle_number not in (None, vehicle_number) else None


def consolidated(
    bills: Sequence[EwayBill],
    *,
    number: int,
    by: str,
    vehicle_number: str,
    at: datetime,
    rulebook: Rulebook,
) -> tuple[ConsolidatedBill, list[EwayBill]]:
    """The consolidated bill of sound members, r1(4), and its members afterwards.

    It is valid for the longest period that the distance of a member gives, from its own
    generation, r1(8).
    A member without a conveyance is put on this one.
    """
    until = max(
        valid_until(
            at,
            bill.part_a.distance_km,
            rulebook,
            over_dimensional=bool(bill.over_dimensional),
        )
        for bill in bills
    )
    after = [_on_board(bill, number, by, vehicle_number, at) for bill in bills]
    whole = ConsolidatedBill(
        number,
        by,
        vehicle_number,
        at,
        until,
        rulebook.version,
        [bill.ebn for bill in after],
        [len(bill.moves) for bill in after],
    )
    return whole, after


def _on_board(bill: EwayBill, number: int, by: str, vehicle_number: str, at: datetime) -> EwayBill:
    changed = replace(bill, version=bill.version + 1, consolidated_number=number)
    if bill.vehicle_number is not None:
        return changed
    move = Move(at, by, None, vehicle_number, "FIRST_CONVEYANCE", None)
    return replace(
        changed, vehicle_number=vehicle_number, vehicle_since=at, moves=(*bill.moves, move)
    )
