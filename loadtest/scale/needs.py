"""The arithmetic: how many documents a second, what they need and leave, on how many servers."""

from math import ceil, log2
from typing import Final

from msgspec import Struct

from loadtest.scale.assumptions import Assumptions
from loadtest.scale.costs import Cost, Measured

_DAY: Final = 86_400
_DAYS: Final = 30
"""Of a month."""
_INVOICE_PART: Final = 100_000_000
"""Invoices in a partition: of the index by IRN only its part is written at random."""
_READ_CLAIM_DAYS: Final = 3


class Rate(Struct, frozen=True):
    """Documents a second, in the mean of a month and at the peak."""

    average: float
    peak: float


class Kept(Struct, frozen=True):
    """Of one table: bytes a row with its indexes, rows a month, months in the record."""

    row_bytes: float
    rows_a_month: float
    months: float

    @property
    def terabytes(self) -> float:
        """In the record once it is full."""
        return self.row_bytes * self.rows_a_month * self.months / 1e12


class Cells(Struct, frozen=True):
    """How many cells each limit asks for by itself, and the power of two that is enough."""

    by_bytes: float
    by_indexes: float
    by_cores: float
    by_wal: float

    @property
    def enough(self) -> int:
        """A slot is halved with its cell, so their number is a power of two."""
        asked = max(self.by_bytes, self.by_indexes, self.by_cores, self.by_wal)
        return 1 << max(0, ceil(log2(asked)))


class Servers(Struct, frozen=True):
    """Of both regions: machines for the record, for workers, for Redis and for proxies; and in one
    region the processes of workers, and the binds to carriers of SMS."""

    record: int
    workers: int
    redis: int
    proxies: int
    worker_processes: int
    sms_links: int

    @property
    def all(self) -> int:
        """Machines."""
        return self.record + self.workers + self.redis + self.proxies


def rates(assumed: Assumptions) -> dict[str, Rate]:
    """Of every kind of document."""
    month = _DAYS * _DAY
    bills = assumed.bills_a_month / month
    busy = assumed.heaviest_month * assumed.heaviest_day * 24 * assumed.busiest_hour
    evening = bills * busy * assumed.busiest_second
    filing = assumed.invoices_a_month * assumed.filing_share / (assumed.filing_hours * 3600)
    lanes = assumed.lanes_a_journey / assumed.bills_a_vehicle
    found = {"invoices": Rate(assumed.invoices_a_month / month, filing)}
    for kind, each in (
        ("bills", 1.0),
        ("changes of bills", assumed.changes_a_bill),
        ("look-ups", assumed.lookups_a_bill),
        ("questions of lanes", lanes),
        ("reads of tags", lanes),
    ):
        found[kind] = Rate(bills * each, evening * each)
    return found


def last_evening(assumed: Assumptions) -> float:
    """Invoices a second in the busiest hour of a month's last day, where they come as they are
    made."""
    return assumed.invoices_a_month / _DAYS * assumed.last_day * assumed.busiest_hour / 3600


def messages(assumed: Assumptions) -> Rate:
    """By SMS."""
    bills = rates(assumed)["bills"]
    each = assumed.messages_a_bill
    return Rate(bills.average * each, bills.peak * each)


def together(costs: dict[str, Cost], a_second: dict[str, float]) -> Cost:
    """What all documents of a second need: CPU in cores, bytes and flushes a second."""
    total = dict.fromkeys(Cost.__struct_fields__, 0.0)
    for kind, rate in a_second.items():
        for field in total:
            total[field] += rate * getattr(costs[kind], field)
    for process in ("workers", "postgresql", "valkey"):
        total[process] /= 1e6
    return Cost(**total)


def average(measured: Measured, assumed: Assumptions) -> Cost:
    """In the mean of a month."""
    found = rates(assumed).items()
    return together(measured.costs, {kind: rate.average for kind, rate in found})


def peak(measured: Measured, assumed: Assumptions) -> Cost:
    """With every kind at its own peak in one second: more than ever comes together."""
    found = rates(assumed).items()
    return together(measured.costs, {kind: rate.peak for kind, rate in found})


def kept(measured: Measured, assumed: Assumptions) -> dict[str, Kept]:
    """By table, of those that grow with the load."""
    row = {name: size.rows + size.indexes for name, size in measured.tables.items()}
    bills, invoices = assumed.bills_a_month, assumed.invoices_a_month
    years = assumed.claims_years * 12
    reads = bills * assumed.lanes_a_journey / assumed.bills_a_vehicle
    claimed = _READ_CLAIM_DAYS / _DAYS
    return {
        "eway_bill": Kept(row["eway_bill"], bills, assumed.bills_months_online),
        "document_claim": Kept(row["document_claim"], bills, years),
        "invoice": Kept(row["invoice"], invoices, assumed.invoices_months_online),
        "invoice_claim": Kept(row["invoice_claim"], invoices, years),
        "rfid_read": Kept(assumed.read_bytes, reads, assumed.bills_months_online),
        "rfid_read_claim": Kept(assumed.read_claim_bytes, reads, claimed),
    }


def record_terabytes(measured: Measured, assumed: Assumptions) -> float:
    """Of all tables together."""
    return sum(table.terabytes for table in kept(measured, assumed).values())


def random_indexes(measured: Measured, assumed: Assumptions) -> float:
    """Bytes of the indexes that are written at random, without the IRN's: by document of the year,
    and by party and vehicle of the month."""
    indexes = {name: size.indexes for name, size in measured.tables.items()}
    a_bill = 12 * indexes["document_claim"] + indexes["eway_bill"]
    return a_bill * assumed.bills_a_month


def irn_index(measured: Measured) -> float:
    """Bytes of the index by IRN of the one partition that a cell fills."""
    return measured.tables["invoice"].indexes * _INVOICE_PART


def wal_terabytes(measured: Measured, assumed: Assumptions) -> float:
    """Of write-ahead log in a month."""
    return average(measured, assumed).wal * _DAYS * _DAY / 1e12


def archive_terabytes(assumed: Assumptions) -> float:
    """Of files of invoices, for as long as their numbers are kept."""
    months = assumed.claims_years * 12 - assumed.invoices_months_online
    return assumed.invoices_a_month * months * assumed.archived_bytes / 1e12


def backup_terabytes(measured: Measured, assumed: Assumptions) -> float:
    """Of copies of the record, and of the log since."""
    log = wal_terabytes(measured, assumed) * assumed.wal_days / _DAYS
    return record_terabytes(measured, assumed) * assumed.full_backups + log


def redis_gigabytes(measured: Measured, assumed: Assumptions) -> float:
    """Of all live bills with their vehicles."""
    return assumed.bills_a_month / _DAYS * assumed.live_days * measured.redis_bytes / 1e9


def cells(measured: Measured, assumed: Assumptions) -> Cells:
    """By what one server may hold, and by what one was seen to do."""
    needed = peak(measured, assumed)
    # Each cell fills an invoice partition of its own.
    memory = assumed.server_gb * 1e9 * assumed.index_share - irn_index(measured)
    return Cells(
        record_terabytes(measured, assumed) / assumed.cell_tb,
        random_indexes(measured, assumed) / memory,
        needed.postgresql / assumed.busy / assumed.server_cores,
        needed.wal / measured.wal_seen,
    )


def servers(measured: Measured, assumed: Assumptions) -> Servers:
    """Of both regions together, with the home cell; of workers, Redis and proxies one more in each
    region than is needed."""
    needed, count = peak(measured, assumed), cells(measured, assumed).enough
    processes = ceil(needed.workers / assumed.busy)
    asked = sum(rate.peak for kind, rate in rates(assumed).items() if kind != "invoices")
    proxying = asked / assumed.proxy_requests / assumed.busy
    memory = redis_gigabytes(measured, assumed) / (assumed.server_gb * assumed.busy)

    def of_both(cores: float) -> int:
        return int(assumed.sites) * (ceil(cores / assumed.server_cores) + 1)

    redis = max(memory * assumed.server_cores, needed.valkey / assumed.busy)
    return Servers(
        (count + 1) * int(assumed.copies),
        of_both(processes),
        of_both(redis),
        of_both(proxying),
        processes,
        ceil(messages(assumed).peak / assumed.carrier_messages),
    )
