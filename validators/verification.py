"""Verification in transit by a proper officer, r3, and the bound on physical ones, r4(2)."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from validators.change_forms import Place, Remark, place_faults, remark_faults
from validators.errors import Fault, fault


class VerificationForm(Struct, forbid_unknown_fields=True, kw_only=True):
    """What an officer found. A second physical verification within a State needs the specific
    information of evasion, and who approved it."""

    place: Place
    result: Literal["OK", "DISCREPANCY"]
    remark: Remark | None = None
    physical: bool = False
    evasion_information: Remark | None = None
    approved_by: Annotated[str, Meta(description="1 to 100 characters")] | None = None


class Verification(Struct, frozen=True):
    """A verification as recorded: who, where, when, with which result, r3."""

    verification_id: int
    ebn: int
    first_ebn: int
    """Of the first bill in the bill's chain of renewals."""
    vehicle_number: str | None
    at: datetime
    by: str
    state: str
    place: str
    result: str
    remark: str | None
    physical: bool
    evasion_information: str | None
    approved_by: str | None


def examine_verification(form: VerificationForm) -> list[Fault]:
    """The faults of a verification: specific information of evasion is approved by somebody, r3(3)
    proviso."""
    faults = [
        *place_faults("/place", form.place),
        *remark_faults("/remark", form.remark),
        *remark_faults("/evasion_information", form.evasion_information),
        *place_faults("/approved_by", form.approved_by),
    ]
    if form.evasion_information is None and form.approved_by is not None:
        faults.append(fault("/evasion_information", "INCOMPLETE"))
    if form.approved_by is None and form.evasion_information is not None:
        faults.append(fault("/approved_by", "INCOMPLETE"))
    return faults
