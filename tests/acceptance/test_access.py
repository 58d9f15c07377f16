"""Who may do what, as a table; and what those who may not must never learn."""

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
from validators.authority import Person, Role

BILLS = "/v1/eway-bills"
VEHICLE = "/v1/vehicles/KA12AB1234/eway-bills"
NOBODYS = "999999999999"

PEOPLE: dict[str, Person | None] = {
    "supplier": person(SUPPLIER),
    "recipient": person(RECIPIENT),
    "transporter": person(TRANSPORTER, Role.TRANSPORTER),
    "unrelated": person(STRANGER),
    "unrelated transporter": person(OTHER, Role.TRANSPORTER),
    "officer": OFFICER,
    "reader": READER,
    "sms-provider": Person("client-of-sms", Role.SMS_PROVIDER, "sms"),
    "commissioner": Person("client-of-commissioner", Role.COMMISSIONER, "commissioner"),
    "operator": Person("client-of-operator", Role.OPERATOR, "operator"),
    # An id that looks like the supplier's gives none of the supplier's rights.
    "officer so named": Person("client-of-named", Role.OFFICER, SUPPLIER, "29"),
    "nobody": None,
}
CALLS = ("generate", "read", "list", "vehicle", "cancel", "accept")
ROLE = (403, "ROLE_NOT_PERMITTED")
UNSEEN = (404, "EWAY_BILL_NOT_FOUND")
NEITHER = (403, "NOT_THE_GENERATOR"), (403, "NOT_THE_RECIPIENT")
OK = (200, None)
ONLY_READS = (ROLE, OK, ROLE, OK, ROLE, ROLE)
MAY: dict[str, tuple[tuple[int, str | None], ...]] = {
    "supplier": ((201, None), OK, OK, OK, OK, NEITHER[1]),
    "recipient": ((201, None), OK, OK, OK, NEITHER[0], OK),
    "transporter": ((201, None), OK, OK, OK, *NEITHER),
    "unrelated": ((403, "NOT_A_PARTY"), UNSEEN, OK, OK, UNSEEN, UNSEEN),
    "unrelated transporter": ((403, "NOT_A_PARTY"), UNSEEN, OK, OK, UNSEEN, UNSEEN),
    "officer": ONLY_READS,
    "officer so named": ONLY_READS,
    "reader": (ROLE, ROLE, ROLE, OK, ROLE, ROLE),
    "sms-provider": (ROLE,) * 6,
    "commissioner": (ROLE,) * 6,
    "operator": (ROLE,) * 6,
    "nobody": ((401, "UNAUTHENTICATED"),) * 6,
}
LANE_FIELDS = {
    "ebn", "status", "valid_until", "hsn_code", "value_of_goods", "consolidated_number",
    "place_of_dispatch", "place_of_delivery",
}  # fmt: skip


async def _call(gateway: Gateway, who: Person | None, call: str, ebn: str) -> httpx.Response:
    match call:
        case "generate":
            return await gateway.call(who, "POST", BILLS, json=document())
        case "cancel":
            path = f"{BILLS}/{ebn}/cancellation"
            return await gateway.call(who, "POST", path, json={"reason": "not sent"})
        case "accept":
            path = f"{BILLS}/{ebn}/acceptance"
            return await gateway.call(who, "POST", path, json={"decision": "ACCEPTED"})
        case "list":
            return await gateway.call(who, "GET", BILLS)
        case "vehicle":
            return await gateway.call(who, "GET", VEHICLE)
    return await gateway.call(who, "GET", f"{BILLS}/{ebn}")


async def _generate(gateway: Gateway, **changes: Any) -> str:
    answer = await gateway.generate(person(SUPPLIER), document(**changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ebn"])


async def test_who_may_call_what(gateway: Gateway) -> None:
    answers: dict[str, tuple[tuple[int, str | None], ...]] = {}
    for name, who in PEOPLE.items():
        ebn = await _generate(gateway)
        said = [await _call(gateway, who, call, ebn) for call in CALLS]
        answers[name] = tuple((one.status_code, one.json().get("code")) for one in said)
    assert answers == MAY


@pytest.mark.parametrize("call", ["read", "cancel", "accept"])
async def test_a_bill_of_others_looks_like_none(gateway: Gateway, call: str) -> None:
    ebn = await _generate(gateway)
    await gateway.until_hot()
    await gateway.call(OFFICER, "GET", f"{BILLS}/{ebn}")
    theirs = await _call(gateway, person(STRANGER), call, ebn)
    shown = (theirs.status_code, theirs.json() | {"request_id": None}, set(theirs.headers))
    for number in (NOBODYS, str(int(ebn) + 1), "1", "012345678901", f"{ebn}0", "٣" * 12):
        none = await _call(gateway, person(STRANGER), call, number)
        body = none.json() | {"request_id": None}
        assert (none.status_code, body, set(none.headers)) == shown
    assert ebn not in theirs.text


@pytest.mark.parametrize(
    ("mode", "statuses"),
    [
        ("ROAD", [201, 201, 201, 403]),
        ("RAIL", [201, 201, 403, 403]),
        ("AIR", [201, 201, 403, 403]),
        ("VESSEL", [201, 201, 403, 403]),
    ],
)
async def test_off_the_road_only_consignor_and_consignee_generate(
    gateway: Gateway, mode: str, statuses: list[int]
) -> None:
    answers = [
        await gateway.generate(person(gstin), document(mode=mode))
        for gstin in (SUPPLIER, RECIPIENT, TRANSPORTER, STRANGER)
    ]
    assert [answer.status_code for answer in answers] == statuses
    codes = {answer.json()["code"] for answer in answers if answer.status_code == 403}
    assert codes == {"NOT_A_PARTY"}


async def test_a_person_named_nowhere_but_in_the_body_gains_nothing(gateway: Gateway) -> None:
    for claimed in ({"generated_by": SUPPLIER}, {"client_id": "x"}, {"role": "operator"}):
        answer = await gateway.generate(person(STRANGER), document(**claimed))
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "UNKNOWN_FIELD")


async def test_what_is_shown_of_a_vehicle(gateway: Gateway) -> None:
    theirs = await _generate(gateway, transporter_id=TRANSPORTER)
    others = await _generate(gateway, transporter_id=OTHER)
    own = await _generate(gateway, transporter_id=SUPPLIER)
    nobodys = await _generate(gateway, transporter_id=...)
    elsewhere = await _generate(gateway, vehicle_number="MH12AB1234")
    everything = [theirs, others, own, nobodys]
    expected = {
        "officer": everything,
        "reader": everything,
        "transporter": [theirs],
        "unrelated transporter": [others],
        "supplier": [own, nobodys],  # Without a transporter it carries the goods itself.
        "recipient": [],
        "unrelated": [],
    }
    seen = {}
    for name in expected:
        items = (await gateway.call(PEOPLE[name], "GET", VEHICLE)).json()["items"]
        seen[name] = [bill["ebn"] for bill in items]
        lane = [set(bill) == LANE_FIELDS for bill in items]
        assert all(lane) if name == "reader" else not any(lane)
    assert seen == expected
    moved = await gateway.call(OFFICER, "GET", "/v1/vehicles/mh12ab1234/eway-bills")
    assert [bill["ebn"] for bill in moved.json()["items"]] == [elsewhere]


async def test_a_lane_learns_no_more_than_it_needs(gateway: Gateway) -> None:
    ebn = await _generate(gateway)
    answer = await gateway.call(READER, "GET", VEHICLE)
    assert answer.json()["items"] == [
        {
            "ebn": ebn,
            "status": "ACTIVE",
            "valid_until": "2026-11-26T14:05:09.123456+05:30",
            "hsn_code": "7215",
            "value_of_goods": "75000.00",
            "place_of_dispatch": "400001",
            "place_of_delivery": "560001",
            "consolidated_number": None,
        }
    ]
    for private in (SUPPLIER, RECIPIENT, TRANSPORTER, "INV/"):
        assert private not in answer.text


@pytest.mark.parametrize(
    ("gstin", "named"),
    [(SUPPLIER, True), (RECIPIENT, True), (TRANSPORTER, True), (OTHER, False), (STRANGER, False)],
)
async def test_a_document_s_bill_is_named_to_its_parties_only(
    gateway: Gateway, gstin: str, named: bool
) -> None:
    first = document()
    ebn = (await gateway.generate(person(SUPPLIER), first)).json()["ebn"]
    again = first if named else first | {"recipient_gstin": OTHER, "transporter_id": STRANGER}
    answer = await gateway.generate(person(gstin), again)
    assert answer.status_code == 409
    assert answer.json()["code"] == "DOCUMENT_ALREADY_HAS_EWAY_BILL"
    assert (answer.json().get("ebn") == ebn, ebn in answer.text) == (named, named)
