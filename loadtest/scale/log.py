"""The whole pages in the write-ahead log: one goes in when it is first written to after a
checkpoint, so what is written at random brings a page with nearly every row."""

from collections.abc import Mapping
from math import expm1
from typing import Final

from loadtest.scale.assumptions import Assumptions

PAGE: Final = 8192
"""Bytes."""
INVOICE_PART: Final = 100_000_000
"""Invoices in a partition: of the index by IRN only its part is written at random."""
_MONTHS: Final = 12
"""Of claims in the partition of a financial year."""
_DAYS: Final = 30


def whole_pages(a_second: Mapping[str, float], assumed: Assumptions, cells: int) -> float:
    """Bytes a second in the logs of all cells together, each with its share of the documents."""
    interval = assumed.checkpoint_seconds
    each = {kind: rate * interval / cells for kind, rate in a_second.items()}
    claims = assumed.invoices_a_month * _MONTHS * assumed.invoice_claim_index_bytes
    # An upload writes to its supplier's own pages, one after the other.
    of_upload = 1 / assumed.upload_invoices + assumed.invoice_claim_index_bytes / PAGE
    live = assumed.bills_a_month / _DAYS * assumed.live_days * assumed.bill_bytes
    changed = each["changes of bills"] * assumed.change_pages
    written = (
        # A cell fills a part of its own, which may be nearly full.
        _touched(each["invoices"], irn_index(assumed)),
        _touched(each["invoices"] * of_upload, claims / cells),
        _touched(each["bills"] * assumed.bill_pages, random_indexes(assumed) / cells),
        _touched(changed + each["reads of tags"] * assumed.read_pages, live / cells),
    )
    return sum(written) * assumed.whole_page * cells / interval


def random_indexes(assumed: Assumptions) -> float:
    """Bytes of the indexes of bills that are written at random: by document of the year, and by
    party and vehicle of the month."""
    a_bill = _MONTHS * assumed.claim_index_bytes + assumed.bill_index_bytes
    return a_bill * assumed.bills_a_month


def irn_index(assumed: Assumptions) -> float:
    """Bytes of the index by IRN of the one partition that a cell fills."""
    return assumed.invoice_index_bytes * INVOICE_PART


def _touched(times: float, there: float) -> float:
    """Pages written to at least once, by so many writes to so many bytes at random."""
    pages = there / PAGE
    return -pages * expm1(-times / pages)
