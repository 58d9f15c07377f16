"""Transporters, ERPs and dealers, as Locust users."""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from gevent.pool import Group

from loadtest.day import judging
from loadtest.day.brief import Client
from loadtest.day.caller import BRIEF, Caller, journal, series
from loadtest.day.judging import Told

_BILLS: Final = "/v1/eway-bills"
_KEPT: Final = 50
"""Bills a user goes on with; older ones stay as they are."""
_DISTANCES: Final = BRIEF.profile.distances_km


@dataclass
class Bill:
    """A bill of one user's, and its state as the user knows it."""

    told: Told
    sent: dict[str, Any]
    vehicle: str
    status: str = "ACTIVE"
    acceptance: str = "PENDING"


def generate(user: Caller, by: Client, sent: dict[str, Any]) -> Told | None:
    """Sends a document, and writes the bill into the journal."""
    judge = partial(judging.generated, sent=sent, by=by.id)
    told = user.call(by, "POST", _BILLS, judge, name="generate", json=sent)
    if told:
        journal().generated(told.ebn, sent, by.id, told.generated_at, told.valid_until)
    return told


class Transporter(Caller):
    """A transporter's day: generates, transfers, cancels some, has some accepted, lists."""

    kind = "transporter"

    def on_start(self) -> None:
        """Is one of the persons of its kind."""
        self._me = series().chance.choice(BRIEF.clients.transporters)
        self._bills: list[Bill] = []

    def sign_in_again(self) -> None:
        """As a program does that keeps no token."""
        self.sign_in(self._me)

    def generate(self) -> None:
        """A bill of goods it carries for somebody, r1(5)."""
        supplier, recipient = (
            series().chance.choice(BRIEF.clients.erps).id,
            BRIEF.clients.recipient.id,
        )
        sent = series().document(supplier, recipient, _DISTANCES, transporter=self._me.id)
        if told := generate(self, self._me, sent):
            self._bills = [*self._bills[-_KEPT:], Bill(told, sent, sent["vehicle_number"])]

    def transfer(self) -> None:
        """The goods go on by another vehicle, r1(3)."""
        if bill := self._any():
            vehicle = series().vehicle()
            body = {"vehicle_number": vehicle, "reason": "TRANSHIPMENT", "place": "Hubli"}
            if self._change(bill, self._me, "conveyances", body, vehicle=vehicle):
                journal().changed("moved", bill.told.ebn, vehicle=vehicle)

    def cancel(self) -> None:
        """Cancels a bill that nobody has accepted, r1(7)."""
        if bill := self._any(acceptance="PENDING"):
            reason = {"reason": "the goods stay here"}
            # Of what does not move there is nothing to accept.
            becomes = {"status": "CANCELLED", "acceptance": "NOT_APPLICABLE"}
            if self._change(bill, self._me, "cancellation", reason, **becomes):
                journal().changed("cancelled", bill.told.ebn)

    def accept(self) -> None:
        """The recipient accepts a bill, r1(9)."""
        if bill := self._any(acceptance="PENDING"):
            body = {"decision": "ACCEPTED"}
            if self._change(
                bill, BRIEF.clients.recipient, "acceptance", body, acceptance="ACCEPTED"
            ):
                journal().changed("accepted", bill.told.ebn)

    def look_up(self) -> None:
        """Looks for a bill by its document, whatever became of it."""
        if self._bills:
            bill = series().chance.choice(self._bills)
            path = f"{_BILLS}?role=transporter&document_number={bill.sent['document_number']}"
            judge = partial(judging.listed, ebn=bill.told.ebn, sent=bill.sent, wanted=_state(bill))
            self.call(self._me, "GET", path, judge, name="look up")

    def _any(self, acceptance: str | None = None) -> Bill | None:
        """An active bill of its own."""
        found = [
            bill
            for bill in self._bills
            if bill.status == "ACTIVE" and acceptance in (None, bill.acceptance)
        ]
        return series().chance.choice(found) if found else None

    def _change(
        self, bill: Bill, by: Client, what: str, body: dict[str, str], **becomes: str
    ) -> bool:
        """Asks for a change; a bill that was not changed as it should is left alone from then."""
        ebn, wanted = bill.told.ebn, _state(bill) | becomes

        def judge(status: int, text: str) -> bool:
            judging.changed(status, text, ebn, bill.sent, wanted)
            return True

        path = f"{_BILLS}/{ebn}/{what}"
        if not self.call(by, "POST", path, judge, name=what, json=body, changes=ebn):
            self._bills.remove(bill)
            return False
        for name, value in becomes.items():
            setattr(bill, name, value)
        return True


def _state(bill: Bill) -> dict[str, str | None]:
    return {"status": bill.status, "acceptance": bill.acceptance, "vehicle": bill.vehicle}


class Erp(Caller):
    """A supplier's program: many documents at once, and then a pause."""

    kind = "erp"

    def on_start(self) -> None:
        """Is one of the persons of its kind."""
        self._me = series().chance.choice(BRIEF.clients.erps)
        self._last: tuple[str, dict[str, Any]] | None = None

    def burst(self) -> None:
        """Documents over several connections at once."""
        group = Group()
        for _ in range(BRIEF.profile.users.erp.burst_documents):
            group.spawn(self._one)
        # Locust may end the user here, and must not leave the rest of the burst behind.
        try:
            group.join()
        finally:
            group.kill()

    def again(self) -> None:
        """Sends the last document again, as after an answer that was lost."""
        if self._last:
            ebn, sent = self._last
            judge = partial(judging.refused_again, ebn=ebn)
            self.call(self._me, "POST", _BILLS, judge, name="generate again", json=sent)

    def _one(self) -> None:
        sent = series().document(self._me.id, BRIEF.clients.recipient.id, _DISTANCES)
        if told := generate(self, self._me, sent):
            self._last = told.ebn, sent


class Dealer(Caller):
    """A dealer, who uploads the evening's documents in one file."""

    kind = "dealer"

    def on_start(self) -> None:
        """Is one of the persons of its kind."""
        self._me = series().chance.choice(BRIEF.clients.dealers)

    def upload(self) -> None:
        """One document a line."""
        lines = [
            series().document(self._me.id, BRIEF.clients.recipient.id, _DISTANCES)
            for _ in range(BRIEF.profile.users.dealer.upload_lines)
        ]
        told = self.call(
            self._me,
            "POST",
            f"{_BILLS}/bulk",
            partial(judging.uploaded, lines=len(lines)),
            name="upload",
            headers={"Content-Type": "application/x-ndjson"},
            data="".join(json.dumps(line) + "\n" for line in lines),
        )
        for bill, sent in zip(told or (), lines, strict=bool(told)):
            journal().generated(bill.ebn, sent, self._me.id)
