"""DELETE /v1/rfid/tags/{tag}: an RFID tag is on no vehicle from now on, r2(4)."""

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.services import Services
from gateway.tag_views import EndedTagView, ended_tag_view
from gateway.views import encode
from validators.authority import TAG_UNMAPPERS


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def unmap_tag(call: Call) -> Answer:
        ended = await services.tags.unmap(call.caller, call.tag(), at=call.at)
        return Answer(200, encode(ended_tag_view(ended)))

    return Operation(
        method="DELETE",
        path="/v1/rfid/tags/{tag}",
        summary="Unmap an RFID tag",
        description="By the transporter who mapped it, or by an operator. Answers the mapping as "
        "it has ended; a second time there is none.",
        endpoint=unmap_tag,
        roles=TAG_UNMAPPERS,
        answers=((200, EndedTagView),),
        refusals=("TAG_NOT_FOUND", "OUTCOME_UNKNOWN"),
    )
