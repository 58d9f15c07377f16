"""What was asked, and what a result reached: the table of docs/benchmark.md."""

import re
from collections.abc import Iterator
from typing import Final

from loadtest.bench.result import Result

_RATIOS: Final = {
    "generation_by_few": {"bare": 0.45, "ordinary": 10},
    "generation": {"bare": 0.45, "ordinary": 10},
    "generation_by_many": {"bare": 0.45, "ordinary": 10},
    "read": {"bare": 0.7, "ordinary": 2},
    "question": {"bare": 0.7, "ordinary": 2},
    "bulk": {"copy": 0.4, "ordinary": 2.5},
}
"""At least so much of each other's rate; nothing was said of how many connections it comes over."""
_P99_MS_BELOW: Final = 25
_AT: Final = 0.5
_LOST_MAX: Final = 0.05
_MINUTES: Final = 10
_TABLE: Final = re.compile(r"(<!-- aims -->\n\n).*?(\n<!-- end -->)", re.DOTALL)
_HEAD: Final = "| | asked | reached | from - to | |\n|---|---|---|---|---|\n"


def table(result: Result) -> str:
    """As Markdown; what was not measured has no figure."""
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in _rows(result))


def filled(page: str, result: Result) -> str:
    """The page with the table between its markers. Exits unless it has one place for it."""
    made, places = _TABLE.subn(lambda place: place[1] + table(result) + place[2], page)
    if places != 1:
        raise SystemExit("the page has not one place for the table of aims")
    return made


def _rows(result: Result) -> Iterator[tuple[str, ...]]:
    for name, asked in _RATIOS.items():
        figure = result.figures.get(name)
        for other, least in asked.items():
            said = (f"{name}, of {other}", f"at least {least:g}")
            ratio = figure.ratios.get(other) if figure else None
            if ratio is None:
                yield *said, "not measured", "", ""
            else:
                spread = f"{ratio.least:.3f} - {ratio.greatest:.3f}"
                yield *said, f"{ratio.median:.3f}", spread, _met(ratio.median >= least)
    for name in ("generation", "read", "question"):
        figure = result.figures.get(name)
        said = (f"{name}, p99 at half of its greatest rate", f"below {_P99_MS_BELOW} ms")
        half = [one.p99 for one in figure.latency if one.share == _AT] if figure else []
        if not half:
            yield *said, "not measured", "", ""
        for p99 in half:
            spread = f"{p99.least:.1f} - {p99.greatest:.1f}"
            yield *said, f"{p99.median:.1f} ms", spread, _met(p99.median < _P99_MS_BELOW)
    lasting = result.sustained
    said = (
        f"generation beside bare after {_MINUTES} minutes, of the first minute's",
        f"at least {1 - _LOST_MAX:g}",
    )
    if lasting is None or lasting.minutes < _MINUTES:
        yield *said, "not measured", "", ""
    else:
        kept = lasting.kept
        spread = f"{kept.least:.3f} - {kept.greatest:.3f}"
        yield *said, f"{kept.median:.3f}", spread, _met(kept.median >= 1 - _LOST_MAX)


def _met(reached: bool) -> str:
    return "reached" if reached else "**not reached**"
