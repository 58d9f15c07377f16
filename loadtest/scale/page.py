"""The tables of docs/scale.md, as Markdown, and where on the page they stand."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from loadtest.bench.result import Result
from loadtest.scale import needs
from loadtest.scale.assumptions import Assumptions
from loadtest.scale.costs import Cost, Measured, measured
from loadtest.scale.log import irn_index, random_indexes

_TABLE: Final = re.compile(r"(<!-- table: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_WHAT_IFS: Final[Sequence[tuple[str, Callable[[Assumptions], Assumptions]]]] = (
    ("as assumed", lambda assumed: assumed),
    ("half a month's invoices in one hour", lambda assumed: assumed.but(filing_hours=1)),
    (
        "ten times the look-ups and the lanes",
        lambda assumed: assumed.but(
            lookups_a_bill=10 * assumed.lookups_a_bill, lanes_a_journey=10 * assumed.lanes_a_journey
        ),
    ),
    ("twice the bills", lambda assumed: assumed.but(bills_a_month=2 * assumed.bills_a_month)),
    ("five times the bills", lambda assumed: assumed.but(bills_a_month=5 * assumed.bills_a_month)),
    (
        "uploads of 50 invoices, as long open",
        lambda assumed: assumed.but(upload_invoices=50),
    ),
    ("invoices kept for a year", lambda assumed: assumed.but(invoices_months_online=12)),
    (
        "five times everything",
        lambda assumed: assumed.but(
            bills_a_month=5 * assumed.bills_a_month,
            invoices_a_month=5 * assumed.invoices_a_month,
        ),
    ),
)


def tables(result: Result, assumed: Assumptions) -> dict[str, str]:
    """Every table of the page by its name. Raises ValueError when the result lacks a figure."""
    known = measured(result, assumed)
    return {
        "origin": _origin(result),
        "assumptions": _assumptions(assumed),
        "rates": _rates(assumed),
        "costs": _costs(known),
        "needs": _needs(known, assumed),
        "bytes": _bytes(known, assumed),
        "cells": _cells(known, assumed),
        "fan out": _fan_out(known, assumed),
        "latency": _latency(known, assumed),
        "servers": _servers(known, assumed),
        "what if": _what_if(result, assumed),
    }


def filled(page: str, found: dict[str, str]) -> str:
    """The page with each table between its markers. Raises ValueError unless the page has a place
    for every table, and no other."""
    named = [place.group(2) for place in _TABLE.finditer(page)]
    if sorted(named) != sorted(found):
        raise ValueError(f"the page has {sorted(named)}, and not {sorted(found)}")
    return _TABLE.sub(lambda place: place.group(1) + found[place.group(2)] + place.group(3), page)


def number(value: float) -> str:
    """With two digits: no more of it is known."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.1e}")
    if abs(rounded) >= 10:
        return f"{rounded:,.0f}"
    return f"{rounded:.1f}" if abs(rounded) >= 1 else f"{rounded:g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _origin(result: Result) -> str:
    machine, settings = result.machine, result.settings
    return (
        f"From the record of {result.date}, commit {result.commit}: {machine.cores} cores of "
        f"{machine.processor}, 8 kB on disk in {machine.flush_ms:g} ms; {settings.rounds} rounds "
        f"of {settings.seconds} s, {settings.bills:,} live bills.\n"
    )


def _assumptions(assumed: Assumptions) -> str:
    rows = [
        (f"`{name}`", f"{each.value:,g} {each.unit}" if each.value < 1e6 else
         f"{each.value / 1e6:,g} million {each.unit}", each.why)
        for name, each in assumed.items()
        if each.of == "load"
    ]  # fmt: skip
    return _table(("of the load", "", "why, from where"), rows)


def _rates(assumed: Assumptions) -> str:
    found = needs.rates(assumed)
    invoices = needs.Rate(found["invoices"].average, needs.last_evening(assumed))
    hours = f"the mean of {assumed.filing_hours:g} hours"
    named = {
        "invoices, on filing day": (found.pop("invoices"), hours),
        "invoices, on a month's last evening": (invoices, "the mean of an hour"),
        **{kind: (rate, "a busiest second") for kind, rate in found.items()},
        "messages by SMS": (needs.messages(assumed), "a busiest second"),
    }
    rows = [
        (kind, number(rate.average), number(rate.peak), number(rate.peak / rate.average), peak)
        for kind, (rate, peak) in named.items()
    ]
    return _table(("a second", "average", "peak", "peak of average", "the peak is"), rows)


def _costs(known: Measured) -> str:
    rows = [
        (
            kind,
            *map(number, (cost.workers, cost.postgresql, cost.valkey)),
            *map(number, (cost.wal, cost.stored, cost.flushes, cost.received, cost.sent)),
        )
        for kind, cost in known.costs.items()
    ]
    head = ("each", "worker, µs", "PostgreSQL, µs", "Redis, µs", "WAL, bytes", "stored, bytes")
    return _table((*head, "flushes", "in, bytes", "out, bytes"), rows)


def _needs(known: Measured, assumed: Assumptions) -> str:
    average, peak = needs.average(known, assumed), needs.peak(known, assumed)
    count = needs.cells(known, assumed).enough
    pages, log = needs.paged(assumed, count), needs.log(known, assumed)
    near, far = needs.replication(known, assumed)

    def of_all(what: str, rate: needs.Rate, unit: float) -> tuple[str, str, str]:
        return what, number(rate.average / unit), number(rate.peak / unit)

    def row(what: str, of: Callable[[Cost], float]) -> tuple[str, str, str]:
        return what, number(of(average)), number(of(peak))

    rows = [
        row("cores busy with workers", lambda cost: cost.workers),
        row("cores busy with PostgreSQL", lambda cost: cost.postgresql),
        row("cores busy with Redis", lambda cost: cost.valkey),
        row("write-ahead log without whole pages, MB/s", lambda cost: cost.wal / 1e6),
        of_all(f"whole pages after checkpoints, in {count} cells, MB/s", pages, 1e6),
        of_all("write-ahead log, MB/s", log, 1e6),
        of_all("disk written at least (log, rows, indexes), MB/s",
               needs.Rate(log.average + average.stored, log.peak + peak.stored), 1e6),
        row("flushes a second", lambda cost: cost.flushes),
        of_all("uploads open at once", needs.uploads(assumed), 1),
        row("network in, Mbit/s", lambda cost: cost.received * 8 / 1e6),
        row("network out, Mbit/s", lambda cost: cost.sent * 8 / 1e6),
        of_all("log to standbys within the region, Mbit/s", near, 1e6 / 8),
        of_all("log to standbys of the other region, Mbit/s", far, 1e6 / 8),
    ]  # fmt: skip
    return _table(("", "average", "peak"), rows)


def _bytes(known: Measured, assumed: Assumptions) -> str:
    found = needs.kept(assumed)
    rows = [
        (
            f"`{name}`",
            number(table.row_bytes),
            number(table.rows_a_month / 1e6),
            f"{table.months:.3g}",
            number(table.terabytes),
        )
        for name, table in found.items()
    ]
    record = needs.record_terabytes(assumed)
    month = sum(table.row_bytes * table.rows_a_month for table in found.values()) / 1e12
    rows += [
        ("the record", "", "", "", number(record)),
        ("it grows in a month, before anything leaves", "", "", "", number(month)),
        (
            "write-ahead log of a month",
            "",
            "",
            "",
            number(needs.wal_terabytes(known, assumed)),
        ),
        ("backups", "", "", "", number(needs.backup_terabytes(known, assumed))),
        ("files of archived invoices", "", "", "", number(needs.archive_terabytes(assumed))),
    ]
    return _table(("", "bytes a row", "million rows a month", "months", "TB"), rows)


def _cells(known: Measured, assumed: Assumptions) -> str:
    asked = needs.cells(known, assumed)
    memory = assumed.server_gb * assumed.index_share
    indexes = random_indexes(assumed) / 1e9
    rows = [
        (f"{assumed.cell_tb:g} TB of record", number(asked.by_bytes)),
        (f"{memory:g} GB for {number(indexes)} GB of indexes written at random, and for the "
         f"{number(irn_index(assumed) / 1e9)} GB by IRN of each", number(asked.by_indexes)),
        (f"{assumed.server_cores:g} cores, half of them busy at the peak", number(asked.by_cores)),
        (f"{number(known.wal_seen / 1e6)} MB/s of write-ahead log, which is what one server was "
         "seen to write on two cores with its clients", number(asked.by_wal)),
    ]  # fmt: skip
    found = [*rows, ("**the power of two that is enough**", f"**{asked.enough}**")]
    return _table(("what a cell may have", "cells for it"), found)


def _fan_out(known: Measured, assumed: Assumptions) -> str:
    found = needs.rates(assumed)
    workers = needs.servers(known, assumed).worker_processes * assumed.sites
    rows = [
        (
            "questions of lanes, its Redis",
            number(found["questions of lanes"].peak),
            f"{number(known.questions_seen)} on two cores with its workers and clients",
        ),
        (
            "whether its epoch is open, its PostgreSQL",
            number(workers / assumed.HOT_STATE_CHECK_SECONDS),
            "not measured",
        ),
    ]
    return _table(("what every cell hears", "a second at the peak", "one was seen to answer"), rows)


def _latency(known: Measured, assumed: Assumptions) -> str:
    rows = []
    for where, wait in (
        ("this machine alone, measured", 0.0),
        ("and a standby in the same city", assumed.near_ms),
        ("and a standby in another region", assumed.far_ms),
    ):
        # A bill waits for half of the transaction before its own, or at worst for all of it; a
        # worker has one transaction at a time.
        p50, p99 = known.p50 + 1.5 * wait, known.p99 + 2 * wait
        most = assumed.BATCH_BILLS_MAX / (p50 / 1.5) * 1000
        rows.append((where, number(p50), number(p99), number(most)))
    head = ("on disk where", "p50, ms", "p99, ms", "bills a second of a worker, by waiting alone")
    return _table(head, rows)


def _servers(known: Measured, assumed: Assumptions) -> str:
    found, cells = needs.servers(known, assumed), needs.cells(known, assumed).enough
    redis = needs.redis_gigabytes(known, assumed)
    a_server = found.worker_processes * assumed.connections_a_cell
    rows = [
        ("record", str(found.record), f"{cells} cells and the home, each {assumed.copies:g}; "
         f"{number(needs.record_terabytes(assumed) / cells)} TB each"),
        ("workers", str(found.workers), f"{found.worker_processes} worker processes a region, "
         f"{number(found.worker_processes * assumed.worker_mib / 1024)} GB; they open "
         f"{a_server:g} connections to each cell at most, of which today's PostgreSQL takes "
         f"{assumed.POSTGRES_CONNECTIONS_MAX:g}"),
        ("Redis", str(found.redis), f"a process a cell, {number(redis / cells)} GB each, "
         f"{number(redis)} GB in all"),
        ("proxies with TLS", str(found.proxies), "not measured"),
    ]  # fmt: skip
    rows.append(
        ("**all**", f"**{found.all}**", f"beside binds to carriers of SMS, {found.sms_links}, "
         "and the disks of backups and archive")
    )  # fmt: skip
    return _table(("servers of both regions", "", ""), rows)


def _what_if(result: Result, assumed: Assumptions) -> str:
    rows = []
    for what, change in _WHAT_IFS:
        other = change(assumed)
        known = measured(result, other)
        peak, found = needs.peak(known, other), needs.servers(known, other)
        count = needs.cells(known, other).enough
        rows.append(
            (
                what,
                number(peak.workers),
                number(peak.postgresql),
                number(needs.log(known, other).peak / 1e6),
                number(needs.record_terabytes(other)),
                str(count),
                str(found.worker_processes),
                str(found.all),
                number(needs.numbers_used(other, 1)),
                number(needs.numbers_used(other, other.slots / count)),
            )
        )
    head = ("if", "worker cores busy", "PostgreSQL cores busy", "WAL, MB/s", "record, TB", "cells")
    used = ("numbers used of the fullest slot", "of the fullest cell")
    return _table((*head, "worker processes", "servers", *used), rows)
