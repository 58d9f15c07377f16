"""What is shown of an e-way bill over HTTP, and to whom."""

from datetime import date, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from validators.calendar import INDIA, india_time
from validators.eway_bill import EwayBill, acceptance_status, status
from validators.ins06 import GoodsLine, SupplierContact
from validators.money import Paise, encode_hook, rupees


class RequirementView(Struct):
    """Whether the bill was required, and the clause that says so."""

    required: bool
    clause: str


class PartAView(Struct):
    """Part A as furnished."""

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
    transport_document_number: str | None
    mode: str
    distance_km: int
    distance_to_transporter_km: int | None
    transporter_id: str | None
    goods: list[GoodsLine] | None
    supplier_contact: SupplierContact | None
    irn: str | None
    """Of the uploaded invoice it was furnished from."""


class PartBView(Struct):
    """The conveyance the goods are on, since when."""

    vehicle_number: str
    since: datetime


class ConveyanceView(Struct):
    """A conveyance the goods went on: from when, who said so, why and where; both null for the one
    of the generation."""

    vehicle_number: str
    since: datetime
    by: str
    reason: str | None
    place: str | None


class HandOverView(Struct):
    """When, by whom, and from whom to whom a bill was handed over."""

    at: datetime
    by: str
    from_transporter_id: str | None
    to_transporter_id: str


class AcceptanceView(Struct):
    """The recipient's answer, or until when it may be given."""

    status: str
    until: datetime | None
    at: datetime | None
    remark: str | None


class CancellationView(Struct):
    """When, by whom and why a bill was cancelled."""

    at: datetime
    by: str
    reason: str


class EwayBillView(Struct):
    """An e-way bill as its parties and officers see it, at the instant of the answer."""

    ebn: str
    status: str
    generated_at: datetime
    valid_until: datetime
    generated_by: str
    requirement: RequirementView
    part_a: PartAView
    part_b: PartBView | None
    acceptance: AcceptanceView
    cancellation: CancellationView | None
    verified_at: datetime | None
    rulebook: str
    transporter_id: str | None
    """The present one; Part A keeps the one it was furnished with."""
    furnished_by: str | None
    renewed_from: str | None
    renewed_to: str | None
    consolidated_number: str | None
    conveyances: list[ConveyanceView]
    hand_overs: list[HandOverView]


class EwayBillList(Struct):
    """A page of e-way bills; `next_cursor` asks for the next, null at the end."""

    items: list[EwayBillView]
    next_cursor: str | None


def schema_hook(kind: type) -> dict[str, Any]:
    """The JSON Schema of the types JSON does not know."""
    if kind is Paise:
        return {}  # The field's annotation says it all.
    raise NotImplementedError(kind)


encode: Final = msgspec.json.Encoder(enc_hook=encode_hook).encode
"""Any view as JSON."""


def bill_view(bill: EwayBill, at: datetime) -> EwayBillView:
    """A bill as it is at an instant; instants are shown on India's clock."""
    part_a = bill.part_a
    generated_at = bill.generated_at.astimezone(INDIA)
    since = bill.vehicle_since
    return EwayBillView(
        str(bill.ebn),
        status(bill, at),
        generated_at,
        bill.valid_until.astimezone(INDIA),
        bill.generated_by,
        RequirementView(bill.required, bill.clause),
        PartAView(
            part_a.supplier_gstin,
            part_a.recipient_gstin,
            part_a.place_of_dispatch,
            part_a.place_of_delivery,
            part_a.document_type,
            part_a.document_number,
            part_a.document_date,
            rupees(part_a.value_paise),
            part_a.hsn_code,
            part_a.reason_code,
            part_a.transport_document_number,
            part_a.mode,
            part_a.distance_km,
            part_a.distance_to_transporter_km,
            part_a.transporter_id,
            part_a.goods,
            part_a.supplier_contact,
            part_a.irn,
        ),
        PartBView(
            bill.vehicle_number,
            generated_at if since == bill.generated_at else since.astimezone(INDIA),
        )
        if bill.vehicle_number and since
        else None,
        AcceptanceView(
            acceptance_status(bill, at),
            india_time(bill.acceptance_until),
            india_time(bill.decided_at),
            bill.decision_remark,
        ),
        CancellationView(
            bill.cancelled_at.astimezone(INDIA),
            bill.cancelled_by or "",
            bill.cancellation_reason or "",
        )
        if bill.cancelled_at
        else None,
        india_time(bill.verified_at),
        bill.rulebook,
        bill.transporter_id,
        bill.furnished_by,
        str(bill.renewed_from) if bill.renewed_from else None,
        str(bill.renewed_to) if bill.renewed_to else None,
        str(bill.consolidated_number) if bill.consolidated_number else None,
        _conveyances(bill, generated_at),
        [
            HandOverView(
                each.at.astimezone(INDIA), each.by, each.from_transporter_id, each.to_transporter_id
            )
            for each in bill.hand_overs
        ],
    )


def _conveyances(bill: EwayBill, generated_at: datetime) -> list[ConveyanceView]:
    """Oldest first, the one of the generation included."""
    first = bill.first_vehicle_number
    shown = [ConveyanceView(first, generated_at, bill.generated_by, None, None)] if first else []
    if not bill.moves:
        return shown
    shown += [
        ConveyanceView(
            move.vehicle_number, move.at.astimezone(INDIA), move.by, move.reason, move.place
        )
        for move in bill.moves
    ]
    return shown
