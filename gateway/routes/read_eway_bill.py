"""GET /v1/eway-bills/{ebn}: one e-way bill, to its parties and to officers."""

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.services import Services
from gateway.views import EwayBillView, bill_view, encode
from validators.authority import TRADERS, Role, may_read
from validators.errors import Refusal


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def read(call: Call) -> Answer:
        bill = await services.lookups.bill(call.ebn(), call.at)
        # To anybody else a bill that exists looks like one that does not.
        if bill is None or not may_read(call.caller, bill):
            raise Refusal("EWAY_BILL_NOT_FOUND")
        return Answer(200, encode(bill_view(bill, call.at)))

    return Operation(
        method="GET",
        path="/v1/eway-bills/{ebn}",
        summary="Read an e-way bill",
        description="EXPIRED and DEEMED_ACCEPTED are as of the instant of the answer.",
        endpoint=read,
        roles=TRADERS | {Role.OFFICER},
        answers=((200, EwayBillView),),
        refusals=("EWAY_BILL_NOT_FOUND",),
    )
