"""Rulebooks: the numbers of the e-way bill rules as dated data, newest first, with their source.

An e-way bill keeps the version it was generated under, so a later rulebook never moves the
windows of an earlier bill.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from validators.calendar import INDIA, india_date

DISTANCE_KM_MAX: Final = 4000
"""India is some 3,200 km long; no consignment travels farther by one e-way bill."""
EXTENSION_DAYS_MAX: Final = 60
"""The most days one of the Commissioner's notifications may add, r1(8) first proviso."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """One version of the rules. Distances in km, amounts in paise.

    Every window includes the instant at which it closes. None: the rules know no such limit.
    """

    version: str
    source: str
    effective_from: datetime
    threshold_paise: int
    """r1(1): a consignment worth more than this needs an e-way bill."""
    validity_days: tuple[tuple[int, int], ...]
    """r1(8) table: (distance below, days), ascending; past the last row, `validity_days_beyond`."""
    validity_days_beyond: int | None
    validity_km_per_day: int | None
    """In place of the table: a day for every so many km or part of them."""
    validity_km_per_day_over_dimensional: int | None
    """The same for over-dimensional cargo. None: it is like any other."""
    validity_ends_at_midnight: bool
    """Whether a day is the period that ends at midnight, India time, of the day after the one
    before, and the first at midnight of the day after generation; else 24 hours."""
    part_a_lapses_after: timedelta
    """r1(1)(b): how long a Part A waits for its transporter."""
    part_b_exempt_below_km: int
    """r1(1) third proviso: supplier's place to transporter's place."""
    document_age_max: timedelta | None
    """From the date of the document to the last day, in India, on which it is taken."""
    cancellation_window: timedelta
    """r1(7), from generation."""
    acceptance_window: timedelta
    """r1(10), from the details being made available."""
    renewal_window_before: timedelta | None
    """r1(8) second proviso: how long before it expires a bill may be renewed. None: as long as it
    is valid."""
    renewal_window_after: timedelta
    """r1(8) second proviso: how long after it expired."""
    renewal_total_max: timedelta | None
    """From the first generation: no renewal is valid for longer."""
    inspection_summary_within: timedelta
    """r4(1): Part A of INS-08, from the inspection."""
    inspection_final_within: timedelta
    """r4(1): Part B of INS-08, from the inspection."""
    irn_validity: timedelta
    """r2(2): an Invoice Reference Number, from the upload."""
    detention_longer_than: timedelta
    """r5: what a transporter may report."""


RULEBOOKS: Final = (
    Rulebook(
        version="2018-rule-138",
        source="CGST Rules 2017, rules 138 to 138D, as amended to 1 January 2025: notifications "
        "12/2018, 94/2020 (200 km a day) and the advisory of GSTN of 17 December 2024 (180 and "
        "360 days)",
        effective_from=datetime(2025, 1, 1, tzinfo=INDIA).astimezone(UTC),
        threshold_paise=50_000_00,
        validity_days=(),
        validity_days_beyond=None,
        validity_km_per_day=200,
        validity_km_per_day_over_dimensional=20,
        validity_ends_at_midnight=True,
        part_a_lapses_after=timedelta(days=15),
        part_b_exempt_below_km=10,
        document_age_max=timedelta(days=180),
        cancellation_window=timedelta(hours=24),
        acceptance_window=timedelta(hours=72),
        renewal_window_before=timedelta(hours=8),
        renewal_window_after=timedelta(hours=8),
        renewal_total_max=timedelta(days=360),
        inspection_summary_within=timedelta(hours=24),
        inspection_final_within=timedelta(days=3),
        irn_validity=timedelta(days=30),
        detention_longer_than=timedelta(minutes=30),
    ),
    Rulebook(
        version="2017-06",
        source="17th GST Council agenda, June 2017, pages 91-94",
        effective_from=datetime(2017, 6, 1, tzinfo=UTC),
        threshold_paise=50_000_00,
        validity_days=((100, 1), (300, 3), (500, 5), (1000, 10)),
        validity_days_beyond=20,
        validity_km_per_day=None,
        validity_km_per_day_over_dimensional=None,
        validity_ends_at_midnight=False,
        part_a_lapses_after=timedelta(days=15),
        part_b_exempt_below_km=10,
        document_age_max=None,
        cancellation_window=timedelta(hours=24),
        acceptance_window=timedelta(hours=72),
        renewal_window_before=None,
        renewal_window_after=timedelta(hours=8),
        renewal_total_max=None,
        inspection_summary_within=timedelta(hours=24),
        inspection_final_within=timedelta(days=3),
        irn_validity=timedelta(days=30),
        detention_longer_than=timedelta(minutes=30),
    ),
)
"""Every rulebook known, newest first."""

_BY_VERSION: Final = {rulebook.version: rulebook for rulebook in RULEBOOKS}

RULEBOOKS_DEFAULT: Final = (_BY_VERSION["2017-06"],)
"""Those enabled unless an operator chooses others."""


def rulebooks_enabled(versions: Sequence[str]) -> tuple[Rulebook, ...]:
    """The rulebooks of some versions, newest first; ValueError naming a version that is unknown."""
    for version in versions:
        if version not in _BY_VERSION:
            known = ", ".join(_BY_VERSION)
            raise ValueError(f"rulebook {version!r} is unknown; there are {known}")
    if not versions:
        raise ValueError("no rulebook is enabled")
    return tuple(rulebook for rulebook in RULEBOOKS if rulebook.version in versions)


def rulebook_in_force(at: datetime, enabled: Sequence[Rulebook]) -> Rulebook:
    """The newest rulebook effective at an instant, of those enabled, which are newest first.
    LookupError before the first."""
    for rulebook in enabled:
        if rulebook.effective_from <= at:
            return rulebook
    raise LookupError(f"no rulebook is in force at {at.isoformat()}")


def irn_good_until(uploaded_at: datetime, enabled: Sequence[Rulebook]) -> datetime:
    """Until when, that instant included, the reference number of an invoice is good, r2(2): by the
    rulebook in force when it was uploaded."""
    return uploaded_at + rulebook_in_force(uploaded_at, enabled).irn_validity


def rulebook_of(version: str) -> Rulebook:
    """The rulebook a bill was generated under, enabled or not; KeyError when there is none of that
    version."""
    return _BY_VERSION[version]


def longest_validity(enabled: Sequence[Rulebook]) -> timedelta:
    """No bill generated under these rulebooks is valid for longer, from its generation, however
    long its period was extended."""
    return max(
        timedelta(
            days=days_of_validity(DISTANCE_KM_MAX, rulebook, over_dimensional=over_dimensional)
            + EXTENSION_DAYS_MAX
            # The day of generation itself, if the days begin with the next.
            + (1 if rulebook.validity_ends_at_midnight else 0)
        )
        for rulebook in enabled
        for over_dimensional in (False, True)
    )


def days_of_validity(distance_km: int, rulebook: Rulebook, *, over_dimensional: bool) -> int:
    """The days a bill is valid by its distance, r1(8)."""
    per_day = rulebook.validity_km_per_day
    if over_dimensional and rulebook.validity_km_per_day_over_dimensional is not None:
        per_day = rulebook.validity_km_per_day_over_dimensional
    if per_day is not None:
        return -(-distance_km // per_day)
    for distance_below, days in rulebook.validity_days:
        if distance_km < distance_below:
            return days
    if rulebook.validity_days_beyond is None:
        raise LookupError(f"rulebook {rulebook.version} has no validity for {distance_km} km")
    return rulebook.validity_days_beyond


def valid_until(
    generated_at: datetime,
    distance_km: int,
    rulebook: Rulebook,
    *,
    over_dimensional: bool = False,
    extra_days: int = 0,
) -> datetime:
    """The last instant at which a bill is valid, r1(8), in UTC: its days from generation, and those
    the Commissioner adds (first proviso)."""
    days = days_of_validity(distance_km, rulebook, over_dimensional=over_dimensional) + extra_days
    if not rulebook.validity_ends_at_midnight:
        return generated_at + timedelta(days=days)
    return _end_of_day(india_date(generated_at), days)


@lru_cache(maxsize=1024)  # Of one day there are as many as there are distances.
def _end_of_day(first: date, following: int) -> datetime:
    last = first + timedelta(days=following + 1)
    return datetime.combine(last, time.min, INDIA).astimezone(UTC)
