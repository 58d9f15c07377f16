"""FORM GST INS-09, r5: a detention of more than thirty minutes, to the microsecond."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.documents import OFFICER, OTHER, READER, document, person
from tests.documents import TRANSPORTER as VIA
from tests.reports import detention
from tests.unit.test_validators_ins06 import RULEBOOK, encoded
from validators.authority import Person, Role, is_transporter
from validators.calendar import GST_BEGAN
from validators.detention import (
    DETAINED_LONGER_THAN,
    Detention,
    Ins09,
    examine,
    reported,
    require_may_list,
    require_transporter,
)
from validators.errors import Refusal
from validators.eway_bill import EwayBill, generated
from validators.forms import read_form
from validators.ins06 import Ins06, normalise

MICROSECOND = timedelta(microseconds=1)
MINUTES_30 = timedelta(minutes=30)
BEGAN = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
AT = BEGAN + timedelta(hours=2)
EBN = "100000000017"


def faults_of(told: dict[str, Any], at: datetime = AT) -> list[tuple[str, str]]:
    form, shape = read_form(encoded(told), Ins09)
    return [(each.pointer, each.code) for each in shape + examine(form, at)]


def period(began: datetime, until: datetime | None, at: datetime = AT) -> list[tuple[str, str]]:
    ended = ... if until is None else until.isoformat()
    told = detention(EBN, detained_from=began.isoformat(), detained_until=ended)
    return faults_of(told, at)


def test_the_window() -> None:
    assert DETAINED_LONGER_THAN == MINUTES_30


@pytest.mark.parametrize(
    ("lasted", "reportable"),
    [
        (timedelta(0), False),
        (MINUTES_30 - MICROSECOND, False),
        (MINUTES_30, False),
        (MINUTES_30 + MICROSECOND, True),
        (timedelta(hours=2), True),
    ],
)
def test_thirty_minutes_are_not_more_than_thirty_minutes(
    lasted: timedelta, reportable: bool
) -> None:
    short = [] if reportable else ["DETENTION_TOO_SHORT"]
    assert period(BEGAN, BEGAN + lasted) == [("/detained_until", code) for code in short]
    # Detained still: counted to the instant of the report.
    assert period(BEGAN, None, BEGAN + lasted) == [("/detained_from", code) for code in short]
    null = detention(EBN, detained_from=BEGAN.isoformat(), detained_until=None)
    assert faults_of(null, BEGAN + lasted) == [("/detained_from", code) for code in short]


def test_nothing_is_in_the_future_and_the_end_follows_the_beginning() -> None:
    future = "IN_THE_FUTURE"
    assert period(BEGAN, AT) == []
    assert period(BEGAN, AT + MICROSECOND) == [("/detained_until", future)]
    assert period(AT + MICROSECOND, None) == [("/detained_from", future)]
    both = [("/detained_from", future), ("/detained_until", future)]
    assert period(AT + MICROSECOND, AT + MICROSECOND) == both
    assert period(BEGAN, BEGAN - MICROSECOND) == [("/detained_until", "TOO_EARLY")]
    assert period(GST_BEGAN, None) == []
    assert period(GST_BEGAN - MICROSECOND, None) == [("/detained_from", "OUT_OF_RANGE")]
    for text, code in (("0001-01-01T00:00:00+05:30", "OUT_OF_RANGE"),
                       ("9999-12-31T23:59:59-05:30", future)):  # fmt: skip
        told = detention(EBN, detained_from=text, detained_until=...)
        assert faults_of(told) == [("/detained_from", code)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ebn": "12345678901"}, "EBN_FORMAT"),
        ({"ebn": ...}, "REQUIRED"),
        ({"place": ""}, "EMPTY"),
        ({"place": "p" * 101}, "TOO_LONG"),
        ({"place": ...}, "REQUIRED"),
        ({"detained_from": "noon"}, "INSTANT_FORMAT"),
        ({"detained_from": ...}, "REQUIRED"),
        ({"detained_until": "noon"}, "INSTANT_FORMAT"),
        ({"officer_name": "\n"}, "EMPTY"),
        ({"officer": "K. Rao"}, "UNKNOWN_FIELD"),
    ],
    ids=str,
)
def test_a_report_at_fault(changes: dict[str, Any], code: str) -> None:
    assert faults_of(detention(EBN, **changes)) == [(f"/{next(iter(changes))}", code)]


def test_an_end_that_cannot_be_read_is_not_detained_still() -> None:
    told = detention(EBN, detained_until="noon")
    assert faults_of(told, BEGAN + MICROSECOND) == [("/detained_until", "INSTANT_FORMAT")]


def test_the_officer_is_named_if_known() -> None:
    form, faults = read_form(encoded(detention(EBN, officer_name=...)), Ins09)
    assert faults + examine(form, AT) == []
    made = reported(form, detention_id=3, by=VIA, at=AT)
    until = BEGAN + timedelta(hours=1)
    assert made == Detention(3, VIA, AT, int(EBN), form.place, BEGAN, until, None)


def bill(**changes: Any) -> EwayBill:
    form, _ = read_form(encoded(document(**changes)), Ins06)
    normalise(form)
    return generated(form, ebn=int(EBN), generated_by=form.supplier_gstin, at=AT, rulebook=RULEBOOK)


def test_who_is_the_transporter() -> None:
    assert is_transporter(person(VIA), bill())
    assert is_transporter(person(VIA, Role.TRANSPORTER), bill())
    assert not is_transporter(person(OTHER), bill())
    assert not is_transporter(person(VIA), bill(transporter_id=...))
    for role in set(Role) - {Role.TAXPAYER, Role.TRANSPORTER}:
        assert not is_transporter(person(VIA, role), bill())


@pytest.mark.parametrize(
    ("who", "known", "code", "listing"),
    [
        (person(VIA), bill(), None, None),
        (person(bill().part_a.supplier_gstin), bill(), "NOT_THE_TRANSPORTER", ...),
        (person(bill().part_a.recipient_gstin), bill(), "NOT_THE_TRANSPORTER", ...),
        (person(VIA), bill(transporter_id=...), "EWAY_BILL_NOT_FOUND", ...),
        (person(OTHER), bill(), "EWAY_BILL_NOT_FOUND", ...),
        (person(VIA), None, "EWAY_BILL_NOT_FOUND", ...),
        (OFFICER, bill(), "EWAY_BILL_NOT_FOUND", None),
        (OFFICER, None, "EWAY_BILL_NOT_FOUND", ...),
        (READER, bill(), "EWAY_BILL_NOT_FOUND", ...),
    ],
)
def test_who_may(who: Person, known: EwayBill | None, code: str | None, listing: Any) -> None:
    """`...`: to list is refused as to report is."""
    for require, expected in (
        (require_transporter, code),
        (require_may_list, code if listing is ... else listing),
    ):
        told = None
        try:
            require(who, known)
        except Refusal as refusal:
            told = refusal.problem.code
        assert told == expected
