"""Counts and latencies for Prometheus, summed over all workers by its multi-process mode."""

import os
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_LATENCY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def prepare(directory: Path) -> None:
    """Names the directory the workers share, emptied of an earlier run's files. Must run before
    any metric is made in this process or its children."""
    directory.mkdir(parents=True, exist_ok=True)
    for leftover in directory.glob("*.db"):
        leftover.unlink()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)


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
        self._latency = Histogram(
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

    def of_operation(self, method: str, path: str) -> Callable[[int, float], None]:
        """A function that counts one answer: its status and the seconds it took."""
        latency = self._latency.labels(method, path)
        counters: dict[int, Counter] = {}

        def measure(status: int, seconds: float) -> None:
            counter = counters.get(status)
            if counter is None:
                counter = counters[status] = self._requests.labels(method, path, str(status))
            counter.inc()
            latency.observe(seconds)

        return measure

    def set_state(self, *, waiting: dict[str, int], hot_state_believed: bool) -> None:
        """The worker's queues and its view of Redis, as of now."""
        for queue, items in waiting.items():
            self._waiting.labels(queue).set(items)
        self._hot.set(int(hot_state_believed))

    def exposition(self) -> bytes:
        """All workers' metrics in Prometheus's text format; this worker's when it is alone."""
        registry = self._own
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
