"""GET /v1/rfid/tags/{tag}/eway-bills: a checkpoint asks whether to let a conveyance pass, r3(2)."""

from gateway.http import Answer, Call
from gateway.lane_views import LaneView, lane_answer
from gateway.operation import Operation
from gateway.services import Services
from validators.authority import Role
from validators.errors import Refusal, fault
from validators.identifiers import normal_tag, tag_fault


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def ask(call: Call) -> Answer:
        tag = normal_tag(call.path_parameter("tag"))
        if code := tag_fault(tag):
            raise Refusal("INVALID_QUERY", faults=(fault("/tag", code),))
        carried = await services.lanes.ask(tag, call.at)
        return Answer(200, lane_answer(carried, call.at))

    return Operation(
        method="GET",
        path="/v1/rfid/tags/{tag}/eway-bills",
        summary="Whether a lane lets a conveyance pass",
        description="PASS with every e-way bill that is valid on it now, STOP with the reasons. "
        "Nothing is recorded: a read does that.",
        endpoint=ask,
        roles=frozenset({Role.READER, Role.OFFICER}),
        answers=((200, LaneView),),
        refusals=("INVALID_QUERY",),
    )
