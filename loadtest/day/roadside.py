"""RFID lanes, and drivers who send messages, as Locust users."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Final

from locust.exception import StopUser

from loadtest.day import judging
from loadtest.day.caller import BRIEF, Caller, journal, series
from loadtest.day.judging import Told
from loadtest.day.traders import generate

_LONG: Final = 500
"""Kilometres: a lorry's bill outlasts a soak of ten days."""
_KEPT: Final = 50


@dataclass(frozen=True)
class Lorry:
    """A lorry of a lane's, with its tag and the bill it carries."""

    vehicle: str
    tag: str
    bill: Told


class Lane(Caller):
    """A lane that lorries pass, some of them without a known tag."""

    kind = "lane"

    def on_start(self) -> None:
        """Gives each lorry a tag and a bill."""
        self._me = series().chance.choice(BRIEF.clients.lanes)
        self._lorries = [self._lorry() for _ in range(BRIEF.profile.users.lane.lorries)]
        self._verified: set[str] = set()

    def ask(self) -> None:
        """Whether to let a lorry pass, r2(4)."""
        lorry = self._any()
        judge = partial(judging.passes, vehicle=lorry.vehicle, bill=lorry.bill)
        self.call(self._me, "GET", _carried(lorry.tag), judge, name="lane asks")

    def stranger(self) -> None:
        """A lorry whose tag nobody knows."""
        self.call(self._me, "GET", _carried(series().tag()), judging.stops, name="lane asks")

    def read(self) -> None:
        """A lorry passed: its bill is verified in transit, r3(2)."""
        lorry, read_id = self._any(), series().number()
        ebn, at = lorry.bill.ebn, datetime.now(UTC).isoformat()

        def judge(status: int, text: str) -> bool:
            judging.read(status, text, read_id, ebn)
            return True

        body = {"reads": [{"read_id": read_id, "tag": lorry.tag, "read_at": at}]}
        changes = None if ebn in self._verified else ebn
        path = "/v1/rfid/reads"
        if (
            self.call(self._me, "POST", path, judge, name="read", json=body, changes=changes)
            and changes
        ):
            self._verified.add(ebn)
            journal().changed("verified", ebn)

    def _any(self) -> Lorry:
        return series().chance.choice(self._lorries)

    def _lorry(self) -> Lorry:
        owner, supplier = (
            series().chance.choice(BRIEF.clients.transporters),
            BRIEF.clients.erps[0].id,
        )
        vehicle, tag = series().vehicle(), series().tag()

        def judge(status: int, text: str) -> bool:
            judging.mapped(status, text, vehicle)
            return True

        sent = series().document(
            supplier, BRIEF.clients.recipient.id, [_LONG], transporter=owner.id, vehicle=vehicle
        )
        bill = generate(self, owner, sent)
        body = {"vehicle_number": vehicle}
        on_it = self.call(owner, "PUT", f"/v1/rfid/tags/{tag}", judge, name="map tag", json=body)
        if bill is None or not on_it:
            raise StopUser
        return Lorry(vehicle, tag, bill)


def _carried(tag: str) -> str:
    return f"/v1/rfid/tags/{tag}/eway-bills"


class Sms(Caller):
    """Drivers' messages, as an aggregator delivers them, from registered numbers."""

    kind = "sms"

    def on_start(self) -> None:
        """Has no bill yet."""
        self._bills: list[tuple[str, str]] = []

    def generate(self) -> None:
        """EWBG."""
        mobile, by = series().chance.choice(BRIEF.mobiles)
        sent = series().document(by, BRIEF.clients.recipient.id, BRIEF.profile.distances_km)
        judge = partial(judging.texted, sent=sent)
        if told := self._text(mobile, _ewbg(sent), judge, name="SMS EWBG"):
            journal().generated(told.ebn, sent, by)
            self._bills = [*self._bills[-_KEPT:], (mobile, told.ebn)]

    def change_vehicle(self) -> None:
        """EWBV."""
        if self._bills:
            mobile, ebn = series().chance.choice(self._bills)
            vehicle = series().vehicle()
            text, reply = f"EWBV {ebn} {vehicle} TRS", f"EBN {ebn} is now on {vehicle}. Valid till "
            if self._change(mobile, ebn, text, reply, name="SMS EWBV"):
                journal().changed("moved", ebn, vehicle=vehicle)

    def cancel(self) -> None:
        """EWBC."""
        if self._bills:
            mobile, ebn = self._bills.pop(series().chance.randrange(len(self._bills)))
            reply = f"EBN {ebn} was cancelled at "
            if self._change(mobile, ebn, f"EWBC {ebn}", reply, name="SMS EWBC"):
                journal().changed("cancelled", ebn)

    def _change(self, mobile: str, ebn: str, text: str, reply: str, *, name: str) -> bool:
        def judge(status: int, text: str) -> bool:
            judging.replied(status, text, reply)
            return True

        done = self._text(mobile, text, judge, name=name, changes=ebn)
        if not done:
            self._bills = [bill for bill in self._bills if bill[1] != ebn]
        return bool(done)

    def _text(self, mobile: str, text: str, judge: Any, **how: Any) -> Any:
        form = {"from": f"91{mobile}", "text": text, "message_id": series().number()}
        return self.call(
            BRIEF.clients.sms_provider, "POST", "/sms/inbound", judge, data=form, **how
        )


def _ewbg(sent: dict[str, Any]) -> str:
    day = date.fromisoformat(sent["document_date"])
    return (
        f"EWBG OSUP {sent['recipient_gstin']} {sent['place_of_delivery']} "
        f"{sent['document_number']} {day:%d/%m/%Y} {sent['value_of_goods']} {sent['hsn_code']} "
        f"{sent['distance_km']} {sent['vehicle_number']}"
    )
