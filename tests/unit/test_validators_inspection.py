"""FORM GST INS-08: every field at fault, and both windows of r4(1) to the microsecond."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.reports import final, heads, summary
from tests.unit.test_validators_ins06 import encoded
from validators.calendar import GST_BEGAN
from validators.errors import Refusal
from validators.forms import read_form
from validators.inspection import (
    FINAL_WITHIN,
    FINDINGS_CHARACTERS_MAX,
    NAME_CHARACTERS_MAX,
    SUMMARY_WITHIN,
    Ins08Final,
    Ins08Summary,
    Inspection,
    examine_final,
    examine_summary,
    finalised,
    normalise_summary,
    recorded,
)
from validators.money import VALUE_PAISE_MAX, rupees

MICROSECOND = timedelta(microseconds=1)
INSPECTED = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
AT = INSPECTED + timedelta(minutes=5, microseconds=9)
TODAY = date(2026, 11, 21)
OPTIONAL = (
    "ebn", "document_date", "document_number", "person_in_charge", "goods_description",
    "declared_quantity", "declared_value", "discrepancy", "released_at",
)  # fmt: skip
TOO_MUCH = rupees(VALUE_PAISE_MAX + 1)


def part_a(**changes: Any) -> Ins08Summary:
    form, faults = read_form(encoded(summary(**changes)), Ins08Summary)
    normalise_summary(form)
    assert faults + examine_summary(form, AT) == []
    return form


def part_b(**changes: Any) -> Ins08Final:
    form, faults = read_form(encoded(final(**changes)), Ins08Final)
    assert faults + examine_final(form, TODAY) == []
    return form


def faults_of_summary(document: object, at: datetime = AT) -> list[tuple[str, str]]:
    form, shape = read_form(encoded(document), Ins08Summary)
    normalise_summary(form)
    return [(each.pointer, each.code) for each in shape + examine_summary(form, at)]


def faults_of_final(document: object) -> list[tuple[str, str]]:
    form, shape = read_form(encoded(document), Ins08Final)
    return [(each.pointer, each.code) for each in shape + examine_final(form, TODAY)]


def inspection(at: datetime = AT, **changes: Any) -> Inspection:
    return recorded(part_a(**changes), inspection_id=7, by="KA-1001", state="29", at=at)


def test_only_what_an_inspection_is_must_be_told() -> None:
    assert part_a(vehicle_number="ka 12 ab 1234").vehicle_number == "KA12AB1234"
    bare = dict.fromkeys(OPTIONAL, ...)
    assert part_a(**bare, detained=...) == part_a(**dict.fromkeys(OPTIONAL), detained=False)
    missing = ["officer_name", "place", "inspected_at", "vehicle_number"]
    assert faults_of_summary({}) == [(f"/{name}", "REQUIRED") for name in missing]
    assert part_b(tax_payable=..., penalty_payable=..., notice=...).notice is None
    missing = ["actual_quantity", "actual_value", "findings"]
    assert faults_of_final({}) == [(f"/{name}", "REQUIRED") for name in missing]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"officer_name": ""}, "EMPTY"),
        ({"place": "p" * (NAME_CHARACTERS_MAX + 1)}, "TOO_LONG"),
        ({"inspected_at": "2026-11-21T14:00:00"}, "INSTANT_FORMAT"),
        ({"inspected_at": 7}, "WRONG_TYPE"),
        ({"vehicle_number": "LORRY"}, "VEHICLE_FORMAT"),
        ({"ebn": "12345678901"}, "EBN_FORMAT"),
        ({"ebn": "012345678901"}, "EBN_FORMAT"),
        ({"ebn": 100000000017}, "WRONG_TYPE"),
        ({"document_date": "20-11-2026"}, "DATE_FORMAT"),
        ({"document_number": "a\x00"}, "CONTROL_CHARACTER"),
        ({"person_in_charge": " "}, "EMPTY"),
        ({"goods_description": ""}, "EMPTY"),
        ({"declared_quantity": 120}, "WRONG_TYPE"),
        ({"declared_value": "-0.01"}, "OUT_OF_RANGE"),
        ({"declared_value": TOO_MUCH}, "OUT_OF_RANGE"),
        ({"declared_value": "1.001"}, "MONEY_FORMAT"),
        ({"discrepancy": "d" * (FINDINGS_CHARACTERS_MAX + 1)}, "TOO_LONG"),
        ({"detained": "yes", "released_at": ...}, "WRONG_TYPE"),
        ({"inspector": "me"}, "UNKNOWN_FIELD"),
    ],
    ids=str,
)
def test_a_summary_at_fault(changes: dict[str, Any], code: str) -> None:
    assert faults_of_summary(summary(**changes)) == [(f"/{next(iter(changes))}", code)]


def test_detained_is_a_boolean() -> None:
    _, (found,) = read_form(encoded(summary(detained="yes")), Ins08Summary)
    assert found.detail == "detained must be a boolean, not a string"


@pytest.mark.parametrize(
    "changes",
    [
        {"document_number": "no/number/at/all/that anybody knows"},
        {"document_date": "2027-01-01"},
        {"declared_value": "0"},
        {"declared_value": rupees(VALUE_PAISE_MAX)},
        {"released_at": ...},
    ],
    ids=str,
)
def test_what_the_papers_declare_is_taken_as_they_say_it(changes: dict[str, Any]) -> None:
    assert faults_of_summary(summary(**changes)) == []


def at_instant(name: str, instant: datetime, **changes: Any) -> list[tuple[str, str]]:
    return faults_of_summary(summary(**{name: instant.isoformat()}, **changes))


def test_an_inspection_is_not_in_the_future() -> None:
    assert at_instant("inspected_at", AT, released_at=...) == []
    later = at_instant("inspected_at", AT + MICROSECOND, released_at=...)
    assert later == [("/inspected_at", "IN_THE_FUTURE")]
    assert at_instant("inspected_at", GST_BEGAN) == []
    older = [("/inspected_at", "OUT_OF_RANGE")]
    assert at_instant("inspected_at", GST_BEGAN - MICROSECOND) == older
    # Instants that no UTC clock could show.
    for text, code in (("0001-01-01T00:00:00+05:30", "OUT_OF_RANGE"),
                       ("9999-12-31T23:59:59-05:30", "IN_THE_FUTURE")):  # fmt: skip
        told = summary(inspected_at=text, released_at=...)
        assert faults_of_summary(told) == [("/inspected_at", code)]


def test_a_release_follows_its_detention() -> None:
    assert at_instant("released_at", INSPECTED) == []
    before = at_instant("released_at", INSPECTED - MICROSECOND)
    assert before == [("/released_at", "TOO_EARLY")]
    assert at_instant("released_at", AT) == []
    assert at_instant("released_at", AT + MICROSECOND) == [("/released_at", "IN_THE_FUTURE")]
    for detained in (False, ...):
        told = at_instant("released_at", INSPECTED, detained=detained)
        assert told == [("/released_at", "NOT_DETAINED")]
    # What cannot be read is one fault, not two.
    told = at_instant("released_at", INSPECTED, inspected_at="yesterday")
    assert told == [("/inspected_at", "INSTANT_FORMAT")]
    told = at_instant("released_at", INSPECTED, detained="yes")
    assert told == [("/detained", "WRONG_TYPE")]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"actual_quantity": ""}, "/actual_quantity", "EMPTY"),
        ({"actual_value": "-1"}, "/actual_value", "OUT_OF_RANGE"),
        ({"actual_value": None}, "/actual_value", "WRONG_TYPE"),
        ({"tax_payable": heads(cess="-0.01")}, "/tax_payable/cess", "OUT_OF_RANGE"),
        ({"tax_payable": heads(state="x")}, "/tax_payable/state", "MONEY_FORMAT"),
        ({"tax_payable": heads(other="1")}, "/tax_payable/other", "UNKNOWN_FIELD"),
        ({"tax_payable": []}, "/tax_payable", "WRONG_TYPE"),
        ({"penalty_payable": heads(central=TOO_MUCH)}, "/penalty_payable/central", "OUT_OF_RANGE"),
        ({"notice": {"date": "2026-11-22", "number": "1"}}, "/notice/date", "DATE_IN_FUTURE"),
        ({"notice": {"date": "2026-11-21", "number": ""}}, "/notice/number", "EMPTY"),
        ({"notice": {"date": "2026-11-21"}}, "/notice/number", "REQUIRED"),
        ({"findings": "f" * (FINDINGS_CHARACTERS_MAX + 1)}, "/findings", "TOO_LONG"),
    ],
    ids=str,
)
def test_a_final_report_at_fault(changes: dict[str, Any], pointer: str, code: str) -> None:
    assert faults_of_final(final(**changes)) == [(pointer, code)]


def test_all_the_faults_are_told_at_once() -> None:
    document = summary(place="", vehicle_number="x", ebn="1", declared_value="-1", released_at="x")
    assert faults_of_summary(document) == [
        ("/released_at", "INSTANT_FORMAT"),
        ("/place", "EMPTY"),
        ("/vehicle_number", "VEHICLE_FORMAT"),
        ("/ebn", "EBN_FORMAT"),
        ("/declared_value", "OUT_OF_RANGE"),
    ]


def test_the_windows() -> None:
    assert timedelta(hours=24) == SUMMARY_WITHIN
    assert timedelta(hours=72) == FINAL_WITHIN


@pytest.mark.parametrize(
    ("after", "late"),
    [
        (timedelta(0), False),
        (timedelta(hours=24) - MICROSECOND, False),
        (timedelta(hours=24), False),
        (timedelta(hours=24) + MICROSECOND, True),
        (timedelta(days=400), True),
    ],
)
def test_a_summary_is_late_after_24_hours(after: timedelta, late: bool) -> None:
    made = inspection(INSPECTED + after)
    assert (made.late, made.final, made.final_late) == (late, None, None)
    assert made.summary_due == INSPECTED + timedelta(hours=24)
    assert made.final_due == INSPECTED + timedelta(hours=72)
    assert (made.inspection_id, made.recorded_by, made.state) == (7, "KA-1001", "29")


@pytest.mark.parametrize(
    ("after", "late"),
    [
        (timedelta(hours=72) - MICROSECOND, False),
        (timedelta(hours=72), False),
        (timedelta(hours=72) + MICROSECOND, True),
    ],
)
def test_a_final_report_is_late_after_three_days(after: timedelta, late: bool) -> None:
    # Three days from the inspection, not from Part A.
    made = finalised(inspection(AT), part_b(), by="KA-1001", at=INSPECTED + after)
    assert (made.late, made.final_late, made.final) == (False, late, part_b())


def test_a_final_report_is_made_once_by_its_officer() -> None:
    before = inspection()
    after = finalised(before, part_b(), by="KA-1001", at=AT)
    assert after == replace(before, final=part_b(), final_recorded_at=AT)
    again = finalised(after, part_b(actual_value=100000), by="KA-1001", at=AT + FINAL_WITHIN * 2)
    assert again is after
    for known, report, by, code in (
        (None, part_b(), "KA-1001", "INSPECTION_NOT_FOUND"),
        (before, part_b(), "KA-1002", "NOT_THE_INSPECTOR"),
        (after, part_b(), "KA-1002", "NOT_THE_INSPECTOR"),
        (after, part_b(findings="other"), "KA-1001", "FINAL_REPORT_EXISTS"),
        (after, part_b(notice=...), "KA-1001", "FINAL_REPORT_EXISTS"),
    ):
        with pytest.raises(Refusal) as refused:
            finalised(known, report, by=by, at=AT)
        assert refused.value.problem.code == code
