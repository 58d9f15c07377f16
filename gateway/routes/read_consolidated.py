"""GET /v1/consolidated-eway-bills/{number}: one, to its transporter and to officers."""

from gateway.http import Answer, Call
from gateway.life_views import ConsolidatedView, consolidated_view
from gateway.operation import Operation
from gateway.services import Services
from gateway.views import encode
from validators.authority import TRADERS, Role


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def read(call: Call) -> Answer:
        number = call.consolidated_number()
        members = await services.consolidations.read(call.caller, number)
        return Answer(200, encode(consolidated_view(members, call.at)))

    return Operation(
        method="GET",
        path="/v1/consolidated-eway-bills/{number}",
        summary="Read a consolidated e-way bill",
        description="EXPIRED is as of the instant of the answer; members say what they are now.",
        endpoint=read,
        roles=TRADERS | {Role.OFFICER},
        answers=((200, ConsolidatedView),),
        refusals=("CONSOLIDATED_NOT_FOUND",),
    )
