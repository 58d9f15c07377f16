"""How the number of users follows the time of a run."""

from collections.abc import Sequence
from itertools import pairwise

Points = Sequence[tuple[float, float]]
"""(part of the run, part of the users), both from 0 to 1, the first from 0 to 1 without a step
back."""


def users_at(points: Points, second: float, *, seconds: float, users: int) -> int | None:
    """How many users there are at a second of a run; None when it is over. One at least: Locust
    has no run without any."""
    part = second / seconds
    if part >= 1:
        return None
    for (before, low), (after, high) in pairwise(points):
        if part < after:
            share = low + (high - low) * (part - before) / (after - before)
            return max(1, round(users * share))
    return max(1, round(users * points[-1][1]))
