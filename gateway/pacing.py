"""A few requests begin in each round of the event loop, so that those on their way go on between.

What comes at once would otherwise also begin at once: tens of requests, for milliseconds, while the
answers of PostgreSQL and Redis lie unread, each of a transaction's four (docs/performance.md).
"""

import asyncio
from collections import deque
from collections.abc import Callable

from ingest import limits


class Pacing:
    """Begins requests in the order they came. Those that wait are as many as there are connections
    at most, since each has one on its way."""

    def __init__(self) -> None:
        self._due: deque[Callable[[], None]] = deque()
        self._left = limits.REQUESTS_BEGUN_AT_ONCE

    def begin(self, request: Callable[[], None]) -> None:
        """Calls it now, if not enough have been begun in this round, or in the next that has
        room."""
        if not self._left:
            self._due.append(request)
            return
        if self._left == limits.REQUESTS_BEGUN_AT_ONCE:
            asyncio.get_running_loop().call_soon(self._next_round)
        self._left -= 1
        request()

    def _next_round(self) -> None:
        self._left = limits.REQUESTS_BEGUN_AT_ONCE
        # Before anything else of this round, so that none overtakes those that wait.
        for _ in range(min(len(self._due), self._left)):
            self.begin(self._due.popleft())
