"""POST /v1/invoices: uploads FORM GST INV-1 for an Invoice Reference Number, r2(2)."""

from collections.abc import Awaitable
from datetime import datetime

from gateway.http import Call
from gateway.invoice_views import InvoiceView, invoice_json
from gateway.operation import Operation
from gateway.replaying import acting
from gateway.services import Services
from ingest.invoice_writes import Uploaded
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS
from validators.errors import Fault
from validators.inv1 import Inv1, read_inv1


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    def upload(
        _: Call, request: Request, form: Inv1, faults: list[Fault]
    ) -> Awaitable[StoredAnswer]:
        return services.invoices.upload(request, form, faults)

    def render(uploaded: Uploaded, _: datetime) -> StoredAnswer:
        body = invoice_json(uploaded, services.rulebooks)
        return StoredAnswer(201 if uploaded.created else 200, body)

    return Operation(
        method="POST",
        path="/v1/invoices",
        summary="Upload an invoice (FORM GST INV-1) for a reference number",
        description="By its supplier. 201 only once it is on disk; the same invoice again is 200 "
        "with the first upload. Amounts must agree to the paisa, but for a rupee in all.",
        endpoint=acting(read_inv1, upload, services.replay, render),
        roles=TRADERS,
        request=Inv1,
        answers=((201, InvoiceView), (200, InvoiceView)),
        refusals=(
            "INVALID_DOCUMENT",
            "NOT_A_PARTY",
            "INVOICE_DIFFERS",
            "INVOICE_ARCHIVED",
            "OUTCOME_UNKNOWN",
        ),
    )
