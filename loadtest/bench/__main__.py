"""The benchmark suite in one command: `python -m loadtest.bench`, or `./run bench`
(docs/benchmark.md)."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from loadtest.bench import origin
from loadtest.bench.aims import filled
from loadtest.bench.figures import bulk, generation, questions, sms
from loadtest.bench.figures.figure import Figure
from loadtest.bench.live_set import LiveSet, lay_in
from loadtest.bench.measuring import measured
from loadtest.bench.options import Options, Settings, options
from loadtest.bench.printing import compared, tell
from loadtest.bench.result import FigureResult, Result, save, saved
from loadtest.bench.sustained import sustained
from loadtest.bench.systems import Systems, systems
from loadtest.gateway import end_as_by_ctrl_c


def main() -> None:
    """Measures, or reads what was measured; then tells, compares, saves and draws."""
    chosen = options()
    end_as_by_ctrl_c()
    # Read first: what cannot be compared should not take half an hour to say so.
    old = saved(chosen.compare) if chosen.compare else None
    result = saved(chosen.saved) if chosen.saved else measure(chosen)
    tell(result)
    if chosen.json:
        save(result, chosen.json)
    if old is not None:
        print(f"\ncommit {old.commit} of {old.date}, and now")
        print("\n".join(compared(old, result)))
    if chosen.page:
        chosen.page.write_text(filled(chosen.page.read_text("utf-8"), result), "utf-8")
    if chosen.plot:
        from loadtest.bench.plot import draw  # noqa: PLC0415 - matplotlib takes a second to load

        draw(result, chosen.plot)


def measure(chosen: Options) -> Result:
    """Everything that was asked for, on servers of its own. Exits when an answer was wrong."""
    settings = chosen.settings
    figures: dict[str, FigureResult] = {}
    lasting = None
    with _beside(chosen) as (directory, beside):
        live = cache(lambda: lay_in(beside, settings.bills, settings.vehicles))
        makers = _figures(beside, settings, live)
        origins = (
            datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            origin.commit(),
            origin.machine(directory),
            origin.versions(beside.gateway),
            origin.postgresql(beside.gateway),
        )
        if not (chosen.in_memory or Result(*origins, settings, {}).durable):
            raise SystemExit("no commit would reach a disk here (--directory, or --in-memory)")
        for name in chosen.figures:
            figures[name] = measured(name, makers[name](), beside, settings)
        laid_in = live() if live.cache_info().currsize else None
    if chosen.sustained:
        # On a record that is empty at first.
        with _beside(chosen) as (_, beside):
            lasting = sustained(beside, chosen.sustained, settings.connections)
    return Result(*origins, settings, figures, laid_in, lasting)


@contextmanager
def _beside(chosen: Options) -> Iterator[tuple[Path, Systems]]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir=chosen.directory) as directory,
        systems(Path(directory), chosen.settings.workers) as beside,
    ):
        yield Path(directory), beside


def _figures(
    beside: Systems, settings: Settings, live: Callable[[], LiveSet]
) -> dict[str, Callable[[], Figure]]:
    many, few, seconds = settings.connections, settings.few_connections, settings.seconds
    return {
        "generation": lambda: generation.figure(beside, many, seconds),
        "generation_by_few": lambda: generation.by_few(beside, few, seconds),
        "generation_by_many": lambda: generation.by_many(
            beside, settings.many_connections, seconds
        ),
        "read": lambda: questions.read(beside, live(), few, seconds),
        "question": lambda: questions.question(beside, live(), few, seconds),
        "bulk": lambda: bulk.figure(beside, settings),
        "sms": lambda: sms.figure(beside, settings),
    }


if __name__ == "__main__":
    main()
