"""Results for people to read in a terminal."""

from typing import Final

import msgspec

from loadtest.bench.aims import table as aims
from loadtest.bench.figures.figure import GATEWAY
from loadtest.bench.result import FigureResult, Latency, Result, Seen, Sustained
from loadtest.bench.spread import Spread

_ROUNDS_MIN: Final = 4
"""Fewer fall apart by chance."""


def tell(result: Result) -> None:
    """Medians, each with its spread."""
    machine = result.machine
    print(
        f"\n{result.date}, commit {result.commit}: {machine.processor}, {machine.cores} cores, "
        f"{machine.memory_gb:g} GB, {machine.kernel}, 8 kB flushed in {machine.flush_ms} ms "
        f"({machine.filesystem}), commits {'durable' if result.durable else 'NOT durable'}"
    )
    for name, figure in result.figures.items():
        print(f"\n{name}, {figure.documents}, {figure.connections} connections")
        for contender, seen in figure.seen.items():
            print(f"  {contender:9} {_rate(seen.rate)}  {_beside(figure, contender)}")
            print(f"            {_spent(seen, figure.documents)}")
        for latency in figure.latency:
            print(f"  {_times(latency)}")
    if result.sustained:
        _tell_sustained(result.sustained)
    print(f"\n{aims(result)}", end="")


def compared(old: Result, new: Result) -> list[str]:
    """What was measured otherwise; and the gateway's part of every other's rate, before and now, of
    the figures both have, which is told to differ only where every round of one is beyond every
    round of the other and both have four rounds or more."""
    lines = []
    enough = min(old.settings.rounds, new.settings.rounds) >= _ROUNDS_MIN
    for name, figure in new.figures.items():
        before = old.figures.get(name)
        for contender, ratio in figure.ratios.items():
            was = before.ratios.get(contender) if before else None
            if was is not None:
                lines.append(
                    f"{name:17} of {contender:9} {_share(was)}  now {_share(ratio)}  "
                    f"{_verdict(was, ratio) if enough else ''}".rstrip()
                )
    if not lines:
        lines = ["no figure is in both"]
    elif not enough:
        lines.append(f"no verdict: fewer than {_ROUNDS_MIN} rounds")
    return [*_measured_otherwise(old, new), *lines]


def _measured_otherwise(old: Result, new: Result) -> list[str]:
    """What differs of all that rates hang on."""
    before, now = (
        {"cores": one.machine.cores, **msgspec.structs.asdict(one.settings), **one.postgresql}
        for one in (old, new)
    )
    return [
        f"{name} was {before.get(name)}, is {now.get(name)}"
        for name in before | now
        if before.get(name) != now.get(name)
    ]


def _tell_sustained(lasting: Sustained) -> None:
    first, last = lasting.first, lasting.last
    print(f"\nsustained for {lasting.minutes:g} minutes, {lasting.bills} bills")
    for name, minute in (("first", first), ("last", last)):
        print(f"  {name} minute {minute.gateway:.0f}/s, {_share(minute.ratio)} of bare")
    kept = last.gateway / first.gateway
    print(f"  the last is {kept:.3f} of the first, beside bare {_share(lasting.kept)} of it")
    print(f"  {lasting.checkpoints} checkpoints, {lasting.wal_bytes / 1e6:.0f} MB of WAL")
    for table, size in lasting.tables.items():
        print(f"  {table}: {size.rows / 1e6:.0f} MB, its indexes {size.indexes / 1e6:.0f} MB")


def _verdict(was: Spread, now: Spread) -> str:
    if not now.apart_from(was):
        return ""
    change = now.median / was.median
    return f"{'better' if change > 1 else 'worse'}: {change:.2f} of what it was"


def _beside(figure: FigureResult, contender: str) -> str:
    if contender == GATEWAY:
        return ""
    return f"{GATEWAY} does {_share(figure.ratios[contender])} of it"


def _rate(rate: Spread) -> str:
    return f"{rate.median:8.0f}/s ({rate.least:.0f} to {rate.greatest:.0f})"


def _share(ratio: Spread) -> str:
    return f"{ratio.median:.3f} ({ratio.least:.3f} to {ratio.greatest:.3f})"


def _spent(seen: Seen, documents: str) -> str:
    cpu = ", ".join(f"{kind} {seconds:.0f}" for kind, seconds in seen.cpu_seconds_a_million.items())
    tables = "".join(
        f", {name} {size.rows:.0f} + {size.indexes:.0f} of indexes"
        for name, size in seen.tables.items()
    )
    written = f"WAL {seen.wal_bytes:.0f}" + (
        f", Redis {seen.redis_bytes:.0f}" if seen.redis_bytes > 1 else ""
    )
    return f"CPU s a million {documents}: {cpu}; bytes of each: {written}{tables}"


def _times(latency: Latency) -> str:
    named = {"p50": latency.p50, "p90": latency.p90, "p99": latency.p99, "p99.9": latency.p99_9}
    times = ", ".join(f"{name} {one.median:.1f}" for name, one in named.items())
    return (
        f"at {latency.share:.0%}, {latency.rate:.0f}/s: {times}, at most {latency.max.greatest:.1f}"
        f" ms (p99 {latency.p99.least:.1f} to {latency.p99.greatest:.1f}); the client used "
        f"{latency.client_cpu.median:.0%} of a core"
    )
