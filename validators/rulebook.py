"""Rulebooks: the numbers of the e-way bill rules as dated data, newest first, with their source.

An e-way bill keeps the version it was generated under, so a later rulebook never moves the
windows of an earlier bill.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Rulebook:
    """One version of the rules. Distances in km, amounts in paise, validity in days of 24 h."""

    version: str
    source: str
    effective_from: datetime
    threshold_paise: int
    """r1(1): a consignment worth more than this needs an e-way bill."""
    validity_days: tuple[tuple[int, int], ...]
    """r1(8) table: (distance below, days), ascending; past the last row, `validity_days_beyond`."""
    validity_days_beyond: int
    cancellation_window: timedelta
    """r1(7), from generation, the last instant included."""
    acceptance_window: timedelta
    """r1(10), from the details being made available, the last instant included."""
    part_b_exempt_below_km: int
    """r1(1) third proviso: supplier's place to transporter's place."""
    part_a_lapses_after: timedelta = timedelta(days=15)
    renewal_window_before: timedelta | None = None
    renewal_window_after: timedelta = timedelta(hours=8)
    renewal_total_max: timedelta | None = None


RULEBOOKS: Final = (
    Rulebook(
        version="2017-06",
        source="17th GST Council agenda, June 2017, pages 91-94",
        effective_from=datetime(2017, 6, 1, tzinfo=UTC),
        threshold_paise=50_000_00,
        validity_days=((100, 1), (300, 3), (500, 5), (1000, 10)),
        validity_days_beyond=20,
        cancellation_window=timedelta(hours=24),
        acceptance_window=timedelta(hours=72),
        part_b_exempt_below_km=10,
    ),
)

_BY_VERSION: Final = {rulebook.version: rulebook for rulebook in RULEBOOKS}


def rulebook_in_force(at: datetime) -> Rulebook:
    """The newest rulebook effective at an instant; LookupError before the first."""
    for rulebook in RULEBOOKS:
        if rulebook.effective_from <= at:
            return rulebook
    raise LookupError(f"no rulebook is in force at {at.isoformat()}")


def rulebook_of(version: str) -> Rulebook:
    """The rulebook a bill was generated under; KeyError when there is none of that version."""
    return _BY_VERSION[version]


def longest_validity() -> timedelta:
    """No bill of any rulebook is valid for longer."""
    return max(timedelta(days=rulebook.validity_days_beyond) for rulebook in RULEBOOKS)


def valid_until(
    generated_at: datetime,
    distance_km: int,
    rulebook: Rulebook,
    *,
    over_dimensional: bool = False,
    extra_days: int = 0,
) -> datetime:
    """The last instant at which a bill is valid, r1(8): days of 24 hours from generation."""
    days = rulebook.validity_days_beyond
    for distance_below, row_days in rulebook.validity_days:
        if distance_km < distance_below:
            days = row_days
            break
    return generated_at + timedelta(days=days + extra_days)
