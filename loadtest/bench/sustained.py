"""Generation for minutes on end, with the bare endpoint in short turns between, since the machine
itself does not keep its speed."""

import time
from typing import Final

from loadtest.bench.figures.figure import GATEWAY
from loadtest.bench.figures.generation import Generation
from loadtest.bench.footprint import after, before
from loadtest.bench.record import told
from loadtest.bench.result import Minute, Sustained, Turn
from loadtest.bench.spread import ratio
from loadtest.bench.systems import Systems

_GATEWAY_SECONDS: Final = 8
_BARE_SECONDS: Final = 2
_MINUTE_SECONDS: Final = 60.0
_LETTER: Final = "t"
_WARM_UP: Final = -1
_CHECKPOINTS: Final = "SELECT num_done FROM pg_stat_checkpointer"
_BILLS: Final = "SELECT count(*) FROM eway_bill WHERE document_number LIKE $1"


def sustained(systems: Systems, minutes: float, connections: int) -> Sustained:
    """Loads generation for so many minutes after a turn that warms up; tells every turn. Exits when
    an answer was wrong or is not on record."""
    generation = Generation(systems, connections, _LETTER)
    generation.probe()
    print(f"\nsustained: bills a second for {minutes:g} minutes, {connections} connections")
    turns: list[Turn] = []
    dsn = systems.gateway.postgres_dsn
    acknowledged = {_WARM_UP: generation.turn(GATEWAY, _WARM_UP, _GATEWAY_SECONDS)().documents}
    checkpoints, begun_with = told(dsn, _CHECKPOINTS), before(systems, GATEWAY)
    began = time.monotonic()
    while (begun := time.monotonic() - began) < minutes * _MINUTE_SECONDS:
        number = len(turns)
        done = generation.turn(GATEWAY, number, _GATEWAY_SECONDS)()
        bare = generation.turn("bare", number, _BARE_SECONDS)()
        acknowledged[number] = done.documents
        turns.append(Turn(begun, done.documents / done.seconds, bare.documents / bare.seconds))
        last = turns[-1]
        print(
            f"{begun / _MINUTE_SECONDS:5.1f} min  gateway {last.gateway:.0f}  bare {last.bare:.0f}"
            f"  {last.gateway / last.bare:.3f}",
            flush=True,
        )
    took = after(systems, GATEWAY).since(begun_with)
    checkpoints = told(dsn, _CHECKPOINTS) - checkpoints
    generation.check_record({GATEWAY: acknowledged}, 0)
    return Sustained(
        minutes,
        first_minute(turns),
        last_minute(turns),
        turns,
        told(dsn, _BILLS, f"{_LETTER}%"),
        took.each(1).tables,
        checkpoints,
        took.wal,
    )


def first_minute(turns: list[Turn]) -> Minute:
    """Of the turns that began in it."""
    return _minute([turn for turn in turns if turn.begun < _MINUTE_SECONDS])


def last_minute(turns: list[Turn]) -> Minute:
    """Of the turns that began within a minute of when the last did."""
    return _minute([turn for turn in turns if turn.begun > turns[-1].begun - _MINUTE_SECONDS])


def _minute(turns: list[Turn]) -> Minute:
    gateway, bare = [turn.gateway for turn in turns], [turn.bare for turn in turns]
    return Minute(sum(gateway) / len(turns), sum(bare) / len(turns), ratio(gateway, bare))
