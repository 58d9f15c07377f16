"""The e-way bill as it is kept, and what is true of it at an instant.

EXPIRED and DEEMED_ACCEPTED are facts of the clock: no job writes them, every reader computes them.
"""

from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from validators.calendar import financial_year
from validators.errors import Refusal
from validators.identifiers import UNREGISTERED
from validators.ins06 import GoodsLine, Ins06, SupplierContact
from validators.rulebook import Rulebook, requirement, rulebook_of, valid_until


class PartA(Struct, frozen=True, array_like=True):
    """Part A of INS-06 as furnished; it never changes. Amounts in paise."""

    supplier_gstin: str
    recipient_gstin: str
    place_of_dispatch: str | None
    place_of_delivery: str
    document_type: str
    document_number: str
    document_date: date
    value_paise: int
    hsn_code: str
    reason_code: int
    transport_document_number: str | None
    mode: str
    distance_km: int
    distance_to_transporter_km: int | None
    transporter_id: str | None
    goods: list[GoodsLine] | None
    supplier_contact: SupplierContact | None


class EwayBill(Struct, frozen=True, array_like=True):
    """One e-way bill. `version` rises by one with every change, and guards each write."""

    ebn: int
    version: int
    rulebook: str
    generated_by: str
    generated_at: datetime
    valid_until: datetime
    acceptance_until: datetime | None
    """None: the recipient is unregistered and has nothing to answer, r1(9)."""
    required: bool
    clause: str
    part_a: PartA
    vehicle_number: str | None
    vehicle_since: datetime | None
    cancelled_at: datetime | None = None
    cancelled_by: str | None = None
    cancellation_reason: str | None = None
    decision: str | None = None
    decided_at: datetime | None = None
    decision_remark: str | None = None
    verified_at: datetime | None = None


class DocumentKey(NamedTuple):
    """What may have one live e-way bill: a document of one owner in one financial year.

    `digest` is 16 bytes over owner, type and number; upper and lower case are one number, as for
    the IRN. 128 bits make an accidental collision within a year's 10^10 documents less likely
    than 1 in 10^18.
    """

    financial_year: int
    digest: bytes


def document_key(part_a: PartA, generated_by: str) -> DocumentKey:
    """The key of a bill's document. A supplier owns its documents; those of an unregistered
    supplier are keyed by whoever generates."""
    owner = part_a.supplier_gstin
    if owner == UNREGISTERED:
        owner = f"{UNREGISTERED} {generated_by}"
    named = f"{owner}\n{part_a.document_type}\n{part_a.document_number.upper()}"
    digest = blake2b(named.encode(), digest_size=16).digest()
    return DocumentKey(financial_year(part_a.document_date), digest)


class Status(StrEnum):
    """What an e-way bill is at an instant."""

    ACTIVE = "ACTIVE"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class AcceptanceStatus(StrEnum):
    """What the recipient has said, or is deemed to have said, at an instant."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    DEEMED_ACCEPTED = "DEEMED_ACCEPTED"
    NOT_APPLICABLE = "NOT_APPLICABLE"


class Decision(StrEnum):
    """What a recipient may say of a consignment, r1(9)."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"


def generated(
    form: Ins06,
    *,
    ebn: int,
    generated_by: str,
    at: datetime,
    rulebook: Rulebook,
    extra_days: int = 0,
) -> EwayBill:
    """The bill a sound, normalised form becomes at an instant: r1(1), r1(8), r1(10). `extra_days`
    are those the Commissioner adds to its validity, r1(8) first proviso."""
    required = requirement(form.value_of_goods, rulebook)
    over_dimensional = form.over_dimensional or False
    registered = form.recipient_gstin != UNREGISTERED
    return EwayBill(
        ebn,
        1,
        rulebook.version,
        generated_by,
        at,
        valid_until(
            at,
            form.distance_km,
            rulebook,
            over_dimensional=over_dimensional,
            extra_days=extra_days,
        ),
        at + rulebook.acceptance_window if registered else None,
        required.required,
        required.clause,
        PartA(
            form.supplier_gstin,
            form.recipient_gstin,
            form.place_of_dispatch,
            form.place_of_delivery,
            form.document_type or "INVOICE",
            form.document_number,
            form.document_date,
            int(form.value_of_goods),
            form.hsn_code,
            form.reason_code,
            form.transport_document_number,
            form.mode or "ROAD",
            form.distance_km,
            form.distance_to_transporter_km,
            form.transporter_id,
            form.goods,
            form.supplier_contact,
        ),
        form.vehicle_number,
        at if form.vehicle_number else None,
    )


def status(bill: EwayBill, at: datetime) -> Status:
    """CANCELLED, else by the clock: valid up to and including `valid_until`, r1(8)."""
    if bill.cancelled_at is not None:
        return Status.CANCELLED
    return Status.ACTIVE if at <= bill.valid_until else Status.EXPIRED


def acceptance_status(bill: EwayBill, at: datetime) -> AcceptanceStatus:
    """The recipient's answer, or by the clock: deemed accepted after 72 hours, r1(10).

    A bill cancelled unanswered has nothing left to accept, and is never deemed accepted."""
    if bill.decision is not None:
        return AcceptanceStatus(bill.decision)
    if bill.acceptance_until is None or bill.cancelled_at is not None:
        return AcceptanceStatus.NOT_APPLICABLE
    if at <= bill.acceptance_until:
        return AcceptanceStatus.PENDING
    return AcceptanceStatus.DEEMED_ACCEPTED


def cancelled(bill: EwayBill, by: str, at: datetime, reason: str) -> EwayBill:
    """The bill after its cancellation, r1(7): by its generator, within 24 hours, unverified.

    `by` is the id of the person who asks. An answer of the recipient does not bar it.

    Raises Refusal NOT_THE_GENERATOR, ALREADY_CANCELLED, ALREADY_VERIFIED_IN_TRANSIT or
    CANCELLATION_WINDOW_CLOSED.
    """
    if by != bill.generated_by:
        raise Refusal("NOT_THE_GENERATOR")
    if bill.cancelled_at is not None:
        raise Refusal("ALREADY_CANCELLED")
    if bill.verified_at is not None:
        raise Refusal("ALREADY_VERIFIED_IN_TRANSIT")
    if at > bill.generated_at + rulebook_of(bill.rulebook).cancellation_window:
        raise Refusal("CANCELLATION_WINDOW_CLOSED")
    return replace(
        bill,
        version=bill.version + 1,
        cancelled_at=at,
        cancelled_by=by,
        cancellation_reason=reason,
    )


def answered(
    bill: EwayBill, by: str, at: datetime, decision: Decision, remark: str | None
) -> EwayBill:
    """The bill after its recipient's answer, r1(9): within 72 hours, once, r1(10).

    Raises Refusal NOT_THE_RECIPIENT, ALREADY_CANCELLED, ALREADY_ANSWERED or DEEMED_ACCEPTED.
    """
    if bill.acceptance_until is None or by != bill.part_a.recipient_gstin:
        raise Refusal("NOT_THE_RECIPIENT")
    if bill.cancelled_at is not None:
        raise Refusal("ALREADY_CANCELLED")
    if bill.decision is not None:
        raise Refusal("ALREADY_ANSWERED", f"the recipient has answered already: {bill.decision}")
    if at > bill.acceptance_until:
        raise Refusal("DEEMED_ACCEPTED")
    return replace(
        bill,
        version=bill.version + 1,
        decision=decision.value,
        decided_at=at,
        decision_remark=remark,
    )
