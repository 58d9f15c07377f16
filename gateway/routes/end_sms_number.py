"""DELETE /v1/sms/numbers/{mobile}: a mobile number sends no e-way bills any more."""

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.services import Services
from gateway.sms_number_views import SmsNumberView, sms_number_view
from gateway.views import encode
from validators.authority import TRADERS


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def end(call: Call) -> Answer:
        ended = await services.sms.numbers.end(call.caller, call.mobile(), at=call.at)
        return Answer(200, encode(sms_number_view(ended, call.at)))

    return Operation(
        method="DELETE",
        path="/v1/sms/numbers/{mobile}",
        summary="End the registration of a mobile number",
        description="At once, as for a telephone that was lost. Answers the registration as it has "
        "ended; a second time there is none.",
        endpoint=end,
        roles=TRADERS,
        answers=((200, SmsNumberView),),
        refusals=("SMS_NUMBER_NOT_FOUND", "OUTCOME_UNKNOWN"),
    )
