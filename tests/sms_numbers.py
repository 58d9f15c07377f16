"""Mobile numbers for tests: registering them, the passwords sent to them, and what they send."""

import itertools
from typing import Any, Final

import httpx

from ingest.replay import Claim, StoredAnswer
from ingest.sms_numbers import SmsRequest
from tests.gateway_in_process import Gateway
from validators.authority import Person
from validators.sms_number import KnownNumber, Outcome

NUMBERS: Final = "/v1/sms/numbers"
MOBILE: Final = "9876543210"

_numbers: Final = itertools.count(9_000_000_001)
_messages: Final = itertools.count(1)


def a_mobile() -> str:
    """A number that no test had before."""
    return str(next(_numbers))


async def register(
    gateway: Gateway, who: Person | None, mobile: str = MOBILE, **more: Any
) -> httpx.Response:
    """POST /v1/sms/numbers."""
    headers = more.pop("headers", {})
    return await gateway.call(who, "POST", NUMBERS, json={"mobile": mobile} | more, headers=headers)


async def sent_password(gateway: Gateway, who: Person, mobile: str = MOBILE) -> str:
    """The one-time password that is sent to a number, as whoever sends it makes it."""
    made = await gateway.services.sms.numbers.new_password(who.id, mobile, gateway.clock())
    assert made is not None
    return made


def another(password: str) -> str:
    """A password that is not this one."""
    return f"{(int(password) + 1) % 1_000_000:06}"


async def confirm(
    gateway: Gateway, who: Person | None, password: str, mobile: str = MOBILE, **request: Any
) -> httpx.Response:
    """POST /v1/sms/numbers/{mobile}/confirmation."""
    path = f"{NUMBERS}/{mobile}/confirmation"
    return await gateway.call(who, "POST", path, json={"password": password}, **request)


async def end(gateway: Gateway, who: Person | None, mobile: str = MOBILE) -> httpx.Response:
    """DELETE /v1/sms/numbers/{mobile}."""
    return await gateway.call(who, "DELETE", f"{NUMBERS}/{mobile}")


async def registered(gateway: Gateway, who: Person, mobile: str = MOBILE, **more: Any) -> None:
    """Registers a number and confirms it."""
    assert (await register(gateway, who, mobile, **more)).status_code == 201
    password = await sent_password(gateway, who, mobile)
    answer = await confirm(gateway, who, password, mobile)
    assert answer.status_code == 200, answer.text


async def known(gateway: Gateway, mobile: str = MOBILE) -> KnownNumber:
    """What is known of a number now."""
    return await gateway.services.sms.numbers.known(mobile, gateway.clock())


def a_claim(gateway: Gateway, mobile: str = MOBILE, key: str = "") -> Claim:
    """The claim of a message, to be answered by SMS."""
    key = key or f"message-{next(_messages)}"
    return Claim("client-of-provider", key, b"digest", gateway.clock(), reply_to=mobile)


def message(gateway: Gateway, mobile: str = MOBILE, key: str = "") -> SmsRequest:
    """A message from a number, answered by what came of it, in words of this test's own."""
    claim = a_claim(gateway, mobile, key)
    return SmsRequest(mobile, gateway.clock(), told, claim)


def told(outcome: Outcome) -> StoredAnswer:
    """How a test words an outcome: all of it."""
    words = (outcome.happened, outcome.gstin, outcome.must_choose, outcome.tries_left)
    return StoredAnswer(200, " ".join(map(str, words)).encode())
