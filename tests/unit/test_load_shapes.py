"""The shapes and the profile of a load test."""

from pathlib import Path

import pytest

from loadtest.day.profile import PROFILE, read_profile
from loadtest.day.shapes import users_at

SHAPES = read_profile(PROFILE).shapes


@pytest.mark.parametrize(
    ("shape", "second", "users"),
    [
        ("steady", 0, 100),
        ("steady", 999.9, 100),
        ("ramp", 0, 1),  # Locust has no run without users.
        ("ramp", 10, 1),
        ("ramp", 500, 50),
        ("ramp", 999.9, 100),
        ("spike", 0, 20),
        ("spike", 400, 20),
        ("spike", 425, 60),
        ("spike", 450, 100),
        ("spike", 600, 100),
        ("spike", 625, 60),
        ("spike", 650, 20),
        ("spike", 999.9, 20),
        ("soak", 25, 50),
        ("soak", 50, 100),
        ("soak", 999.9, 100),
    ],
)
def test_users_of_a_shape(shape: str, second: float, users: int) -> None:
    assert users_at(SHAPES[shape], second, seconds=1000, users=100) == users


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_ends_with_its_time(shape: str) -> None:
    points = SHAPES[shape]
    assert users_at(points, 59.999, seconds=60, users=10) is not None
    assert users_at(points, 60, seconds=60, users=10) is None
    assert (points[0][0], points[-1][0]) == (0, 1)
    assert [part for part, _ in points] == sorted(part for part, _ in points)
    assert all(0 <= share <= 1 for _, share in points)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("weight = 8", "weight = 'eight'", "weight"),
        ("weight = 8", "wieght = 8", "wieght"),
        ("erps = 2", "", "erps"),
        ("[shapes]", "[shapes", "Expected"),
    ],
)
def test_a_profile_that_is_wrong_is_refused_in_words(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(PROFILE.read_text().replace(before, after, 1))
    with pytest.raises(SystemExit, match=f"mine.toml: .*{told}"):
        read_profile(path)
