"""When requests are due at a fixed rate, and how late their answers were: the arithmetic of an open
loop, which leaves out nothing that a slow server made wait (coordinated omission)."""

import math
from collections.abc import Sequence

from msgspec import Struct


class Schedule:
    """Requests due evenly, so many a second, from an instant on. Whatever is due is sent as soon as
    it can be and counts from when it was due, however much later it was sent."""

    def __init__(self, rate: float, count: int, begins: float) -> None:
        self.count = count
        self._rate = rate
        self._begins = begins
        self._sent = 0

    def due(self, now: float) -> float | None:
        """The instant at which the next request was due, if that is not after `now`; it is then
        taken to be sent."""
        intended = self._begins + self._sent / self._rate
        if self._sent == self.count or intended > now:
            return None
        self._sent += 1
        return intended

    @property
    def sent(self) -> int:
        """How many were."""
        return self._sent


class Percentiles(Struct, frozen=True):
    """Of the times until answers came, in milliseconds."""

    p50: float
    p90: float
    p99: float
    p99_9: float
    max: float


def percentiles(seconds: Sequence[float]) -> Percentiles:
    """The least times that so many in a hundred did not exceed. Raises ValueError if there are
    none."""
    ordered = sorted(seconds)
    if not ordered:
        raise ValueError("nothing was answered")

    def at(share: float) -> float:
        # Rounded first: 0.9 of ten is nine, not a hair more.
        return 1000 * ordered[math.ceil(round(share * len(ordered), 6)) - 1]

    return Percentiles(at(0.5), at(0.9), at(0.99), at(0.999), 1000 * ordered[-1])
