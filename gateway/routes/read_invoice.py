"""GET /v1/invoices/{irn}: an invoice by its reference number, r2(2), r3(1)."""

from gateway.http import Answer, Call
from gateway.invoice_views import InvoiceView, invoice_json
from gateway.operation import Operation
from gateway.services import Services
from validators.authority import TRADERS, Role
from validators.errors import Refusal
from validators.identifiers import irn_fault


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def read_invoice(call: Call) -> Answer:
        irn = call.path_parameter("irn")
        if irn_fault(irn):
            raise Refusal("INVOICE_NOT_FOUND")
        found = await services.invoice_lookups.readable(call.caller, irn, call.at)
        return Answer(200, invoice_json(found, services.rulebooks))

    return Operation(
        method="GET",
        path="/v1/invoices/{irn}",
        summary="Read an invoice",
        description="To its supplier, who it is billed or shipped to, and every officer; also after"
        " its reference number is no longer good.",
        endpoint=read_invoice,
        roles=TRADERS | {Role.OFFICER},
        answers=((200, InvoiceView),),
        refusals=("INVOICE_NOT_FOUND",),
    )
