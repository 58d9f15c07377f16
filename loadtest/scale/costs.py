"""What one document costs: measured where docs/benchmark.json has it, assumed where it has not."""

from typing import Final

import msgspec
from msgspec import Struct

from loadtest.bench.live_set import LiveSet
from loadtest.bench.result import FigureResult, Latency, Result, Seen
from loadtest.scale.assumptions import Assumptions

GATEWAY: Final = "gateway"
MISSES: Final = "misses of Redis"
"""Bills and vehicles it has not, over and above the questions that found it so."""


class Cost(Struct, frozen=True):
    """Of one document: microseconds of CPU by kind of process, bytes of write-ahead log without
    whole pages (`loadtest/scale/log.py`), flushes of the disk, bytes of rows and indexes, and bytes
    on the network."""

    workers: float
    postgresql: float
    valkey: float
    wal: float
    flushes: float
    stored: float
    received: float
    sent: float


class Measured(Struct, frozen=True):
    """What is taken from a result: the cost of each kind of document; bytes of a live bill in
    Redis; what one server was seen to do: write-ahead log in bytes a second, questions of lanes a
    second; and milliseconds of generation at half of its greatest rate."""

    costs: dict[str, Cost]
    redis_bytes: float
    wal_seen: float
    questions_seen: float
    p50: float
    p99: float


def measured(result: Result, assumed: Assumptions) -> Measured:
    """Of a saved result. Raises ValueError when it lacks a figure that is needed."""
    generation, bulk = _seen(result, "generation"), _seen(result, "bulk")
    read, question = _seen(result, "read"), _seen(result, "question")
    # A batch costs as much as one bill of it, where nobody shares it.
    bill = Cost(
        _cpu(generation, "workers") + assumed.alone_workers,
        assumed.alone_postgresql,
        _cpu(generation, "valkey"),
        generation.wal_bytes,
        1,
        assumed.bill_bytes + assumed.claim_bytes,
        assumed.document_received,
        assumed.document_sent,
    )
    missed = Cost(assumed.miss_workers, assumed.miss_postgresql, assumed.miss_valkey, 0, 0, 0, 0, 0)
    asked = assumed.question_received
    half = _at_half(_figure(result, "generation"))
    return Measured(
        {
            "invoices": _as_seen(
                bulk,
                1 / assumed.BULK_SLICE_LINES_MAX,
                assumed.invoice_bytes + assumed.invoice_claim_bytes,
                assumed.invoice_received,
                assumed.invoice_sent,
            ),
            "bills": bill,
            # Of the same page of the same row.
            "changes of bills": msgspec.structs.replace(bill, stored=0),
            "look-ups": _as_seen(read, 0, 0, asked, assumed.document_sent),
            "questions of lanes": _as_seen(question, 0, 0, asked, assumed.question_sent),
            "reads of tags": Cost(
                assumed.read_workers,
                assumed.alone_postgresql,
                _cpu(question, "valkey"),
                generation.wal_bytes,
                1,
                assumed.read_bytes + assumed.read_claim_bytes,
                asked,
                assumed.document_sent,
            ),
            MISSES: missed,
        },
        _redis_bytes(result.live_set),
        max(seen.rate.median * seen.wal_bytes for seen in (generation, bulk)),
        question.rate.median,
        half.p50.median,
        half.p99.median,
    )


def _as_seen(seen: Seen, flushes: float, stored: float, received: float, sent: float) -> Cost:
    return Cost(
        _cpu(seen, "workers"),
        _cpu(seen, "postgresql"),
        _cpu(seen, "valkey"),
        seen.wal_bytes,
        flushes,
        stored,
        received,
        sent,
    )


def _cpu(seen: Seen, kind: str) -> float:
    """Seconds a million are microseconds each."""
    return seen.cpu_seconds_a_million[kind]


def _seen(result: Result, name: str) -> Seen:
    return _figure(result, name).seen[GATEWAY]


def _figure(result: Result, name: str) -> FigureResult:
    if name not in result.figures:
        raise ValueError(f"the result has no figure {name}")
    return result.figures[name]


def _at_half(figure: FigureResult) -> Latency:
    for latency in figure.latency:
        if latency.share == 0.5:
            return latency
    raise ValueError("the result has no times at half of the greatest rate")


def _redis_bytes(live_set: LiveSet | None) -> float:
    if live_set is None:
        raise ValueError("the result has no live set")
    return live_set.filled.bytes / live_set.filled.bills
