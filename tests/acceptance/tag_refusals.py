"""What provokes the refusals of RFID tags, for the test of the whole catalogue."""

from collections.abc import Awaitable, Callable
from typing import Final

import httpx

from tests.documents import OTHER, SUPPLIER, TRANSPORTER, document, person
from tests.gateway_in_process import Gateway
from tests.tags import TAG, enrol_in_class, map_tag, notify_class, unmap_tag


async def _of_another(gateway: Gateway) -> httpx.Response:
    await map_tag(gateway, person(TRANSPORTER), TAG, "KA12AB1234")
    return await map_tag(gateway, person(OTHER), TAG, "KA12AB1234")


async def _without_tag(gateway: Gateway) -> httpx.Response:
    await enrol_in_class(gateway, TRANSPORTER)
    await notify_class(gateway, gateway.clock())
    return await gateway.generate(person(SUPPLIER), document())


TAG_TRIGGERS: Final[dict[str, Callable[[Gateway], Awaitable[httpx.Response]]]] = {
    "TAG_NOT_FOUND": lambda gateway: unmap_tag(gateway, person(TRANSPORTER), TAG),
    "TAG_OF_ANOTHER": _of_another,
    "RFID_TAG_REQUIRED": _without_tag,
}
