"""POST /v1/sms/numbers: a taxpayer or transporter registers a mobile number."""

from gateway.http import Call
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.services import Services
from gateway.sms_number_views import SmsNumberView, sms_number_view
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS
from validators.errors import Fault
from validators.sms_number import NUMBERS_MAX, NewSmsNumber


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def register(
        _: Call, request: Request, form: NewSmsNumber, faults: list[Fault]
    ) -> StoredAnswer:
        return await services.sms.numbers.register(request, form, faults)

    return Operation(
        method="POST",
        path="/v1/sms/numbers",
        summary="Register a mobile number for e-way bills by SMS",
        description=f"At most {NUMBERS_MAX} a GSTIN. A one-time password is sent to the number by "
        "SMS, which confirms it. The same again, while it is not confirmed, sends another one.",
        endpoint=changing(NewSmsNumber, register, services.replay, 201, sms_number_view),
        roles=TRADERS,
        request=NewSmsNumber,
        answers=((201, SmsNumberView),),
        refusals=(
            "INVALID_DOCUMENT",
            "SMS_NUMBER_ALREADY_CONFIRMED",
            "TOO_MANY_SMS_NUMBERS",
            "TOO_MANY_PASSWORDS",
            "OUTCOME_UNKNOWN",
        ),
    )
