"""From sightings to reads: what begins a pass goes into the spool, or is told as lost."""

import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from gateway.reader.passes import Passes
from gateway.reader.reads import new_read
from gateway.reader.spool import Spool, SpoolFull


class Sightings:
    """Takes each sighting of a tag; keeps the last ones through a restart."""

    def __init__(
        self,
        spool: Spool,
        window: timedelta,
        *,
        tell: Callable[[str], None],
        added: Callable[[], None],
    ) -> None:
        """`tell` is told what is lost, `added` is called when reads have come into the spool."""
        self._spool = spool
        self._passes = Passes(window, spool.sightings())
        self._losses = Passes(window)
        self._tell = tell
        self._added = added
        self.lost = 0
        """Passes that could not be kept."""

    def saw(self, tags: Iterable[str], at: datetime) -> None:
        """Takes the tags of one report, seen at an instant in UTC. Reads are durable on return.

        A pass that cannot be kept is told, once. Its tag does not count as seen: if it is still
        there when there is room, it is read then.
        """
        seen = list(dict.fromkeys(tags))
        beginning = [tag for tag in seen if self._passes.begins(tag, at)]
        if beginning:
            try:
                self._spool.add([new_read(tag, at) for tag in beginning], dict.fromkeys(seen, at))
            except (SpoolFull, sqlite3.Error) as error:
                self._lose(beginning, at, error)
                seen = [tag for tag in seen if tag not in beginning]
            else:
                self._added()
        for tag in seen:
            self._passes.saw(tag, at)

    def save(self, at: datetime) -> None:
        """Keeps the last sightings, and forgets those that no longer matter at this instant.

        Raises sqlite3.Error when the disk does not take it; they are saved with the next ones.
        """
        self._losses.forget(at)
        seen, gone = self._passes.take_changed(), self._passes.forget(at)
        if not seen and not gone:
            return
        try:
            self._spool.save_sightings(seen, gone)
        except sqlite3.Error:
            for tag in seen:
                self._passes.saw(tag, seen[tag])
            raise

    def _lose(self, tags: list[str], at: datetime, error: Exception) -> None:
        for tag in tags:
            if self._losses.begins(tag, at):
                self.lost += 1
                self._tell(f"LOST: {tag} at {at.isoformat()} is not kept: {error}")
            self._losses.saw(tag, at)
