"""What provokes the refusals of a bill's later life, for the test of the whole catalogue."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx

from tests.documents import OFFICER, OTHER, SUPPLIER, TRANSPORTER, document, person
from tests.gateway_in_process import Gateway
from validators.life import CHANGES_MAX

BY, VIA = person(SUPPLIER), person(TRANSPORTER)
BILLS: Final = "/v1/eway-bills"
MOVE: Final = {"reason": "OTHER", "place": "Hubli"}
RENEW: Final = {"vehicle_number": "MH14CD5678", "distance_km": 50, "reason": "flood"}


async def _bill(gateway: Gateway, **changes: Any) -> str:
    answer = await gateway.generate(BY, document(distance_km=50, **changes))
    ebn: str = answer.json()["ebn"]
    return f"{BILLS}/{ebn}"


async def _move(gateway: Gateway, path: str, vehicle: str) -> httpx.Response:
    body = {"vehicle_number": vehicle} | MOVE
    return await gateway.call(VIA, "POST", f"{path}/conveyances", json=body)


async def _same_vehicle(gateway: Gateway) -> httpx.Response:
    return await _move(gateway, await _bill(gateway), "KA12AB1234")


async def _expired(gateway: Gateway) -> httpx.Response:
    path = await _bill(gateway)
    gateway.clock.advance(days=1, microseconds=1)
    return await _move(gateway, path, "MH14CD5678")


async def _by_rail(gateway: Gateway) -> httpx.Response:
    return await _move(gateway, await _bill(gateway, mode="RAIL", vehicle_number=...), "MH14CD5678")


async def _too_many_changes(gateway: Gateway) -> httpx.Response:
    path = await _bill(gateway)
    for index in range(CHANGES_MAX + 1):
        answer = await _move(gateway, path, ("MH14CD5678", "KA12AB1234")[index % 2])
    return answer


async def _same_transporter(gateway: Gateway) -> httpx.Response:
    path = await _bill(gateway)
    body = {"transporter_id": TRANSPORTER}
    return await gateway.call(BY, "POST", f"{path}/transporter", json=body)


async def _renew(gateway: Gateway, path: str) -> httpx.Response:
    return await gateway.call(VIA, "POST", f"{path}/renewal", json=RENEW)


async def _renewed_twice(gateway: Gateway) -> httpx.Response:
    path = await _bill(gateway)
    await _renew(gateway, path)
    return await _renew(gateway, path)


async def _renewed_late(gateway: Gateway) -> httpx.Response:
    path = await _bill(gateway)
    gateway.clock.advance(days=1, hours=8, microseconds=1)
    return await _renew(gateway, path)


async def _verified_twice(gateway: Gateway) -> httpx.Response:
    path = await _bill(gateway)
    body = {"place": "Attibele", "result": "OK", "physical": True}
    for _ in range(2):
        answer = await gateway.call(OFFICER, "POST", f"{path}/verifications", json=body)
    return answer


async def _furnish(gateway: Gateway, sent: dict[str, Any] | None = None) -> str:
    answer = await gateway.generate(BY, sent or document(vehicle_number=...))
    reference: str = answer.json()["part_a_reference"]
    return f"/v1/part-a/{reference}"


async def _complete(gateway: Gateway, path: str, vehicle: str = "KA12AB1234") -> httpx.Response:
    body = {"vehicle_number": vehicle}
    return await gateway.call(VIA, "PUT", f"{path}/part-b", json=body)


async def _withdraw(gateway: Gateway, path: str, gstin: str = SUPPLIER) -> httpx.Response:
    body = {"reason": "another transporter"}
    return await gateway.call(person(gstin), "POST", f"{path}/withdrawal", json=body)


async def _withdrawn_by_its_transporter(gateway: Gateway) -> httpx.Response:
    return await _withdraw(gateway, await _furnish(gateway), TRANSPORTER)


async def _completed_otherwise(gateway: Gateway) -> httpx.Response:
    path = await _furnish(gateway)
    await _complete(gateway, path)
    return await _complete(gateway, path, "MH14CD5678")


async def _withdrawn_twice(gateway: Gateway) -> httpx.Response:
    path = await _furnish(gateway)
    await _withdraw(gateway, path)
    return await _withdraw(gateway, path)


async def _lapsed(gateway: Gateway) -> httpx.Response:
    path = await _furnish(gateway)
    gateway.clock.advance(days=15, microseconds=1)
    return await _complete(gateway, path)


async def _furnished_twice(gateway: Gateway) -> httpx.Response:
    sent = document(vehicle_number=...)
    await _furnish(gateway, sent)
    return await gateway.generate(BY, sent)


LIFE_TRIGGERS: Final[dict[str, Callable[[Gateway], Awaitable[httpx.Response]]]] = {
    "PART_A_NOT_FOUND": lambda gateway: _complete(gateway, "/v1/part-a/PA100000000017"),
    "CONSOLIDATED_NOT_FOUND": lambda gateway: gateway.call(
        person(OTHER), "GET", "/v1/consolidated-eway-bills/100000000017"
    ),
    "NOT_THE_FURNISHER": _withdrawn_by_its_transporter,
    "DOCUMENT_ALREADY_HAS_PART_A": _furnished_twice,
    "PART_A_COMPLETED": _completed_otherwise,
    "PART_A_WITHDRAWN": _withdrawn_twice,
    "PART_A_LAPSED": _lapsed,
    "ALREADY_RENEWED": _renewed_twice,
    "EXPIRED": _expired,
    "RENEWAL_WINDOW_CLOSED": _renewed_late,
    "NOT_BY_ROAD": _by_rail,
    "SAME_VEHICLE": _same_vehicle,
    "SAME_TRANSPORTER": _same_transporter,
    "TOO_MANY_CHANGES": _too_many_changes,
    "ALREADY_VERIFIED_IN_STATE": _verified_twice,
}


async def _renewed_early(gateway: Gateway) -> httpx.Response:
    return await _renew(gateway, await _bill(gateway, document_date=_today(gateway)))


async def _renewed_for_a_year(gateway: Gateway) -> httpx.Response:
    """Again and again, until the longest total validity is used up."""
    path = await _bill(gateway, document_date=_today(gateway))
    while True:
        bill = (await gateway.call(BY, "GET", path)).json()
        gateway.clock.now = gateway.clock.at(bill["valid_until"])
        answer = await _renew(gateway, path)
        if answer.status_code != 201:
            return answer
        path = f"{BILLS}/{answer.json()['ebn']}"


def _today(gateway: Gateway) -> str:
    return gateway.clock().date().isoformat()


TODAYS_TRIGGERS: Final[dict[str, Callable[[Gateway], Awaitable[httpx.Response]]]] = {
    "RENEWAL_WINDOW_NOT_OPEN": _renewed_early,
    "RENEWAL_LIMIT_REACHED": _renewed_for_a_year,
}
"""Under rulebook 2018-rule-138 only."""
