"""What provokes the refusals of deliveries of messages, for the test of the whole catalogue."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import httpx

from sms.pace import Pace
from tests.gateway_in_process import Gateway
from tests.sms import INBOUND, Aggregator, fields


async def _too_many(gateway: Gateway) -> httpx.Response:
    gateway.services.sms.conversation._of_carriers = Pace(timedelta(days=1), at_once=1, keys_max=10)
    aggregator = await Aggregator.enrolled(gateway)
    await aggregator.said("HELP")
    return await aggregator.deliver("HELP")


async def _signed_wrongly(gateway: Gateway) -> httpx.Response:
    aggregator = await Aggregator.enrolled(gateway)
    headers = {"X-Client-Id": aggregator.client_id, "X-Signature": "0" * 64}
    return await gateway.http.post(INBOUND, data=fields("HELP"), headers=headers)


async def _from_elsewhere(gateway: Gateway) -> httpx.Response:
    aggregator = await Aggregator.enrolled(gateway, "192.0.2.0/24")
    return await aggregator.deliver("HELP")


SMS_TRIGGERS: Final[dict[str, Callable[[Gateway], Awaitable[httpx.Response]]]] = {
    "TOO_MANY_MESSAGES": _too_many,
    "INVALID_SIGNATURE": _signed_wrongly,
    "SOURCE_NOT_ALLOWED": _from_elsewhere,
}
