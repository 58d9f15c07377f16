"""A result, as it is saved: JSON of these."""

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from loadtest.bench.footprint import TableBytes
from loadtest.bench.live_set import LiveSet
from loadtest.bench.options import Settings
from loadtest.bench.origin import Machine
from loadtest.bench.spread import Spread

_IN_MEMORY: Final = ("tmpfs", "ramfs")
_FLUSH_MS_MIN: Final = 0.01
"""No disk is so fast."""


class Seen(Struct, frozen=True):
    """Of one contender: documents a second, their spread and round by round; CPU seconds a million
    documents by kind of process; and the bytes a document took in the write-ahead log, in Redis,
    and in the tables that grew, as its part of these whole."""

    rate: Spread
    rounds: list[float]
    cpu_seconds_a_million: dict[str, float]
    wal_bytes: float
    redis_bytes: float
    tables: dict[str, TableBytes]


class Latency(Struct, frozen=True):
    """At a share of the greatest rate, in the median so many a second: milliseconds from when a
    request was due until it was answered, over several runs; and the client's share of a core."""

    share: float
    rate: float
    answered: int
    p50: Spread
    p90: Spread
    p99: Spread
    p99_9: Spread
    max: Spread
    client_cpu: Spread


class FigureResult(Struct, frozen=True):
    """Of one figure: what its documents are, its contenders, and the gateway's part of each other's
    rate, taken round by round."""

    documents: str
    connections: int
    seen: dict[str, Seen]
    ratios: dict[str, Spread]
    latency: list[Latency]


class Turn(Struct, frozen=True):
    """One of a sustained load with one of the bare endpoint after it: seconds after the load began,
    and the rates of both."""

    begun: float
    gateway: float
    bare: float


class Minute(Struct, frozen=True):
    """The turns of one minute: both mean rates, and their ratio turn by turn."""

    gateway: float
    bare: float
    ratio: Spread


class Sustained(Struct, frozen=True):
    """Generation for minutes on end, the first and the last of them apart; bills there were at the
    end, the bytes by which tables grew, the checkpoints PostgreSQL completed meanwhile, and the
    bytes of its write-ahead log."""

    minutes: float
    first: Minute
    last: Minute
    turns: list[Turn]
    bills: int
    tables: dict[str, TableBytes]
    checkpoints: int = 0
    wal_bytes: float = 0

    @property
    def kept(self) -> Spread:
        """What the rate beside the bare endpoint's is in each turn of the last minute, of the
        first minute's median."""
        of, ratio = self.first.ratio.median, self.last.ratio
        return Spread(ratio.median / of, ratio.least / of, ratio.greatest / of)


class Result(Struct, frozen=True):
    """What was measured, when, on what, and how."""

    date: str
    commit: str
    machine: Machine
    versions: dict[str, str]
    postgresql: dict[str, str]
    settings: Settings
    figures: dict[str, FigureResult]
    live_set: LiveSet | None = None
    sustained: Sustained | None = None

    @property
    def durable(self) -> bool:
        """Whether what was acknowledged had reached a disk, as far as settings and the time of a
        flush can tell."""
        told = self.postgresql
        return (
            told["fsync"] == told["synchronous_commit"] == "on"
            and self.machine.filesystem not in _IN_MEMORY
            and self.machine.flush_ms >= _FLUSH_MS_MIN
        )


def save(result: Result, file: Path) -> None:
    """As JSON for people to read as well."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")


def saved(file: Path) -> Result:
    """What `save` wrote. Exits when it is something else."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Result)
    except (OSError, msgspec.MsgspecError) as error:
        raise SystemExit(f"{file.name} is no saved result: {error}") from error
