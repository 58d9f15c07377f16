"""The judges of a load test: what is right passes, and each thing that is wrong is a failure."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from loadtest.day import judging
from loadtest.day.judging import Told, Wrong
from validators.rulebook import days_of_validity, rulebook_of

SENT = {
    "supplier_gstin": "27AAPFU0939F1ZV",
    "recipient_gstin": "29AAGCB7383J1Z4",
    "document_number": "INV/1",
    "value_of_goods": "75000.00",
    "distance_km": 350,
    "vehicle_number": "KA12AB1234",
}
EBN = "212000000001"
AT = datetime.fromisoformat("2026-11-22T15:28:09.123456+05:30")
UNTIL = AT + timedelta(days=5)
BILL: dict[str, Any] = {
    "ebn": EBN,
    "status": "ACTIVE",
    "generated_at": AT.isoformat(),
    "valid_until": UNTIL.isoformat(),
    "generated_by": "27AAPFU0939F1ZV",
    "requirement": {"required": True, "clause": "1(1)"},
    "part_a": {name: SENT[name] for name in SENT if name != "vehicle_number"},
    "part_b": {"vehicle_number": "KA12AB1234", "since": AT.isoformat()},
    "acceptance": {"status": "PENDING"},
}
GENERATED = partial(judging.generated, sent=SENT, by="27AAPFU0939F1ZV")
CHANGED = partial(
    judging.changed,
    ebn=EBN,
    sent=SENT,
    wanted={"status": "ACTIVE", "acceptance": "PENDING", "vehicle": "KA12AB1234"},
)
MICROSECOND = timedelta(microseconds=1)


def judged(judge: Callable[[int, str], Any], told: Any, status: int) -> Any:
    text = told if isinstance(told, str) else json.dumps(told)
    return judging.judged(judge, status, text)


def changed(path: str, value: object) -> dict[str, Any]:
    """The bill with one member changed, at `a.b`."""
    told: dict[str, Any] = json.loads(json.dumps(BILL))
    *above, last = path.split(".")
    inside = told
    for name in above:
        inside = inside[name]
    inside[last] = value
    return told


def test_validity_is_that_of_the_rule() -> None:
    rulebook = rulebook_of("2017-06")
    for km in range(1, 4001):
        days = days_of_validity(km, rulebook, over_dimensional=False)
        assert judging.validity(km) == timedelta(days=days), km


def test_a_right_bill_is_told() -> None:
    told = Told(EBN, AT.isoformat(), UNTIL.isoformat())
    assert judged(GENERATED, BILL, 201) == told
    judged(CHANGED, BILL, 200)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("ebn", "21200000000"),
        ("ebn", "2120000000011"),
        ("ebn", "012000000001"),
        ("ebn", 212000000001),
        ("ebn", None),
        ("valid_until", (UNTIL - MICROSECOND).isoformat()),
        ("valid_until", (UNTIL + MICROSECOND).isoformat()),
        ("valid_until", (AT + timedelta(days=3)).isoformat()),
        ("valid_until", UNTIL.replace(tzinfo=None).isoformat()),
        ("valid_until", "soon"),
        ("generated_at", (AT + MICROSECOND).isoformat()),
        ("status", "CANCELLED"),
        ("part_a.supplier_gstin", "29AAGCB7383J1Z4"),
        ("part_a.document_number", "INV/2"),
        ("part_a.value_of_goods", "75000.01"),
        ("part_a.distance_km", 351),
        ("part_b.vehicle_number", "KA12AB1235"),
        ("part_b", None),
        ("acceptance.status", "ACCEPTED"),
        ("part_a", []),
        ("part_a", None),
    ],
)
def test_a_wrong_bill_is_a_failure(path: str, value: object) -> None:
    with pytest.raises(Wrong):
        judged(GENERATED, changed(path, value), 201)
    with pytest.raises(Wrong):
        judged(CHANGED, changed(path, value), 200)


@pytest.mark.parametrize(
    ("path", "value"),
    [("generated_by", "29AAGCB7383J1Z4"), ("requirement.required", False)],
)
def test_what_only_a_generation_tells(path: str, value: object) -> None:
    with pytest.raises(Wrong):
        judged(GENERATED, changed(path, value), 201)


def test_another_bill_than_the_one_asked_for_is_a_failure() -> None:
    with pytest.raises(Wrong, match="ebn"):
        judged(CHANGED, changed("ebn", "212000000002"), 200)


@pytest.mark.parametrize("told", ["", "<html>", "[]", "null", '"ACTIVE"', "{}"])
def test_an_answer_of_another_form_is_a_failure(told: str) -> None:
    for judge, status in EVERY_JUDGE:
        with pytest.raises(Wrong):
            judged(judge, told, status)


def test_a_status_tells_its_code() -> None:
    problem = json.dumps({"status": 503, "code": "OVERLOADED"})
    for judge, _ in EVERY_JUDGE:
        with pytest.raises(Wrong, match=r"^status: 503, not \d+ OVERLOADED$"):
            judged(judge, problem, 503)
        with pytest.raises(Wrong, match=r"^status: 0, not \d+$"):
            judged(judge, "", 0)


def test_a_token() -> None:
    told = {"access_token": "abc", "token_type": "Bearer", "expires_in": 1800}
    assert judged(judging.token, told, 200) == ("abc", 1800)
    with pytest.raises(Wrong):
        judged(judging.token, told | {"token_type": "mac"}, 200)


def test_a_list_of_one() -> None:
    wanted = {"status": "ACTIVE", "vehicle": "KA12AB1234"}
    judge = partial(judging.listed, ebn=EBN, sent=SENT, wanted=wanted)
    judged(judge, {"items": [BILL]}, 200)
    for items in ([], [BILL, BILL], [changed("status", "EXPIRED")]):
        with pytest.raises(Wrong):
            judged(judge, {"items": items}, 200)


def test_a_document_sent_again_is_told_its_first_bill() -> None:
    judge = partial(judging.refused_again, ebn=EBN)
    problem = {"code": "DOCUMENT_ALREADY_HAS_EWAY_BILL", "ebn": EBN}
    judged(judge, problem, 409)
    for wrong in ({"ebn": "212000000002"}, {"code": "ALREADY_CANCELLED"}):
        with pytest.raises(Wrong):
            judged(judge, problem | wrong, 409)
    with pytest.raises(Wrong):
        judged(judge, BILL, 201)


LANE: dict[str, Any] = {
    "decision": "PASS",
    "reasons": [],
    "vehicle_number": "KA12AB1234",
    "items": [{"ebn": EBN, "status": "ACTIVE", "valid_until": UNTIL.isoformat()}],
}
PASSES = partial(
    judging.passes,
    vehicle="KA12AB1234",
    bill=Told(EBN, AT.isoformat(), UNTIL.isoformat()),
)


def test_a_lane_lets_pass() -> None:
    judged(PASSES, LANE, 200)
    late = [LANE["items"][0] | {"valid_until": (UNTIL + MICROSECOND).isoformat()}]
    wrongs: tuple[dict[str, Any], ...] = (
        {"decision": "STOP", "reasons": ["NO_LIVE_BILL"]},
        {"vehicle_number": "KA12AB1235"},
        {"items": []},
        {"items": late},
    )
    for wrong in wrongs:
        with pytest.raises(Wrong):
            judged(PASSES, LANE | wrong, 200)


def test_a_lane_stops_a_stranger() -> None:
    judged(judging.stops, {"decision": "STOP", "reasons": ["TAG_NOT_MAPPED"]}, 200)
    for wrong in (LANE, {"decision": "STOP", "reasons": ["NO_LIVE_BILL"]}):
        with pytest.raises(Wrong):
            judged(judging.stops, wrong, 200)


def test_a_read_verifies_its_bill() -> None:
    right = {"read_id": "7", "status": 201, "decision": "PASS", "verified": [EBN]}
    judge = partial(judging.read, read_id="7", ebn=EBN)
    judged(judge, {"reads": [right]}, 200)
    wrongs: tuple[dict[str, Any], ...] = (
        {"read_id": "8"},
        {"status": 503, "code": "OVERLOADED"},
        {"decision": "STOP"},
        {"verified": []},
    )
    for wrong in wrongs:
        with pytest.raises(Wrong):
            judged(judge, {"reads": [right | wrong]}, 200)


def test_a_tag_is_put_on_its_vehicle() -> None:
    judge = partial(judging.mapped, vehicle="KA12AB1234")
    judged(judge, {"vehicle_number": "KA12AB1234"}, 201)
    with pytest.raises(Wrong):
        judged(judge, {"vehicle_number": "KA12AB1235"}, 201)


def upload(*lines: dict[str, Any], created: int = 2) -> str:
    summary = {"received": 2, "created": created, "existing": 0, "refused": 2 - created}
    return "\n".join(json.dumps(line) for line in (*lines, {"summary": summary})) + "\n"


def test_every_line_of_an_upload_has_its_bill() -> None:
    one = {"line": 1, "status": 201, "ebn": EBN}
    two = {"line": 2, "status": 201, "ebn": "212000000002"}
    judge = partial(judging.uploaded, lines=2)
    assert judged(judge, upload(one, two), 200) == [Told(EBN), Told("212000000002")]
    refused = {"line": 2, "status": 422, "code": "INVALID_DOCUMENT"}
    for text in (
        upload(two, one),
        upload(one),
        upload(one, two | {"ebn": EBN}),
        upload(one, two | {"ebn": "7"}),
        upload(one, refused, created=1),
        upload(one, two).rpartition('{"summary"')[0],
        upload(one, two)[:-5],
    ):
        with pytest.raises(Wrong):
            judged(judge, text, 200)


REPLY = f"EBN {EBN} dt 22/11/2026 15:28 valid till 27/11/2026 15:28 KA12AB1234"
TEXTED = partial(judging.texted, sent=SENT)


def test_a_reply_by_sms() -> None:
    assert judged(TEXTED, REPLY, 200) == Told(EBN)
    for text in (
        REPLY.replace("27/11", "25/11"),
        REPLY.replace("15:28 KA", "15:29 KA"),
        REPLY.replace("1234", "1235"),
        REPLY.replace(EBN, "0"),
        REPLY + " ",
        "EWBG not done: 7 is not 8",
    ):
        with pytest.raises(Wrong):
            judged(TEXTED, text, 200)


def test_a_change_by_sms() -> None:
    judge = partial(judging.replied, begins=f"EBN {EBN} was cancelled at ")
    judged(judge, f"EBN {EBN} was cancelled at 22/11/2026 15:30", 200)
    with pytest.raises(Wrong, match="000000000000"):
        judged(judge, "EBN 212000000002 was cancelled at 22/11/2026 15:30", 200)


EVERY_JUDGE: list[tuple[Callable[[int, str], Any], int]] = [
    (judging.token, 200),
    (GENERATED, 201),
    (CHANGED, 200),
    (partial(judging.listed, ebn=EBN, sent=SENT, wanted={"status": "ACTIVE"}), 200),
    (partial(judging.refused_again, ebn=EBN), 409),
    (PASSES, 200),
    (judging.stops, 200),
    (partial(judging.read, read_id="7", ebn=EBN), 200),
    (partial(judging.mapped, vehicle="KA12AB1234"), 201),
    (partial(judging.uploaded, lines=2), 200),
    (TEXTED, 200),
    (partial(judging.replied, begins="EBN "), 200),
]
