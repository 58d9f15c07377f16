"""The life of an e-way bill at its boundaries, on both sides, to the microsecond."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.test_validators_ins06 import (
    MICROSECOND,
    NOON,
    RECIPIENT,
    RULEBOOK,
    SUPPLIER,
    TRANSPORTER,
    encoded,
    sound,
)
from validators.errors import PROBLEMS, Refusal
from validators.eway_bill import (
    AcceptanceStatus,
    Decision,
    EwayBill,
    Status,
    acceptance_status,
    generated,
    status,
)
from validators.forms import read_form
from validators.ins06 import Ins06, examine, normalise, part_b_needed
from validators.life import answered, cancelled
from validators.rulebook import RULEBOOKS, rulebook_in_force, rulebook_of

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
STRANGER = "05AAACG2115R1ZN"
OFF_ROAD: dict[str, Any] = {
    "mode": "AIR",
    "vehicle_number": None,
    "transport_document_number": "AWB-1",
}


def form_of(**changes: object) -> Ins06:
    form, shape = read_form(encoded(sound(**changes)), Ins06)
    normalise(form)
    assert shape + examine(form, NOON.date(), RULEBOOK) == []
    return form


def bill_of(*, by: str = SUPPLIER, **changes: object) -> EwayBill:
    return generated(
        form_of(**changes), ebn=100_000_000_017, generated_by=by, at=NOON, rulebook=RULEBOOK
    )


def code_of(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return refused.value.problem.code


@pytest.mark.parametrize(
    ("distance_km", "days"),
    [
        (1, 1),
        (99, 1),
        (100, 3),
        (299, 3),
        (300, 5),
        (499, 5),
        (500, 10),
        (999, 10),
        (1000, 20),
        (4000, 20),
    ],
)
def test_validity_by_distance(distance_km: int, days: int) -> None:
    bill = bill_of(distance_km=distance_km)
    assert bill.valid_until == NOON + days * DAY
    assert status(bill, NOON) is Status.ACTIVE
    assert status(bill, NOON + days * DAY) is Status.ACTIVE
    assert status(bill, NOON + days * DAY + MICROSECOND) is Status.EXPIRED


@pytest.mark.parametrize(
    ("value", "required", "clause"),
    [
        ("49999.99", False, "1(1) first proviso"),
        ("50000.00", False, "1(1) first proviso"),
        ("50000.01", True, "1(1)"),
    ],
)
def test_requirement_to_the_paisa(value: str, required: bool, clause: str) -> None:
    bill = bill_of(value_of_goods=value)
    assert (bill.required, bill.clause) == (required, clause)


def test_a_new_bill() -> None:
    bill = bill_of(by=TRANSPORTER, vehicle_number="ka 12 ab 1234")
    assert (bill.version, bill.rulebook, bill.generated_by) == (1, RULEBOOK.version, TRANSPORTER)
    assert (bill.vehicle_number, bill.vehicle_since) == ("KA12AB1234", NOON)
    assert bill.acceptance_until == NOON + 72 * HOUR
    assert bill.part_a.value_paise == 7_500_000
    assert (bill.part_a.document_type, bill.part_a.mode) == ("INVOICE", "ROAD")


def test_no_conveyance_has_no_since() -> None:
    bill = bill_of(document_type="CHALLAN", **OFF_ROAD)
    assert (bill.vehicle_number, bill.vehicle_since) == (None, None)
    assert (bill.part_a.document_type, bill.part_a.mode) == ("CHALLAN", "AIR")
    assert not part_b_needed(form_of(**OFF_ROAD), RULEBOOK)
    assert part_b_needed(form_of(), RULEBOOK)


def test_cancelled_to_the_last_instant_of_24_hours() -> None:
    bill = bill_of()
    after = cancelled(bill, SUPPLIER, NOON + 24 * HOUR, "not transported")
    assert after == replace(
        bill,
        version=2,
        cancelled_at=NOON + 24 * HOUR,
        cancelled_by=SUPPLIER,
        cancellation_reason="not transported",
    )
    for at in (NOON + 24 * HOUR, bill.valid_until, bill.valid_until + MICROSECOND):
        assert status(after, at) is Status.CANCELLED


def test_not_cancelled_a_microsecond_after_24_hours() -> None:
    with pytest.raises(Refusal) as refused:
        cancelled(bill_of(), SUPPLIER, NOON + 24 * HOUR + MICROSECOND, "late")
    assert code_of(refused) == "CANCELLATION_WINDOW_CLOSED"


@pytest.mark.parametrize("decision", list(Decision))
def test_answered_to_the_last_instant_of_72_hours(decision: Decision) -> None:
    bill = bill_of()
    after = answered(bill, RECIPIENT, NOON + 72 * HOUR, decision, "as agreed")
    assert after == replace(
        bill,
        version=2,
        decision=decision.value,
        decided_at=NOON + 72 * HOUR,
        decision_remark="as agreed",
    )
    for at in (NOON + 72 * HOUR, NOON + 72 * HOUR + MICROSECOND, bill.valid_until + DAY):
        assert acceptance_status(after, at) == decision.value


@pytest.mark.parametrize("decision", list(Decision))
def test_not_answered_a_microsecond_after_72_hours(decision: Decision) -> None:
    with pytest.raises(Refusal) as refused:
        answered(bill_of(), RECIPIENT, NOON + 72 * HOUR + MICROSECOND, decision, None)
    assert code_of(refused) == "DEEMED_ACCEPTED"


def test_deemed_acceptance_is_a_fact_of_the_clock() -> None:
    bill = bill_of()
    assert acceptance_status(bill, NOON) is AcceptanceStatus.PENDING
    assert acceptance_status(bill, NOON + 72 * HOUR) is AcceptanceStatus.PENDING
    after = NOON + 72 * HOUR + MICROSECOND
    assert acceptance_status(bill, after) is AcceptanceStatus.DEEMED_ACCEPTED


def test_acceptance_of_a_cancelled_bill() -> None:
    unanswered = cancelled(bill_of(), SUPPLIER, NOON, "typing error")
    accepted = answered(bill_of(), RECIPIENT, NOON, Decision.ACCEPTED, None)
    later = NOON + 73 * HOUR
    assert acceptance_status(unanswered, NOON) is AcceptanceStatus.NOT_APPLICABLE
    assert acceptance_status(unanswered, later) is AcceptanceStatus.NOT_APPLICABLE
    accepted_then_cancelled = cancelled(accepted, SUPPLIER, NOON + HOUR, "not transported")
    assert accepted_then_cancelled.version == 3
    assert acceptance_status(accepted_then_cancelled, later) is AcceptanceStatus.ACCEPTED


def test_an_unregistered_recipient_has_nothing_to_answer() -> None:
    bill = bill_of(recipient_gstin="URP")
    assert bill.acceptance_until is None
    for at in (NOON, NOON + 72 * HOUR + MICROSECOND):
        assert acceptance_status(bill, at) is AcceptanceStatus.NOT_APPLICABLE
    with pytest.raises(Refusal) as refused:
        answered(bill, "URP", NOON, Decision.ACCEPTED, None)
    assert code_of(refused) == "NOT_THE_RECIPIENT"


CHANCES = list(product([False, True], repeat=4))


def first_in_the_catalogue(true_codes: list[str]) -> str | None:
    return min(true_codes, key=list(PROBLEMS).index, default=None)


@pytest.mark.parametrize(("stranger", "already", "verified", "late"), CHANCES)
def test_precedence_when_cancelling(
    stranger: bool, already: bool, verified: bool, late: bool
) -> None:
    """Of all the refusals that are true, the first in the catalogue is answered."""
    bill = replace(
        bill_of(), cancelled_at=NOON if already else None, verified_at=NOON if verified else None
    )
    expected = first_in_the_catalogue(
        ["NOT_THE_GENERATOR"] * stranger
        + ["ALREADY_CANCELLED"] * already
        + ["ALREADY_VERIFIED_IN_TRANSIT"] * verified
        + ["CANCELLATION_WINDOW_CLOSED"] * late
    )
    by, at = STRANGER if stranger else SUPPLIER, NOON + (25 if late else 1) * HOUR
    try:
        assert cancelled(bill, by, at, "x").cancelled_at == at
        code = None
    except Refusal as refused:
        code = refused.problem.code
    assert code == expected


@pytest.mark.parametrize(("stranger", "already", "decided", "late"), CHANCES)
def test_precedence_when_answering(
    stranger: bool, already: bool, decided: bool, late: bool
) -> None:
    bill = replace(
        bill_of(), cancelled_at=NOON if already else None, decision="REJECTED" if decided else None
    )
    expected = first_in_the_catalogue(
        ["NOT_THE_RECIPIENT"] * stranger
        + ["ALREADY_CANCELLED"] * already
        + ["ALREADY_ANSWERED"] * decided
        + ["DEEMED_ACCEPTED"] * late
    )
    by, at = STRANGER if stranger else RECIPIENT, NOON + (73 if late else 1) * HOUR
    try:
        assert answered(bill, by, at, Decision.ACCEPTED, None).decision == "ACCEPTED"
        code = None
    except Refusal as refused:
        code = refused.problem.code
    assert code == expected


@pytest.mark.parametrize("by", [RECIPIENT, TRANSPORTER, STRANGER, "URP", ""])
def test_only_the_generator_cancels(by: str) -> None:
    with pytest.raises(Refusal) as refused:
        cancelled(bill_of(), by, NOON, "x")
    assert code_of(refused) == "NOT_THE_GENERATOR"


def test_the_supplier_cannot_cancel_what_the_transporter_generated() -> None:
    bill = bill_of(by=TRANSPORTER)
    with pytest.raises(Refusal) as refused:
        cancelled(bill, SUPPLIER, NOON, "x")
    assert code_of(refused) == "NOT_THE_GENERATOR"
    assert cancelled(bill, TRANSPORTER, NOON, "x").cancelled_by == TRANSPORTER


@pytest.mark.parametrize("by", [SUPPLIER, TRANSPORTER, STRANGER, "URP"])
def test_only_the_recipient_answers(by: str) -> None:
    with pytest.raises(Refusal) as refused:
        answered(bill_of(), by, NOON, Decision.REJECTED, None)
    assert code_of(refused) == "NOT_THE_RECIPIENT"


def test_the_rulebook_in_force() -> None:
    first = RULEBOOKS[-1]
    assert first.effective_from == datetime(2017, 6, 1, tzinfo=UTC)
    assert rulebook_in_force(first.effective_from) is first
    with pytest.raises(LookupError):
        rulebook_in_force(first.effective_from - MICROSECOND)
    effective = [rulebook.effective_from for rulebook in RULEBOOKS]
    assert effective == sorted(effective, reverse=True)
    assert all(rulebook_of(rulebook.version) is rulebook for rulebook in RULEBOOKS)


def test_instants_of_any_offset_are_the_same_instant() -> None:
    bill = bill_of()
    last = datetime.fromisoformat("2026-11-22T12:00:00+05:30")
    assert last == NOON + 24 * HOUR
    assert last.astimezone(UTC) == last
    assert cancelled(bill, SUPPLIER, last, "x").cancelled_at == last
    with pytest.raises(Refusal):
        cancelled(bill, SUPPLIER, last + MICROSECOND, "x")
