"""Reading a query: its text as the types of the fields, with the faults of a form."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct

from validators.forms import read_query


class Question(Struct, forbid_unknown_fields=True, kw_only=True):
    """A query of each type a query may have."""

    role: Literal["supplier", "recipient"] = "supplier"
    on: date | None = None
    since: Annotated[datetime, Meta(tz=True)] | None = None
    limit: int = 50


def test_query_is_read_as_the_types_of_its_fields() -> None:
    assert read_query({}, Question) == (Question(), [])
    written = {"on": "2026-11-20", "since": "2026-11-21T12:00:00+05:30", "limit": "7"}
    asked, faults = read_query(written, Question)
    since = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
    assert (asked, faults) == (Question(on=date(2026, 11, 20), since=since, limit=7), [])


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("role", "stranger", "NOT_ONE_OF"),
        ("role", "", "NOT_ONE_OF"),
        ("on", "20-11-2026", "DATE_FORMAT"),
        ("since", "2026-11-21T12:00:00", "INSTANT_FORMAT"),
        ("since", "2026-11-21", "INSTANT_FORMAT"),
        ("since", "yesterday", "INSTANT_FORMAT"),
        ("since", "1763700000", "INSTANT_FORMAT"),
        ("since", "1.5", "INSTANT_FORMAT"),
        ("limit", "", "WRONG_TYPE"),
        ("limit", "ten", "WRONG_TYPE"),
        ("limit", "\u0967\u0966", "WRONG_TYPE"),
        ("limit", "9" * 5000, "WRONG_TYPE"),
        ("limt", "1", "UNKNOWN_FIELD"),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_query_at_fault(name: str, text: str, code: str) -> None:
    asked, faults = read_query({"limit": "7", name: text}, Question)
    assert [(each.pointer, each.code) for each in faults] == [(f"/{name}", code)]
    assert name == "limit" or asked.limit == 7
