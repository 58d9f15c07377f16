"""What is one pass of a tag: the window on both sides, clocks set forward and back."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.reader.passes import Passes

WINDOW = timedelta(seconds=60)
MICRO = timedelta(microseconds=1)
AT = datetime(2026, 11, 22, 6, tzinfo=UTC)


def seen_at(*instants: datetime) -> Passes:
    passes = Passes(WINDOW)
    for at in instants:
        passes.saw("A", at)
    return passes


def test_a_tag_never_seen_begins_a_pass() -> None:
    assert Passes(WINDOW).begins("A", AT)
    assert seen_at(AT).begins("B", AT)


@pytest.mark.parametrize("side", [1, -1])
def test_the_window_to_the_microsecond(side: int) -> None:
    passes = seen_at(AT)
    assert not passes.begins("A", AT + side * WINDOW)
    assert passes.begins("A", AT + side * (WINDOW + MICRO))


def test_the_window_counts_from_the_last_sighting() -> None:
    waiting = [AT + number * WINDOW for number in range(100)]
    passes = Passes(WINDOW)
    assert passes.begins("A", waiting[0])
    for at in waiting:
        passes.saw("A", at)
        assert not passes.begins("A", at + WINDOW)
    assert passes.begins("A", waiting[-1] + WINDOW + MICRO)


def test_asking_remembers_nothing() -> None:
    passes = Passes(WINDOW)
    assert passes.begins("A", AT)
    assert passes.begins("A", AT)


def test_sightings_of_before_hold() -> None:
    passes = Passes(WINDOW, {"A": AT})
    assert not passes.begins("A", AT + WINDOW)
    assert passes.begins("A", AT + WINDOW + MICRO)


def test_what_changed_is_taken_once() -> None:
    passes = Passes(WINDOW, {"A": AT})
    assert passes.take_changed() == {}
    passes.saw("A", AT + MICRO)
    passes.saw("B", AT)
    assert passes.take_changed() == {"A": AT + MICRO, "B": AT}
    assert passes.take_changed() == {}


def test_only_what_begins_anew_is_forgotten() -> None:
    passes = Passes(WINDOW, {"A": AT, "B": AT + MICRO})
    assert passes.forget(AT + WINDOW) == []
    assert passes.forget(AT + WINDOW + MICRO) == ["A"]
    assert not passes.begins("B", AT + WINDOW + MICRO)
