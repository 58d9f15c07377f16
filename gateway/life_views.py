"""What is shown of a Part A that waits, of a consolidated bill and of a verification."""

from datetime import date, datetime

from msgspec import Struct

from gateway.views import EwayBillView, bill_view
from ingest.consolidations import Members
from ingest.verifications import Verified
from validators.calendar import INDIA
from validators.consolidated import is_on_board
from validators.eway_bill import EwayBill, status
from validators.identifiers import part_a_reference
from validators.money import rupees
from validators.part_a import PendingPartA, part_a_status


class PartAOnlyView(Struct):
    """A Part A apart from its Part B, at the instant of the answer."""

    part_a_reference: str
    status: str
    furnished_at: datetime
    furnished_by: str
    lapses_at: datetime
    transporter_id: str
    supplier_gstin: str
    recipient_gstin: str
    place_of_dispatch: str | None
    place_of_delivery: str
    document_type: str
    document_number: str
    document_date: date
    value_of_goods: str
    hsn_code: str
    reason_code: int
    distance_km: int
    irn: str | None
    """Of the uploaded invoice it was furnished from."""
    ebn: str | None
    """Of the bill it became."""


class PartAOnlyList(Struct):
    """A page of Parts A; `next_cursor` asks for the next, null at the end."""

    items: list[PartAOnlyView]
    next_cursor: str | None


class MemberView(Struct):
    """A member of a consolidated bill, as it is now; null where its month was archived."""

    ebn: str
    status: str | None
    valid_until: datetime | None
    on_board: bool
    """Whether it is on the consolidated bill's conveyance still."""


class ConsolidatedView(Struct):
    """A consolidated e-way bill, FORM GST INS-07."""

    number: str
    status: str
    generated_at: datetime
    valid_until: datetime
    transporter_id: str
    vehicle_number: str
    rulebook: str
    items: list[MemberView]


class VerificationView(Struct):
    """A verification in transit, and what the bill is at that instant."""

    verification_id: str
    ebn: str
    verified_at: datetime
    by: str
    state: str
    place: str
    result: str
    remark: str | None
    physical: bool
    evasion_information: str | None
    approved_by: str | None
    bill_status: str


def part_a_view(part_a: PendingPartA, at: datetime) -> PartAOnlyView:
    """A Part A as it is at an instant."""
    form = part_a.form
    return PartAOnlyView(
        part_a_reference(part_a.reference),
        part_a_status(part_a, at),
        part_a.furnished_at.astimezone(INDIA),
        part_a.furnished_by,
        part_a.lapses_at.astimezone(INDIA),
        part_a.transporter_id,
        form.supplier_gstin,
        form.recipient_gstin,
        form.place_of_dispatch,
        form.place_of_delivery,
        form.document_type or "INVOICE",
        form.document_number,
        form.document_date,
        rupees(form.value_of_goods),
        form.hsn_code,
        form.reason_code,
        form.distance_km,
        form.irn,
        str(part_a.ebn) if part_a.ebn else None,
    )


def furnished_view(
    furnished: EwayBill | PendingPartA, at: datetime
) -> EwayBillView | PartAOnlyView:
    """What furnishing INS-06 led to: a bill, or a Part A that waits."""
    if isinstance(furnished, EwayBill):
        return bill_view(furnished, at)
    return part_a_view(furnished, at)


def consolidated_view(members: Members, at: datetime) -> ConsolidatedView:
    """A consolidated bill as it and its members are at an instant."""
    whole = members.whole
    return ConsolidatedView(
        str(whole.number),
        "ACTIVE" if at <= whole.valid_until else "EXPIRED",
        whole.generated_at.astimezone(INDIA),
        whole.valid_until.astimezone(INDIA),
        whole.transporter_id,
        whole.vehicle_number,
        whole.rulebook,
        [
            MemberView(
                str(ebn),
                status(bill, at) if bill else None,
                bill.valid_until.astimezone(INDIA) if bill else None,
                bill is not None and is_on_board(bill, moves),
            )
            for ebn, moves, bill in zip(whole.ebns, whole.moves, members.bills, strict=True)
        ],
    )


def verification_view(verified: Verified, at: datetime) -> VerificationView:
    """A verification as recorded."""
    verification, bill = verified
    return VerificationView(
        str(verification.verification_id),
        str(verification.ebn),
        verification.at.astimezone(INDIA),
        verification.by,
        verification.state,
        verification.place,
        verification.result,
        verification.remark,
        verification.physical,
        verification.evasion_information,
        verification.approved_by,
        status(bill, at),
    )
