"""India's wall clock and the tax calendar. Instants are aware; inside they are UTC."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

INDIA: Final = timezone(timedelta(hours=5, minutes=30), "Asia/Kolkata")
"""A fixed offset is exact: India has kept UTC+05:30 without daylight saving since 1945."""

GST_BEGAN: Final = datetime(2017, 7, 1, tzinfo=INDIA)
"""No movement of goods is older, as far as these rules go."""


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def microseconds_of(at: datetime) -> int:
    """An instant as whole microseconds since 1970 began in UTC."""
    return (at - _EPOCH) // _MICROSECOND


def instant_of(microseconds: int) -> datetime:
    """The instant of `microseconds_of`. Raises OverflowError past the year 9999."""
    return _EPOCH + microseconds * _MICROSECOND


def india_time(at: datetime | None) -> datetime | None:
    """An instant as the clock in India tells it; None stays None."""
    return at.astimezone(INDIA) if at else None


def india_date(at: datetime) -> date:
    """The date on a wall in India at an instant."""
    return at.astimezone(INDIA).date()


def financial_year(day: date) -> int:
    """The calendar year in which the April-March financial year of a day begins."""
    return day.year if day.month >= 4 else day.year - 1


def month_code(day: date) -> int:
    """The month of a day in three digits: 100 is July 2017, when GST began."""
    return 100 + 12 * (day.year - 2017) + day.month - 7
