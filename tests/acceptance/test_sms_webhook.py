"""How aggregators deliver: every way to write a message and to prove who delivers it."""

import gzip
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.documents import SUPPLIER, person
from tests.gateway_in_process import Gateway, TestClock, gateway_in_process
from tests.sms import INBOUND, Aggregator, fields
from tests.sms_numbers import registered
from validators.authority import Person, Role

BY = person(SUPPLIER)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
Send = Callable[[Aggregator, dict[str, str]], Awaitable[httpx.Response]]


async def _get(by: Aggregator, sent: dict[str, str]) -> httpx.Response:
    return await by.gateway.http.get(INBOUND, params=sent, auth=(by.client_id, by.secret))


async def _form(by: Aggregator, sent: dict[str, str]) -> httpx.Response:
    return await by.gateway.http.post(INBOUND, data=sent, auth=(by.client_id, by.secret))


async def _json(by: Aggregator, sent: dict[str, str]) -> httpx.Response:
    return await by.gateway.http.post(INBOUND, json=sent, auth=(by.client_id, by.secret))


async def _secret_in_query(by: Aggregator, sent: dict[str, str]) -> httpx.Response:
    secret = {"client_id": by.client_id, "client_secret": by.secret}
    return await by.gateway.http.get(INBOUND, params=sent | secret)


async def _secret_in_json(by: Aggregator, sent: dict[str, str]) -> httpx.Response:
    secret = {"client_id": by.client_id, "client_secret": by.secret}
    return await by.gateway.http.post(INBOUND, json=sent | secret)


async def _signed_form(by: Aggregator, sent: dict[str, str]) -> httpx.Response:
    body = urlencode(sent).encode()
    signed = {"X-Client-Id": by.client_id, "X-Signature": by.signature(body)}
    return await by.gateway.http.post(INBOUND, content=body, headers=FORM | signed)


async def _signed_query(by: Aggregator, sent: dict[str, str]) -> httpx.Response:
    query = urlencode(sent)
    signature = by.signature(query.encode()).upper()
    signed = {"X-Client-Id": by.client_id, "X-Signature": signature}
    return await by.gateway.http.get(f"{INBOUND}?{query}", headers=signed)


async def _bearer(by: Aggregator, sent: dict[str, str]) -> httpx.Response:
    who = Person(by.client_id, Role.SMS_PROVIDER, "Aggregator")
    return await by.gateway.call(who, "POST", INBOUND, json=sent)


WAYS: dict[str, Send] = {
    "a query": _get,
    "a form": _form,
    "JSON": _json,
    "the secret in a query": _secret_in_query,
    "the secret in JSON": _secret_in_json,
    "a signed form": _signed_form,
    "a signed query": _signed_query,
    "a bearer token": _bearer,
}


async def test_every_way_to_deliver_a_message(gateway: Gateway) -> None:
    await registered(gateway, BY)
    aggregator = await Aggregator.enrolled(gateway)
    helped = await aggregator.said("HELP")
    assert "EWBG" in helped
    for name, way in WAYS.items():
        answer = await way(aggregator, fields("HELP") | {"operator": "BSNL", "circle": "KA"})
        assert (answer.status_code, answer.text) == (200, helped), name


async def test_nobody_delivers_without_the_secret(gateway: Gateway) -> None:
    await registered(gateway, BY)
    known = await Aggregator.enrolled(gateway)
    other = await Aggregator.enrolled(gateway)
    for name, way in WAYS.items():
        for client_id, secret, code in (
            (known.client_id, other.secret, {"INVALID_CLIENT", "INVALID_SIGNATURE"}),
            ("sms-provider-000000000000", known.secret, {"INVALID_CLIENT"}),
            ("\x00", known.secret, {"INVALID_CLIENT"}),
        ):
            if way is _bearer or (client_id == "\x00" and way in (_signed_form, _signed_query)):
                continue
            answer = await way(Aggregator(gateway, client_id, secret), fields("STOP"))
            assert answer.status_code == 401, name
            assert answer.json()["code"] in code, name
    nothing = await gateway.http.post(INBOUND, data=fields("STOP"))
    assert (nothing.status_code, nothing.json()["code"]) == (401, "INVALID_CLIENT")
    trader = await gateway.call(BY, "POST", INBOUND, json=fields("STOP"))
    assert (trader.status_code, trader.json()["code"]) == (403, "ROLE_NOT_PERMITTED")
    assert "EWBG" in await known.said("HELP")  # Nobody has stopped it.


async def test_a_signature_is_of_every_byte(gateway: Gateway) -> None:
    await registered(gateway, BY)
    aggregator = await Aggregator.enrolled(gateway)
    body = urlencode(fields("HELP")).encode()
    signed = {"X-Client-Id": aggregator.client_id, "X-Signature": aggregator.signature(body)}
    post = gateway.http.post
    assert (await post(INBOUND, content=body, headers=FORM | signed)).status_code == 200
    packed = FORM | signed | {"Content-Encoding": "gzip"}
    assert (await post(INBOUND, content=gzip.compress(body), headers=packed)).status_code == 200
    for changed in (body + b"&x=", body.replace(b"HELP", b"STOP"), b""):
        answer = await post(INBOUND, content=changed, headers=FORM | signed)
        assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_SIGNATURE")


async def test_an_aggregator_delivers_from_its_own_networks(gateway: Gateway) -> None:
    await registered(gateway, BY)
    inside = await Aggregator.enrolled(gateway, "192.0.2.0/24", "127.0.0.0/8")
    outside = await Aggregator.enrolled(gateway, "192.0.2.0/24", "2001:db8::/32")
    assert "EWBG" in await inside.said("HELP")
    for way in WAYS.values():
        answer = await way(outside, fields("HELP"))
        assert (answer.status_code, answer.json()["code"]) == (403, "SOURCE_NOT_ALLOWED")


async def test_behind_a_proxy_the_network_is_whose_the_proxy_says(
    dsn: str, redis_url: str, clock: TestClock
) -> None:
    async def status(gateway: Gateway, forwarded: str) -> int:
        aggregator = await Aggregator.enrolled(gateway, "192.0.2.0/24")
        gateway.http.headers["X-Forwarded-For"] = forwarded
        return (await aggregator.deliver("HELP")).status_code

    proxies = "127.0.0.1, 10.0.0.0/8"
    async with gateway_in_process(dsn, redis_url, clock, trusted_proxies=proxies) as gateway:
        assert await status(gateway, "192.0.2.7") == 200
        assert await status(gateway, "192.0.2.7, 10.1.2.3") == 200
        # Whoever is before the last that is not a proxy may have said anything.
        assert await status(gateway, "192.0.2.7, 198.51.100.1") == 403
        assert await status(gateway, "somebody") == 403
    async with gateway_in_process(dsn, redis_url, clock) as gateway:
        assert await status(gateway, "192.0.2.7") == 403


@pytest.mark.parametrize(
    ("wrong", "faults"),
    [
        ({"from": None}, [("/from", "REQUIRED")]),
        ({"text": None, "message_id": None}, [("/text", "REQUIRED"), ("/message_id", "REQUIRED")]),
        ({"message_id": ""}, [("/message_id", "MESSAGE_ID_FORMAT")]),
        ({"message_id": "a" * 129}, [("/message_id", "MESSAGE_ID_FORMAT")]),
        ({"message_id": "a b"}, [("/message_id", "MESSAGE_ID_FORMAT")]),
        ({"message_id": "a\x00"}, [("/message_id", "MESSAGE_ID_FORMAT")]),
        ({"received_at": "yesterday"}, [("/received_at", "INSTANT_FORMAT")]),
        ({"received_at": "2026-11-21T14:05:09"}, [("/received_at", "INSTANT_FORMAT")]),
    ],
)
async def test_a_delivery_is_told_all_that_is_wrong_with_it(
    gateway: Gateway, wrong: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    aggregator = await Aggregator.enrolled(gateway)
    merged = fields("HELP") | wrong
    sent = {name: value for name, value in merged.items() if value is not None}
    for way in (_get, _form, _json):
        answer = await way(aggregator, sent)
        assert answer.status_code == 422
        told = answer.json()["errors"]
        assert [(fault["pointer"], fault["code"]) for fault in told] == faults


async def test_what_is_no_message_at_all(gateway: Gateway) -> None:
    aggregator = await Aggregator.enrolled(gateway)
    auth = (aggregator.client_id, aggregator.secret)
    for body, headers, status, code in (
        (b"[]", {"Content-Type": "application/json"}, 400, "MALFORMED_BODY"),
        (b"{", {"Content-Type": "application/json"}, 400, "MALFORMED_JSON"),
        (b"[" * 16_000, {"Content-Type": "application/json"}, 400, "MALFORMED_JSON"),
        (b'{"text":"a","text":"b"}', {"Content-Type": "application/json"}, 400, "MALFORMED_BODY"),
        (b"text=%ff", FORM, 400, "MALFORMED_BODY"),
        (b"text=a&text=b", FORM, 400, "MALFORMED_BODY"),
        (b"<sms/>", {"Content-Type": "text/xml"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b"x" * 16_385, FORM, 413, "BODY_TOO_LARGE"),
    ):
        answer = await gateway.http.post(INBOUND, content=body, headers=headers, auth=auth)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body[:20]


@pytest.mark.parametrize(
    "sender", ["+919876543210", "919876543210", "09876543210", "9876543210", 919876543210]
)
async def test_a_number_is_the_same_however_it_is_written(gateway: Gateway, sender: Any) -> None:
    await registered(gateway, BY)
    aggregator = await Aggregator.enrolled(gateway)
    body = json.dumps(fields("HELP") | {"from": sender})
    auth = (aggregator.client_id, aggregator.secret)
    headers = {"Content-Type": "application/json"}
    answer = await gateway.http.post(INBOUND, content=body, headers=headers, auth=auth)
    assert "EWBG" in answer.text


@pytest.mark.parametrize("sender", ["AD-VERIFY", "", "12345", "+4479460000000", "9" * 40])
async def test_what_is_no_indian_mobile_number_is_not_spoken_with(
    gateway: Gateway, sender: str
) -> None:
    """A machine that answers what it is answered would never end."""
    aggregator = await Aggregator.enrolled(gateway)
    assert await aggregator.said("HELP", sender) == ""
