"""One example of the state machine: its persons, vehicles and documents, and every call made both
to the model and to the gateway."""

from collections.abc import Callable, Iterator
from datetime import timedelta, timezone
from typing import Any

from tests.life_driver import Disagreement, Driver
from tests.life_model import (
    ACCEPTANCE,
    CANCELLATION,
    RENEWAL,
    URP,
    Answer,
    Bill,
    Consolidated,
    PartA,
    Who,
)
from tests.life_moves import ENDED, Life
from tests.life_people import RIGHT, fresh

BILLS, PART_A, CONSOLIDATED = "/v1/eway-bills", "/v1/part-a", "/v1/consolidated-eway-bills"
ROLES = ("supplier", "recipient", "transporter")
STATUSES = ("ACTIVE", "EXPIRED", "CANCELLED", "RENEWED")
INDIA = timezone(timedelta(hours=5, minutes=30))
MICROSECOND = timedelta(microseconds=1)


class Lives:
    """The persons and vehicles of one example, and what they do."""

    def __init__(self, driver: Driver) -> None:
        self.driver, self.life = driver, Life()
        self.people, self.vehicles = fresh()
        self.sent: list[dict[str, Any]] = []

    @property
    def now(self) -> Any:
        return self.driver.clock.now

    def _who(self, name: str, *right: str | None) -> Who:
        """A person by name, or the first of those who have the right and are here at all."""
        if name != RIGHT:
            return self.people[name]
        by_id = {who.id: who for who in self.people.values()}
        return next((by_id[one] for one in right if one in by_id), self.people["supplier"])

    def _bill(self, index: int) -> Bill:
        """A bill by index, those that live first, the newest first of each."""
        known = self.life.bills[::-1]
        known.sort(key=lambda bill: bill.status(self.now) in ENDED)
        return known[index % len(known)]

    def _part_a(self, index: int) -> PartA:
        known = self.life.part_as[::-1]
        known.sort(key=lambda part_a: part_a.status(self.now) != "PART_A_ONLY")
        return known[index % len(known)]

    def _id(self, name: str | None) -> str | None:
        return self.people[name].id if name in self.people else name

    def _document(self, drawn: dict[str, Any]) -> dict[str, Any]:
        """INS-06 of this example; sometimes a document that was sent before."""
        sent = {
            "supplier_gstin": self._id(drawn["supplier"]),
            "recipient_gstin": self._id(drawn["recipient"]),
            "place_of_delivery": "560001",
            "document_type": drawn["type"],
            "document_number": f"d/{len(self.sent)}",
            "document_date": self.now.astimezone(INDIA).date().isoformat(),
            "value_of_goods": drawn["value"],
            "hsn_code": "7215",
            "reason_code": 1,
            "mode": drawn["mode"],
            "distance_km": drawn["distance_km"],
        }
        if (
            sent["supplier_gstin"] == sent["recipient_gstin"]
        ):  # Both unregistered: not of the rules.
            sent["recipient_gstin"] = self.people["recipient"].id
        if drawn["transporter"]:
            sent["transporter_id"] = self._id(drawn["transporter"])
        if drawn["mode"] != "ROAD":
            sent["transport_document_number"] = "RR-1"
        elif drawn["vehicle"] is not None:
            sent["vehicle_number"] = self.vehicles[drawn["vehicle"]]
        if drawn["near"] is not None:
            sent["distance_to_transporter_km"] = drawn["near"]
            sent.setdefault("transporter_id", self.people["carrier"].id)
        if drawn["again"] is not None and self.sent:
            before = self.sent[-1 - drawn["again"] % len(self.sent)]
            same = ("document_type", "document_number", "document_date", "supplier_gstin")
            sent |= {name: before[name] for name in same}
            if sent["supplier_gstin"] == URP:
                sent["recipient_gstin"] = self.people["recipient"].id
            if drawn["value"] == "1.00":
                sent["document_number"] = sent["document_number"].upper()
        self.sent.append(sent)
        return sent

    def generate(self, name: str, drawn: dict[str, Any]) -> None:
        sent = self._document(drawn)
        ends = (sent["supplier_gstin"], sent["recipient_gstin"])
        who = self._who(name, *ends)
        waits = "vehicle_number" not in sent and sent["mode"] == "ROAD"
        if waits and who.id not in ends:
            # Whether the form or the person is wrong first is written nowhere.
            sent["vehicle_number"] = self.vehicles[0]
        answer = self.life.generate(who, sent, self.now)
        self._ask("generate", answer, who, "POST", BILLS, sent)

    def _ask(self, move: str, answer: Answer, who: Who, *call: Any) -> None:
        self.driver.ask(move, answer, who, *call)
        if isinstance(answer.shown, Bill) and answer.status in (200, 201) and call[0] != "GET":
            viewers = (answer.shown.supplier, answer.shown.generated_by)
            self._read(self._who(RIGHT, *viewers), answer.shown)

    def complete(self, name: str, index: int, vehicle: int) -> None:
        part_a = self._part_a(index)
        who, on = self._who(name, part_a.transporter), self.vehicles[vehicle]
        answer = self.life.complete(who, part_a, on, self.now)
        path = f"{PART_A}/{part_a.number}/part-b"
        self._ask("complete Part A", answer, who, "PUT", path, {"vehicle_number": on})

    def withdraw(self, name: str, index: int) -> None:
        part_a = self._part_a(index)
        who = self._who(name, part_a.furnished_by)
        answer = self.life.withdraw(who, part_a, self.now)
        path = f"{PART_A}/{part_a.number}/withdrawal"
        self._ask("withdraw Part A", answer, who, "POST", path, {"reason": "not sent"})

    def _post(self, move: str, answer: Answer, who: Who, path: str, body: Any) -> None:
        self._ask(move, answer, who, "POST", f"{BILLS}/{path}", body)

    def cancel(self, name: str, index: int) -> None:
        bill = self._bill(index)
        who = self._who(name, bill.generated_by)
        answer = self.life.cancel(who, bill, self.now)
        self._post("cancel", answer, who, f"{bill.number}/cancellation", {"reason": "not sent"})

    def accept(self, name: str, index: int, decision: str = "REJECTED") -> None:
        bill = self._bill(index)
        who = self._who(name, bill.recipient)
        answer = self.life.accept(who, bill, decision, self.now)
        self._post("accept", answer, who, f"{bill.number}/acceptance", {"decision": decision})

    def transfer(self, name: str, index: int, vehicle: int) -> None:
        bill, to = self._bill(index), self.vehicles[vehicle]
        who = self._who(name, bill.carrier)
        body = {"vehicle_number": to, "reason": "TRANSHIPMENT", "place": "Hosur"}
        answer = self.life.transfer(who, bill, to, self.now)
        self._post("transfer", answer, who, f"{bill.number}/conveyances", body)

    def hand_over(self, name: str, index: int, to: str) -> None:
        bill, new = self._bill(index), self.people[to].id
        who = self._who(name, bill.transporter, bill.supplier, bill.recipient)
        answer = self.life.hand_over(who, bill, new, self.now)
        self._post("hand over", answer, who, f"{bill.number}/transporter", {"transporter_id": new})

    def renew(self, name: str, index: int, vehicle: int, km: int) -> None:
        bill = self._bill(index)
        who = self._who(name, bill.carrier)
        to = self.vehicles[vehicle]
        body = {"vehicle_number": to, "distance_km": km, "reason": "breakdown"}
        answer = self.life.renew(who, bill, to, km, self.now)
        self._post("renew", answer, who, f"{bill.number}/renewal", body)
        if answer.status == 201:
            self._read(who, bill)

    def verify(self, name: str, index: int, physical: bool, evasion: bool) -> None:
        bill = self._bill(index)
        who = self._who("officer 29" if name == RIGHT else name)
        # A vehicle inspected in the very instant a bill was put on it is no case of the rules.
        self.driver.clock.now += MICROSECOND
        body = {"place": "Attibele", "result": "OK", "physical": physical}
        if evasion:
            body |= {"evasion_information": "a tip", "approved_by": "JC Bengaluru"}
        answer = self.life.verify(who, bill, physical, evasion, self.now)
        move = "verify physically" if physical else "verify"
        self._post(move, answer, who, f"{bill.number}/verifications", body)
        self._read(who, bill)
        self.driver.clock.now += MICROSECOND

    def consolidate(self, name: str, index: int, vehicle: int, others: list[int]) -> None:
        """What may go together with a bill on its vehicle, or another, and whatever else."""
        lead, life = self._bill(index), self.life
        who = self._who(name, lead.transporter)
        on = lead.vehicle if lead.vehicle and not vehicle else self.vehicles[vehicle]
        asked = [one for one in life.bills if not life.member_fault(who, one, on, self.now)][-4:]
        asked += map(self._bill, others)
        asked = asked or [lead]
        body = {"ebns": [bill.number for bill in asked], "vehicle_number": on}
        answer = life.consolidate(who, asked, on, self.now)
        self._ask("consolidate", answer, who, "POST", CONSOLIDATED, body)

    def at_the_edge(self, move: str, index: int, past: timedelta) -> None:
        """A move by whoever may, in the last instant of its window or just after it."""
        if move in ("complete", "withdraw"):
            edge = self._part_a(index).lapses_at
        else:
            bill = self._bill(index)
            edge = {
                "cancel": bill.generated_at + CANCELLATION,
                "accept": bill.generated_at + ACCEPTANCE,
                "renew": bill.valid_until + RENEWAL,
            }.get(move, bill.valid_until)
        if self.now > edge:
            return
        self.driver.clock.now = edge + past
        moves: dict[str, Callable[[], None]] = {
            "complete": lambda: self.complete(RIGHT, index, 0),
            "withdraw": lambda: self.withdraw(RIGHT, index),
            "cancel": lambda: self.cancel(RIGHT, index),
            "accept": lambda: self.accept(RIGHT, index),
            "transfer": lambda: self.transfer(RIGHT, index, 1),
            "hand_over": lambda: self.hand_over(RIGHT, index, "second"),
            "renew": lambda: self.renew(RIGHT, index, 1, 100),
        }
        moves[move]()

    def _read(self, who: Who, bill: Bill) -> None:
        path = f"{BILLS}/{bill.number}"
        self.driver.ask("read", self.life.read(who, bill), who, "GET", path)

    def look(self, what: str, name: str, index: int, role: str, status: str | None) -> None:
        """Somebody reads one thing, or a list."""
        who, life = self.people[name], self.life
        match what:
            case "bill" if life.bills:
                self._read(who, self._bill(index))
            case "Part A" if life.part_as and who.trades:
                part_a = self._part_a(index)
                path = f"{PART_A}/{part_a.number}"
                self.driver.ask("read Part A", life.read_part_a(who, part_a), who, "GET", path)
            case "consolidated" if life.consolidated and name != "reader":
                one = life.consolidated[-1 - index % len(life.consolidated)]
                self._read_consolidated(who, one)
            case "list":
                self.listing(name, role, status)
            case "vehicle":
                self.on_vehicle(name, index % 3)
            case "all":
                self.look_at_everything()

    def _read_consolidated(self, who: Who, one: Consolidated) -> None:
        answer = self.life.read_consolidated(who, one)
        path = f"{CONSOLIDATED}/{one.number}"
        self.driver.ask("read consolidated", answer, who, "GET", path)

    def listing(self, name: str, role: str, status: str | None) -> dict[str, Any]:
        who = self.people[name]
        query = f"role={role}&limit=500" + (f"&status={status}" if status else "")
        answer = self.life.listing(who, role, status, self.now)
        return self.driver.ask("list", answer, who, "GET", f"{BILLS}?{query}")

    def on_vehicle(self, name: str, vehicle: int) -> None:
        who, on = self.people[name], self.vehicles[vehicle]
        answer = self.life.on_vehicle(who, on, self.now)
        self.driver.ask("on vehicle", answer, who, "GET", f"/v1/vehicles/{on}/eway-bills")

    def _list_part_a(self, who: Who, of: str) -> None:
        answer = self.life.list_part_a(who, of, self.now)
        self.driver.ask("list Part A", answer, who, "GET", f"{PART_A}?{of}=me&limit=500")

    def _live_by_document(self, items: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
        for item in items:
            if item["status"] not in ENDED and item["part_a"]["supplier_gstin"] != URP:
                part_a = item["part_a"]
                yield part_a["document_type"], part_a["document_number"].upper()

    def look_at_everything(self) -> None:
        """Every bill to its supplier, every list to its owner, every vehicle; nothing twice."""
        for bill in self.life.bills:
            self._read(self._who(RIGHT, bill.supplier, bill.generated_by), bill)
        for name, role in zip(("supplier", "recipient", "carrier"), ROLES, strict=True):
            items = self.listing(name, role, None)["items"]
            live = list(self._live_by_document(items))
            if len(live) != len(set(live)):
                raise Disagreement(f"two live bills of one document: {live}")
            at = [item["generated_at"] for item in items]
            if at != sorted(at, reverse=True):
                raise Disagreement(f"not newest first: {at}")
        for vehicle in range(len(self.vehicles)):
            self.on_vehicle("officer 29", vehicle)
        for one in self.life.consolidated:
            self._read_consolidated(self.people["officer 27"], one)
        for name in ("supplier", "recipient", "carrier"):
            self._list_part_a(self.people[name], "furnished_by")
            self._list_part_a(self.people[name], "assigned_to")
