"""Documents of a load test: sound, and never the same, whichever Locust process makes them."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from loadtest.day.documents import NAMED_BY, Series
from tests.documents import RECIPIENT, SUPPLIER, TRANSPORTER
from validators.calendar import india_date
from validators.forms import read_form
from validators.identifiers import vehicle_fault
from validators.ins06 import Ins06, examine, normalise
from validators.rulebook import rulebook_of

ROOT = Path(__file__).parents[2]
NUMBERS = 2000
ONE_PROCESS = f"""
from loadtest.day.documents import Series
series = Series()
for _ in range({NUMBERS}):
    print(series.number())
"""


def test_processes_that_know_nothing_of_each_other_make_no_number_twice() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ONE_PROCESS], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    numbers = [number for one in processes for number in one.communicate()[0].split()]
    assert len(numbers) == len(set(numbers)) == 3 * NUMBERS
    assert len({number[:NAMED_BY] for number in numbers}) == 3
    assert {len(number) for number in numbers} == {16}


def test_each_document_is_sound() -> None:
    series, now = Series(), datetime.now(UTC)
    for _ in range(500):
        sent = series.document(SUPPLIER, RECIPIENT, [1, 4000], transporter=TRANSPORTER)
        form, faults = read_form(json.dumps(sent).encode(), Ins06)
        normalise(form)
        faults += examine(form, india_date(now), rulebook_of("2017-06"))
        assert faults == []
        assert form.value_of_goods > 5_000_000
        assert form.document_number == sent["document_number"]
        assert form.vehicle_number == sent["vehicle_number"]


def test_a_document_is_on_the_vehicle_that_is_named() -> None:
    sent = Series().document(SUPPLIER, RECIPIENT, [99], vehicle="KA12AB1234")
    assert (sent["vehicle_number"], sent["distance_km"]) == ("KA12AB1234", 99)


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_the_day_before_in_utc_is_never_after_today_in_india(hour: int) -> None:
    at = datetime(2026, 11, 22, hour, 59, tzinfo=UTC)
    assert (at - timedelta(days=1)).date() <= india_date(at)


def test_vehicles_and_tags_are_of_their_form() -> None:
    series = Series()
    assert [vehicle_fault(series.vehicle()) for _ in range(200)] == [None] * 200
    assert {len(series.tag()) for _ in range(200)} == {24}
