"""RFID tags for tests: mapping them, and the classes of transporters whose vehicles need one."""

import itertools
from datetime import datetime
from typing import Any, Final

import httpx

from ingest.clients import Enrolment, enrol
from tests.documents import COMMISSIONER, notification
from tests.gateway_in_process import Gateway
from validators.authority import Person, Role

TAGS: Final = "/v1/rfid/tags"
TAG: Final = "E28011606000020401234567"
OPERATOR: Final = Person("client-of-operator", Role.OPERATOR, "OPERATOR")

_numbers: Final = itertools.count(1)


def a_tag() -> str:
    """A tag of 96 bits that no test had before."""
    return f"E280{next(_numbers):020X}"


async def map_tag(
    gateway: Gateway, who: Person | None, tag: str, vehicle: str, **more: Any
) -> httpx.Response:
    """PUT /v1/rfid/tags/{tag}."""
    sent = {"vehicle_number": vehicle} | more
    return await gateway.call(who, "PUT", f"{TAGS}/{tag}", json=sent)


async def unmap_tag(gateway: Gateway, who: Person | None, tag: str) -> httpx.Response:
    """DELETE /v1/rfid/tags/{tag}."""
    return await gateway.call(who, "DELETE", f"{TAGS}/{tag}")


def rfid_class(begins: datetime, /, name: str = "TANKER", **changes: Any) -> dict[str, Any]:
    """A notification that transporters of a class need a tag on their conveyances, r2(4)."""
    kind = {"kind": "RFID_CLASS", "hsn_prefixes": ..., "additional_days": ...}
    return notification(begins, **kind | {"transporter_class": name} | changes)


async def notify_class(gateway: Gateway, begins: datetime, name: str = "TANKER") -> None:
    """Posts such a notification."""
    sent = rfid_class(begins, name)
    answer = await gateway.call(COMMISSIONER, "POST", "/v1/notifications", json=sent)
    assert answer.status_code == 201, answer.text


async def enrol_in_class(gateway: Gateway, gstin: str, name: str = "TANKER") -> None:
    """Enrols a client of a transporter of a class."""
    enrolment = Enrolment(Role.TRANSPORTER, gstin, person_class=name)
    await enrol(gateway.services.database, enrolment, gateway.clock())
