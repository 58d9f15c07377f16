"""What provokes the refusals of invoices, for the test of the whole catalogue."""

from collections.abc import Awaitable, Callable
from typing import Final

import httpx

from tests.documents import SUPPLIER, person
from tests.gateway_in_process import Gateway
from tests.invoices import INVOICES, invoice

BY: Final = person(SUPPLIER)


async def _differs(gateway: Gateway) -> httpx.Response:
    sent = invoice()
    await gateway.call(BY, "POST", INVOICES, json=sent)
    return await gateway.call(BY, "POST", INVOICES, json=sent | {"total_in_words": "Rupees ten"})


async def _archived(gateway: Gateway) -> httpx.Response:
    sent = invoice()
    await gateway.call(BY, "POST", INVOICES, json=sent)
    async with gateway.services.database.connection() as connection:
        await connection.execute("ALTER TABLE invoice DETACH PARTITION invoice_2026_11_0000")
    return await gateway.call(BY, "POST", INVOICES, json=sent)


INVOICE_TRIGGERS: Final[dict[str, Callable[[Gateway], Awaitable[httpx.Response]]]] = {
    "INVOICE_NOT_FOUND": lambda gateway: gateway.call(BY, "GET", f"{INVOICES}/{'0' * 64}"),
    "INVOICE_DIFFERS": _differs,
    "INVOICE_ARCHIVED": _archived,
}
