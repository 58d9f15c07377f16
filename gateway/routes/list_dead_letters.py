"""GET /v1/sms/dead-letters: messages that will not be delivered, for an operator to read."""

from msgspec import Struct

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.paging import read_cursor_of, read_limit, write_cursor
from gateway.services import Services
from gateway.sms_views import DeadLetterList, dead_letter_view
from gateway.views import encode
from ingest import limits
from validators.authority import OPERATORS
from validators.errors import Refusal
from validators.forms import read_query
from validators.identifiers import report_id_of


class DeadLetterQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which page."""

    limit: int = limits.LIST_ITEMS_DEFAULT
    cursor: str | None = None


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def list_dead_letters(call: Call) -> Answer:
        query, faults = read_query(call.query(), DeadLetterQuery)
        count = read_limit(query.limit, faults)
        before = read_cursor_of(query.cursor, faults, report_id_of)
        if faults:
            raise Refusal("INVALID_QUERY", faults=tuple(faults))
        # One more than shown tells whether there is a next page.
        found = await services.sms.owed.dead_letters(before, count + 1)
        shown = found[:count]
        page = DeadLetterList(
            [dead_letter_view(letter) for letter in shown],
            write_cursor(shown[-1].message_id) if len(found) > count else None,
        )
        return Answer(200, encode(page))

    return Operation(
        method="GET",
        path="/v1/sms/dead-letters",
        summary="List messages that will not be delivered",
        description="To operators; those owed last come first. What they said is not shown.",
        endpoint=list_dead_letters,
        roles=OPERATORS,
        query=DeadLetterQuery,
        answers=((200, DeadLetterList),),
        refusals=("INVALID_QUERY",),
    )
