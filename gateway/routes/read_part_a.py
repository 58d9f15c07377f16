"""GET /v1/part-a/{reference}: one Part A, to its parties."""

from gateway.http import Answer, Call
from gateway.life_views import PartAOnlyView, part_a_view
from gateway.operation import Operation
from gateway.services import Services
from gateway.views import encode
from validators.authority import TRADERS


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def read(call: Call) -> Answer:
        part_a = await services.parts_a.read(call.caller, call.reference())
        return Answer(200, encode(part_a_view(part_a, call.at)))

    return Operation(
        method="GET",
        path="/v1/part-a/{reference}",
        summary="Read a Part A",
        description="LAPSED is as of the instant of the answer.",
        endpoint=read,
        roles=TRADERS,
        answers=((200, PartAOnlyView),),
        refusals=("PART_A_NOT_FOUND",),
    )
