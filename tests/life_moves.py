"""What may be done to an e-way bill, by whom and when, and what it changes: the model's moves.

Each method is one call of `docs/life.md`: it answers what the gateway must answer, and where the
call succeeds the model has moved on. Who may call is asked first, then in what state the bill is,
in the order of the tables there.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.life_model import (
    CANCELLATION,
    NEAR_KM,
    NO_BILL,
    NO_PART_A,
    RENEWAL,
    ROLE,
    URP,
    Answer,
    Bill,
    Consolidated,
    PartA,
    Reads,
    Who,
    period,
)

ENDED = ("CANCELLED", "RENEWED")
ENDINGS = {
    "CANCELLED": Answer(409, "ALREADY_CANCELLED"),
    "RENEWED": Answer(409, "ALREADY_RENEWED"),
    "EXPIRED": Answer(409, "EXPIRED"),
}
PART_A_ENDINGS = {
    "COMPLETED": Answer(409, "PART_A_COMPLETED"),
    "WITHDRAWN": Answer(409, "PART_A_WITHDRAWN"),
    "LAPSED": Answer(409, "PART_A_LAPSED"),
}


@dataclass(frozen=True)
class Inspected:
    """A physical verification: r4(2)."""

    bill: Bill
    vehicle: str | None
    state: str | None
    at: datetime


def financial_year(date: str) -> str:
    """April to March."""
    year, month = int(date[:4]), int(date[5:7])
    return str(year if month >= 4 else year - 1)


class Life(Reads):
    """The model of one example."""

    def __init__(self) -> None:
        super().__init__()
        self.inspected: list[Inspected] = []

    def generate(self, who: Who, sent: dict[str, Any], now: datetime) -> Answer:
        """r1(1), r1(5), r1(6)."""
        if not who.trades:
            return ROLE
        ends = (sent["supplier_gstin"], sent["recipient_gstin"])
        transporter, vehicle = sent.get("transporter_id"), sent.get("vehicle_number")
        by_road = sent["mode"] == "ROAD"
        if who.id not in ends and not (by_road and who.id == transporter):
            return Answer(403, "NOT_A_PARTY")
        near = sent.get("distance_to_transporter_km", NEAR_KM) < NEAR_KM
        complete = vehicle is not None or not by_road or near
        if not complete and transporter in (None, who.id):
            return Answer(
                422, "INVALID_DOCUMENT", faults={"/vehicle_number": "CONVEYANCE_REQUIRED"}
            )
        key = (
            who.id if ends[0] == URP else ends[0], ends[0], sent["document_type"],
            sent["document_number"].upper(), financial_year(sent["document_date"]),
        )  # fmt: skip
        taken = self.taken(who, key, now)
        if taken is not None:
            return taken
        if not complete:
            part_a = PartA(sent, key, who.id, now)
            self.part_as.append(part_a)
            return Answer(201, shown=part_a)
        bill = Bill(sent, key, who.id, now, transporter)
        bill.put_on(vehicle, now)
        self.bills.append(bill)
        return Answer(201, shown=bill)

    def taken(self, who: Who, key: tuple[str, ...], now: datetime) -> Answer | None:
        """One live bill a document; a Part A takes its document too."""
        for bill in self.bills:
            if bill.key == key and bill.status(now) not in ENDED:
                told = {"ebn": bill.number if bill.party(who) else None}
                return Answer(409, "DOCUMENT_ALREADY_HAS_EWAY_BILL", fields=told)
        for part_a in self.part_as:
            if part_a.key == key and part_a.status(now) == "PART_A_ONLY":
                told = {"part_a_reference": part_a.number if part_a.party(who) else None}
                return Answer(409, "DOCUMENT_ALREADY_HAS_PART_A", fields=told)
        return None

    def complete(self, who: Who, part_a: PartA, vehicle: str, now: datetime) -> Answer:
        """r1(1)(b): the transporter furnishes the conveyance."""
        if not who.trades:
            return ROLE
        if not part_a.party(who):
            return NO_PART_A
        if who.id != part_a.transporter:
            return Answer(403, "NOT_THE_TRANSPORTER")
        if part_a.bill and part_a.bill.vehicles[0] == vehicle:
            return Answer(200, shown=part_a.bill)
        if refused := PART_A_ENDINGS.get(part_a.status(now)):
            return refused
        bill = Bill(part_a.document, part_a.key, who.id, now, who.id, part_a.furnished_by)
        bill.put_on(vehicle, now)
        part_a.bill = bill
        self.bills.append(bill)
        return Answer(201, shown=bill)

    def withdraw(self, who: Who, part_a: PartA, now: datetime) -> Answer:
        if not who.trades:
            return ROLE
        if not part_a.party(who):
            return NO_PART_A
        if who.id != part_a.furnished_by:
            return Answer(403, "NOT_THE_FURNISHER")
        if refused := PART_A_ENDINGS.get(part_a.status(now)):
            return refused
        part_a.withdrawn = True
        return Answer(200, shown=part_a)

    def _who(self, who: Who, bill: Bill, allowed: tuple[str | None, ...], code: str) -> Answer:
        """200 if a person may ask at all."""
        if not who.trades:
            return ROLE
        if not bill.party(who):
            return NO_BILL
        return Answer(200) if who.id in allowed else Answer(403, code)

    def cancel(self, who: Who, bill: Bill, now: datetime) -> Answer:
        """r1(7)."""
        asked = self._who(who, bill, (bill.generated_by,), "NOT_THE_GENERATOR")
        if asked.code:
            return asked
        if bill.status(now) in ENDED:
            return ENDINGS[bill.status(now)]
        if bill.verified_at:
            return Answer(409, "ALREADY_VERIFIED_IN_TRANSIT")
        if now > bill.generated_at + CANCELLATION:
            return Answer(409, "CANCELLATION_WINDOW_CLOSED")
        bill.cancelled = True
        return Answer(200, shown=bill)

    def accept(self, who: Who, bill: Bill, decision: str, now: datetime) -> Answer:
        """r1(9), r1(10)."""
        asked = self._who(who, bill, (bill.recipient,), "NOT_THE_RECIPIENT")
        if asked.code:
            return asked
        if bill.cancelled:
            return ENDINGS["CANCELLED"]
        if bill.decision:
            return Answer(409, "ALREADY_ANSWERED")
        if bill.acceptance(now) == "DEEMED_ACCEPTED":
            return Answer(409, "DEEMED_ACCEPTED")
        bill.decision = decision
        return Answer(200, shown=bill)

    def transfer(self, who: Who, bill: Bill, vehicle: str, now: datetime) -> Answer:
        """r1(3): to another conveyance."""
        asked = self._who(who, bill, (bill.carrier,), "NOT_THE_TRANSPORTER")
        if asked.code:
            return asked
        if refused := ENDINGS.get(bill.status(now)):
            return refused
        if not bill.by_road:
            return Answer(409, "NOT_BY_ROAD")
        if vehicle == bill.vehicle:
            return Answer(409, "SAME_VEHICLE")
        bill.put_on(vehicle, now)
        bill.consolidated = None
        for one in self.consolidated:
            one.on_board.discard(bill)
        return Answer(200, shown=bill)

    def hand_over(self, who: Who, bill: Bill, to: str, now: datetime) -> Answer:
        """r1(3): to another transporter."""
        ends = (bill.supplier, bill.recipient, bill.transporter)
        asked = self._who(who, bill, ends, "NOT_A_PARTY")
        if asked.code:
            return asked
        if refused := ENDINGS.get(bill.status(now)):
            return refused
        if not bill.by_road:
            return Answer(409, "NOT_BY_ROAD")
        if to == bill.transporter:
            return Answer(409, "SAME_TRANSPORTER")
        bill.hand_overs.append(
            {"at": now, "by": who.id, "from_transporter_id": bill.transporter,
             "to_transporter_id": to}
        )  # fmt: skip
        bill.transporter = to
        return Answer(200, shown=bill)

    def renew(self, who: Who, bill: Bill, vehicle: str, distance_km: int, now: datetime) -> Answer:
        """r1(8) second proviso."""
        asked = self._who(who, bill, (bill.carrier,), "NOT_THE_TRANSPORTER")
        if asked.code:
            return asked
        if bill.cancelled:
            return ENDINGS["CANCELLED"]
        if bill.renewed_to:
            return Answer(409, "ALREADY_RENEWED", fields={"renewed_to": bill.renewed_to.number})
        if now > bill.valid_until + RENEWAL:
            return Answer(409, "RENEWAL_WINDOW_CLOSED")
        if not bill.by_road:
            return Answer(409, "NOT_BY_ROAD")
        document = bill.document | {"distance_km": distance_km}
        furnisher = bill.furnished_by or bill.generated_by
        new = Bill(document, bill.key, who.id, now, bill.transporter, furnisher, renewed_from=bill)
        new.put_on(vehicle, now)
        if vehicle == bill.vehicle:
            new.since = bill.since
        new.verified_at, new.first = bill.verified_at, bill.first or bill
        bill.renewed_to = new
        self.bills.append(new)
        return Answer(201, shown=new)

    def verify(self, who: Who, bill: Bill, physical: bool, evasion: bool, now: datetime) -> Answer:
        """r3, r4(2)."""
        if who.role != "officer":
            return ROLE
        status = bill.status(now)
        if status in ENDED:
            return ENDINGS[status]
        before = any(
            one.state == who.state
            and ((one.bill.first or one.bill) is (bill.first or bill)
                 or (bill.vehicle is not None and one.vehicle == bill.vehicle
                     and bill.since is not None and one.at >= bill.since))
            for one in self.inspected
        )  # fmt: skip
        if physical and before and not evasion:
            return Answer(409, "ALREADY_VERIFIED_IN_STATE")
        if physical:
            self.inspected.append(Inspected(bill, bill.vehicle, who.state, now))
        bill.verified_at = bill.verified_at or now
        said = {"ebn": bill.number, "by": who.id, "state": who.state, "bill_status": status,
                "physical": physical}  # fmt: skip
        return Answer(201, fields=said)

    def consolidate(self, who: Who, asked: list[Bill], vehicle: str, now: datetime) -> Answer:
        """r1(4)."""
        if not who.trades:
            return ROLE
        faults = {}
        for index, bill in enumerate(asked):
            doubled = "DOUBLED" if bill in asked[:index] else None
            if fault := doubled or self.member_fault(who, bill, vehicle, now):
                faults[f"/ebns/{index}"] = fault
        if faults:
            return Answer(422, "INVALID_DOCUMENT", faults=faults)
        longest = max(bill.distance_km for bill in asked)
        one = Consolidated(who.id, vehicle, now, now + period(longest), list(asked), set(asked))
        for bill in asked:
            if bill.vehicle is None:
                bill.put_on(vehicle, now)
            bill.consolidated = one
        self.consolidated.append(one)
        return Answer(201, shown=one)

    def member_fault(self, who: Who, bill: Bill, vehicle: str, now: datetime) -> str | None:
        faults = {
            "EBN_UNKNOWN": not bill.party(who),
            "NOT_YOUR_TRANSPORT": bill.carrier != who.id,
            "NOT_ACTIVE": bill.status(now) != "ACTIVE",
            "OFF_THE_ROAD": not bill.by_road,
            "ON_ANOTHER_VEHICLE": bill.vehicle not in (None, vehicle),
        }
        return next((fault for fault, holds in faults.items() if holds), None)
