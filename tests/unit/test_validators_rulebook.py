"""Both rulebooks at their boundaries, on both sides, to the microsecond."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.test_validators_ins06 import MICROSECOND, RECIPIENT, SUPPLIER, encoded, sound
from validators.calendar import INDIA, india_date
from validators.errors import Refusal
from validators.eway_bill import (
    AcceptanceStatus,
    Decision,
    EwayBill,
    Status,
    acceptance_status,
    generated,
    status,
)
from validators.forms import read_form
from validators.ins06 import Ins06, examine, normalise
from validators.life import answered, cancelled
from validators.requirement import requirement
from validators.rulebook import (
    DISTANCE_KM_MAX,
    EXTENSION_DAYS_MAX,
    RULEBOOKS,
    RULEBOOKS_DEFAULT,
    Rulebook,
    longest_validity,
    rulebook_in_force,
    rulebook_of,
    rulebooks_enabled,
    valid_until,
)

SEED, TODAYS = rulebook_of("2017-06"), rulebook_of("2018-rule-138")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NEW_YEAR_2025 = datetime.fromisoformat("2025-01-01T00:00:00+05:30")
NOON = datetime.fromisoformat("2026-11-21T12:00:00+05:30").astimezone(UTC)
INSTANTS = st.datetimes(datetime(2017, 7, 1), datetime(2091, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone


def form_of(**changes: object) -> Ins06:
    form, shape = read_form(encoded(sound(**changes)), Ins06)
    assert shape == []
    normalise(form)
    return form


def bill_of(rulebook: Rulebook, at: datetime = NOON, **changes: object) -> EwayBill:
    form = form_of(**changes)
    return generated(form, ebn=100_000_000_017, generated_by=SUPPLIER, at=at, rulebook=rulebook)


def codes_of(rulebook: Rulebook, today: date, **changes: object) -> list[tuple[str, str]]:
    return [(each.pointer, each.code) for each in examine(form_of(**changes), today, rulebook)]


@pytest.mark.parametrize(
    ("enabled", "at", "version"),
    [
        (RULEBOOKS_DEFAULT, datetime(2017, 6, 1, tzinfo=UTC), "2017-06"),
        (RULEBOOKS_DEFAULT, NOON, "2017-06"),
        (RULEBOOKS, NEW_YEAR_2025 - MICROSECOND, "2017-06"),
        (RULEBOOKS, NEW_YEAR_2025, "2018-rule-138"),
        (RULEBOOKS, NOON, "2018-rule-138"),
        ((TODAYS,), NEW_YEAR_2025, "2018-rule-138"),
    ],
)
def test_the_rulebook_in_force(enabled: tuple[Rulebook, ...], at: datetime, version: str) -> None:
    assert rulebook_in_force(at, enabled) is rulebook_of(version)


@pytest.mark.parametrize("rulebook", RULEBOOKS, ids=lambda one: one.version)
def test_before_the_first_there_is_none(rulebook: Rulebook) -> None:
    with pytest.raises(LookupError):
        rulebook_in_force(rulebook.effective_from - MICROSECOND, (rulebook,))


def test_rulebooks_are_newest_first_each_with_its_source() -> None:
    effective = [rulebook.effective_from for rulebook in RULEBOOKS]
    assert effective == sorted(set(effective), reverse=True)
    assert all(rulebook_of(rulebook.version) is rulebook for rulebook in RULEBOOKS)
    assert all(rulebook.source for rulebook in RULEBOOKS)
    assert len({rulebook.version for rulebook in RULEBOOKS}) == len(RULEBOOKS)


def test_rulebooks_are_enabled_by_version() -> None:
    assert rulebooks_enabled(["2017-06"]) == RULEBOOKS_DEFAULT == (SEED,)
    for versions in (["2017-06", "2018-rule-138"], ["2018-rule-138", "2017-06", "2017-06"]):
        assert rulebooks_enabled(versions) == (TODAYS, SEED)
    with pytest.raises(ValueError, match="'2017-6'"):
        rulebooks_enabled(["2017-06", "2017-6"])
    with pytest.raises(ValueError, match="no rulebook"):
        rulebooks_enabled([])


def test_the_numbers_of_both() -> None:
    same = {
        "threshold_paise": 50_000_00,
        "part_a_lapses_after": 15 * DAY,
        "part_b_exempt_below_km": 10,
        "cancellation_window": 24 * HOUR,
        "acceptance_window": 72 * HOUR,
        "renewal_window_after": 8 * HOUR,
        "inspection_summary_within": 24 * HOUR,
        "inspection_final_within": 3 * DAY,
        "detention_longer_than": timedelta(minutes=30),
        "irn_validity": 30 * DAY,
    }
    apart = {
        "renewal_window_before": (None, 8 * HOUR),
        "renewal_total_max": (None, 360 * DAY),
        "document_age_max": (None, 180 * DAY),
        "validity_days": (((100, 1), (300, 3), (500, 5), (1000, 10)), ()),
        "validity_days_beyond": (20, None),
        "validity_km_per_day": (None, 200),
        "validity_km_per_day_over_dimensional": (None, 20),
        "validity_ends_at_midnight": (False, True),
    }
    named = {"version", "source", "effective_from"}
    assert {field.name for field in fields(Rulebook)} == {*same, *apart, *named}
    for name, value in same.items():
        assert getattr(SEED, name) == getattr(TODAYS, name) == value
    for name, pair in apart.items():
        assert (getattr(SEED, name), getattr(TODAYS, name)) == pair


@pytest.mark.parametrize("rulebook", RULEBOOKS, ids=lambda one: one.version)
def test_the_threshold(rulebook: Rulebook) -> None:
    exactly, more = (form_of(value_of_goods=value) for value in ("50000.00", "50000.01"))
    assert not requirement(exactly, rulebook).required
    assert requirement(more, rulebook).required


def lasts(bill: EwayBill, until: datetime) -> Iterator[bool]:
    yield bill.valid_until == until
    yield status(bill, until) is Status.ACTIVE
    yield status(bill, until + MICROSECOND) is Status.EXPIRED


@pytest.mark.parametrize("over_dimensional", [None, False, True])
@pytest.mark.parametrize(
    ("km", "days"),
    [(1, 1), (99, 1), (100, 3), (299, 3), (300, 5), (499, 5), (500, 10), (999, 10), (1000, 20)],
)
def test_the_table_of_the_seed(km: int, days: int, over_dimensional: bool | None) -> None:
    bill = bill_of(SEED, distance_km=km, over_dimensional=over_dimensional)
    assert all(lasts(bill, NOON + days * DAY))


@pytest.mark.parametrize(
    ("km", "over_dimensional", "days"),
    [
        (1, None, 1),
        (200, None, 1),
        (201, False, 2),
        (400, None, 2),
        (401, None, 3),
        (3999, None, 20),
        (4000, None, 20),
        (1, True, 1),
        (20, True, 1),
        (21, True, 2),
        (40, True, 2),
        (41, True, 3),
        (200, True, 10),
        (4000, True, 200),
    ],
)
def test_todays_days_by_distance(km: int, over_dimensional: bool | None, days: int) -> None:
    bill = bill_of(TODAYS, distance_km=km, over_dimensional=over_dimensional)
    midnight = datetime(2026, 11, 22, tzinfo=INDIA) + days * DAY
    assert all(lasts(bill, midnight))
    assert bill.valid_until.tzinfo is UTC


@pytest.mark.parametrize(
    ("generated_at", "until"),
    [
        ("2026-11-21T00:00:00+05:30", "2026-11-23T00:00:00+05:30"),
        ("2026-11-21T23:59:59.999999+05:30", "2026-11-23T00:00:00+05:30"),
        ("2026-11-22T00:00:00+05:30", "2026-11-24T00:00:00+05:30"),
        ("2026-11-21T18:29:59.999999+00:00", "2026-11-22T18:30:00+00:00"),
        ("2026-11-21T18:30:00+00:00", "2026-11-23T18:30:00+00:00"),
        ("2028-02-28T10:00:00+05:30", "2028-03-01T00:00:00+05:30"),
        ("2026-12-31T23:00:00+05:30", "2027-01-02T00:00:00+05:30"),
    ],
)
def test_todays_first_day_ends_at_midnight_after_the_day_of_generation(
    generated_at: str, until: str
) -> None:
    at = datetime.fromisoformat(generated_at)
    assert all(lasts(bill_of(TODAYS, at, distance_km=1), datetime.fromisoformat(until)))


@pytest.mark.parametrize("days", [1, 2, EXTENSION_DAYS_MAX])
def test_extended_by_days(days: int) -> None:
    assert valid_until(NOON, 99, SEED, extra_days=days) == NOON + (1 + days) * DAY
    midnight = datetime(2026, 11, 23, tzinfo=INDIA)
    assert valid_until(NOON, 200, TODAYS, extra_days=days) == midnight + days * DAY


@pytest.mark.parametrize("rulebook", RULEBOOKS, ids=lambda one: one.version)
def test_cancellation_to_the_last_instant(rulebook: Rulebook) -> None:
    bill, last = bill_of(rulebook), NOON + 24 * HOUR
    assert cancelled(bill, SUPPLIER, last, "not sent").cancelled_at == last
    with pytest.raises(Refusal, match="CANCELLATION_WINDOW_CLOSED"):
        cancelled(bill, SUPPLIER, last + MICROSECOND, "not sent")


@pytest.mark.parametrize("rulebook", RULEBOOKS, ids=lambda one: one.version)
def test_acceptance_to_the_last_instant(rulebook: Rulebook) -> None:
    bill, last = bill_of(rulebook), NOON + 72 * HOUR
    assert acceptance_status(bill, last) is AcceptanceStatus.PENDING
    assert answered(bill, RECIPIENT, last, Decision.ACCEPTED, None).decided_at == last
    assert acceptance_status(bill, last + MICROSECOND) is AcceptanceStatus.DEEMED_ACCEPTED
    with pytest.raises(Refusal, match="DEEMED_ACCEPTED"):
        answered(bill, RECIPIENT, last + MICROSECOND, Decision.ACCEPTED, None)


def test_a_bill_keeps_the_windows_it_was_generated_under() -> None:
    """Whatever is enabled by now."""
    bill = bill_of(TODAYS)
    assert rulebook_of(bill.rulebook) is TODAYS
    assert cancelled(bill, SUPPLIER, NOON, "not sent").rulebook == TODAYS.version
    assert replace(bill, rulebook="2017-06").valid_until == bill.valid_until


DATED = date(2026, 5, 25)
OLDEST = datetime.fromisoformat("2026-11-22T00:00:00+05:30") - MICROSECOND


def test_a_document_is_taken_for_180_days_by_india_s_calendar() -> None:
    assert date(2026, 11, 21) == DATED + 180 * DAY
    dated = DATED.isoformat()
    assert codes_of(TODAYS, india_date(OLDEST), document_date=dated) == []
    too_old = [("/document_date", "DOCUMENT_TOO_OLD")]
    assert codes_of(TODAYS, india_date(OLDEST + MICROSECOND), document_date=dated) == too_old
    assert codes_of(TODAYS, india_date(OLDEST), document_date="2026-05-24") == too_old
    assert codes_of(TODAYS, india_date(OLDEST), document_date="0001-01-01") == too_old
    assert codes_of(TODAYS, india_date(OLDEST), document_date="9999-12-31") == [
        ("/document_date", "DATE_IN_FUTURE")
    ]


def test_to_the_seed_no_document_is_too_old() -> None:
    assert codes_of(SEED, NOON.date(), document_date="2017-07-01") == []


@settings(deadline=None, max_examples=300)
@given(
    INSTANTS,
    st.integers(1, DISTANCE_KM_MAX),
    st.sampled_from(RULEBOOKS),
    st.booleans(),
    st.integers(0, EXTENSION_DAYS_MAX),
)
def test_no_bill_is_valid_for_longer_than_the_longest(
    at: datetime, km: int, rulebook: Rulebook, over_dimensional: bool, extra_days: int
) -> None:
    until = valid_until(at, km, rulebook, over_dimensional=over_dimensional, extra_days=extra_days)
    assert at + DAY <= until <= at + longest_validity((rulebook,))
    assert longest_validity((rulebook,)) <= longest_validity(RULEBOOKS)


def test_the_longest_validity_is_reached() -> None:
    assert longest_validity((SEED,)) == (20 + EXTENSION_DAYS_MAX) * DAY
    assert longest_validity((TODAYS,)) == (200 + 1 + EXTENSION_DAYS_MAX) * DAY
    midnight = datetime(2026, 11, 22, tzinfo=INDIA)
    longest = valid_until(
        midnight, DISTANCE_KM_MAX, TODAYS, over_dimensional=True, extra_days=EXTENSION_DAYS_MAX
    )
    assert longest - midnight == longest_validity(RULEBOOKS)
