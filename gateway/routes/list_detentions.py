"""GET /v1/detentions: what was reported of an e-way bill's detentions, newest first."""

from msgspec import Struct

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.paging import read_cursor_of, read_limit, write_cursor
from gateway.report_views import DetentionList, detention_view
from gateway.services import Services
from gateway.views import encode
from ingest import limits
from validators.authority import TRADERS, Role
from validators.errors import Refusal, fault
from validators.forms import read_query
from validators.identifiers import ebn_of, report_id_of


class DetentionQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Of which e-way bill, and which page."""

    ebn: str
    limit: int = limits.LIST_ITEMS_DEFAULT
    cursor: str | None = None


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def list_detentions(call: Call) -> Answer:
        query, faults = read_query(call.query(), DetentionQuery)
        count = read_limit(query.limit, faults)
        before = read_cursor_of(query.cursor, faults, report_id_of)
        ebn = ebn_of(query.ebn) if isinstance(query.ebn, str) else None
        if isinstance(query.ebn, str) and ebn is None:
            faults.append(fault("/ebn", "EBN_FORMAT"))
        if faults or ebn is None:
            raise Refusal("INVALID_QUERY", faults=tuple(faults))
        # One more than shown tells whether there is a next page.
        found = await services.detentions.page(
            call.caller, ebn, before=before, at=call.at, count=count + 1
        )
        shown = found[:count]
        page = DetentionList(
            [detention_view(detention) for detention in shown],
            write_cursor(shown[-1].detention_id) if len(found) > count else None,
        )
        return Answer(200, encode(page))

    return Operation(
        method="GET",
        path="/v1/detentions",
        summary="List the detentions of an e-way bill",
        description="To officers and to the bill's transporter; newest first.",
        endpoint=list_detentions,
        roles=TRADERS | {Role.OFFICER},
        query=DetentionQuery,
        answers=((200, DetentionList),),
        refusals=("INVALID_QUERY", "EWAY_BILL_NOT_FOUND", "NOT_THE_TRANSPORTER"),
    )
