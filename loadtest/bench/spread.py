"""Medians with their spread: what is quoted of figures that were taken several times."""

import statistics
from collections.abc import Iterable

from msgspec import Struct


class Spread(Struct, frozen=True):
    """The median of several figures, the least and the greatest of them."""

    median: float
    least: float
    greatest: float

    def apart_from(self, other: "Spread") -> bool:
        """Whether even the nearest of both are not the same: a difference beyond both spreads."""
        return self.greatest < other.least or other.greatest < self.least


def spread(figures: Iterable[float]) -> Spread:
    """Of one figure or more. Raises ValueError when there is none."""
    ordered = sorted(figures)
    if not ordered:
        raise ValueError("there is nothing to take the median of")
    return Spread(statistics.median(ordered), ordered[0], ordered[-1])


def ratio(of: Iterable[float], to: Iterable[float]) -> Spread:
    """Of ratios taken round by round: a round's two figures share the machine's speed of that
    minute. Raises ValueError when there are not as many of both."""
    return spread(one / other for one, other in zip(of, to, strict=True))
