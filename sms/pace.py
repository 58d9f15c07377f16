"""How often somebody may do something: a burst, and a pace in the long run."""

from collections import OrderedDict
from datetime import datetime, timedelta


class Pace:
    """One pace for each key (the generic cell rate algorithm), of the keys heard last.

    Of those heard longest ago nothing is remembered once there are `keys_max`.
    """

    def __init__(self, every: timedelta, at_once: int, keys_max: int) -> None:
        self._every = every
        self._burst = every * (at_once - 1)
        self._keys_max = keys_max
        # When each would be through if it had kept the pace from its first time on.
        self._through: OrderedDict[str, datetime] = OrderedDict()
        self._told: set[str] = set()

    def kept(self, key: str, at: datetime) -> bool:
        """Whether once more at an instant is within the pace; only then it counts."""
        through = max(self._through.get(key, at), at)
        if through - at > self._burst:
            return False
        self._through[key] = through + self._every
        self._through.move_to_end(key)
        self._told.discard(key)
        if len(self._through) > self._keys_max:
            forgotten, _ = self._through.popitem(last=False)
            self._told.discard(forgotten)
        return True

    def take_back(self, key: str) -> None:
        """What was within the pace last does not count after all."""
        if key in self._through:
            self._through[key] -= self._every

    def first_beyond(self, key: str) -> bool:
        """Whether this is asked for the first time since the key was last within its pace."""
        if key in self._told:
            return False
        self._told.add(key)
        return True
