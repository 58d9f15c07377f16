"""One figure measured: its rounds, its times at fixed rates, and whether the record agrees."""

from collections.abc import Mapping
from typing import Final

from loadtest.bench import footprint
from loadtest.bench.clients.open_loop import Answered, offer
from loadtest.bench.figures.figure import GATEWAY, Figure, FixedRate
from loadtest.bench.footprint import Footprint, TableBytes
from loadtest.bench.options import Settings
from loadtest.bench.result import FigureResult, Latency, Seen
from loadtest.bench.rounds import Turns, in_turn
from loadtest.bench.spread import ratio, spread
from loadtest.bench.systems import Systems

_SHARES: Final = (0.25, 0.5, 0.75)
"""Of the greatest rate."""
_NOT_TOLD: Final = "idle"


def measured(name: str, figure: Figure, systems: Systems, settings: Settings) -> FigureResult:
    """Measures it; tells every round. Exits when an answer was wrong or is not on record."""
    print(f"\n{name}: {figure.documents} a second, {figure.connections} connections")

    def tell(number: int, rates: dict[str, float]) -> None:
        ratios = [
            f"{rates[GATEWAY] / rate:.3f} of {other}"
            for other, rate in rates.items()
            if other != GATEWAY
        ]
        shown = "  ".join(f"{other} {rate:.0f}" for other, rate in rates.items())
        label = f"round {number}" if number > 0 else "warm-up"
        print(f"{label:8} {shown}  ({', '.join(ratios)})", flush=True)

    databases = ("ordinary", GATEWAY)
    rows = {one: footprint.table_rows(systems, one) for one in databases}
    turns = in_turn(
        figure.contenders, settings.rounds, settings.warm_ups, _Measuring(systems), tell
    )
    rates = turns[GATEWAY].rates
    # Before anything more is acknowledged: what follows takes no footprint.
    tables = _of_documents(turns, systems, rows)
    load = figure.fixed_rate
    latency = _latency(figure, load, turns[GATEWAY].acknowledged, systems, settings) if load else []
    figure.check_record(
        {one: took.acknowledged for one, took in turns.items()},
        sum(one.answered for one in latency),
    )
    others = {one: ratio(rates, took.rates) for one, took in turns.items() if one != GATEWAY}
    seen = {one: _seen(took, tables[one]) for one, took in turns.items()}
    return FigureResult(figure.documents, figure.connections, seen, others, latency)


class _Measuring:
    def __init__(self, systems: Systems) -> None:
        self._systems = systems

    def until_still(self) -> None:
        footprint.until_still(self._systems)

    def before(self, contender: str) -> Footprint:
        return footprint.before(self._systems, contender)

    def after(self, contender: str) -> Footprint:
        return footprint.after(self._systems, contender)


def _seen(turns: Turns, tables: dict[str, TableBytes]) -> Seen:
    assert turns.took is not None  # noqa: S101 - there is a round at least
    cpu = turns.took.each(turns.documents / 1e6).cpu
    each = turns.took.each(turns.documents)
    return Seen(
        spread(turns.rates),
        turns.rates,
        {kind: seconds for kind, seconds in cpu.items() if kind != _NOT_TOLD},
        each.wal,
        each.redis,
        tables,
    )


def _of_documents(
    turns: Mapping[str, Turns], systems: Systems, rows: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, TableBytes]]:
    """What a document of each contender took in the tables that grew, given how many rows each
    database's tables had: of a whole table the part of the rows that came with each document. Not
    what the files grew by: they are extended in steps."""
    found: dict[str, dict[str, TableBytes]] = {}
    for database, had in rows.items():
        sizes, have = (
            footprint.table_bytes(systems, database),
            footprint.table_rows(systems, database),
        )
        theirs = {name: took for name, took in turns.items() if _database(name) == database}
        grown = {name: _grown(took) for name, took in theirs.items()}
        for name in theirs:
            found[name] = {}
            for table in grown[name]:
                came = have[table] - had.get(table, 0)
                documents = sum(
                    sum(took.acknowledged.values())
                    for one, took in theirs.items()
                    if table in grown[one]
                )
                if came > 0:
                    part = came / have[table] / documents
                    size = sizes[table]
                    found[name][table] = TableBytes(size.rows * part, size.indexes * part)
    return found


def _database(contender: str) -> str:
    return "ordinary" if contender == "ordinary" else GATEWAY


def _grown(turns: Turns) -> set[str]:
    assert turns.took is not None  # noqa: S101 - there is a round at least
    return set(turns.took.each(turns.documents).tables)


def _latency(
    figure: Figure,
    load: FixedRate,
    acknowledged: dict[int, int],
    systems: Systems,
    settings: Settings,
) -> list[Latency]:
    """The shares in turn as well, each round of the greatest rate that a turn just before it
    reached: a rate of minutes ago says little of what half a load is now. What these turns
    acknowledged is put with that of the rounds."""
    (gateway,) = (one for one in figure.contenders if one.name == GATEWAY)
    runs: dict[float, list[tuple[float, Answered]]] = {share: [] for share in _SHARES}
    sent = 0
    for number in range(settings.rounds + 1, settings.rounds + settings.latency_rounds + 1):
        timed = gateway.prepare(number)
        footprint.until_still(systems)
        done = timed()
        acknowledged[number] = done.documents
        for share, answered in runs.items():
            rate = share * done.documents / done.seconds
            footprint.until_still(systems)
            run = offer(load, sent, rate, settings.latency_seconds, figure.connections)
            answered.append((rate, run))
            sent += run.count
            print(
                f"at {share:.0%} of the most, {rate:.0f}/s: p50 {run.times.p50:.1f} ms, p99 "
                f"{run.times.p99:.1f} ms; the client used {run.client_cpu:.0%} of a core",
                flush=True,
            )
    return [_told(share, answered) for share, answered in runs.items() if answered]


def _told(share: float, answered: list[tuple[float, Answered]]) -> Latency:
    runs = [run for _, run in answered]
    times = [run.times for run in runs]
    return Latency(
        share,
        spread(rate for rate, _ in answered).median,
        sum(run.count for run in runs),
        spread(one.p50 for one in times),
        spread(one.p90 for one in times),
        spread(one.p99 for one in times),
        spread(one.p99_9 for one in times),
        spread(one.max for one in times),
        spread(run.client_cpu for run in runs),
    )
