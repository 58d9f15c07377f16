"""GET /v1/gstr-1: a supplier's outward supplies of a month, r1(6), in any number."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from msgspec import Meta, Struct
from starlette.types import Receive

from gateway.gstr_1_views import Gstr1, beginning_json, ending_json, items_json
from gateway.http import JSON, Call, Stream
from gateway.operation import Operation
from gateway.services import Services
from ingest import limits
from validators.authority import TRADERS
from validators.calendar import india_date
from validators.errors import Refusal
from validators.forms import read_query
from validators.gstr_1 import Supply, Totals, first_day, period_fault


class Gstr1Query(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which month."""

    period: Annotated[
        str,
        Meta(
            description="The month of the documents' dates, from July 2017 to the present one in "
            "India.",
            examples=["2026-11"],
            extra_json_schema={"pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"},
        ),
    ]


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def extract_gstr_1(call: Call) -> Stream:
        query, faults = read_query(call.query(), Gstr1Query)
        if isinstance(query.period, str):
            wrong = period_fault(query.period, india_date(call.at))
            faults += [wrong] if wrong else []
        if faults:
            raise Refusal("INVALID_QUERY", faults=tuple(faults))
        pages = services.extracts.supplies(call.caller.id, first_day(query.period), call.at)
        # The first is read before the status is sent: what is refused is still a refusal.
        first = await anext(pages, None)
        return Stream(_parts(call, query.period, first, pages), JSON)

    return Operation(
        method="GET",
        path="/v1/gstr-1",
        summary="Extract your outward supplies of a month for GSTR-1",
        description="Your invoices, and the e-way bills of documents of which no invoice was "
        "uploaded; each document once. Written while it is read, in any number, each item on a line"
        " of its own, the totals last: an answer without them is not complete.",
        endpoint=extract_gstr_1,
        whole=False,
        roles=TRADERS,
        query=Gstr1Query,
        answers=((200, Gstr1),),
        refusals=("INVALID_QUERY", "INVOICE_ARCHIVED"),
    )


async def _parts(
    call: Call, period: str, first: list[Supply] | None, pages: AsyncGenerator[list[Supply]]
) -> AsyncGenerator[bytes]:
    totals = Totals(rates_max=limits.EXTRACT_RATES_MAX, goods_max=limits.EXTRACT_GOODS_MAX)
    gone = asyncio.create_task(_gone(call.receive))
    try:
        async with aclosing(pages):
            yield beginning_json(call.caller.id, period, call.at)
            page, begun = first, False
            while page is not None:
                await asyncio.sleep(0)  # So that it is heard before the next page is read.
                if gone.done():
                    return  # Nobody reads the rest, and uvicorn does not say so.
                for supply in page:
                    totals.add(supply)
                if page:
                    yield items_json(page, first=not begun)
                    begun = True
                page = await anext(pages, None)
            yield ending_json(totals)
    finally:
        gone.cancel()


async def _gone(receive: Receive) -> None:
    """Returns once the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass
