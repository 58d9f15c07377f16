"""Who may do what to a bill in which state: all pairs of person and state, as docs/life.md says."""

import itertools
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.documents import (
    OFFICER,
    OTHER,
    READER,
    RECIPIENT,
    STRANGER,
    SUPPLIER,
    TRANSPORTER,
    document,
    person,
)
from tests.gateway_in_process import Gateway

PERSONS = {
    "supplier": person(SUPPLIER),
    "recipient": person(RECIPIENT),
    # Generated the bill as its transporter, then handed it over.
    "generator": person(OTHER),
    "transporter": person(TRANSPORTER),
    "stranger": person(STRANGER),
    "officer": OFFICER,
    "reader": READER,
}
NOT_ROLE = {"officer": "ROLE_NOT_PERMITTED", "reader": "ROLE_NOT_PERMITTED"}
NOBODY = {"stranger": "EWAY_BILL_NOT_FOUND"} | NOT_ROLE


def all_but(code: str, **others: str) -> dict[str, str]:
    """The same code for every trader that is a party, but for those named."""
    parties = dict.fromkeys(("supplier", "recipient", "generator", "transporter"), code)
    return {who: why for who, why in (parties | others | NOBODY).items() if why}


WHO: dict[str, dict[str, str]] = {
    "cancellation": all_but("NOT_THE_GENERATOR", generator=""),
    "acceptance": all_but("NOT_THE_RECIPIENT", recipient=""),
    "conveyances": all_but("NOT_THE_TRANSPORTER", transporter=""),
    "transporter": all_but("", generator="NOT_A_PARTY"),
    "renewal": all_but("NOT_THE_TRANSPORTER", transporter=""),
    "verifications": dict.fromkeys(PERSONS.keys() - {"officer"}, "ROLE_NOT_PERMITTED"),
}
"""Who is refused a call, and with which code."""

ENDED = {"cancelled": "ALREADY_CANCELLED", "renewed": "ALREADY_RENEWED"}
OVER = dict.fromkeys(("just expired", "expired for 8 h", "long expired", "after 72 h"), "EXPIRED")
WHEN: dict[str, dict[str, str]] = {
    "cancellation": ENDED
    | {"verified": "ALREADY_VERIFIED_IN_TRANSIT"}
    | dict.fromkeys(OVER, "CANCELLATION_WINDOW_CLOSED"),
    "acceptance": {"cancelled": "ALREADY_CANCELLED", "after 72 h": "DEEMED_ACCEPTED"},
    "conveyances": ENDED | OVER,
    "transporter": ENDED | OVER,
    "renewal": ENDED | dict.fromkeys(("long expired", "after 72 h"), "RENEWAL_WINDOW_CLOSED"),
    "verifications": ENDED,
}
"""In which state a call is refused to whoever may make it, and with which code."""

STATES = ("fresh", "moved", "verified", "to the last instant", *OVER, "cancelled", "renewed")
BODIES: dict[str, Any] = {
    "cancellation": {"reason": "not sent"},
    "acceptance": {"decision": "ACCEPTED"},
    "conveyances": {"vehicle_number": "MH14CD7777", "reason": "BREAKDOWN", "place": "Pune"},
    "transporter": {"transporter_id": STRANGER},
    "renewal": {"vehicle_number": "MH14CD8888", "distance_km": 40, "reason": "flood"},
    "verifications": {"place": "Attibele", "result": "OK"},
}
DAY, MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
WAITS = {
    "to the last instant": DAY,
    "just expired": DAY + MICROSECOND,
    "expired for 8 h": DAY + timedelta(hours=8),
    "long expired": DAY + timedelta(hours=8) + MICROSECOND,
    "after 72 h": 3 * DAY + MICROSECOND,
}
CHANGES = {
    "moved": (
        "transporter",
        "conveyances",
        BODIES["conveyances"] | {"vehicle_number": "GJ01A1234"},
    ),
    "verified": ("officer", "verifications", BODIES["verifications"]),
    "cancelled": ("generator", "cancellation", BODIES["cancellation"]),
    "renewed": ("transporter", "renewal", BODIES["renewal"]),
}


async def ask(gateway: Gateway, who: str, what: str, ebn: str) -> httpx.Response:
    path = f"/v1/eway-bills/{ebn}/{what}"
    return await gateway.call(PERSONS[who], "POST", path, json=BODIES[what])


async def bill_in(gateway: Gateway, state: str) -> str:
    """A bill of less than 100 km, valid for a day, brought into a state."""
    sent = document(transporter_id=OTHER, distance_km=99)
    answer = await gateway.generate(PERSONS["generator"], sent)
    ebn: str = answer.json()["ebn"]
    path = f"/v1/eway-bills/{ebn}"
    handed = {"transporter_id": TRANSPORTER}
    given = await gateway.call(PERSONS["generator"], "POST", f"{path}/transporter", json=handed)
    assert given.status_code == 200, given.text
    if state in CHANGES:
        who, what, body = CHANGES[state]
        changed = await gateway.call(PERSONS[who], "POST", f"{path}/{what}", json=body)
        assert changed.status_code in (200, 201), changed.text
    gateway.clock.now += WAITS.get(state, timedelta(0))
    return ebn


@pytest.mark.parametrize("what", BODIES)
async def test_every_pair_of_person_and_state(gateway: Gateway, what: str) -> None:
    for state, who in itertools.product(STATES, PERSONS):
        ebn = await bill_in(gateway, state)
        answer = await ask(gateway, who, what, ebn)
        # Who asks comes first, then what the bill has become.
        expected = WHO[what].get(who) or WHEN[what].get(state, "")
        got = answer.json().get("code", "")
        assert got == expected, f"{what} by {who} of a bill {state}: {got or answer.status_code}"
        assert (answer.status_code < 300) == (expected == "")


async def test_off_the_road_there_is_no_conveyance_to_change(gateway: Gateway) -> None:
    rail = document(mode="RAIL", vehicle_number=..., transporter_id=TRANSPORTER, distance_km=99)
    ebn = (await gateway.generate(PERSONS["supplier"], rail)).json()["ebn"]
    for what in ("conveyances", "transporter", "renewal"):
        refused = await ask(gateway, "transporter", what, ebn)
        assert (refused.status_code, refused.json()["code"]) == (409, "NOT_BY_ROAD")


async def test_without_a_transporter_the_generator_answers_for_the_conveyance(
    gateway: Gateway,
) -> None:
    own = document(transporter_id=..., distance_km=99)
    ebn = (await gateway.generate(PERSONS["supplier"], own)).json()["ebn"]
    assert (await ask(gateway, "recipient", "conveyances", ebn)).status_code == 403
    assert (await ask(gateway, "supplier", "conveyances", ebn)).status_code == 200
    assert (await ask(gateway, "recipient", "transporter", ebn)).status_code == 200
    assert (await ask(gateway, "supplier", "renewal", ebn)).status_code == 403
    assert (await ask(gateway, "stranger", "renewal", ebn)).status_code == 201
