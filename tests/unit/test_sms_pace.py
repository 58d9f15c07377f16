"""How often somebody may send: the burst, the pace after it, and what is forgotten."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sms.pace import Pace

START = datetime(2026, 11, 22, tzinfo=UTC)
EVERY = timedelta(seconds=6)
MICROSECOND = timedelta(microseconds=1)


def test_a_burst_then_one_each_interval() -> None:
    pace = Pace(EVERY, at_once=3, keys_max=10)
    assert [pace.kept("a", START) for _ in range(4)] == [True, True, True, False]
    assert not pace.kept("a", START + EVERY - MICROSECOND)
    assert pace.kept("a", START + EVERY)
    assert not pace.kept("a", START + EVERY)
    # Whoever was silent for long enough may burst again, but no more than that.
    later = START + timedelta(days=1)
    assert [pace.kept("a", later) for _ in range(4)] == [True, True, True, False]


def test_one_does_not_use_up_the_pace_of_another() -> None:
    pace = Pace(EVERY, at_once=1, keys_max=10)
    assert pace.kept("a", START)
    assert pace.kept("b", START)
    assert not pace.kept("a", START)


def test_who_goes_beyond_is_told_once_until_within_again() -> None:
    pace = Pace(EVERY, at_once=1, keys_max=10)
    assert pace.kept("a", START)
    assert [pace.first_beyond("a") for _ in range(3)] == [True, False, False]
    assert pace.first_beyond("b")
    assert pace.kept("a", START + EVERY)
    assert pace.first_beyond("a")


def test_what_is_taken_back_does_not_count() -> None:
    pace = Pace(EVERY, at_once=2, keys_max=2)
    for _ in range(9):
        assert pace.kept("a", START)
        pace.take_back("a")
    assert [pace.kept("a", START) for _ in range(3)] == [True, True, False]
    pace.take_back("a")
    assert [pace.kept("a", START) for _ in range(2)] == [True, False]
    for key in ("b", "c"):
        assert pace.kept(key, START)
    pace.take_back("a")  # Forgotten, and so within its pace anyhow.
    assert [pace.kept("a", START) for _ in range(3)] == [True, True, False]


def test_those_heard_longest_ago_are_forgotten_first() -> None:
    pace = Pace(EVERY, at_once=1, keys_max=2)
    for key in ("a", "b"):
        assert pace.kept(key, START)
    assert pace.first_beyond("a")
    assert pace.kept("c", START)
    assert pace.kept("a", START)  # Forgotten, and so within its pace again.
    assert pace.first_beyond("a")
    assert not pace.kept("c", START)


@given(st.lists(st.integers(0, 30), max_size=60))
def test_never_more_than_the_burst_and_the_pace_allow(seconds: list[int]) -> None:
    pace = Pace(EVERY, at_once=3, keys_max=10)
    kept: list[datetime] = []
    at = START
    for gap in seconds:
        at += timedelta(seconds=gap)
        if pace.kept("a", at):
            kept.append(at)
    for first in kept:
        for last in kept:
            if last >= first:
                allowed = 3 + (last - first) // EVERY
                assert sum(first <= one <= last for one in kept) <= allowed
