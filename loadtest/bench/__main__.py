"""The benchmark suite in one command: `python -m loadtest.bench`, or `./run bench`
(docs/benchmark.md)."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from loadtest.bench import asking, bulk, generation, origin, sms
from loadtest.bench.asked import Asked, Settings, asked
from loadtest.bench.figure import Figure
from loadtest.bench.live_set import LiveSet, lay_in
from loadtest.bench.measuring import measured
from loadtest.bench.printing import compared, tell
from loadtest.bench.result import FigureResult, Result, save, saved
from loadtest.bench.sustained import sustained
from loadtest.bench.systems import Systems, systems


def main() -> None:
    """Measures, or reads what was measured; then tells, compares, saves and draws."""
    options = asked()
    result = saved(options.saved) if options.saved else measure(options)
    tell(result)
    if options.json:
        save(result, options.json)
    if options.compare:
        old = saved(options.compare)
        print(f"\ncommit {old.commit} of {old.date}, and now")
        print("\n".join(compared(old, result)))
    if options.plot:
        from loadtest.bench.plot import draw  # noqa: PLC0415 - matplotlib takes a second to load

        draw(result, options.plot)


def measure(options: Asked) -> Result:
    """Everything that was asked for, on servers of its own. Exits when an answer was wrong."""
    settings = options.settings
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir=options.directory) as directory,
        systems(Path(directory), settings.workers) as beside,
    ):
        live = cache(lambda: lay_in(beside, settings.bills, settings.vehicles))
        makers = _figures(beside, settings, live)
        figures: dict[str, FigureResult] = {}
        lasting = None
        if options.sustained:
            lasting = sustained(beside, options.sustained, settings.connections)
        else:
            for name in options.figures:
                figures[name] = measured(name, makers[name](), beside, settings)
        return Result(
            datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            origin.commit(),
            origin.machine(Path(directory)),
            origin.versions(beside.gateway),
            origin.postgresql(beside.gateway),
            settings,
            figures,
            live() if live.cache_info().currsize else None,
            lasting,
        )


def _figures(
    beside: Systems, settings: Settings, live: Callable[[], LiveSet]
) -> dict[str, Callable[[], Figure]]:
    many, few, seconds = settings.connections, settings.few_connections, settings.seconds
    return {
        "generation": lambda: generation.figure(beside, many, seconds, "m"),
        "generation_by_few": lambda: generation.figure(beside, few, seconds, "f"),
        "read": lambda: asking.read(beside, live(), few, seconds),
        "question": lambda: asking.question(beside, live(), few, seconds),
        "bulk": lambda: bulk.figure(beside, settings),
        "sms": lambda: sms.figure(beside, settings),
    }


if __name__ == "__main__":
    main()
