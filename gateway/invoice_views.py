"""What is shown of an invoice over HTTP."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from gateway.views import encode
from ingest.invoice_lookups import RecordedInvoice
from ingest.invoice_writes import Uploaded
from validators.calendar import india_time
from validators.inv1 import Inv1
from validators.rulebook import Rulebook, irn_good_until


class InvoiceView(Inv1, kw_only=True):
    """An invoice on record: its reference number, until when that is good, and the form."""

    irn: str
    uploaded_at: datetime
    valid_until: datetime


class InvoiceList(Struct):
    """The invoices of a document number, the newest financial year first."""

    items: list[InvoiceView]
    next_cursor: str | None


class _Reference(Struct):
    irn: str
    uploaded_at: datetime | None
    valid_until: datetime | None


def invoice_json(invoice: Uploaded | RecordedInvoice, rulebooks: Sequence[Rulebook]) -> bytes:
    """An InvoiceView in JSON. The document is JSON already and is not taken apart for it."""
    uploaded_at, document = invoice.uploaded_at, invoice.document
    good_until = irn_good_until(uploaded_at, rulebooks)
    reference = _Reference(invoice.irn, india_time(uploaded_at), india_time(good_until))
    return encode(reference)[:-1] + b"," + document[1:]


def invoice_list_json(items: list[bytes], next_cursor: str | None) -> bytes:
    """An InvoiceList in JSON, of InvoiceViews in JSON."""
    return b'{"items":[%b],"next_cursor":%b}' % (b",".join(items), encode(next_cursor))
