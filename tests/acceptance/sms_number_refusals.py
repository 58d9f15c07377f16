"""What provokes the refusals of mobile numbers, for the test of the whole catalogue."""

from collections.abc import Awaitable, Callable
from typing import Final

import httpx

from tests.documents import SUPPLIER, person
from tests.gateway_in_process import Gateway
from tests.sms_numbers import (
    a_mobile,
    another,
    confirm,
    end,
    register,
    registered,
    sent_password,
)
from validators.sms_number import (
    NUMBERS_MAX,
    PASSWORD_GOOD_FOR,
    PASSWORDS_OF_ONE_NUMBER,
    TRIES_MAX,
)

BY: Final = person(SUPPLIER)


async def _confirmed_already(gateway: Gateway) -> httpx.Response:
    await registered(gateway, BY)
    return await register(gateway, BY)


async def _too_many(gateway: Gateway) -> httpx.Response:
    for _ in range(NUMBERS_MAX):
        await register(gateway, BY, a_mobile())
    return await register(gateway, BY)


async def _too_many_passwords(gateway: Gateway) -> httpx.Response:
    for _ in range(PASSWORDS_OF_ONE_NUMBER):
        assert (await register(gateway, BY)).status_code == 201
    return await register(gateway, BY)


async def _none_awaited(gateway: Gateway) -> httpx.Response:
    await register(gateway, BY)
    return await confirm(gateway, BY, "000000")


async def _tried(gateway: Gateway, times: int) -> httpx.Response:
    await register(gateway, BY)
    wrong = another(await sent_password(gateway, BY))
    for _ in range(times):
        answer = await confirm(gateway, BY, wrong)
    return answer


async def _expired(gateway: Gateway) -> httpx.Response:
    await register(gateway, BY)
    password = await sent_password(gateway, BY)
    gateway.clock.now += PASSWORD_GOOD_FOR
    gateway.clock.advance(microseconds=1)
    return await confirm(gateway, BY, password)


SMS_NUMBER_TRIGGERS: Final[dict[str, Callable[[Gateway], Awaitable[httpx.Response]]]] = {
    "SMS_NUMBER_NOT_FOUND": lambda gateway: end(gateway, BY),
    "SMS_NUMBER_ALREADY_CONFIRMED": _confirmed_already,
    "TOO_MANY_SMS_NUMBERS": _too_many,
    "TOO_MANY_PASSWORDS": _too_many_passwords,
    "NO_PASSWORD_AWAITED": _none_awaited,
    "WRONG_PASSWORD": lambda gateway: _tried(gateway, 1),
    "PASSWORD_SPENT": lambda gateway: _tried(gateway, TRIES_MAX + 1),
    "PASSWORD_EXPIRED": _expired,
}
