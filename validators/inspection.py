"""FORM GST INS-08: what an officer reports of an inspection of goods in transit, r4(1).

Part A is the summary, Part B the final report. A late one is stored and marked late, never refused.
"""

from datetime import date, datetime, timedelta
from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.structs import replace

from validators.calendar import GST_BEGAN
from validators.errors import Fault, Refusal, fault
from validators.identifiers import ebn_of, normal_vehicle, text_fault, vehicle_fault
from validators.ins06 import DESCRIPTION_CHARACTERS_MAX, Money
from validators.money import VALUE_PAISE_MAX, Paise, rupees

SUMMARY_WITHIN: Final = timedelta(hours=24)
"""r4(1): Part A, from the inspection, the last instant included."""
FINAL_WITHIN: Final = timedelta(days=3)
"""r4(1): Part B, from the inspection, the last instant included."""

NAME_CHARACTERS_MAX: Final = 100
FINDINGS_CHARACTERS_MAX: Final = 2000

Name = Annotated[str, Meta(description=f"1 to {NAME_CHARACTERS_MAX} characters")]
Instant = Annotated[datetime, Meta(tz=True)]


class Ins08Summary(Struct, forbid_unknown_fields=True, kw_only=True):
    """Part A. What the papers declare is as they say it, right or wrong: that may be the
    discrepancy. Goods without an e-way bill have no `ebn`."""

    officer_name: Name
    place: Name
    inspected_at: Annotated[Instant, Meta(description="Not in the future")]
    vehicle_number: Annotated[str, Meta(examples=["KA12AB1234"])]
    ebn: Annotated[str | None, Meta(description="Of an e-way bill that exists")] = None
    document_date: date | None = None
    document_number: Name | None = None
    person_in_charge: Name | None = None
    goods_description: str | None = None
    declared_quantity: Annotated[
        str | None, Meta(description="With its unit, in words", examples=["120 bags of 50 kg"])
    ] = None
    declared_value: Money | None = None
    discrepancy: str | None = None
    detained: bool = False
    released_at: Annotated[
        Instant | None, Meta(description="Of a detained vehicle, once it is released")
    ] = None


class TaxHeads(Struct, forbid_unknown_fields=True, kw_only=True):
    """An amount payable under each head of tax; one under which nothing is payable says 0.00."""

    integrated: Money
    central: Money
    state: Annotated[Money, Meta(description="State or Union territory tax")]
    cess: Money


class Notice(Struct, forbid_unknown_fields=True, kw_only=True):
    """The notice that was given."""

    date: Annotated[date, Meta(description="Not in the future in Asia/Kolkata")]
    number: Name


class Ins08Final(Struct, forbid_unknown_fields=True, kw_only=True):
    """Part B. Nothing payable and no notice are told by leaving them out."""

    actual_quantity: Annotated[
        str, Meta(description="With its unit, in words", examples=["118 bags of 50 kg"])
    ]
    actual_value: Money
    tax_payable: TaxHeads | None = None
    penalty_payable: TaxHeads | None = None
    notice: Notice | None = None
    findings: Annotated[str, Meta(description=f"1 to {FINDINGS_CHARACTERS_MAX} characters")]


class Inspection(Struct, frozen=True):
    """An inspection as it is kept; only its final report is ever added.

    The instants until which the reports are in time are kept too, so that a later rulebook never
    makes an earlier report late.
    """

    inspection_id: int
    recorded_by: str
    state: str | None
    recorded_at: datetime
    summary_due: datetime
    final_due: datetime
    summary: Ins08Summary
    final: Ins08Final | None = None
    final_recorded_at: datetime | None = None

    @property
    def late(self) -> bool:
        """Whether Part A came after more than 24 hours, r4(1)."""
        return self.recorded_at > self.summary_due

    @property
    def final_late(self) -> bool | None:
        """Whether Part B came after more than three days, r4(1); None while there is none."""
        recorded_at = self.final_recorded_at
        return None if recorded_at is None else recorded_at > self.final_due


def normalise_summary(form: Ins08Summary) -> None:
    """Brings Part A to the spelling that is stored."""
    if isinstance(form.vehicle_number, str):
        form.vehicle_number = normal_vehicle(form.vehicle_number)


def examine_summary(form: Ins08Summary, at: datetime) -> list[Fault]:
    """All the faults of a normalised Part A; `at` is the instant of the request.

    Whether the e-way bill exists is for the record to say (EBN_UNKNOWN).
    """
    faults = [
        found
        for name, length_max in (
            ("officer_name", NAME_CHARACTERS_MAX),
            ("place", NAME_CHARACTERS_MAX),
            ("document_number", NAME_CHARACTERS_MAX),
            ("person_in_charge", NAME_CHARACTERS_MAX),
            ("goods_description", DESCRIPTION_CHARACTERS_MAX),
            ("declared_quantity", NAME_CHARACTERS_MAX),
            ("discrepancy", FINDINGS_CHARACTERS_MAX),
        )
        for found in text_faults(f"/{name}", getattr(form, name), length_max)
    ]
    if isinstance(form.vehicle_number, str) and (code := vehicle_fault(form.vehicle_number)):
        faults.append(fault("/vehicle_number", code))
    if isinstance(form.ebn, str) and ebn_of(form.ebn) is None:
        faults.append(fault("/ebn", "EBN_FORMAT"))
    faults += _amount_faults("/declared_value", form.declared_value)
    faults += past_faults("/inspected_at", form.inspected_at, at)
    return faults + _release_faults(form, at)


def examine_final(form: Ins08Final, today: date) -> list[Fault]:
    """All the faults of Part B; `today` is the date in India."""
    faults = [
        *text_faults("/actual_quantity", form.actual_quantity, NAME_CHARACTERS_MAX),
        *_amount_faults("/actual_value", form.actual_value),
    ]
    for name in ("tax_payable", "penalty_payable"):
        payable = getattr(form, name)
        if isinstance(payable, TaxHeads):
            for head in TaxHeads.__struct_fields__:
                faults += _amount_faults(f"/{name}/{head}", getattr(payable, head))
    if isinstance(form.notice, Notice):
        if isinstance(form.notice.date, date) and form.notice.date > today:
            faults.append(fault("/notice/date", "DATE_IN_FUTURE"))
        faults += text_faults("/notice/number", form.notice.number, NAME_CHARACTERS_MAX)
    return faults + text_faults("/findings", form.findings, FINDINGS_CHARACTERS_MAX)


def recorded(
    form: Ins08Summary, *, inspection_id: int, by: str, state: str | None, at: datetime
) -> Inspection:
    """The inspection that a sound, normalised Part A tells of, r4(1)."""
    return Inspection(
        inspection_id,
        by,
        state,
        at,
        form.inspected_at + SUMMARY_WITHIN,
        form.inspected_at + FINAL_WITHIN,
        form,
    )


def finalised(
    inspection: Inspection | None, form: Ins08Final, *, by: str, at: datetime
) -> Inspection:
    """The inspection with its final report, r4(1); the same object where it has that report
    already, so that the first one stands.

    Raises Refusal INSPECTION_NOT_FOUND, NOT_THE_INSPECTOR or FINAL_REPORT_EXISTS.
    """
    if inspection is None:
        raise Refusal("INSPECTION_NOT_FOUND")
    if by != inspection.recorded_by:
        raise Refusal("NOT_THE_INSPECTOR")
    if inspection.final is None:
        return replace(inspection, final=form, final_recorded_at=at)
    if inspection.final != form:
        raise Refusal("FINAL_REPORT_EXISTS")
    return inspection


def text_faults(pointer: str, text: str | None, length_max: int) -> list[Fault]:
    """The fault of a free text, if it is one and has one."""
    if isinstance(text, str) and (code := text_fault(text, length_max)):
        return [fault(pointer, code)]
    return []


def past_faults(pointer: str, told: datetime | None, at: datetime) -> list[Fault]:
    """The fault of an instant at which something is said to have happened: not later than `at`,
    and not before there was a Goods and Services Tax."""
    if not isinstance(told, datetime):
        return []
    if told > at:
        return [fault(pointer, "IN_THE_FUTURE")]
    if told < GST_BEGAN:
        return [fault(pointer, "OUT_OF_RANGE", f"must not be before {GST_BEGAN.isoformat()}")]
    return []


def _release_faults(form: Ins08Summary, at: datetime) -> list[Fault]:
    here = "/released_at"
    if not isinstance(form.released_at, datetime):
        return []
    if form.detained is False:
        return [fault(here, "NOT_DETAINED")]
    if faults := past_faults(here, form.released_at, at):
        return faults
    if isinstance(form.inspected_at, datetime) and form.released_at < form.inspected_at:
        return [fault(here, "TOO_EARLY", "must not be before inspected_at")]
    return []


def _amount_faults(pointer: str, paise: Paise | None) -> list[Fault]:
    if isinstance(paise, Paise) and not 0 <= paise <= VALUE_PAISE_MAX:
        words = f"must be from {rupees(0)} to {rupees(VALUE_PAISE_MAX)}"
        return [fault(pointer, "OUT_OF_RANGE", words)]
    return []
