"""What a measurement took: CPU time by kind of process, and bytes written and kept."""

from collections.abc import Mapping
from typing import Final

import redis
from msgspec import Struct

from loadtest.bench.cpu import cpu_seconds
from loadtest.bench.record import ask, told
from loadtest.bench.systems import Systems

_TABLES: Final = """
SELECT coalesce(pg_partition_root(oid), oid)::regclass::text, sum(pg_table_size(oid))::bigint,
       sum(pg_indexes_size(oid))::bigint
FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace GROUP BY 1
"""
_WAL: Final = "SELECT pg_current_wal_lsn() - '0/0'"


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
        """One part of so many; without the tables that did not grow."""
        tables = {
            name: TableBytes(size.rows / count, size.indexes / count)
            for name, size in self.tables.items()
            if size.rows > 0
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


def footprint(systems: Systems, of: str) -> Footprint:
    """As it is now, of one of the systems beside each other: its own processes, and its own
    database where it has one."""
    dsn = systems.ordinary_dsn if of == "ordinary" else systems.gateway.postgres_dsn
    tables = {name: TableBytes(rows, indexes) for name, rows, indexes in ask(dsn, _TABLES)}
    with redis.from_url(systems.gateway.redis_url) as hot:
        memory = hot.info("memory")["used_memory"]
    return Footprint(cpu_seconds(_roots(systems, of)), told(dsn, _WAL), memory, tables)


def _roots(systems: Systems, of: str) -> Mapping[int, str]:
    """The servers' are always told apart; of the workers, those that are measured."""
    roots = {systems.gateway.pid: "idle", systems.bare.pid: "idle", systems.ordinary.pid: "idle"}
    measured = {"bare": systems.bare.pid, "ordinary": systems.ordinary.pid}
    return roots | {measured.get(of, systems.gateway.pid): "workers"}
