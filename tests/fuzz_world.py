"""What exists while the API is fuzzed: persons of every role, and numbers and documents that are
known, so that not every request ends at "not found" or at its first fault."""

import itertools
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import uvloop

from ingest.clients import Enrolment, enrol
from ingest.database import Database
from loadtest.invoices import invoices
from tests.documents import (
    COMMISSIONER,
    OFFICER,
    OTHER,
    READER,
    RECIPIENT,
    STRANGER,
    SUPPLIER,
    TRANSPORTER,
    document,
    notification,
    person,
)
from tests.gateway_in_process import Gateway
from tests.invoices import INVOICES, invoice
from tests.reads import READS, read
from tests.reports import detention, final, summary
from tests.sms import INBOUND, fields
from tests.sms_numbers import MOBILE, NUMBERS, a_mobile
from tests.tags import OPERATOR, TAGS, a_tag
from validators.authority import Person, Role
from validators.calendar import india_date

PERSONS: Final[Mapping[str, tuple[Person, ...]]] = {
    Role.TAXPAYER: (person(SUPPLIER), person(SUPPLIER), person(RECIPIENT), person(STRANGER)),
    Role.TRANSPORTER: (
        person(TRANSPORTER, Role.TRANSPORTER),
        person(TRANSPORTER, Role.TRANSPORTER),
        person(OTHER, Role.TRANSPORTER),
    ),
    Role.OFFICER: (OFFICER, OFFICER, Person("client-of-another", Role.OFFICER, "MH-1", "27")),
    Role.READER: (READER,),
    Role.SMS_PROVIDER: (Person("client-of-sms", Role.SMS_PROVIDER, "SMS"),),
    Role.COMMISSIONER: (COMMISSIONER,),
    Role.OPERATOR: (OPERATOR,),
}
"""Who asks, by role: those whom the world's documents name more often than strangers."""
NOBODY: Final = "nobody"
BILLS, PARTS_A = "/v1/eway-bills", "/v1/part-a"
CONSOLIDATED, INSPECTIONS = "/v1/consolidated-eway-bills", "/v1/inspections"
_VEHICLE: Final = "KA12AB1234"
_vehicles: Final = (f"KA{index // 10_000:02}AC{index % 10_000:04}" for index in itertools.count(1))


class World:
    """A gateway with one taxpayer enrolled, and everything of which there is a number. What is
    asked may end what exists, so it is furnished anew with `begin`."""

    def __init__(self, gateway: Gateway, dsn: str, http: httpx.Client) -> None:
        self._gateway = gateway
        self._http = http
        self.clock = gateway.clock
        self.credentials = uvloop.run(_enrolled(dsn, Role.TAXPAYER, self.clock()))
        self.provider = uvloop.run(_enrolled(dsn, Role.SMS_PROVIDER, self.clock()))
        self._tokens: dict[str, tuple[datetime, str]] = {}
        self.path: dict[str, tuple[str, ...]] = {}
        self.vehicle = _VEHICLE

    def authorization(self, who: Person) -> str:
        """A token of this instant: the clock may have leapt over the last one's end."""
        at, token = self._tokens.get(who.client_id, (None, ""))
        if at != self.clock.now:
            token = self._gateway.services.tokens.issue(who, self.clock.now)
            self._tokens[who.client_id] = self.clock.now, token
        return f"Bearer {token}"

    def begin(self, age: timedelta) -> None:
        """Bills, Parts A, a consolidated bill, an inspection and a tag, all of this age."""
        self.vehicle = next(_vehicles)
        ebns = [self._make(SUPPLIER, BILLS, "ebn", self.document()) for _ in range(3)]
        waiting = self.document() | {"vehicle_number": None}
        parts = [
            self._make(SUPPLIER, BILLS, "part_a_reference", waiting | {"document_number": number})
            for number in (self.document()["document_number"], self.document()["document_number"])
        ]
        members = {"ebns": ebns[:1], "vehicle_number": self.vehicle}
        number = self._make(TRANSPORTER, CONSOLIDATED, "number", members)
        inspection = self._make(OFFICER.id, INSPECTIONS, "inspection_id", summary(ebn=ebns[0]))
        uploaded = self.invoice()
        irn = self._make(SUPPLIER, INVOICES, "irn", uploaded)
        mapped = {"vehicle_number": self.vehicle}
        tag = self._make(TRANSPORTER, f"{TAGS}/{a_tag()}", "tag", mapped, method="PUT")
        self.path = {
            "ebn": tuple(ebns),
            "tag": (tag,),
            "mobile": (self._mobile(),),
            **{name: (value,) for name, value in fields("HELP", MOBILE).items()},
            "client_id": (self.provider[0],),
            "client_secret": (self.provider[1],),
            "irn": (irn,),
            "document_number": (uploaded["document_number"],),
            "reference": tuple(parts),
            "number": (number,),
            "inspection_id": (inspection,),
            "vehicle_number": (self.vehicle,),
            "period": (india_date(self.clock.now).isoformat()[:7],),
        }
        self.clock.now += age

    def document(self) -> dict[str, Any]:
        """A sound INS-06 of today on this world's vehicle."""
        today = india_date(self.clock.now).isoformat()
        return document(document_date=today, vehicle_number=self.vehicle, distance_km=50)

    def invoice(self) -> dict[str, Any]:
        """A sound INV-1 of today."""
        return invoice(document_date=india_date(self.clock.now).isoformat())

    def body(self, method: str, path: str) -> dict[str, Any]:
        """A sound body for an operation. Raises KeyError for one that takes none."""
        ebn = self.path["ebn"][-1]
        invoice: dict[str, Any] = json.loads(next(invoices(1, SUPPLIER, 1)))
        client_id, secret = self.credentials
        why = {"reason": "not sent"}
        move = {"vehicle_number": "MH14CD5678", "reason": "BREAKDOWN", "place": "Hubli"}
        of_bill = f"{BILLS}/{{ebn}}"
        bodies: dict[tuple[str, str], dict[str, Any]] = {
            ("POST", BILLS): self.document(),
            ("POST", f"{BILLS}/requirement"): self.document(),
            ("POST", f"{BILLS}/bulk"): self.document(),
            ("POST", "/v1/invoices/bulk"): invoice,
            ("POST", f"{of_bill}/cancellation"): why,
            ("POST", f"{of_bill}/acceptance"): {"decision": "REJECTED", "remark": "too late"},
            ("POST", f"{of_bill}/conveyances"): move,
            ("POST", f"{of_bill}/transporter"): {"transporter_id": OTHER},
            ("POST", f"{of_bill}/renewal"): {
                "vehicle_number": "MH14CD5678", "distance_km": 50, "reason": "flood"
            },
            ("POST", f"{of_bill}/verifications"): {
                "place": "Attibele", "result": "OK", "physical": True
            },
            ("PUT", f"{PARTS_A}/{{reference}}/part-b"): {"vehicle_number": self.vehicle},
            ("POST", f"{PARTS_A}/{{reference}}/withdrawal"): why,
            ("POST", CONSOLIDATED): {
                "ebns": [*self.path["ebn"][1:]], "vehicle_number": self.vehicle
            },
            ("POST", READS): {"reads": [read(self.path["tag"][0], self.clock.now)]},
            ("PUT", f"{TAGS}/{{tag}}"): {"vehicle_number": "MH14CD5678"},
            ("POST", INBOUND): fields("HELP", self.path["mobile"][0]) | {
                "client_id": self.provider[0], "client_secret": self.provider[1]
            },
            ("POST", NUMBERS): {"mobile": a_mobile(), "notices": ["EXPIRES_SOON"]},
            ("POST", f"{NUMBERS}/{{mobile}}/confirmation"): {"password": "123456"},
            ("POST", INSPECTIONS): summary(ebn=ebn),
            ("PUT", f"{INSPECTIONS}/{{inspection_id}}/final"): final(),
            ("POST", "/v1/detentions"): detention(ebn),
            ("POST", INVOICES): self.invoice(),
            ("POST", f"{INVOICES}/bulk"): self.invoice(),
            ("POST", "/v1/notifications"): notification(self.clock.now),
            ("POST", "/v1/oauth/token"): {
                "grant_type": "client_credentials", "client_id": client_id, "client_secret": secret
            },
        }  # fmt: skip
        return bodies[method, path].copy()

    def _mobile(self) -> str:
        """A number that is registered, as far as there are passwords left to ask for."""
        mobile, (maker, *_) = a_mobile(), PERSONS[Role.TAXPAYER]
        headers = {"Authorization": self.authorization(maker)}
        listed = self._http.get(NUMBERS, headers=headers).json()["items"]
        for number in listed:
            self._http.delete(f"{NUMBERS}/{number['mobile']}", headers=headers)
        self._http.post(NUMBERS, json={"mobile": mobile}, headers=headers)
        return mobile

    def _make(
        self, who: str, path: str, number: str, body: dict[str, Any], method: str = "POST"
    ) -> str:
        maker = next(one for some in PERSONS.values() for one in some if one.id == who)
        headers = {"Authorization": self.authorization(maker)}
        answer = self._http.request(method, path, json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()[number])


async def _enrolled(dsn: str, role: Role, at: datetime) -> tuple[str, str]:
    """The client id and secret of somebody new."""
    database = await Database.connect(dsn, connections_max=1)
    try:
        return await enrol(database, Enrolment(role, SUPPLIER), at)
    finally:
        await database.close()
