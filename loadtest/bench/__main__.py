"""The benchmark suite in one command: `python -m loadtest.bench`, or `./run bench`
(docs/benchmark.md)."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    figures: dict[str, FigureResult] = {}
    lasting = None
    with _beside(options) as (directory, beside):
        live = cache(lambda: lay_in(beside, settings.bills, settings.vehicles))
        makers = _figures(beside, settings, live)
        origins = (
            datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            origin.commit(),
            origin.machine(directory),
            origin.versions(beside.gateway),
            origin.postgresql(beside.gateway),
        )
        for name in options.figures:
            figures[name] = measured(name, makers[name](), beside, settings)
        laid_in = live() if live.cache_info().currsize else None
    if options.sustained:
        # On a record that is empty at first.
        with _beside(options) as (_, beside):
            lasting = sustained(beside, options.sustained, settings.connections)
    return Result(*origins, settings, figures, laid_in, lasting)


@contextmanager
def _beside(options: Asked) -> Iterator[tuple[Path, Systems]]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir=options.directory) as directory,
        systems(Path(directory), options.settings.workers) as beside,
    ):
        yield Path(directory), beside


def _figures(
    beside: Systems, settings: Settings, live: Callable[[], LiveSet]
) -> dict[str, Callable[[], Figure]]:
    many, few, seconds = settings.connections, settings.few_connections, settings.seconds
    return {
        "generation": lambda: generation.figure(beside, many, seconds),
        "generation_by_few": lambda: generation.by_few(beside, few, seconds),
        "read": lambda: asking.read(beside, live(), few, seconds),
        "question": lambda: asking.question(beside, live(), few, seconds),
        "bulk": lambda: bulk.figure(beside, settings),
        "sms": lambda: sms.figure(beside, settings),
    }


if __name__ == "__main__":
    main()
