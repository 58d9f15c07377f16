"""The e-way bill as it is kept, and what is true of it at an instant.

EXPIRED and DEEMED_ACCEPTED are facts of the clock: no job writes them, every reader computes them.
"""

from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Final, NamedTuple

from msgspec import Struct

from validators.calendar import financial_year
from validators.identifiers import UNREGISTERED
from validators.ins06 import GoodsLine, Ins06, SupplierContact
from validators.requirement import requirement
from validators.rulebook import Rulebook, valid_until

INVOICE: Final = "INVOICE"
"""What a document is where Part A does not say."""


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
    irn: str | None = None
    """Of the uploaded invoice it was furnished from, r2(3)."""


class Move(Struct, frozen=True):
    """The goods changed conveyance, r1(3): when, who said so, from which to which, why and where.

    `from_vehicle_number` is None when it is the first; `place` when a consolidated bill said so.
    """

    at: datetime
    by: str
    from_vehicle_number: str | None
    vehicle_number: str
    reason: str
    place: str | None


class HandOver(Struct, frozen=True):
    """The bill passed to another transporter, r1(3): when, who said so, from whom to whom."""

    at: datetime
    by: str
    from_transporter_id: str | None
    to_transporter_id: str


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
    furnished_by: str | None = None
    """Who furnished Part A, where the transporter generated the bill from it: r1(1)(b)."""
    over_dimensional: bool | None = None
    renewed_from: int | None = None
    first_generated_at: datetime | None = None
    first_ebn: int | None = None
    """Both of the first bill in a chain of renewals; None in the first itself."""
    renewed_to: int | None = None
    renewed_at: datetime | None = None
    handed_to: str | None = None
    """The present transporter, where it is not the one Part A names."""
    consolidated_number: int | None = None
    """The newest consolidated bill it is in and on board of."""
    moves: tuple[Move, ...] = ()
    hand_overs: tuple[HandOver, ...] = ()

    @property
    def first_vehicle_number(self) -> str | None:
        """The conveyance it was generated with, or None."""
        return self.moves[0].from_vehicle_number if self.moves else self.vehicle_number

    @property
    def on_vehicle_since(self) -> datetime | None:
        """Since when this bill is on its conveyance, or None. One that goes on from another by
        renewal keeps `vehicle_since` of before there was this bill."""
        return self.vehicle_since and max(self.vehicle_since, self.generated_at)

    @property
    def chain(self) -> int:
        """The number of the first bill of its chain of renewals."""
        return self.first_ebn or self.ebn

    @property
    def transporter_id(self) -> str | None:
        """The present transporter, or None."""
        return self.handed_to or self.part_a.transporter_id

    @property
    def carrier(self) -> str:
        """Who answers for the conveyance: the present transporter or, where there is none, whoever
        generated the bill."""
        return self.transporter_id or self.generated_by

    @property
    def carrier_since(self) -> datetime:
        """Since when this carrier answers for the conveyance, without a break."""
        since = self.generated_at
        for hand_over in self.hand_overs:
            if (hand_over.from_transporter_id or self.generated_by) != hand_over.to_transporter_id:
                since = hand_over.at
        return since


class DocumentKey(NamedTuple):
    """What may have one live e-way bill: a document of one owner in one financial year.

    `digest` is 16 bytes over owner, type and number; upper and lower case are one number, as for
    the IRN. 128 bits make an accidental collision within a year's 10^10 documents less likely
    than 1 in 10^18.
    """

    financial_year: int
    digest: bytes


def document_key(document: "PartA | Ins06", furnished_by: str) -> DocumentKey:
    """The key of a document. A supplier owns its documents; those of an unregistered supplier are
    keyed by whoever furnishes Part A."""
    owner = document.supplier_gstin
    if owner == UNREGISTERED:
        owner = f"{UNREGISTERED} {furnished_by}"
    digest = document_digest(owner, document.document_type or INVOICE, document.document_number)
    return DocumentKey(financial_year(document.document_date), digest)


def document_digest(owner: str, document_type: str, number: str) -> bytes:
    """The digest of a document's key."""
    named = f"{owner}\n{document_type}\n{number.upper()}"
    return blake2b(named.encode(), digest_size=16).digest()


def key_of(bill: EwayBill) -> DocumentKey:
    """The key of a bill's document."""
    return document_key(bill.part_a, bill.furnished_by or bill.generated_by)


class Status(StrEnum):
    """What an e-way bill is at an instant."""

    ACTIVE = "ACTIVE"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    RENEWED = "RENEWED"


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
    furnished_by: str | None = None,
    extra_days: int = 0,
) -> EwayBill:
    """The bill a sound, normalised form becomes at an instant: r1(1), r1(8), r1(10), r1(12).
    `extra_days` are those the Commissioner adds to its validity, r1(8) first proviso."""
    required = requirement(form, rulebook)
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
            form.document_type or INVOICE,
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
            form.irn,
        ),
        form.vehicle_number,
        at if form.vehicle_number else None,
        furnished_by=furnished_by,
        over_dimensional=form.over_dimensional,
    )


def status(bill: EwayBill, at: datetime) -> Status:
    """CANCELLED, RENEWED, else by the clock: valid up to and including `valid_until`, r1(8)."""
    if bill.cancelled_at is not None:
        return Status.CANCELLED
    if bill.renewed_to is not None:
        return Status.RENEWED
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
