"""How fast messages go out, on a clock of the test's own."""

from ingest import sms_limits
from sms.smpp.submit_rate import SubmitRate


class Seconds:
    """A clock that goes by itself only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_turns_are_apart_by_the_rate_and_the_first_is_at_once() -> None:
    seconds = Seconds()
    pace = SubmitRate(4, seconds, seconds.sleep)
    begun = []
    for _ in range(4):
        await pace.turn()
        begun.append(seconds.now)
    assert begun == [100, 100.25, 100.5, 100.75]
    seconds.now = 200
    await pace.turn()
    assert seconds.now == 200


async def test_each_throttling_doubles_the_pause_up_to_its_limit() -> None:
    seconds = Seconds()
    pace = SubmitRate(1000, seconds, seconds.sleep)
    pauses = []
    for _ in range(7):
        began = seconds.now
        pace.throttled()
        await pace.turn()
        pauses.append(seconds.now - began)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert pauses[-1] == sms_limits.SMPP_THROTTLED_SECONDS_MAX
    pace.taken()
    began = seconds.now
    pace.throttled()
    await pace.turn()
    assert seconds.now - began == sms_limits.SMPP_THROTTLED_SECONDS


async def test_what_was_out_when_the_smsc_throttled_counts_once() -> None:
    seconds = Seconds()
    pace = SubmitRate(1000, seconds, seconds.sleep)
    for _ in range(16):
        pace.throttled()
    await pace.turn()
    assert seconds.now == 101
