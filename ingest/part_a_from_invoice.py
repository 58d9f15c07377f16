"""Fills Part A of INS-06 from the uploaded invoice a form names, r2(3)."""

from collections.abc import Sequence
from datetime import datetime

from ingest.invoice_lookups import InvoiceLookups
from validators.authority import Person
from validators.errors import Fault
from validators.identifiers import irn_fault
from validators.ins06 import Ins06
from validators.invoice import Invoice
from validators.part_a_from_invoice import fill_from_invoice
from validators.rulebook import Rulebook, irn_good_until


class PartAFromInvoice:
    """Fetches the invoice that decides what a form says."""

    def __init__(self, invoices: InvoiceLookups, rulebooks: Sequence[Rulebook]) -> None:
        self._invoices = invoices
        self._rulebooks = rulebooks

    async def fill(
        self, person: Person, form: Ins06, faults: Sequence[Fault], at: datetime
    ) -> list[Fault]:
        """Fills a normalised form with an `irn` for a person at an instant, r2(3), as
        `fill_from_invoice`; answers the faults known then. Raises as `InvoiceLookups.by_irn`."""
        if not isinstance(form.irn, str) or irn_fault(form.irn):
            return [*faults]
        found = await self._invoices.by_irn(form.irn, at)
        invoice = None
        if found is not None:
            invoice = Invoice(found.form, irn_good_until(found.uploaded_at, self._rulebooks))
        return fill_from_invoice(form, faults, invoice, person, at)
