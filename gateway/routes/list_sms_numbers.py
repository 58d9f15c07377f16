"""GET /v1/sms/numbers: the mobile numbers registered for a GSTIN."""

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.services import Services
from gateway.sms_number_views import SmsNumberList, sms_number_view
from gateway.views import encode
from validators.authority import TRADERS


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def list_numbers(call: Call) -> Answer:
        found = await services.sms.numbers.of(call.caller)
        views = [sms_number_view(registration, call.at) for registration in found]
        return Answer(200, encode(SmsNumberList(views, None)))

    return Operation(
        method="GET",
        path="/v1/sms/numbers",
        summary="List the mobile numbers registered for you",
        description="Those that have not ended, also where a password expired or the number lapsed "
        "and has to be confirmed anew.",
        endpoint=list_numbers,
        roles=TRADERS,
        answers=((200, SmsNumberList),),
    )
