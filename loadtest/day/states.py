"""A bill as the record and the API have it, and whether that is what was acknowledged."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from loadtest.day.journal import Expected
from loadtest.day.judging import validity


class State(NamedTuple):
    """A bill, as PostgreSQL or the API has it."""

    supplier: str
    document_number: str
    value_of_goods: str
    distance_km: int
    by: str
    generated_at: datetime
    valid_until: datetime
    vehicle: str | None
    status: str
    accepted: bool
    verified: bool


def of_row(row: Mapping[str, Any], now: datetime) -> State:
    """Of a row of the record, at an instant."""
    if row["cancelled_at"]:
        status = "CANCELLED"
    elif row["renewed_to"]:
        status = "RENEWED"
    else:
        status = "ACTIVE" if now <= row["valid_until"] else "EXPIRED"
    rupees, paise = divmod(row["value_paise"], 100)
    return State(
        row["supplier_gstin"],
        row["document_number"],
        f"{rupees}.{paise:02}",
        row["distance_km"],
        row["generated_by"],
        row["generated_at"],
        row["valid_until"],
        row["vehicle_number"],
        status,
        row["decision"] == "ACCEPTED",
        row["verified_at"] is not None,
    )


def of_answer(told: Mapping[str, Any]) -> State:
    """Of an answer of the API."""
    part_a = told["part_a"]
    return State(
        part_a["supplier_gstin"],
        part_a["document_number"],
        part_a["value_of_goods"],
        part_a["distance_km"],
        told["generated_by"],
        datetime.fromisoformat(told["generated_at"]),
        datetime.fromisoformat(told["valid_until"]),
        (told["part_b"] or {}).get("vehicle_number"),
        told["status"],
        told["acceptance"]["status"] == "ACCEPTED",
        told["verified_at"] is not None,
    )


def disagreements(bill: Expected, row: State) -> Iterator[str]:
    """What a row says that was not answered, in words. Of a bill a change of which was not answered
    only what never changes is compared."""
    days = validity(bill.distance_km)
    if row.valid_until - row.generated_at != days:
        yield f"is valid for {row.valid_until - row.generated_at}, not {days},"
    pairs: list[tuple[str, object, object]] = [
        ("by", row.by, bill.by),
        ("supplier", row.supplier, bill.supplier),
        ("document number", row.document_number, bill.document_number),
        ("value", row.value_of_goods, bill.value_of_goods),
        ("distance", row.distance_km, bill.distance_km),
    ]
    if bill.generated_at and bill.valid_until:
        pairs += [
            ("generated_at", row.generated_at, datetime.fromisoformat(bill.generated_at)),
            ("valid_until", row.valid_until, datetime.fromisoformat(bill.valid_until)),
        ]
    if not bill.unsure:
        pairs += [
            ("cancelled", row.status not in ("ACTIVE", "EXPIRED"), bill.cancelled),
            ("accepted", row.accepted, bill.accepted),
            ("verified", row.verified, bill.verified),
            ("vehicle", row.vehicle, bill.vehicle),
        ]
    for name, is_, told in pairs:
        if is_ != told:
            yield f"has {name} {is_}, and {told} was answered,"
