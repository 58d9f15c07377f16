"""The life of an e-way bill as the written rules tell it, in memory: what is, and what is shown.

Written from the digest of the rules, the HTTP contract and `docs/life.md` alone; it imports nothing
of the product. What may be done, and what it changes, is in `tests.life_moves`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

URP = "URP"
CANCELLATION = timedelta(hours=24)
ACCEPTANCE = timedelta(hours=72)
RENEWAL = timedelta(hours=8)
LAPSE = timedelta(days=15)
REQUIRED_ABOVE = Decimal("50000.00")
NEAR_KM = 10
BANDS = ((100, 1), (300, 3), (500, 5), (1000, 10))
LONGEST_DAYS = 20


def period(distance_km: int) -> timedelta:
    """r1(8): how long a bill of a distance is valid."""
    days = next((days for below, days in BANDS if distance_km < below), LONGEST_DAYS)
    return timedelta(days=days)


@dataclass(frozen=True)
class Who:
    """Somebody who calls. A trader's `id` is its GSTIN; an officer has a State."""

    role: str
    id: str
    state: str | None = None

    @property
    def trades(self) -> bool:
        return self.role in ("taxpayer", "transporter")


@dataclass(eq=False)
class Bill:
    """One e-way bill. Its number is the product's to choose."""

    document: dict[str, Any]
    key: tuple[str, ...]
    generated_by: str
    generated_at: datetime
    transporter: str | None
    furnished_by: str | None = None
    number: str = ""
    vehicle: str | None = None
    since: datetime | None = None
    vehicles: list[str] = field(default_factory=list)
    hand_overs: list[dict[str, Any]] = field(default_factory=list)
    cancelled: bool = False
    decision: str | None = None
    verified_at: datetime | None = None
    renewed_from: "Bill | None" = None
    renewed_to: "Bill | None" = None
    first: "Bill | None" = None
    consolidated: "Consolidated | None" = None

    def put_on(self, vehicle: str | None, now: datetime) -> None:
        """The goods are on a conveyance from now on."""
        if vehicle is not None:
            self.vehicle, self.since = vehicle, now
            self.vehicles.append(vehicle)

    @property
    def supplier(self) -> str:
        return str(self.document["supplier_gstin"])

    @property
    def recipient(self) -> str:
        return str(self.document["recipient_gstin"])

    @property
    def by_road(self) -> bool:
        return bool(self.document["mode"] == "ROAD")

    @property
    def distance_km(self) -> int:
        return int(self.document["distance_km"])

    @property
    def valid_until(self) -> datetime:
        return self.generated_at + period(self.distance_km)

    @property
    def carrier(self) -> str:
        """Who moves the goods: the present transporter, or where there is none the generator."""
        return self.transporter or self.generated_by

    def party(self, who: Who) -> bool:
        return who.trades and who.id in (
            self.supplier, self.recipient, self.transporter, self.generated_by,
        )  # fmt: skip

    def status(self, now: datetime) -> str:
        if self.cancelled:
            return "CANCELLED"
        if self.renewed_to:
            return "RENEWED"
        return "EXPIRED" if now > self.valid_until else "ACTIVE"

    def acceptance(self, now: datetime) -> str:
        if self.recipient == URP:
            return "NOT_APPLICABLE"
        if self.decision:
            return self.decision
        if self.cancelled:
            return "NOT_APPLICABLE"
        return "DEEMED_ACCEPTED" if now > self.generated_at + ACCEPTANCE else "PENDING"

    def facts(self, now: datetime) -> dict[str, Any]:
        """What everybody who may see the bill is shown of it, under names of the model's own."""
        registered = self.recipient != URP
        return {
            "ebn": self.number,
            "status": self.status(now),
            "generated_at": self.generated_at,
            "valid_until": self.valid_until,
            "generated_by": self.generated_by,
            "furnished_by": self.furnished_by,
            "required": Decimal(self.document["value_of_goods"]) > REQUIRED_ABOVE,
            "document_number": self.document["document_number"],
            "distance_km": self.distance_km,
            "vehicle": self.vehicle,
            "since": self.since,
            "vehicles": list(self.vehicles),
            "transporter_id": self.transporter,
            "hand_overs": list(self.hand_overs),
            "acceptance": self.acceptance(now),
            "acceptance_until": self.generated_at + ACCEPTANCE if registered else None,
            "verified_at": self.verified_at,
            "renewed_from": self.renewed_from.number if self.renewed_from else None,
            "renewed_to": self.renewed_to.number if self.renewed_to else None,
            "consolidated_number": self.consolidated.number if self.consolidated else None,
        }

    def boundaries(self) -> Iterator[datetime]:
        yield self.generated_at + CANCELLATION
        yield self.generated_at + ACCEPTANCE
        yield self.valid_until
        yield self.valid_until + RENEWAL


@dataclass(eq=False)
class PartA:
    """A Part A that waits, or waited, for its transporter."""

    document: dict[str, Any]
    key: tuple[str, ...]
    furnished_by: str
    furnished_at: datetime
    number: str = ""
    bill: Bill | None = None
    withdrawn: bool = False

    @property
    def transporter(self) -> str:
        return str(self.document["transporter_id"])

    @property
    def lapses_at(self) -> datetime:
        return self.furnished_at + LAPSE

    def party(self, who: Who) -> bool:
        names = ("supplier_gstin", "recipient_gstin", "transporter_id")
        return who.trades and who.id in (self.furnished_by, *map(self.document.get, names))

    def status(self, now: datetime) -> str:
        if self.bill:
            return "COMPLETED"
        if self.withdrawn:
            return "WITHDRAWN"
        return "LAPSED" if now > self.lapses_at else "PART_A_ONLY"

    def facts(self, now: datetime) -> dict[str, Any]:
        return {
            "part_a_reference": self.number,
            "status": self.status(now),
            "furnished_at": self.furnished_at,
            "lapses_at": self.lapses_at,
            "ebn": self.bill.number if self.bill else None,
        }

    def boundaries(self) -> Iterator[datetime]:
        yield self.lapses_at


@dataclass(eq=False)
class Consolidated:
    """FORM GST INS-07."""

    transporter: str
    vehicle: str
    generated_at: datetime
    valid_until: datetime
    members: list[Bill]
    on_board: set[Bill]
    number: str = ""

    def facts(self, now: datetime) -> dict[str, Any]:
        return {
            "number": self.number,
            "status": "EXPIRED" if now > self.valid_until else "ACTIVE",
            "generated_at": self.generated_at,
            "valid_until": self.valid_until,
            "transporter_id": self.transporter,
            "vehicle_number": self.vehicle,
            "items": {
                bill.number: (bill.status(now), bill.valid_until, bill in self.on_board)
                for bill in self.members
            },
        }

    def boundaries(self) -> Iterator[datetime]:
        yield self.valid_until


@dataclass(frozen=True)
class Answer:
    """What the rules say a call is answered: a status, then a code or what is shown."""

    status: int
    code: str | None = None
    shown: Bill | PartA | Consolidated | None = None
    items: list[Any] | None = None
    faults: dict[str, str] | None = None
    # Further fields of the answer; None: it must not be told.
    fields: dict[str, Any] = field(default_factory=dict)


ROLE = Answer(403, "ROLE_NOT_PERMITTED")
NO_BILL = Answer(404, "EWAY_BILL_NOT_FOUND")
NO_PART_A = Answer(404, "PART_A_NOT_FOUND")
NO_CONSOLIDATED = Answer(404, "CONSOLIDATED_NOT_FOUND")


class Reads:
    """All that is, and what each person is shown of it."""

    def __init__(self) -> None:
        self.bills: list[Bill] = []
        self.part_as: list[PartA] = []
        self.consolidated: list[Consolidated] = []

    def boundaries(self, now: datetime) -> list[datetime]:
        """Every instant yet to come at which a window closes, soonest first."""
        everything: list[Bill | PartA | Consolidated] = [
            *self.bills,
            *self.part_as,
            *self.consolidated,
        ]
        return sorted({one for kept in everything for one in kept.boundaries() if one > now})

    def read(self, who: Who, bill: Bill) -> Answer:
        if not who.trades and who.role != "officer":
            return ROLE
        seen = who.role == "officer" or bill.party(who)
        return Answer(200, shown=bill) if seen else NO_BILL

    def listing(self, who: Who, role: str, status: str | None, now: datetime) -> Answer:
        if not who.trades:
            return ROLE
        mine = [bill for bill in self.bills if getattr(bill, role) == who.id]
        return Answer(200, items=[one for one in mine if status in (None, one.status(now))])

    def on_vehicle(self, who: Who, vehicle: str, now: datetime) -> Answer:
        live = [b for b in self.bills if b.vehicle == vehicle and b.status(now) == "ACTIVE"]
        return Answer(200, items=[b for b in live if not who.trades or b.carrier == who.id])

    def list_part_a(self, who: Who, of: str, now: datetime) -> Answer:
        if not who.trades:
            return ROLE
        if of == "furnished_by":
            return Answer(200, items=[one for one in self.part_as if one.furnished_by == who.id])
        mine = [one for one in self.part_as if one.transporter == who.id]
        return Answer(200, items=[one for one in mine if one.status(now) == "PART_A_ONLY"])

    def read_part_a(self, who: Who, part_a: PartA) -> Answer:
        return Answer(200, shown=part_a) if part_a.party(who) else NO_PART_A

    def read_consolidated(self, who: Who, one: Consolidated) -> Answer:
        seen = who.role == "officer" or (who.trades and who.id == one.transporter)
        return Answer(200, shown=one) if seen else NO_CONSOLIDATED
