"""GET /v1/invoices: a supplier's invoices of one document number, r2(2), r3(1)."""

import re
from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway.http import Answer, Call
from gateway.invoice_views import InvoiceList, invoice_json, invoice_list_json
from gateway.operation import Operation
from gateway.paging import read_cursor_of, read_limit, write_cursor
from gateway.services import Services
from ingest import limits
from validators.authority import TRADERS, Role
from validators.errors import Refusal, fault
from validators.forms import read_query
from validators.identifiers import document_number_fault, gstin_fault, upper

_COUNT: Final = re.compile(r"[1-9][0-9]{0,3}").fullmatch


class InvoiceQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which invoice, and whose."""

    document_number: str
    supplier_gstin: Annotated[
        str | None, Meta(description="Whose number it is, where that is not clear.")
    ] = None
    limit: Annotated[int, Meta(description="At most 500.")] = limits.LIST_ITEMS_DEFAULT
    cursor: str | None = None


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def find_invoices(call: Call) -> Answer:
        query, faults = read_query(call.query(), InvoiceQuery)
        number, supplier = query.document_number, query.supplier_gstin
        if isinstance(number, str) and (code := document_number_fault(number)):
            faults.append(fault("/document_number", code))
        if isinstance(supplier, str) and (code := gstin_fault(supplier := upper(supplier))):
            faults.append(fault("/supplier_gstin", code))
        limit = read_limit(query.limit, faults)
        skipped = read_cursor_of(query.cursor, faults, _count_of) or 0
        if faults:
            raise Refusal("INVALID_QUERY", faults=tuple(faults))
        found = await services.invoice_lookups.by_number(call.caller, supplier, number, call.at)
        page, more = found[skipped : skipped + limit], len(found) > skipped + limit
        items = [invoice_json(one, services.rulebooks) for one in page]
        cursor = write_cursor(skipped + limit) if more else None
        return Answer(200, invoice_list_json(items, cursor))

    return Operation(
        method="GET",
        path="/v1/invoices",
        summary="Find an invoice by its document number",
        description="Your own or, if you have none of this number, another supplier's that is "
        "billed or shipped to you; an officer's are everybody's. One number may be an invoice's of "
        "every supplier in each financial year: newest year first.",
        endpoint=find_invoices,
        roles=TRADERS | {Role.OFFICER},
        query=InvoiceQuery,
        answers=((200, InvoiceList),),
        refusals=("INVALID_QUERY",),
    )


def _count_of(text: str) -> int | None:
    return int(text) if _COUNT(text) else None
