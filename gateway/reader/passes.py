"""Which sightings of a tag are one pass, however often the reader sees it."""

from collections.abc import Mapping
from datetime import datetime, timedelta


class Passes:
    """Remembers when each tag was last seen. A tag unseen for longer than the window passes anew.

    The window counts from the last sighting, so a lorry that waits in the lane passes once.
    """

    def __init__(self, window: timedelta, last: Mapping[str, datetime] | None = None) -> None:
        self._window = window
        self._last = dict(last or {})
        self._changed: set[str] = set()

    def begins(self, tag: str, at: datetime) -> bool:
        """Whether a sighting at this instant would begin a pass. Remembers nothing.

        A clock that was set back by more than the window begins one, too: a tag must not stay
        unread until the clock has caught up.
        """
        last = self._last.get(tag)
        return last is None or abs(at - last) > self._window

    def saw(self, tag: str, at: datetime) -> None:
        """Remembers a sighting."""
        self._last[tag] = at
        self._changed.add(tag)

    def take_changed(self) -> dict[str, datetime]:
        """The last sightings of the tags that were seen since this was asked last."""
        changed = {tag: self._last[tag] for tag in self._changed if tag in self._last}
        self._changed.clear()
        return changed

    def forget(self, at: datetime) -> list[str]:
        """Drops, and names, the tags whose next sighting begins a pass in any case."""
        gone = [tag for tag in self._last if self.begins(tag, at)]
        for tag in gone:
            del self._last[tag]
        return gone
