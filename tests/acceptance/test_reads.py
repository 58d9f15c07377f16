"""Reads of RFID tags through HTTP: each counted once, judged by its own instant, and a verification
in transit of what was valid on board."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from ingest import limits, limits_fit
from tests.documents import (
    COMMISSIONER,
    OFFICER,
    READER,
    SUPPLIER,
    TRANSPORTER,
    person,
)
from tests.gateway_in_process import Gateway
from tests.reads import (
    BILLS,
    OTHER_READER,
    READS,
    cancel,
    counted,
    listed,
    loaded,
    lorry,
    move,
    passed,
    post,
    read,
    renew,
    said,
    send,
    stopped,
    unmapped,
    verified_at,
)
from tests.tags import a_tag
from validators.authority import Person, Role

MICROSECOND = timedelta(microseconds=1)


async def test_a_read_is_a_verification_with_place_and_state(gateway: Gateway) -> None:
    tag, vehicle = await lorry(gateway)
    ebn = await loaded(gateway, vehicle)
    spelt = f" {tag[:8].lower()} {tag[8:]}"
    (answer,) = await send(gateway, read(spelt, gateway.clock(), "lane/7:1"))
    assert answer == {
        "read_id": "lane/7:1",
        "status": 201,
        "decision": "PASS",
        "reasons": [],
        "vehicle_number": vehicle,
        "verified": [ebn],
        "bills": 1,
        "not_verified": [],
    }
    assert await verified_at(gateway, ebn) == gateway.clock()
    refused = await cancel(gateway, ebn)
    assert refused.json()["code"] == "ALREADY_VERIFIED_IN_TRANSIT"
    told = (await listed(gateway, vehicle.lower())).json()
    assert told == {
        "items": [
            {
                "read_id": "lane/7:1",
                "reader": "LANE-7",
                "state": "29",
                "place": "Attibele",
                "tag": tag,
                "vehicle_number": vehicle,
                "read_at": "2026-11-21T14:05:09.123456+05:30",
                "received_at": "2026-11-21T14:05:09.123456+05:30",
                "decision": "PASS",
                "reasons": [],
                "ebns": [ebn],
                "not_verified": [],
            }
        ],
        "next_cursor": None,
    }


async def test_each_reason_to_stop_is_told_and_recorded(gateway: Gateway) -> None:
    await gateway.until_hot()
    at = gateway.clock
    lorries = {
        name: await lorry(gateway) for name in ("none", "expired", "cancelled", "moved", "all")
    }

    async def end(name: str, vehicle: str) -> None:
        ebn = await loaded(gateway, vehicle, distance_km=50)
        if name == "cancelled":
            assert (await cancel(gateway, ebn)).status_code == 200
        elif name == "moved":
            await move(gateway, ebn)

    for name in ("expired", "cancelled", "moved"):
        await end(name, lorries[name][1])
    await end("expired", lorries["all"][1])
    at.advance(hours=23)
    await end("cancelled", lorries["all"][1])
    await end("moved", lorries["all"][1])
    at.advance(hours=1)
    expected = {
        a_tag(): stopped("TAG_NOT_MAPPED"),
        lorries["none"][0]: stopped("NO_EWAY_BILL"),
        lorries["cancelled"][0]: stopped("CANCELLED"),
        lorries["moved"][0]: stopped("VEHICLE_CHANGED"),
    }
    answers = await send(gateway, *(read(tag, at()) for tag in expected))
    assert [said(answer) for answer in answers] == list(expected.values())
    assert [answer["vehicle_number"] for answer in answers] == [
        None,
        *(lorries[name][1] for name in ("none", "cancelled", "moved")),
    ]
    (answer,) = await send(gateway, read(lorries["expired"][0], at()))
    assert answer["decision"] == "PASS"
    at.advance(microseconds=1)
    expected = {
        lorries["expired"][0]: stopped("EXPIRED"),
        lorries["all"][0]: stopped("CANCELLED", "EXPIRED", "VEHICLE_CHANGED"),
        # What ended a day and a microsecond ago is no reason any more.
        lorries["cancelled"][0]: stopped("NO_EWAY_BILL"),
        lorries["moved"][0]: stopped("NO_EWAY_BILL"),
    }
    answers = await send(gateway, *(read(tag, at()) for tag in expected))
    assert [said(answer) for answer in answers] == list(expected.values())
    recorded = {
        name: [
            (item["decision"], item["reasons"], len(item["ebns"]))
            for item in (await listed(gateway, vehicle)).json()["items"]
        ]
        for name, (_, vehicle) in lorries.items()
    }
    assert recorded == {
        "none": [("STOP", ["NO_EWAY_BILL"], 0)],
        "expired": [("STOP", ["EXPIRED"], 0), ("PASS", [], 1)],
        "cancelled": [("STOP", ["NO_EWAY_BILL"], 0), ("STOP", ["CANCELLED"], 0)],
        "moved": [("STOP", ["NO_EWAY_BILL"], 0), ("STOP", ["VEHICLE_CHANGED"], 0)],
        "all": [("STOP", ["CANCELLED", "EXPIRED", "VEHICLE_CHANGED"], 0)],
    }


async def test_answers_are_in_order_and_doubles_count_once(gateway: Gateway) -> None:
    (tag, vehicle), (other, _) = await lorry(gateway), await lorry(gateway)
    ebn, at = await loaded(gateway, vehicle), gateway.clock()
    one, two = read(tag, at, "one"), read(other, at, "two")
    answers = await send(gateway, one, two, one, read(tag, at + MICROSECOND, "one"), two)
    assert [answer["read_id"] for answer in answers] == ["one", "two", "one", "one", "two"]
    assert [answer["status"] for answer in answers] == [201, 201, 200, 409, 200]
    assert answers[3]["code"] == "READ_ID_REUSED"
    first = answers[0]
    gateway.clock.advance(hours=3)
    # The first answer is given again, whatever has become of bill and tag since.
    await move(gateway, ebn)
    await unmapped(gateway, tag)
    again = await send(
        gateway,
        two,
        one,
        read(other, at, "one"),
        read(f"{tag[:4].lower()} {tag[4:]}", at, "one"),
        one | {"read_at": (at + timedelta(seconds=1)).isoformat()},
    )
    assert [answer["status"] for answer in again] == [200, 200, 409, 200, 409]
    assert again[1] == first | {"status": 200}
    assert {answer["code"] for answer in again if answer["status"] == 409} == {"READ_ID_REUSED"}
    # To another reader the read id is its own.
    (theirs,) = await send(gateway, one, who=OTHER_READER)
    assert theirs["status"] == 201
    # To another client of the same reader it is not.
    same = Person("client-of-reader-2", Role.READER, READER.id, "29", "Attibele")
    assert (await send(gateway, one, who=same))[0]["status"] == 200
    assert len((await listed(gateway, vehicle)).json()["items"]) == 2


async def test_what_was_verified_before_is_verified_by_every_read(gateway: Gateway) -> None:
    """Also by a renewal's earlier one, and with the first instant kept."""
    tag, vehicle = await lorry(gateway)
    ebn, first = await loaded(gateway, vehicle), gateway.clock()
    seen = {"place": "Attibele", "result": "OK"}
    await post(gateway, OFFICER, f"{BILLS}/{ebn}/verifications", seen)
    gateway.clock.advance(minutes=30)
    for _ in range(2):
        assert said((await send(gateway, read(tag, gateway.clock())))[0]) == passed(ebn)
    heir = await renew(gateway, ebn, vehicle)
    gateway.clock.advance(minutes=30)
    answers = await send(gateway, read(tag, gateway.clock()), read(tag, first))
    assert [said(answer) for answer in answers] == [passed(heir), passed(ebn)]
    assert await verified_at(gateway, heir) == await verified_at(gateway, ebn) == first


async def test_everything_valid_on_board_is_verified_and_the_rest_is_not(gateway: Gateway) -> None:
    tag, vehicle = await lorry(gateway)
    ebns = [await loaded(gateway, vehicle) for _ in range(60)]
    cancelled, moved = ebns[7], ebns[11]
    assert (await cancel(gateway, cancelled)).status_code == 200
    await move(gateway, moved)
    on_board = [ebn for ebn in reversed(ebns) if ebn not in (cancelled, moved)]
    (answer,) = await send(gateway, read(tag, gateway.clock()))
    assert (answer["decision"], answer["bills"]) == ("PASS", 58)
    assert answer["verified"] == on_board[:50]
    (item,) = (await listed(gateway, vehicle)).json()["items"]
    assert item["ebns"] == on_board
    at = gateway.clock()
    assert [await verified_at(gateway, ebn) for ebn in ebns] == [
        at if ebn in on_board else None for ebn in ebns
    ]


async def test_what_could_not_be_verified_any_more_is_told_and_on_record(gateway: Gateway) -> None:
    """In their order on board, the first fifty to the reader and all to officers."""
    tag, vehicle = await lorry(gateway)
    ebns, read_at = [await loaded(gateway, vehicle) for _ in range(52)], gateway.clock()
    gateway.clock.advance(hours=1)
    for ebn in ebns[:51]:
        assert (await cancel(gateway, ebn)).status_code == 200
    answer, later = await send(gateway, read(tag, read_at), read(tag, gateway.clock()))
    assert said(answer) == said(later) == passed(ebns[51])
    on_board = [*reversed(ebns[:51])]
    assert (answer["not_verified"], later["not_verified"]) == (on_board[:50], [])
    now, then = (await listed(gateway, vehicle)).json()["items"]
    assert (now["ebns"], now["not_verified"]) == ([ebns[51]], [])
    assert (then["ebns"], then["not_verified"]) == ([ebns[51]], on_board)


@pytest.mark.parametrize(
    ("away", "code"),
    [
        (-timedelta(hours=72), None),
        (-timedelta(hours=72) - MICROSECOND, "READ_TOO_OLD"),
        (timedelta(minutes=5), None),
        (timedelta(minutes=5) + MICROSECOND, "READ_AHEAD"),
    ],
)
async def test_how_old_and_how_far_ahead_a_read_may_be(
    gateway: Gateway, away: timedelta, code: str | None
) -> None:
    tag, vehicle = await lorry(gateway)
    await loaded(gateway, vehicle)
    gateway.clock.advance(hours=72)
    (answer,) = await send(gateway, read(tag, gateway.clock() + away))
    if code is None:
        assert (answer["status"], answer["decision"]) == (201, "PASS")
    else:
        assert (answer["status"], answer["code"]) == (422, "INVALID_DOCUMENT")
        assert [(one["pointer"], one["code"]) for one in answer["errors"]] == [("/read_at", code)]


async def test_a_read_that_is_wrong_is_refused_alone(gateway: Gateway) -> None:
    tag, vehicle = await lorry(gateway)
    await loaded(gateway, vehicle)
    at = gateway.clock()
    reads: list[Any] = [
        read(tag, at, "good-1"),
        7,
        read(tag, at, "bad-1", lane=7),
        read("?", at, "bad-2", read_at=...),
        read(tag, at, "two words"),
        read(tag, at, "good-2"),
    ]
    answers = await send(gateway, *reads)
    assert [answer["status"] for answer in answers] == [201, 422, 422, 422, 422, 201]
    assert [answer["read_id"] for answer in answers] == [
        *("good-1", None, "bad-1", "bad-2", None, "good-2")
    ]
    told = [[(one["pointer"], one["code"]) for one in answer["errors"]] for answer in answers[1:5]]
    assert told == [
        [("", "WRONG_TYPE")],
        [("/lane", "UNKNOWN_FIELD")],
        [("/read_at", "REQUIRED"), ("/tag", "TAG_FORMAT")],
        [("/read_id", "READ_ID_FORMAT")],
    ]
    # Mended, they are counted under the same id: a refusal claims nothing.
    mended = await send(gateway, read(tag, at, "bad-1"), read(tag, at, "bad-2"))
    assert [answer["status"] for answer in mended] == [201, 201]


async def test_a_body_that_is_no_list_of_reads_is_refused(gateway: Gateway) -> None:
    tag, _ = await lorry(gateway)
    sound = read(tag, gateway.clock())
    wrong: Sequence[tuple[Any, str]] = (
        ({}, "/reads REQUIRED"),
        ({"reads": sound}, "/reads WRONG_TYPE"),
        ({"reads": []}, "/reads EMPTY"),
        ({"reads": [sound], "reader": "LANE-8"}, "/reader UNKNOWN_FIELD"),
        ([sound], " WRONG_TYPE"),
        ({"reads": [sound] * (limits.RFID_READS_MAX + 1)}, "/reads TOO_MANY"),
    )
    for body, expected in wrong:
        answer = await gateway.call(READER, "POST", READS, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_DOCUMENT")
        (error,) = answer.json()["errors"]
        assert f"{error['pointer']} {error['code']}" == expected
    malformed = await gateway.call(READER, "POST", READS, content=b'{"reads": [')
    assert (malformed.status_code, malformed.json()["code"]) == (400, "MALFORMED_JSON")
    keyed = {"Idempotency-Key": "k"}
    refused = await gateway.call(READER, "POST", READS, json={"reads": [sound]}, headers=keyed)
    assert (refused.status_code, refused.json()["code"]) == (422, "IDEMPOTENCY_KEY_NOT_TAKEN")
    assert (await send(gateway, sound))[0]["status"] == 201, "nothing of these was counted"


async def test_a_call_of_five_thousand(gateway: Gateway, dsn: str) -> None:
    lorries = [await lorry(gateway) for _ in range(20)]
    ebns = {tag: await loaded(gateway, vehicle) for tag, vehicle in lorries}
    began = gateway.clock()
    gateway.clock.advance(hours=10)
    reads = [
        read(lorries[number % 20][0], began + timedelta(seconds=number))
        for number in range(limits.RFID_READS_MAX)
    ]
    reads[1234] = read("?", began)
    answers = await send(gateway, *reads)
    for number, (sent, answer) in enumerate(zip(reads, answers, strict=True)):
        assert answer["read_id"] == sent["read_id"]
        expected = (422, "INVALID_DOCUMENT") if number == 1234 else passed(ebns[sent["tag"]])
        assert said(answer) == expected
    again = await send(gateway, *reads)
    assert {answer["status"] for answer in again} == {200, 422}
    assert await counted(dsn) == limits.RFID_READS_MAX - 1


async def test_only_readers_send_and_only_officers_list(gateway: Gateway) -> None:
    tag, vehicle = await lorry(gateway)
    others = (
        *(person(SUPPLIER), person(TRANSPORTER, Role.TRANSPORTER), COMMISSIONER),
        *(Person(f"client-of-{role}", role, "X") for role in (Role.SMS_PROVIDER, Role.OPERATOR)),
    )
    sent = {"reads": [read(tag, gateway.clock())]}
    for who in (*others, OFFICER, None):
        answer = await gateway.call(who, "POST", READS, json=sent)
        expected = (403, "ROLE_NOT_PERMITTED") if who else (401, "UNAUTHENTICATED")
        assert (answer.status_code, answer.json()["code"]) == expected
    for who in (*others, READER, None):
        answer = await gateway.call(who, "GET", READS, params={"vehicle_number": vehicle})
        expected = (403, "ROLE_NOT_PERMITTED") if who else (401, "UNAUTHENTICATED")
        assert (answer.status_code, answer.json()["code"]) == expected
    assert (await listed(gateway, vehicle)).json()["items"] == []


async def test_reads_are_listed_newest_first_page_by_page(gateway: Gateway) -> None:
    """By when they were read, however late they came in, and those of one instant each once."""
    tag, vehicle = await lorry(gateway)
    other, _ = await lorry(gateway)
    began = gateway.clock()
    gateway.clock.advance(hours=2)
    instants = [began + timedelta(minutes=minutes) for minutes in (50, 10, 90, 10, 30, 10, 110)]
    for number, instant in enumerate(instants):
        await send(gateway, read(tag, instant, f"{number}"), read(other, instant))
    seen: list[tuple[datetime, str]] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await listed(gateway, vehicle, **query)).json()
        assert len(page["items"]) <= 2
        for item in page["items"]:
            assert item["vehicle_number"] == vehicle
            seen.append((gateway.clock.at(item["read_at"]), item["read_id"]))
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert [read_id for _, read_id in seen] == ["6", "2", "0", "4", "5", "3", "1"]
    assert [instant for instant, _ in seen] == sorted(instants, reverse=True)
    for wrong, pointer, code in (
        ({"vehicle_number": "KA"}, "/vehicle_number", "VEHICLE_FORMAT"),
        ({"vehicle_number": vehicle, "limit": 0}, "/limit", "OUT_OF_RANGE"),
        ({"vehicle_number": vehicle, "cursor": "eA"}, "/cursor", "CURSOR_FORMAT"),
        ({"tag": tag, "vehicle_number": vehicle}, "/tag", "UNKNOWN_FIELD"),
        ({}, "/vehicle_number", "REQUIRED"),
    ):
        refused = (await gateway.call(OFFICER, "GET", READS, params=wrong)).json()
        assert refused["code"] == "INVALID_QUERY"
        assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [(pointer, code)]


def test_limits_hold_that_a_claim_outlives_every_read_that_may_be_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits_fit.check()
    monkeypatch.setattr(limits, "READ_CLAIM_KEPT", limits.READ_AGE_MAX + timedelta(minutes=30))
    with pytest.raises(AssertionError, match="claim is forgotten"):
        limits_fit.check()


async def test_a_claim_is_forgotten_once_its_read_would_be_refused(gateway: Gateway) -> None:
    tag, vehicle = await lorry(gateway)
    sent = read(tag, gateway.clock())
    assert (await send(gateway, sent))[0]["status"] == 201
    sweep = gateway.services.reads.sweep
    gateway.clock.advance(hours=72)
    await sweep(gateway.clock())
    assert (await send(gateway, sent))[0]["status"] == 200
    gateway.clock.advance(microseconds=1)
    assert (await send(gateway, sent))[0]["status"] == 422
    gateway.clock.advance(seconds=3600, microseconds=-1)
    await sweep(gateway.clock())
    other = read(tag, gateway.clock(), sent["read_id"])
    assert (await send(gateway, other))[0]["code"] == "READ_ID_REUSED"
    gateway.clock.advance(microseconds=1)
    await sweep(gateway.clock())
    assert (await send(gateway, other))[0]["status"] == 201
    assert len((await listed(gateway, vehicle)).json()["items"]) == 2
