"""RFID tags through HTTP, r2(4): who maps which to what, since when, and what was before."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from ingest import limits
from tests.documents import (
    COMMISSIONER,
    OFFICER,
    OTHER,
    READER,
    STRANGER,
    SUPPLIER,
    TRANSPORTER,
    person,
)
from tests.gateway_in_process import Gateway
from tests.tags import OPERATOR, TAG, TAGS, a_tag, map_tag, unmap_tag
from validators.authority import Person, Role
from validators.calendar import INDIA

VIA, ANOTHER = person(TRANSPORTER, Role.TRANSPORTER), person(OTHER, Role.TRANSPORTER)
ONE, TWO, THREE = "KA12AB1234", "MH14CD5678", "TN09E4321"
NOT_FOUND: tuple[int, str | None] = (404, "TAG_NOT_FOUND")
ROLE: tuple[int, str | None] = (403, "ROLE_NOT_PERMITTED")


async def _read(gateway: Gateway, who: Person | None = OFFICER, tag: str = TAG) -> httpx.Response:
    return await gateway.call(who, "GET", f"{TAGS}/{tag}")


async def _list(gateway: Gateway, query: str = "", who: Person = VIA) -> list[str]:
    answer = await gateway.call(who, "GET", f"{TAGS}?{query}")
    assert answer.status_code == 200, answer.text
    return [f"{item['tag']} {item['vehicle_number']}" for item in answer.json()["items"]]


def _said(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


def _faults(answer: httpx.Response, code: str = "INVALID_DOCUMENT") -> list[tuple[str, str]]:
    assert _said(answer) == (422, code)
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


def _mapping(
    vehicle: str,
    since: datetime,
    until: datetime | None = None,
    ended_by: str = TRANSPORTER,
    whose: str = TRANSPORTER,
) -> dict[str, Any]:
    """A mapping of TAG as it is shown."""
    shown = {"tag": TAG, "vehicle_number": vehicle, "transporter_id": whose}
    shown["since"] = since.astimezone(INDIA).isoformat()
    if until is None:
        return shown
    return shown | {"until": until.astimezone(INDIA).isoformat(), "ended_by": ended_by}


async def test_a_tag_s_history_to_the_microsecond(gateway: Gateway) -> None:
    begun = gateway.clock()
    instants = [begun + timedelta(microseconds=index) for index in range(6)]
    first = await map_tag(gateway, VIA, TAG, ONE)
    assert (first.status_code, first.json()) == (201, _mapping(ONE, begun))
    gateway.clock.now = instants[1]
    again = await map_tag(gateway, VIA, TAG, ONE)
    assert (again.status_code, again.json()) == (200, _mapping(ONE, begun))
    gateway.clock.now = instants[2]
    moved = await map_tag(gateway, VIA, TAG, TWO)
    assert (moved.status_code, moved.json()) == (200, _mapping(TWO, instants[2]))
    gateway.clock.now = instants[3]
    ended = await unmap_tag(gateway, VIA, TAG)
    second = _mapping(TWO, instants[2], instants[3])
    assert (ended.status_code, ended.json()) == (200, second)
    gateway.clock.now = instants[4]
    assert _said(await unmap_tag(gateway, VIA, TAG)) == NOT_FOUND
    history = [second, _mapping(ONE, begun, instants[2])]
    for who in (VIA, OFFICER, OPERATOR):
        read = await _read(gateway, who)
        assert read.json() == {"tag": TAG, "mapping": None, "history": history}
    gateway.clock.now = instants[5]
    back = await map_tag(gateway, VIA, TAG, ONE)
    assert (back.status_code, back.json()) == (201, _mapping(ONE, instants[5]))
    read = await _read(gateway, VIA)
    assert read.json() == {"tag": TAG, "mapping": back.json(), "history": history}


async def test_a_vehicle_has_several_tags_and_a_tag_one_vehicle(gateway: Gateway) -> None:
    one, two = sorted((a_tag(), a_tag()))
    for tag, vehicle in ((one, ONE), (two, ONE), (one, TWO), (one, ONE)):
        assert (await map_tag(gateway, VIA, tag, vehicle)).status_code in (200, 201)
    assert await _list(gateway) == [f"{one} {ONE}", f"{two} {ONE}"]


async def test_who_may_what(gateway: Gateway) -> None:
    await map_tag(gateway, VIA, TAG, ONE)
    taken: tuple[int, str | None] = (409, "TAG_OF_ANOTHER")
    neither = [READER, COMMISSIONER, Person("client-of-sms", Role.SMS_PROVIDER, "sms")]
    # An id that looks like the transporter's gives none of its rights.
    named = Person("client-of-named", Role.OFFICER, TRANSPORTER, "29")
    expected: list[tuple[Person | None, list[tuple[int, str | None]]]] = [
        (VIA, [(200, None), (200, None), (200, None)]),
        (person(TRANSPORTER), [(200, None), (200, None), (200, None)]),
        (ANOTHER, [taken, NOT_FOUND, (200, None)]),
        (person(STRANGER), [taken, NOT_FOUND, (200, None)]),
        (OFFICER, [ROLE, (200, None), ROLE]),
        (named, [ROLE, (200, None), ROLE]),
        (OPERATOR, [ROLE, (200, None), ROLE]),
        *((who, [ROLE, ROLE, ROLE]) for who in neither),
        (None, [(401, "UNAUTHENTICATED")] * 3),
    ]
    for who, says in expected:
        answers = (
            await map_tag(gateway, who, TAG, ONE),
            await _read(gateway, who),
            await gateway.call(who, "GET", TAGS),
        )
        assert [_said(answer) for answer in answers] == says, who
    unmapping: list[tuple[Person | None, tuple[int, str | None]]] = [
        (ANOTHER, NOT_FOUND),
        (OFFICER, ROLE),
        (named, ROLE),
        *((who, ROLE) for who in neither),
        (None, (401, "UNAUTHENTICATED")),
        (person(TRANSPORTER), (200, None)),
    ]
    for who, unmapped in unmapping:
        assert _said(await unmap_tag(gateway, who, TAG)) == unmapped, who


async def test_nobody_takes_a_tag_over_and_nobody_is_told_whose_it_is(gateway: Gateway) -> None:
    begun = gateway.clock()
    await map_tag(gateway, VIA, TAG, ONE)
    for vehicle in (ONE, TWO):
        refused = await map_tag(gateway, ANOTHER, TAG, vehicle)
        assert _said(refused) == (409, "TAG_OF_ANOTHER")
        assert TRANSPORTER not in refused.text
        assert ONE not in refused.text
    assert (await _read(gateway)).json()["mapping"] == _mapping(ONE, begun)
    assert await _list(gateway, who=ANOTHER) == []


async def test_an_operator_frees_the_tag_of_one_who_is_gone(gateway: Gateway) -> None:
    begun = gateway.clock()
    await map_tag(gateway, VIA, TAG, ONE)
    gateway.clock.advance(microseconds=1)
    freed = await unmap_tag(gateway, OPERATOR, TAG)
    theirs = _mapping(ONE, begun, gateway.clock(), ended_by=OPERATOR.id)
    assert (freed.status_code, freed.json()) == (200, theirs)
    assert _said(await unmap_tag(gateway, OPERATOR, TAG)) == NOT_FOUND
    sold = await map_tag(gateway, ANOTHER, TAG, ONE)
    assert sold.status_code == 201
    # Each sees its own; who shares its vehicle with nobody learns of nobody.
    shown = {who.id: (await _read(gateway, who)).json() for who in (VIA, ANOTHER, OFFICER)}
    assert shown == {
        VIA.id: {"tag": TAG, "mapping": None, "history": [theirs]},
        ANOTHER.id: {"tag": TAG, "mapping": sold.json(), "history": []},
        OFFICER.id: {"tag": TAG, "mapping": sold.json(), "history": [theirs]},
    }
    assert _said(await _read(gateway, person(STRANGER))) == NOT_FOUND
    assert _said(await unmap_tag(gateway, VIA, TAG)) == NOT_FOUND


async def test_spellings_of_a_tag_are_one(gateway: Gateway) -> None:
    for written in ("e28011606000020401234567", "E280 1160 6000 0204 0123 4567"):
        assert (await map_tag(gateway, VIA, quote(written), "ka 12 ab 1234")).status_code == 201
        assert (await map_tag(gateway, VIA, TAG, ONE)).status_code == 200
        assert (await _read(gateway, VIA, quote(written))).json()["mapping"]["tag"] == TAG
        assert await _list(gateway, "vehicle_number=ka%2012ab1234") == [f"{TAG} {ONE}"]
        assert (await unmap_tag(gateway, VIA, quote(written))).status_code == 200


async def test_the_shortest_and_the_longest_tag(gateway: Gateway) -> None:
    tags = ["0" * 15 + "1", "F" * 124]
    for tag in tags:
        assert (await map_tag(gateway, VIA, tag, ONE)).status_code == 201
        assert (await _read(gateway, OFFICER, tag)).json()["mapping"]["tag"] == tag
    assert await _list(gateway) == [f"{tag} {ONE}" for tag in tags]


async def test_what_is_no_tag(gateway: Gateway) -> None:
    digits = ("F" * 15, "F" * 17, "F" * 125, "F" * 128, "0" * 24, "G" * 24, "\u0967" * 24)
    for tag in map(quote, digits):
        refused = await map_tag(gateway, VIA, tag, "1")
        assert _faults(refused) == [("/tag", "TAG_FORMAT"), ("/vehicle_number", "VEHICLE_FORMAT")]
        assert _said(await _read(gateway, OFFICER, tag)) == NOT_FOUND
        assert _said(await unmap_tag(gateway, OPERATOR, tag)) == NOT_FOUND


async def test_a_body_or_a_query_at_fault(gateway: Gateway) -> None:
    bodies: tuple[tuple[dict[str, Any], str, str], ...] = (
        ({}, "/vehicle_number", "REQUIRED"),
        ({"vehicle_number": 1}, "/vehicle_number", "WRONG_TYPE"),
        ({"vehicle_number": None}, "/vehicle_number", "WRONG_TYPE"),
        ({"vehicle_number": ONE, "tag": TAG}, "/tag", "UNKNOWN_FIELD"),
    )
    for body, pointer, code in bodies:
        answer = await gateway.call(VIA, "PUT", f"{TAGS}/{TAG}", json=body)
        assert _faults(answer) == [(pointer, code)]
    queries = (
        ("limit=0", "/limit", "OUT_OF_RANGE"),
        ("limit=501", "/limit", "OUT_OF_RANGE"),
        ("cursor=MA", "/cursor", "CURSOR_FORMAT"),
        ("cursor=%C3%A9", "/cursor", "CURSOR_FORMAT"),
        ("vehicle_number=1", "/vehicle_number", "VEHICLE_FORMAT"),
        ("vehicle_number=", "/vehicle_number", "VEHICLE_FORMAT"),
        (f"tag={TAG}", "/tag", "UNKNOWN_FIELD"),
    )
    for query, pointer, code in queries:
        answer = await gateway.call(VIA, "GET", f"{TAGS}?{query}")
        assert _faults(answer, "INVALID_QUERY") == [(pointer, code)]


async def test_a_clock_that_goes_backwards_ends_nothing_before_it_began(gateway: Gateway) -> None:
    """As another worker's may that is behind: what follows begins where the last one ended."""
    begun = gateway.clock()
    await map_tag(gateway, VIA, TAG, ONE)
    gateway.clock.advance(seconds=-1)
    assert (await map_tag(gateway, VIA, TAG, TWO)).json() == _mapping(TWO, begun)
    gateway.clock.advance(seconds=-1)
    assert (await unmap_tag(gateway, VIA, TAG)).json() == _mapping(TWO, begun, begun)
    gateway.clock.advance(seconds=-1)
    third = await map_tag(gateway, VIA, TAG, THREE)
    assert third.json() == _mapping(THREE, begun)
    assert (await _read(gateway)).json() == {
        "tag": TAG,
        "mapping": third.json(),
        "history": [_mapping(TWO, begun, begun), _mapping(ONE, begun, begun)],
    }


async def test_of_a_long_history_the_newest_is_shown(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TAG_HISTORY_MAX", 3)
    begun = gateway.clock()
    for index in range(6):
        await map_tag(gateway, VIA, TAG, (ONE, TWO)[index % 2])
        gateway.clock.advance(seconds=1)
    shown = (await _read(gateway)).json()
    since = [begun + timedelta(seconds=index) for index in range(6)]
    assert shown["mapping"] == _mapping(TWO, since[5])
    assert shown["history"] == [
        _mapping(ONE, since[4], since[5]),
        _mapping(TWO, since[3], since[4]),
        _mapping(ONE, since[2], since[3]),
    ]


async def test_lists_show_the_caller_s_live_tags_by_tag(gateway: Gateway) -> None:
    tags = sorted(a_tag() for _ in range(12))
    for index, tag in enumerate(reversed(tags)):
        await map_tag(gateway, VIA, tag, ONE if index % 2 else TWO)
    await map_tag(gateway, ANOTHER, a_tag(), ONE)
    gone = a_tag()
    await map_tag(gateway, VIA, gone, ONE)
    await unmap_tag(gateway, VIA, gone)
    on_one = tags[::2]
    for query, expected in (("", tags), (f"&vehicle_number={ONE}", on_one)):
        for limit in (1, 5, len(expected), 500):
            seen: list[list[str]] = []
            cursor = ""
            while True:
                path = f"{TAGS}?limit={limit}{query}{cursor}"
                page = (await gateway.call(VIA, "GET", path)).json()
                seen.append([item["tag"] for item in page["items"]])
                if page["next_cursor"] is None:
                    break
                cursor = f"&cursor={page['next_cursor']}"
            assert [tag for some in seen for tag in some] == expected
            assert [len(some) for some in seen[:-1]] == [limit] * (len(seen) - 1)
            assert seen[-1]
    assert await _list(gateway, f"vehicle_number={THREE}") == []
    assert await _list(gateway, who=person(SUPPLIER)) == []
