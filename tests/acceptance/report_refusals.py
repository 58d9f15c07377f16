"""What provokes the refusals of inspections and detentions, for the test of the whole catalogue."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx

from tests.documents import OFFICER, SUPPLIER, document, person
from tests.gateway_in_process import Gateway
from tests.reports import DETENTIONS, INSPECTIONS, detention, final, summary
from validators.authority import Person, Role

OTHER_OFFICER = Person("client-of-other-officer", Role.OFFICER, "KA-1002", "29")


async def _final(gateway: Gateway, who: Person, *reports: dict[str, Any]) -> httpx.Response:
    """The answer to the last of some final reports of one inspection."""
    made = await gateway.call(OFFICER, "POST", INSPECTIONS, json=summary())
    path = f"{INSPECTIONS}/{made.json()['inspection_id']}/final"
    for report in reports:
        answer = await gateway.call(who, "PUT", path, json=report)
    return answer


async def _detention_by_the_supplier(gateway: Gateway) -> httpx.Response:
    supplier = person(SUPPLIER)
    ebn = (await gateway.generate(supplier, document())).json()["ebn"]
    return await gateway.call(supplier, "POST", DETENTIONS, json=detention(ebn))


REPORT_TRIGGERS: Final[dict[str, Callable[[Gateway], Awaitable[httpx.Response]]]] = {
    "INSPECTION_NOT_FOUND": lambda gateway: gateway.call(OFFICER, "GET", f"{INSPECTIONS}/1"),
    "NOT_THE_TRANSPORTER": _detention_by_the_supplier,
    "NOT_THE_INSPECTOR": lambda gateway: _final(gateway, OTHER_OFFICER, final()),
    "FINAL_REPORT_EXISTS": lambda gateway: _final(
        gateway, OFFICER, final(), final(findings="other")
    ),
}
