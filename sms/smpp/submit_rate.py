"""How fast messages go out: by a rate of our own, and slower when the SMSC asks for it."""

from collections.abc import Awaitable, Callable

from ingest import sms_limits


class SubmitRate:
    """Gives turns, `per_second` at most, and none for a while once the SMSC was at its limit: for
    twice as long each time it is so again. `time` is in seconds and never goes back."""

    def __init__(
        self,
        per_second: float,
        time: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._apart = 1 / per_second
        self._time = time
        self._sleep = sleep
        self._next = 0.0
        self._resumes = 0.0
        self._pause = 0.0

    async def turn(self) -> None:
        """Returns when the next message may go out."""
        while (begins := max(self._next, self._resumes)) > (now := self._time()):
            await self._sleep(begins - now)
        self._next = now + self._apart

    def throttled(self) -> None:
        """The SMSC is at its limit. Answers to what had gone out before it said so count once."""
        now = self._time()
        if now >= self._resumes:
            self._pause = min(
                2 * self._pause or sms_limits.SMPP_THROTTLED_SECONDS,
                sms_limits.SMPP_THROTTLED_SECONDS_MAX,
            )
            self._resumes = now + self._pause

    def taken(self) -> None:
        """The SMSC took a message: the next pause is a short one again."""
        self._pause = 0.0
