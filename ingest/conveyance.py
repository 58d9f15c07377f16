"""A conveyance as hot state keeps it: the stays of bills on it, and what lanes are told for now."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Final

import msgspec
from msgspec import Raw, Struct

from validators.lane import Stay, lane_bill, live


class Conveyance(Struct, frozen=True, array_like=True, dict=True):
    """Until its first live bill runs out, every lane is told the same: it is written here once,
    since lanes ask far more often than bills change, and the stays need not be looked at."""

    passes_until: datetime | None
    """The last instant at which `shown` is true; None where no bill is live."""
    shown: bytes
    """The `LaneBill` of every bill that was live when this was written, newest first, as JSON."""
    written_stays: Raw

    @cached_property
    def stays(self) -> list[Stay]:
        """The stays of bills on it, newest first: those that go on and those that ended of late,
        `limits.VEHICLE_STAYS_MAX` at most."""
        return _stays.decode(self.written_stays)


_stays: Final = msgspec.msgpack.Decoder(list[Stay])


def conveyance_of(stays: Sequence[Stay], at: datetime) -> Conveyance:
    """A conveyance with these stays, as lanes are told of it from an instant on."""
    now = live(stays, at)
    return Conveyance(
        min((stay.valid_until for stay in now), default=None),
        msgspec.json.encode([lane_bill(stay, at) for stay in now]),
        Raw(msgspec.msgpack.encode(stays)),
    )
