"""What becomes of an e-way bill, and who may make it so: pure decisions on one bill at an instant.

Each answers the bill afterwards, its version one higher, and raises Refusal when the person or the
state forbids it, in the order of the catalogue: first who asks, then what the bill has become.
"""

from datetime import datetime

from msgspec.structs import replace

from validators.errors import Refusal
from validators.eway_bill import Decision, EwayBill, HandOver, Move
from validators.rulebook import Rulebook, rulebook_of, valid_until

CHANGES_MAX = 100
"""Transfers a bill takes, and hand-overs: both are kept with it."""


def cancelled(bill: EwayBill, by: str, at: datetime, reason: str) -> EwayBill:
    """The bill after its cancellation, r1(7): by its generator, within 24 hours, unverified.

    `by` is the id of the person who asks. An answer of the recipient does not bar it.

    Raises Refusal NOT_THE_GENERATOR, ALREADY_CANCELLED, ALREADY_RENEWED,
    ALREADY_VERIFIED_IN_TRANSIT or CANCELLATION_WINDOW_CLOSED.
    """
    if by != bill.generated_by:
        raise Refusal("NOT_THE_GENERATOR")
    _require_not_ended(bill)
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


def moved(
    bill: EwayBill, by: str, at: datetime, *, vehicle_number: str, reason: str, place: str
) -> EwayBill:
    """The bill after a transfer to another conveyance, r1(3): by its transporter, while valid.

    It leaves the consolidated bill of the conveyance it was on.

    Raises Refusal NOT_THE_TRANSPORTER, ALREADY_CANCELLED, ALREADY_RENEWED, EXPIRED, NOT_BY_ROAD,
    SAME_VEHICLE or TOO_MANY_CHANGES.
    """
    require_carrier(bill, by)
    _require_valid(bill, at)
    _require_by_road(bill)
    if vehicle_number == bill.vehicle_number:
        raise Refusal("SAME_VEHICLE")
    if len(bill.moves) >= CHANGES_MAX:
        raise Refusal("TOO_MANY_CHANGES")
    move = Move(at, by, bill.vehicle_number, vehicle_number, reason, place)
    return replace(
        bill,
        version=bill.version + 1,
        vehicle_number=vehicle_number,
        vehicle_since=at,
        consolidated_number=None,
        moves=(*bill.moves, move),
    )


def handed_over(bill: EwayBill, by: str, at: datetime, transporter_id: str) -> EwayBill:
    """The bill after it was handed to another transporter, r1(3): by supplier, recipient or the
    present transporter, while valid.

    Raises Refusal NOT_A_PARTY, ALREADY_CANCELLED, ALREADY_RENEWED, EXPIRED, NOT_BY_ROAD,
    SAME_TRANSPORTER or TOO_MANY_CHANGES.
    """
    if by not in (bill.part_a.supplier_gstin, bill.part_a.recipient_gstin, bill.transporter_id):
        raise Refusal("NOT_A_PARTY", "only supplier, recipient or transporter may hand it over")
    _require_valid(bill, at)
    _require_by_road(bill)
    if transporter_id == bill.transporter_id:
        raise Refusal("SAME_TRANSPORTER")
    if len(bill.hand_overs) >= CHANGES_MAX:
        raise Refusal("TOO_MANY_CHANGES")
    hand_over = HandOver(at, by, bill.transporter_id, transporter_id)
    return replace(
        bill,
        version=bill.version + 1,
        handed_to=transporter_id,
        hand_overs=(*bill.hand_overs, hand_over),
    )


def verified(bill: EwayBill, at: datetime) -> EwayBill:
    """The bill after a verification in transit, r3: from the first on it cannot be cancelled,
    r1(7) proviso. The same bill when it was verified before; an expired one is verified as well.

    Raises Refusal ALREADY_CANCELLED or ALREADY_RENEWED.
    """
    _require_not_ended(bill)
    if bill.verified_at is not None:
        return bill
    return replace(bill, version=bill.version + 1, verified_at=at)


def require_renewable(bill: EwayBill, by: str, at: datetime) -> None:
    """r1(8) second proviso: by its transporter, while valid or for a while after it lapsed.

    Raises Refusal NOT_THE_TRANSPORTER, ALREADY_CANCELLED, ALREADY_RENEWED,
    RENEWAL_WINDOW_NOT_OPEN, RENEWAL_WINDOW_CLOSED or NOT_BY_ROAD.
    """
    require_carrier(bill, by)
    _require_not_ended(bill)
    rulebook = rulebook_of(bill.rulebook)
    before = rulebook.renewal_window_before
    if before is not None and at < bill.valid_until - before:
        raise Refusal("RENEWAL_WINDOW_NOT_OPEN")
    if at > bill.valid_until + rulebook.renewal_window_after:
        raise Refusal("RENEWAL_WINDOW_CLOSED")
    _require_by_road(bill)


def renewed(bill: EwayBill, at: datetime, by_ebn: int) -> EwayBill:
    """The bill after its renewal: it has ended, and names the bill that goes on from it."""
    return replace(bill, version=bill.version + 1, renewed_to=by_ebn, renewed_at=at)


def renewal(
    bill: EwayBill,
    *,
    ebn: int,
    by: str,
    at: datetime,
    rulebook: Rulebook,
    vehicle_number: str,
    distance_km: int,
    extra_days: int,
) -> EwayBill:
    """The bill that goes on from another, r1(8) second proviso: the same Part A but for the
    distance that is left, generated by the transporter now. What was verified in transit stays
    verified, r1(7) proviso, and goods that stay on their vehicle are on it since before.

    Raises Refusal RENEWAL_LIMIT_REACHED once the rulebook's longest total validity is used up.
    """
    first_generated_at = bill.first_generated_at or bill.generated_at
    over_dimensional = bool(bill.over_dimensional)
    until = valid_until(
        at, distance_km, rulebook, over_dimensional=over_dimensional, extra_days=extra_days
    )
    if rulebook.renewal_total_max is not None:
        until = min(until, first_generated_at + rulebook.renewal_total_max)
        if until <= at:
            raise Refusal("RENEWAL_LIMIT_REACHED")
    answerable = bill.acceptance_until is not None
    return EwayBill(
        ebn,
        1,
        rulebook.version,
        by,
        at,
        until,
        at + rulebook.acceptance_window if answerable else None,
        bill.required,
        bill.clause,
        replace(bill.part_a, distance_km=distance_km, transporter_id=bill.transporter_id),
        vehicle_number,
        bill.vehicle_since if vehicle_number == bill.vehicle_number else at,
        verified_at=bill.verified_at,
        furnished_by=bill.furnished_by or bill.generated_by,
        over_dimensional=bill.over_dimensional,
        renewed_from=bill.ebn,
        first_generated_at=first_generated_at,
        first_ebn=bill.chain,
    )


def require_carrier(bill: EwayBill, by: str) -> None:
    """Raises Refusal NOT_THE_TRANSPORTER unless `by` answers for the conveyance."""
    if by != bill.carrier:
        raise Refusal("NOT_THE_TRANSPORTER")


def _require_not_ended(bill: EwayBill) -> None:
    if bill.cancelled_at is not None:
        raise Refusal("ALREADY_CANCELLED")
    if bill.renewed_to is not None:
        raise Refusal("ALREADY_RENEWED", renewed_to=str(bill.renewed_to))


def _require_valid(bill: EwayBill, at: datetime) -> None:
    _require_not_ended(bill)
    if at > bill.valid_until:
        raise Refusal("EXPIRED")


def _require_by_road(bill: EwayBill) -> None:
    if bill.part_a.mode != "ROAD":
        raise Refusal("NOT_BY_ROAD")
