"""GET /v1/invoices: a supplier's invoices of one document number, r2(2), r3(1)."""

from typing import Annotated

from msgspec import Meta, Struct

from gateway.http import Answer, Call
from gateway.invoice_views import InvoiceList, invoice_json, invoice_list_json
from gateway.operation import Operation
from gateway.services import Services
from validators.authority import TRADERS, Role
from validators.errors import Refusal, fault
from validators.forms import read_query
from validators.identifiers import document_number_fault, gstin_fault, upper


class InvoiceQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Whose invoice, and which."""

    document_number: str
    supplier_gstin: Annotated[
        str | None, Meta(description="Whose number it is; yours, if it is not given.")
    ] = None


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def find_invoices(call: Call) -> Answer:
        query, faults = read_query(call.query(), InvoiceQuery)
        number, supplier = query.document_number, query.supplier_gstin
        if isinstance(number, str) and (code := document_number_fault(number)):
            faults.append(fault("/document_number", code))
        if supplier is None and call.caller.role is Role.OFFICER:
            faults.append(fault("/supplier_gstin", "REQUIRED"))
        if isinstance(supplier, str) and (code := gstin_fault(upper(supplier))):
            faults.append(fault("/supplier_gstin", code))
        if faults:
            raise Refusal("INVALID_QUERY", faults=tuple(faults))
        found = await services.invoice_lookups.by_number(
            call.caller, upper(supplier or call.caller.id), number, call.at
        )
        items = [
            invoice_json(
                one.irn,
                one.uploaded_at,
                services.generation.rulebook(one.uploaded_at).irn_validity,
                one.document,
            )
            for one in found
        ]
        return Answer(200, invoice_list_json(items))

    return Operation(
        method="GET",
        path="/v1/invoices",
        summary="Find an invoice by its document number",
        description="Your own, or another supplier's that is billed or shipped to you; officers "
        "name the supplier. One number may be an invoice's in each financial year.",
        endpoint=find_invoices,
        roles=TRADERS | {Role.OFFICER},
        query=InvoiceQuery,
        answers=((200, InvoiceList),),
        refusals=("INVALID_QUERY",),
    )
