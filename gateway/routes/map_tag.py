"""PUT /v1/rfid/tags/{tag}: a transporter maps an RFID tag to its vehicle, r2(4)."""

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.services import Services
from gateway.tag_views import TagView, tag_view
from gateway.views import encode
from validators.authority import TRADERS
from validators.forms import read_form
from validators.tag import TagMapping


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def map_tag(call: Call) -> Answer:
        # No Idempotency-Key is needed: the same again changes nothing.
        form, faults = read_form(await call.body(), TagMapping)
        mapped = await services.tags.map(
            call.caller, call.path_parameter("tag"), form, faults, at=call.at
        )
        return Answer(201 if mapped.is_first else 200, encode(tag_view(mapped.mapping)))

    return Operation(
        method="PUT",
        path="/v1/rfid/tags/{tag}",
        summary="Map an RFID tag to your vehicle",
        description="The tag is 16 to 124 hexadecimal digits, four to a word. 201 if it was on no "
        "vehicle, 200 if it was on one of yours, which ends at this instant unless it is the same. "
        "A vehicle may have several tags.",
        endpoint=map_tag,
        roles=TRADERS,
        request=TagMapping,
        answers=((201, TagView), (200, TagView)),
        refusals=("INVALID_DOCUMENT", "TAG_OF_ANOTHER", "OUTCOME_UNKNOWN"),
    )
