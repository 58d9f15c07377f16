"""Counts and latencies for Prometheus, summed over all workers by its multi-process mode."""

import asyncio
import logging
import os
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from ingest import limits
from ingest.owed_messages import Counted

log = logging.getLogger(__name__)

_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - Linux's, and no name of ours is foreseeable in it.
_LATENCY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def shared_directory() -> "TemporaryDirectory[str]":
    """A directory for the workers to share, in memory where the system has such files: whoever
    writes into a page of a file on disk may have to wait while the kernel writes that page."""
    in_memory = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
    return TemporaryDirectory(prefix="gateway-metrics-", dir=in_memory)


def prepare(directory: Path) -> None:
    """Names the directory the workers share. Must run before any metric is made in this process or
    its children."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)


async def keep_publishing(publish: Callable[[], None]) -> None:
    """Passes on once a second what was counted, until cancelled."""
    while True:
        try:
            publish()
        except OSError:
            log.exception("metrics were not published")
        await asyncio.sleep(limits.METRICS_SECONDS)


class Metrics:
    """The gateway's metrics in one worker."""

    def __init__(self) -> None:
        self._own = CollectorRegistry()
        self._requests = Counter(
            "gateway_requests",
            "Requests answered",
            ("method", "path", "status"),
            registry=self._own,
        )
        self._latency = _SummedHistogram(
            "gateway_request_seconds",
            "Time to answer",
            ("method", "path"),
            buckets=_LATENCY_SECONDS,
            registry=self._own,
        )
        self._waiting = Gauge(
            "gateway_waiting",
            "Items waiting for a transaction or a read",
            ("queue",),
            registry=self._own,
            multiprocess_mode="livesum",
        )
        self._hot = Gauge(
            "gateway_hot_state_believed",
            "Workers that believe the hot state in Redis",
            registry=self._own,
            multiprocess_mode="livesum",
        )
        # All workers count the same table: the newest count is everybody's.
        self._owed = Gauge(
            "gateway_sms_waiting",
            "Messages to be sent by SMS",
            ("line",),
            registry=self._own,
            multiprocess_mode="livemostrecent",
        )
        self._oldest = Gauge(
            "gateway_sms_oldest_seconds",
            "How long the oldest reply or password has been waiting",
            registry=self._own,
            multiprocess_mode="livemostrecent",
        )
        self._dead = Gauge(
            "gateway_sms_dead",
            "Messages that will not be delivered, of the last 30 days",
            registry=self._own,
            multiprocess_mode="livemostrecent",
        )
        self._tallies: list[_Tally] = []

    def of_operation(self, method: str, path: str) -> Callable[[int, float], None]:
        """A function that counts one answer: its status and the seconds it took.

        It counts in this process's memory; `publish` passes the sums on. prometheus-client's own
        counters are files shared with the other workers, at ten times the cost a request.
        """
        tally = _Tally(self._requests, self._latency.labels(method, path), method, path)
        self._tallies.append(tally)
        return tally.count

    def publish(self, *, waiting: dict[str, int], hot_state_believed: bool, owed: Counted) -> None:
        """Passes on what was counted, the worker's queues and its view of Redis as of now, and what
        is owed by SMS."""
        for tally in self._tallies:
            tally.publish()
        for queue, items in waiting.items():
            self._waiting.labels(queue).set(items)
        self._hot.set(int(hot_state_believed))
        self._owed.labels("passwords").set(owed.passwords)
        self._owed.labels("replies").set(owed.replies)
        self._owed.labels("others").set(owed.others)
        self._oldest.set(owed.oldest_seconds)
        self._dead.set(owed.dead)

    def exposition(self) -> bytes:
        """All workers' metrics in Prometheus's text format; this worker's when it is alone."""
        registry = self._own
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


class _SummedHistogram(Histogram):
    """A histogram that takes many observations at once."""

    def add(self, counts: list[int], seconds: float) -> None:
        """Adds observations counted by bucket, and their sum."""
        self._sum.inc(seconds)
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)


class _Tally:
    """The answers of one operation since they were last published."""

    def __init__(
        self, requests: Counter, latency: _SummedHistogram, method: str, path: str
    ) -> None:
        self._requests, self._latency = requests, latency
        self._labels = (method, path)
        self._clear()

    def _clear(self) -> None:
        self._statuses: dict[int, int] = {}
        self._buckets = [0] * (len(_LATENCY_SECONDS) + 1)
        self._seconds = 0.0

    def count(self, status: int, seconds: float) -> None:
        self._statuses[status] = self._statuses.get(status, 0) + 1
        self._buckets[bisect_left(_LATENCY_SECONDS, seconds)] += 1
        self._seconds += seconds

    def publish(self) -> None:
        for status, answers in self._statuses.items():
            self._requests.labels(*self._labels, str(status)).inc(answers)
        self._latency.add(self._buckets, self._seconds)
        self._clear()
