"""GET /v1/rfid/tags/{tag}: the vehicle an RFID tag is on, and those it was on."""

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.services import Services
from gateway.tag_views import TagHistoryView, tag_history_view
from gateway.views import encode
from ingest import limits
from validators.authority import TAG_READERS


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def read_tag(call: Call) -> Answer:
        mappings = await services.tags.mappings(call.caller, call.tag())
        return Answer(200, encode(tag_history_view(mappings)))

    return Operation(
        method="GET",
        path="/v1/rfid/tags/{tag}",
        summary="The vehicle an RFID tag is on, and was on",
        description="To a transporter what is or was its own, to officers and operators everything."
        f" Of what has ended the newest {limits.TAG_HISTORY_MAX}.",
        endpoint=read_tag,
        roles=TAG_READERS,
        answers=((200, TagHistoryView),),
        refusals=("TAG_NOT_FOUND",),
    )
