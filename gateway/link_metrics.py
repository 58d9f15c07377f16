"""How the SMPP link stands, for Prometheus; beside the workers' metrics, in the same exposition."""

from dataclasses import fields

from prometheus_client import CollectorRegistry, Counter, Gauge

from sms.smpp.counts import Counts
from sms.smpp.link import Link


class LinkMetrics:
    """The metrics of the process that holds the link."""

    def __init__(self) -> None:
        own = CollectorRegistry()
        self._bound = Gauge(
            "gateway_smpp_bound",
            "Links that the SMSC has bound",
            registry=own,
            multiprocess_mode="livesum",
        )
        self._counted = Counter(
            "gateway_smpp",
            "Binds, messages received and sent, receipts, and how often one side throttled",
            ("what",),
            registry=own,
        )
        self._published = Counts()

    def publish(self, link: Link) -> None:
        """Passes on how the link stands and what it has counted since."""
        self._bound.set(int(link.bound))
        for field in fields(Counts):
            counted, before = getattr(link.counts, field.name), getattr(self._published, field.name)
            self._counted.labels(field.name).inc(counted - before)
            setattr(self._published, field.name, counted)
