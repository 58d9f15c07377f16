"""A result on one page, as SVG: rates beside each other, times at fixed rates, CPU by process."""

from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Page
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from loadtest.bench.figures.figure import GATEWAY
from loadtest.bench.result import FigureResult, Result

_COLOURS: Final = {
    GATEWAY: "#7db3e0",
    "bare": "#c4c4c4",
    "copy": "#c4c4c4",
    "decode": "#dedede",
    "http": "#dedede",
    "ordinary": "#e3a566",
}
"""Of contenders, from the top."""
_KINDS: Final = {
    "workers": "#1b5e9e",
    "postgresql": "#5a9bd4",
    "valkey": "#a34a4a",
    "client": "#c9c9c9",
}
_PERCENTILES: Final = {"p50": "#9ecae1", "p90": "#5a9bd4", "p99": "#1b5e9e", "p99_9": "#0b2545"}
_LARGEST: Final = "ordinary"
_LABEL: Final = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
_TICKS_MAX: Final = 5
_WHOLE: Final = StrMethodFormatter("{x:,.0f}")
_INCHES_A_FIGURE: Final = 3.4
_HEIGHT_INCHES: Final = 9.5
_ROWS: Final = 3


def draw(result: Result, file: Path) -> None:
    """Writes the page; the same result makes the same file. Exits when it has no figure."""
    if not result.figures:
        raise SystemExit("there is no figure to draw")
    # Text as text, and nothing drawn by lot.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bench", "font.size": 8})
    columns = len(result.figures)
    page = Page(figsize=(max(2, columns) * _INCHES_A_FIGURE, _HEIGHT_INCHES), layout="constrained")
    page.suptitle(_title(result))
    rows = page.subplots(_ROWS, columns, squeeze=False)
    for place, (name, figure) in enumerate(result.figures.items()):
        _rates(rows[0][place], name, figure)
        _latency(rows[1][place], figure)
        _cpu(rows[2][place], figure)
    page.savefig(file, format="svg", metadata={"Date": None})


def _title(result: Result) -> str:
    machine, lasting = result.machine, result.sustained
    said = (
        f"{machine.processor}, {machine.cores} cores, client included, "
        f"commits {'durable' if result.durable else 'NOT durable'}\n"
        f"commit {result.commit}, {result.date}; medians of {result.settings.rounds} rounds, "
        "whiskers from the least to the greatest"
    )
    if lasting is None:
        return said
    return (
        f"{said}\nafter {lasting.minutes:g} minutes of generation its rate beside bare is "
        f"{lasting.kept.median:.3f} of the first minute's"
    )


def _rates(axes: Axes, name: str, figure: FigureResult) -> None:
    names = _from_below(figure)
    rates = [figure.seen[one].rate for one in names]
    axes.barh(
        names,
        [rate.median for rate in rates],
        color=[_COLOURS[one] for one in names],
        xerr=(
            [rate.median - rate.least for rate in rates],
            [rate.greatest - rate.median for rate in rates],
        ),
        error_kw={"elinewidth": 0.8, "capsize": 2},
    )
    for place, one in enumerate(names):
        ratio = figure.ratios.get(one)
        said = f"{rates[place].median:,.0f}"
        if ratio is not None:
            said += f"  (gateway: {ratio.median:.2f} of it)"
        axes.text(0.01, place, said, transform=axes.get_yaxis_transform(), va="center")
    _number(axes)
    axes.set_title(f"{name.replace('_', ' ')}, {figure.connections} connections")
    axes.set_xlabel(f"{figure.documents} a second")


def _latency(axes: Axes, figure: FigureResult) -> None:
    if not figure.latency:
        axes.axis("off")
        return
    rates = [one.rate for one in figure.latency]
    for name, colour in _PERCENTILES.items():
        times = [getattr(one, name) for one in figure.latency]
        axes.plot(
            rates,
            [time.median for time in times],
            color=colour,
            marker="o",
            markersize=3,
            label=name.replace("_", "."),
        )
        axes.fill_between(
            rates,
            [time.least for time in times],
            [time.greatest for time in times],
            color=colour,
            alpha=0.15,
            linewidth=0,
        )
    axes.set_yscale("log")
    _number(axes)
    axes.set_xlim(left=0)
    axes.set_xlabel("offered a second: 25, 50, 75 % of the most")
    axes.set_ylabel("ms from when it was due")
    axes.legend(fontsize=7)


def _cpu(axes: Axes, figure: FigureResult) -> None:
    """What takes far more than the rest is cut off at the edge; its figure stands beside it."""
    names = _from_below(figure)
    left = [0.0] * len(names)
    for kind, colour in _KINDS.items():
        seconds = [figure.seen[one].cpu_seconds_a_million.get(kind, 0.0) for one in names]
        axes.barh(names, seconds, left=left, color=colour, label=kind)
        left = [before + more for before, more in zip(left, seconds, strict=True)]
    edge = 1.25 * max(total for one, total in zip(names, left, strict=True) if one != _LARGEST)
    for place, total in enumerate(left):
        axes.text(min(total, edge), place, f" {total:,.0f}", va="center", bbox=_LABEL)
    axes.set_xlim(0, edge * 1.15)
    axes.set_xlabel(f"CPU seconds a million {figure.documents}")
    axes.legend(fontsize=7)


def _number(axes: Axes) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(_TICKS_MAX))
    axes.xaxis.set_major_formatter(_WHOLE)


def _from_below(figure: FigureResult) -> list[str]:
    """The contenders, the gateway last, which is drawn at the top."""
    return [name for name in reversed(_COLOURS) if name in figure.seen]
