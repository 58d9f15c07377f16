"""The Commissioner's notifications: what may be notified, and what follows at which instant."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.documents import notification
from tests.unit.test_validators_ins06 import MICROSECOND, NOON, encoded
from validators.forms import read_form
from validators.notification import (
    Notification,
    NotificationForm,
    announced,
    carry_instead,
    examine_notification,
    extra_days,
    in_effect,
    rfid_classes,
)

DAY = timedelta(days=1)
RFID = {
    "kind": "RFID_CLASS",
    "hsn_prefixes": ...,
    "additional_days": ...,
    "transporter_class": "TANKER",
}
INVOICE = {
    "kind": "INVOICE_INSTEAD",
    "hsn_prefixes": ...,
    "additional_days": ...,
    "states": ["29", "27"],
    "documents": ["TAX_INVOICE", "BILL_OF_SUPPLY", "BILL_OF_ENTRY", "DELIVERY_CHALLAN"],
}


def faults_of(**changes: Any) -> list[tuple[str, str]]:
    form, shape = read_form(encoded(notification(NOON, **changes)), NotificationForm)
    return [(each.pointer, each.code) for each in shape + examine_notification(form, NOON)]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        RFID,
        INVOICE,
        {"effective_until": (NOON + MICROSECOND).isoformat()},
        {"effective_from": "2026-11-21T12:00:00+05:30"},
        {"hsn_prefixes": ["04", "0401", "040110", "04011000"]},
        {"hsn_prefixes": [f"{number:04}" for number in range(200)]},
        {"additional_days": 1},
        {"additional_days": 60},
        {"number": "12/2026-केंद्रीय कर"},
    ],
)
def test_sound_notifications(changes: dict[str, Any]) -> None:
    assert faults_of(**changes) == []


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"number": ""}, [("/number", "EMPTY")]),
        ({"number": "1" * 51}, [("/number", "TOO_LONG")]),
        ({"title": "a\x00"}, [("/title", "CONTROL_CHARACTER")]),
        ({"kind": "HOLIDAY"}, [("/kind", "NOT_ONE_OF")]),
        ({"effective_from": "2026-11-21"}, [("/effective_from", "INSTANT_FORMAT")]),
        ({"effective_from": "2026-11-21T12:00:00"}, [("/effective_from", "INSTANT_FORMAT")]),
        (
            {"effective_from": (NOON - MICROSECOND).isoformat()},
            [("/effective_from", "IN_THE_PAST")],
        ),
        ({"effective_from": "0001-01-01T00:00:00+05:30"}, [("/effective_from", "IN_THE_PAST")]),
        ({"effective_from": "9999-12-31T23:59:59-12:00"}, [("/effective_from", "OUT_OF_RANGE")]),
        (
            {"effective_until": "9999-12-31T23:59:59-12:00"},
            [("/effective_until", "OUT_OF_RANGE")],
        ),
        (
            {"effective_until": NOON.isoformat()},
            [("/effective_until", "NOT_AFTER_ITS_BEGINNING")],
        ),
        ({"hsn_prefixes": []}, [("/hsn_prefixes", "EMPTY")]),
        ({"hsn_prefixes": ["04"] * 201}, [("/hsn_prefixes", "TOO_MANY")]),
        ({"hsn_prefixes": "0401"}, [("/hsn_prefixes", "WRONG_TYPE")]),
        (
            {"hsn_prefixes": ["0401", "4", 401, "040", "०४"]},
            [
                ("/hsn_prefixes/2", "WRONG_TYPE"),
                ("/hsn_prefixes/1", "HSN_PREFIX_FORMAT"),
                ("/hsn_prefixes/3", "HSN_PREFIX_FORMAT"),
                ("/hsn_prefixes/4", "HSN_PREFIX_FORMAT"),
            ],
        ),
        ({"additional_days": 0}, [("/additional_days", "OUT_OF_RANGE")]),
        ({"additional_days": 61}, [("/additional_days", "OUT_OF_RANGE")]),
        ({"additional_days": True}, [("/additional_days", "WRONG_TYPE")]),
        (RFID | {"transporter_class": " "}, [("/transporter_class", "EMPTY")]),
        (INVOICE | {"states": ["29", "00"]}, [("/states/1", "STATE_FORMAT")]),
        (INVOICE | {"documents": ["RECEIPT"]}, [("/documents/0", "NOT_ONE_OF")]),
        (INVOICE | {"documents": []}, [("/documents", "EMPTY")]),
        ({"colour": "red"}, [("/colour", "UNKNOWN_FIELD")]),
    ],
)
def test_faults_of_a_notification(changes: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    assert faults_of(**changes) == faults


OWN: dict[str, dict[str, Any]] = {
    "EXTENSION": {"hsn_prefixes": ["04"], "additional_days": 2},
    "RFID_CLASS": {"transporter_class": "TANKER"},
    "INVOICE_INSTEAD": {"states": ["29"], "documents": ["TAX_INVOICE"]},
}


@pytest.mark.parametrize("kind", OWN)
def test_each_kind_needs_its_own_members_and_refuses_the_others(kind: str) -> None:
    everything = {name: value for members in OWN.values() for name, value in members.items()}
    others = everything.keys() - OWN[kind].keys()
    assert set(faults_of(kind=kind, **everything)) == {
        (f"/{name}", "NOT_OF_THIS_KIND") for name in others
    }
    nothing = dict.fromkeys(everything)
    assert set(faults_of(kind=kind, **nothing)) == {(f"/{name}", "REQUIRED") for name in OWN[kind]}


def test_all_the_faults_at_once() -> None:
    assert set(
        faults_of(number="", effective_from="soon", hsn_prefixes=["4"], states=["xx"], title=...)
    ) == {
        ("/number", "EMPTY"),
        ("/effective_from", "INSTANT_FORMAT"),
        ("/hsn_prefixes/0", "HSN_PREFIX_FORMAT"),
        ("/states", "NOT_OF_THIS_KIND"),
        ("/states/0", "STATE_FORMAT"),
        ("/title", "REQUIRED"),
    }


def kept(number: str = "1/2026", **changes: Any) -> Notification:
    sound: dict[str, Any] = {
        "notification_id": 1,
        "number": number,
        "kind": "EXTENSION",
        "effective_from": NOON,
        "effective_until": NOON + DAY,
        "title": "t",
        "hsn_prefixes": (),
        "additional_days": 0,
        "transporter_class": None,
        "states": (),
        "documents": (),
        "posted_by": "C",
        "posted_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Notification(**(sound | changes))


def milk(number: str = "1/2026", days: int = 2, **changes: Any) -> Notification:
    return kept(number, **({"hsn_prefixes": ("0401", "0402"), "additional_days": days} | changes))


@pytest.mark.parametrize(
    ("at", "effective"),
    [
        (NOON - MICROSECOND, False),
        (NOON, True),
        (NOON + DAY, True),
        (NOON + DAY + MICROSECOND, False),
    ],
)
def test_in_effect_from_the_first_to_the_last_instant(at: datetime, effective: bool) -> None:
    assert in_effect(milk(), at) is effective
    assert announced(milk(), at) is (at < NOON)
    assert extra_days({"0401"}, at, [milk()]) == ((2, "1/2026") if effective else (0, None))
    rfid = kept(kind="RFID_CLASS", transporter_class="TANKER")
    assert rfid_classes(at, [rfid]) == ({"TANKER"} if effective else set())
    invoice = kept(kind="INVOICE_INSTEAD", states=("29",), documents=("TAX_INVOICE",))
    assert carry_instead(["29"], at, [invoice], by_way_of_supply=False) == (
        {"TAX_INVOICE"} if effective else set()
    )


def test_until_further_notice() -> None:
    assert in_effect(milk(effective_until=None), NOON + 10_000 * DAY)


@pytest.mark.parametrize(
    ("hsn_codes", "days"),
    [
        ({"0401"}, 2),
        ({"04011000", "0402"}, 2),
        ({"0403"}, 0),
        ({"0401", "7215"}, 0),
        ({"4010"}, 0),
    ],
)
def test_an_extension_covers_all_the_goods_or_nothing(hsn_codes: set[str], days: int) -> None:
    assert extra_days(hsn_codes, NOON, [milk()]).days == days


def test_the_extension_that_gives_most_counts_alone() -> None:
    known = [milk("1/2026", 2), milk("2/2026", 5), milk("3/2026", 5), milk("4/2026", 1)]
    assert extra_days({"0401"}, NOON, known) == (5, "2/2026")
    # Two that each cover a part do not cover the whole.
    apart = [milk(hsn_prefixes=("04",)), kept(hsn_prefixes=("72",), additional_days=3)]
    assert extra_days({"0401", "7215"}, NOON, apart[1:]) == (0, None)
    assert extra_days({"0401"}, NOON, []) == (0, None)


def test_documents_in_place_of_the_bill_are_those_of_every_state() -> None:
    def allowed(states: tuple[str, ...], *documents: str) -> Notification:
        return kept(kind="INVOICE_INSTEAD", states=states, documents=documents)

    known = [
        allowed(("29", "27"), "TAX_INVOICE", "BILL_OF_SUPPLY"),
        allowed(("29",), "DELIVERY_CHALLAN"),
    ]
    both = {"TAX_INVOICE", "BILL_OF_SUPPLY"}
    assert carry_instead(["29"], NOON, known, by_way_of_supply=False) == both | {"DELIVERY_CHALLAN"}
    assert carry_instead(["29", "27"], NOON, known, by_way_of_supply=False) == both
    assert carry_instead(["29", "33"], NOON, known, by_way_of_supply=False) == set()
    assert carry_instead([], NOON, known, by_way_of_supply=False) == set()


def test_a_kind_has_the_effects_of_no_other() -> None:
    assert rfid_classes(NOON, [milk()]) == set()
    assert carry_instead(["29"], NOON, [milk()], by_way_of_supply=False) == set()
    rfid = kept(kind="RFID_CLASS", transporter_class="TANKER")
    assert extra_days({"0401"}, NOON, [rfid]) == (0, None)
