"""What a measurement took: CPU time by kind of process, and bytes written and kept."""

import time
from collections.abc import Mapping
from typing import Final, NamedTuple

import redis
from msgspec import Struct

from loadtest.bench.cpu import cpu_seconds
from loadtest.bench.record import ask, counted, told
from loadtest.bench.systems import Systems

_TABLES: Final = """
SELECT coalesce(pg_partition_root(oid), oid)::regclass::text, sum(pg_table_size(oid))::bigint,
       sum(pg_indexes_size(oid))::bigint
FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace GROUP BY 1
"""
_WAL: Final = "SELECT pg_current_wal_lsn() - '0/0'"
_STILL_SHARE: Final = 0.05
"""Of a core: less is nobody's work."""
_LOOK_SECONDS: Final = 0.1
_STILL_SECONDS_MAX: Final = 5.0


class TableBytes(Struct, frozen=True):
    """Of a table with all its partitions."""

    rows: float
    indexes: float


class Footprint(Struct, frozen=True):
    """CPU seconds by kind of process; bytes of write-ahead log, of Redis, and of each table."""

    cpu: dict[str, float]
    wal: float
    redis: float
    tables: dict[str, TableBytes]

    def since(self, before: "Footprint") -> "Footprint":
        """What came to it since another."""
        return self._with(before, -1)

    def and_of(self, other: "Footprint") -> "Footprint":
        """Of both together."""
        return self._with(other, 1)

    def each(self, count: float) -> "Footprint":
        """One part of so many; without the tables that did not grow by a byte of it."""
        tables = {
            name: TableBytes(size.rows / count, size.indexes / count)
            for name, size in self.tables.items()
            if size.rows + size.indexes >= count
        }
        cpu = {kind: seconds / count for kind, seconds in self.cpu.items()}
        return Footprint(cpu, self.wal / count, self.redis / count, tables)

    def _with(self, other: "Footprint", sign: int) -> "Footprint":
        nothing = TableBytes(0, 0)
        tables = {}
        for name, size in self.tables.items():
            theirs = other.tables.get(name, nothing)
            tables[name] = TableBytes(
                size.rows + sign * theirs.rows, size.indexes + sign * theirs.indexes
            )
        cpu = {kind: seconds + sign * other.cpu[kind] for kind, seconds in self.cpu.items()}
        wal, memory = self.wal + sign * other.wal, self.redis + sign * other.redis
        return Footprint(cpu, wal, memory, tables)


def before(systems: Systems, of: str) -> Footprint:
    """As it is when a turn begins, of one of the systems beside each other: its own processes, and
    its own database where it has one. The CPU last: asking is not measured."""
    kept = _kept(systems, of)
    return Footprint(cpu_seconds(_roots(systems, of)), *kept)


def after(systems: Systems, of: str) -> Footprint:
    """As it is when a turn has ended: the CPU first."""
    cpu = cpu_seconds(_roots(systems, of))
    return Footprint(cpu, *_kept(systems, of))


def until_still(systems: Systems) -> None:
    """Returns when no system works any more on what it was asked; says so if one goes on."""
    roots = _roots(systems, "")
    began, spent = time.monotonic(), _servers_seconds(roots)
    while time.monotonic() - began < _STILL_SECONDS_MAX:
        time.sleep(_LOOK_SECONDS)
        previous, spent = spent, _servers_seconds(roots)
        if spent - previous < _STILL_SHARE * _LOOK_SECONDS:
            return
    print(f"something still works after {_STILL_SECONDS_MAX:g} s", flush=True)


def table_bytes(systems: Systems, of: str) -> dict[str, TableBytes]:
    """Every table whole."""
    return {
        name: TableBytes(rows, indexes) for name, rows, indexes in ask(_dsn(systems, of), _TABLES)
    }


def table_rows(systems: Systems, of: str) -> dict[str, int]:
    """Every table's rows, counted."""
    dsn = _dsn(systems, of)
    counts = (f"SELECT '{name}', count(*) FROM {name}" for name, *_ in ask(dsn, _TABLES))  # noqa: S608
    return counted(dsn, " UNION ALL ".join(counts))


class _Kept(NamedTuple):
    wal: float
    redis: float
    tables: dict[str, TableBytes]


def _kept(systems: Systems, of: str) -> _Kept:
    with redis.from_url(systems.gateway.redis_url) as hot:
        memory = hot.info("memory")["used_memory"]
    return _Kept(told(_dsn(systems, of), _WAL), memory, table_bytes(systems, of))


def _dsn(systems: Systems, of: str) -> str:
    return systems.ordinary_dsn if of == "ordinary" else systems.gateway.postgres_dsn


def _servers_seconds(roots: Mapping[int, str]) -> float:
    return sum(seconds for kind, seconds in cpu_seconds(roots).items() if kind != "client")


def _roots(systems: Systems, of: str) -> Mapping[int, str]:
    """The servers' are always told apart; of the workers, those that are measured, if any are."""
    pids = {
        "bare": systems.bare.pid,
        "ordinary": systems.ordinary.pid,
        "gateway": systems.gateway.pid,
    }
    measured = {"http": "gateway"}.get(of, of)
    return {pid: "workers" if name == measured else "idle" for name, pid in pids.items()}
