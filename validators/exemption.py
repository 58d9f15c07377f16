"""What a form states for an exemption under r1(12), and the faults of what it states."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from validators.annexure_1 import CONDITIONS
from validators.errors import Fault, fault

Condition = Annotated[
    str,
    Meta(
        description="A condition of Annexure 1 that is hereby stated to hold, r1(12)(a).",
        # Text, not a choice of the type: what was stated stays readable should a rulebook to come
        # know the condition no more.
        extra_json_schema={"enum": list(CONDITIONS)},
    ),
]
Origin = Literal["PORT", "AIRPORT", "AIR_CARGO_COMPLEX", "LAND_CUSTOMS_STATION"]
Destination = Literal["ICD", "CFS"]


class CustomsMovement(Struct, forbid_unknown_fields=True, kw_only=True):
    """Goods on their way to an inland container depot (ICD) or a container freight station (CFS)
    for clearance by Customs, r1(12)(c)."""

    origin: Origin = field(name="from")
    destination: Destination = field(name="to")


class Exemption(Struct, forbid_unknown_fields=True, kw_only=True):
    """What r1(12) needs to know; what is not stated is not so."""

    non_motorised: Annotated[
        bool, Meta(description="The conveyance has no motor, r1(12)(b); Part B is not needed then.")
    ] = False
    customs_movement: CustomsMovement | None = None
    conditions: Annotated[
        list[Condition] | None,
        Meta(description="Of the document's `hsn_code`; of a line of `goods` they stand there."),
    ] = None


_MOTORISED_MODES: Final = frozenset({"RAIL", "AIR"})


def conditions_faults(pointer: str, conditions: list[str]) -> list[Fault]:
    """The faults of a list of conditions: unknown, doubled, more than there are."""
    if len(conditions) > len(CONDITIONS):
        return [fault(pointer, "TOO_MANY", f"may have at most {len(CONDITIONS)} entries")]
    faults = []
    for index, condition in enumerate(conditions):
        if condition not in CONDITIONS:
            faults.append(fault(f"{pointer}/{index}", "NOT_ONE_OF"))
        elif condition in conditions[:index]:
            faults.append(fault(f"{pointer}/{index}", "DOUBLED"))
    return faults


def exemption_faults(
    exemption: Exemption, *, vehicle_number: str | None, mode: str | None, has_goods: bool
) -> list[Fault]:
    """The faults of what is stated, and where it contradicts the rest of the form.

    A registration number, rail and air are of motors. Conditions beside a list of goods would
    leave open which line they are of.
    """
    faults = []
    if isinstance(exemption.conditions, list):
        here = "/exemption/conditions"
        if has_goods:
            faults.append(fault(here, "STATED_WITH_GOODS"))
        faults += conditions_faults(here, exemption.conditions)
    if exemption.non_motorised is True:
        if isinstance(vehicle_number, str):
            faults.append(fault("/vehicle_number", "NON_MOTORISED"))
        if mode in _MOTORISED_MODES:
            faults.append(fault("/mode", "NON_MOTORISED"))
    return faults
