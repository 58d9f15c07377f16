"""The arithmetic: how many documents a second, what they need and leave, on how many servers."""

from math import ceil, log2
from typing import Final

from msgspec import Struct

from loadtest.scale.assumptions import Assumptions
from loadtest.scale.costs import MISSES, Cost, Measured
from loadtest.scale.log import irn_index, random_indexes, whole_pages

_DAY: Final = 86_400
_DAYS: Final = 30
"""Of a month."""
_DAY_HOURS: Final = 24
_NUMBERS: Final = 999_999_999
"""Of a month."""


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
        # A bill and each change empty one vehicle's key, in one cell, and one question finds it so.
        (MISSES, assumed.lookups_a_bill * assumed.lookups_missing + 1 + assumed.changes_a_bill),
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


def kept(assumed: Assumptions) -> dict[str, Kept]:
    """By table, of those that grow with the load."""
    bills, invoices = assumed.bills_a_month, assumed.invoices_a_month
    years = assumed.claims_years * 12
    reads = bills * assumed.lanes_a_journey / assumed.bills_a_vehicle
    claimed = assumed.READ_CLAIM_KEPT / (_DAYS * _DAY_HOURS)
    return {
        "eway_bill": Kept(assumed.bill_bytes, bills, assumed.bills_months_online),
        "document_claim": Kept(assumed.claim_bytes, bills, years),
        "invoice": Kept(assumed.invoice_bytes, invoices, assumed.invoices_months_online),
        "invoice_claim": Kept(assumed.invoice_claim_bytes, invoices, years),
        "rfid_read": Kept(assumed.read_bytes, reads, assumed.bills_months_online),
        "rfid_read_claim": Kept(assumed.read_claim_bytes, reads, claimed),
    }


def record_terabytes(assumed: Assumptions) -> float:
    """Of all tables together."""
    return sum(table.terabytes for table in kept(assumed).values())


def paged(assumed: Assumptions, count: int) -> Rate:
    """Bytes a second of whole pages in the logs of so many cells. The mean is of a month in which
    the invoices of filing come together, and so touch fewer pages each."""
    found = rates(assumed)
    mean = {kind: rate.average for kind, rate in found.items()}
    mean["invoices"] *= 1 - assumed.filing_share
    filing = dict.fromkeys(found, 0.0) | {"invoices": found["invoices"].peak}
    share = assumed.filing_hours * 3600 / (_DAYS * _DAY)
    return Rate(
        whole_pages(mean, assumed, count) + whole_pages(filing, assumed, count) * share,
        whole_pages({kind: rate.peak for kind, rate in found.items()}, assumed, count),
    )


def log(measured: Measured, assumed: Assumptions) -> Rate:
    """Bytes a second of write-ahead log with its whole pages, of all cells."""
    pages = paged(assumed, cells(measured, assumed).enough)
    documents = Rate(average(measured, assumed).wal, peak(measured, assumed).wal)
    return Rate(documents.average + pages.average, documents.peak + pages.peak)


def replication(measured: Measured, assumed: Assumptions) -> tuple[Rate, Rate]:
    """Bytes a second of log from primaries to standbys within their region, and to another."""
    written, of_region = log(measured, assumed), assumed.copies / assumed.sites
    near, far = of_region - 1, assumed.copies - of_region
    return (
        Rate(written.average * near, written.peak * near),
        Rate(written.average * far, written.peak * far),
    )


def wal_terabytes(measured: Measured, assumed: Assumptions) -> float:
    """Of write-ahead log in a month, with its whole pages."""
    return log(measured, assumed).average * _DAYS * _DAY / 1e12


def archive_terabytes(assumed: Assumptions) -> float:
    """Of files of invoices, for as long as their numbers are kept."""
    months = assumed.claims_years * 12 - assumed.invoices_months_online
    return assumed.invoices_a_month * months * assumed.archived_bytes / 1e12


def backup_terabytes(measured: Measured, assumed: Assumptions) -> float:
    """Of copies of the record, and of the log since."""
    kept_log = wal_terabytes(measured, assumed) * assumed.wal_days / _DAYS
    return record_terabytes(assumed) * assumed.full_backups + kept_log


def redis_gigabytes(measured: Measured, assumed: Assumptions) -> float:
    """Of all live bills with their vehicles."""
    return assumed.bills_a_month / _DAYS * assumed.live_days * measured.redis_bytes / 1e9


def cells(measured: Measured, assumed: Assumptions) -> Cells:
    """By what one server may hold, and by what one was seen to do."""
    needed = peak(measured, assumed)
    # Each cell fills an invoice partition of its own.
    memory = assumed.server_gb * 1e9 * assumed.index_share - irn_index(assumed)
    return Cells(
        record_terabytes(assumed) / assumed.cell_tb,
        random_indexes(assumed) / memory,
        needed.postgresql / assumed.busy / assumed.server_cores,
        _by_wal(needed.wal, measured.wal_seen, assumed),
    )


def _by_wal(documents: float, seen: float, assumed: Assumptions) -> float:
    """More cells write more whole pages, each those of its own: the first number that is enough."""
    count = 1
    while (asked := (documents + paged(assumed, count).peak) / seen) > count:
        count *= 2
    return asked


def uploads(assumed: Assumptions) -> Rate:
    """Open at once."""
    invoices, each = rates(assumed)["invoices"], assumed.upload_seconds / assumed.upload_invoices
    return Rate(invoices.average * each, invoices.peak * each)


def numbers_used(assumed: Assumptions, slots: float) -> float:
    """Of the room of so many slots together in the heaviest month, with the largest owner in one of
    them: past 1 they are used up before its end."""
    share = slots / assumed.slots
    bills = assumed.bills_a_month * assumed.heaviest_month
    return bills * (assumed.largest_owner + share) / (share * _NUMBERS)


def servers(measured: Measured, assumed: Assumptions) -> Servers:
    """Of both regions together, with the home cell; of workers, Redis and proxies one more in each
    region than is needed."""
    needed, count = peak(measured, assumed), cells(measured, assumed).enough
    cores = needed.workers / assumed.busy
    opened = uploads(assumed).peak
    processes = ceil(max(cores, opened / assumed.BULK_UPLOADS_MAX / assumed.busy))
    a_second = {kind: rate.peak for kind, rate in rates(assumed).items() if kind != MISSES}
    asked = a_second.pop("invoices") / assumed.upload_invoices + sum(a_second.values())
    copied = (needed.received + needed.sent) / 1e6
    proxying = (asked / assumed.proxy_requests + copied / assumed.proxy_mb) / assumed.busy
    memory = redis_gigabytes(measured, assumed) / (assumed.server_gb * assumed.busy)

    def of_both(cores: float) -> int:
        return int(assumed.sites) * (ceil(cores / assumed.server_cores) + 1)

    redis = max(memory * assumed.server_cores, needed.valkey / assumed.busy)
    return Servers(
        (count + 1) * int(assumed.copies),
        of_both(cores),
        of_both(redis),
        of_both(proxying),
        processes,
        ceil(messages(assumed).peak / assumed.carrier_messages),
    )
