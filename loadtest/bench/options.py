"""What a run is asked with."""

import argparse
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from msgspec import Struct

FIGURES: Final = (
    "generation",
    "generation_by_few",
    "generation_by_many",
    "read",
    "question",
    "bulk",
)
"""Those of a run that is not told which, in order; `sms` is measured when it is asked for."""
_VEHICLES_MAX: Final = 1_000_000
"""As many names the live set has."""
_SUSTAINED_MINUTES_MIN: Final = 2
"""Else the first and the last minute would be the same."""
_LEAST: Final = {
    "workers": 1,
    "connections": 1,
    "few_connections": 1,
    "many_connections": 1,
    "rounds": 1,
    "warm_ups": 0,
    "seconds": 1,
    "latency_rounds": 0,
    "latency_seconds": 0.1,
    "bills": 1,
    "vehicles": 1,
    "invoices": 1,
    "uploads": 1,
    "stored": 0,
    "numbers": 1,
}
_QUICK: Final = {
    "rounds": 2,
    "seconds": 1,
    "latency_rounds": 1,
    "latency_seconds": 1.0,
    "bills": 20_000,
    "invoices": 2000,
}


class Settings(Struct, frozen=True):
    """How it is measured; kept with the result."""

    workers: int
    connections: int
    few_connections: int
    rounds: int
    warm_ups: int
    seconds: int
    latency_rounds: int
    latency_seconds: float
    bills: int
    vehicles: int
    invoices: int
    uploads: int
    stored: int
    numbers: int
    many_connections: int = 1000


class Options(Struct, frozen=True):
    """Settings, and what is to be done."""

    settings: Settings
    figures: tuple[str, ...]
    sustained: float
    in_memory: bool
    directory: Path | None
    saved: Path | None
    json: Path | None
    compare: Path | None
    plot: Path | None
    page: Path | None


def options(arguments: Sequence[str] | None = None) -> Options:
    """Of a command line. Exits when it makes no sense, or when wrk is needed and is not there."""
    parser = _parser()
    told = parser.parse_args(arguments)
    if told.quick:
        # What was said by itself stands.
        parser.set_defaults(**_QUICK)
        told = parser.parse_args(arguments)
    named = told.only or ("" if told.sustained else ",".join(FIGURES))
    figures = tuple(filter(None, named.split(",")))
    if unknown := set(figures) - {*FIGURES, "sms"}:
        parser.error(f"no figure is called {', '.join(sorted(unknown))}")
    if told.vehicles is None:
        told.vehicles = min(max(1, told.bills // 10), _VEHICLES_MAX)
    _refuse(parser, told, figures)
    settings = Settings(**{name: getattr(told, name) for name in Settings.__struct_fields__})
    others = ("sustained", "in_memory", "directory", "saved", "json", "compare", "plot", "page")
    return Options(settings, figures, **{name: getattr(told, name) for name in others})


def _refuse(
    parser: argparse.ArgumentParser, told: argparse.Namespace, figures: Sequence[str]
) -> None:
    """Now, and not when everything has been measured."""
    for name, least in _LEAST.items():
        if not getattr(told, name) >= least:
            parser.error(f"--{name.replace('_', '-')} is at least {least}")
    if told.vehicles > min(told.bills, _VEHICLES_MAX):
        parser.error(f"--vehicles is at most --bills, and at most {_VEHICLES_MAX}")
    if told.sustained and not told.sustained >= _SUSTAINED_MINUTES_MIN:
        parser.error(f"--sustained is at least {_SUSTAINED_MINUTES_MIN}")
    _refuse_files(parser, told, figures)


def _refuse_files(
    parser: argparse.ArgumentParser, told: argparse.Namespace, figures: Sequence[str]
) -> None:
    if told.plot and not (figures or told.saved):
        parser.error("--plot draws figures, and none is asked for")
    if told.plot and find_spec("matplotlib") is None:
        parser.error("--plot needs matplotlib (the extra `bench`)")
    if told.saved is None and shutil.which("wrk") is None:
        parser.error("wrk is needed (Debian: apt-get install wrk)")
    for file in (told.json, told.plot):
        if file is not None and not file.parent.is_dir():
            parser.error(f"there is no directory for {file}")
    if told.page and not told.page.is_file():
        parser.error(f"there is no page {told.page}")


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m loadtest.bench", description="Measures the gateway (docs/benchmark.md)."
    )
    say = made.add_argument
    say("--only", metavar="FIGURES", help=f"of {', '.join(FIGURES)}, sms; with commas between")
    say("--quick", action="store_true", help="short rounds and a small record")
    say(
        "--sustained",
        type=float,
        default=0,
        metavar="MINUTES",
        help="generation for so long; without figures, unless they are named",
    )
    say("--json", type=Path, help="write the result here")
    say("--compare", type=Path, metavar="SAVED", help="a result of before to hold this beside")
    say("--plot", type=Path, metavar="SVG", help="draw the result on one page")
    say("--saved", type=Path, help="measure nothing: compare and draw this result")
    say("--page", type=Path, metavar="MD", help="write the table of aims into this page")
    say("--in-memory", action="store_true", help="even where no commit reaches a disk")
    say("--directory", type=Path, help="where the temporary directory is made")
    say("--workers", type=int, default=2, help="of everything that serves")
    say("--connections", type=int, default=256, help="of generation")
    say("--few-connections", type=int, default=64, help="of the other figures")
    say("--many-connections", type=int, default=1000, help="of generation by many")
    say("--rounds", type=int, default=5)
    say("--warm-ups", type=int, default=1, help="rounds before them that are not counted")
    say("--seconds", type=int, default=4, help="of each turn")
    say("--latency-rounds", type=int, default=3, help="at each fixed rate; 0 for none")
    say("--latency-seconds", type=float, default=5.0, help="of each")
    say("--bills", type=int, default=100_000, help="live ones, to be read and asked for")
    say("--vehicles", type=int, help="they are on; a tenth of the bills, a million at most")
    say("--invoices", type=int, default=15_000, help="of each supplier")
    say("--uploads", type=int, default=8, help="at once")
    say("--stored", type=int, default=0, help="invoices laid in before uploads are measured")
    say("--numbers", type=int, default=2000, help="registered ones, that SMS come from")
    return made
