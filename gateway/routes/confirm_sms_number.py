"""POST /v1/sms/numbers/{mobile}/confirmation: the one-time password confirms a mobile number."""

from gateway.http import Call
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.services import Services
from gateway.sms_number_views import SmsNumberView, sms_number_view
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS
from validators.errors import Fault
from validators.sms_number import PASSWORD_GOOD_FOR, TRIES_MAX, Confirmation


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def confirm(
        call: Call, request: Request, form: Confirmation, faults: list[Fault]
    ) -> StoredAnswer:
        return await services.sms.numbers.confirm(request, call.mobile(), form, faults)

    return Operation(
        method="POST",
        path="/v1/sms/numbers/{mobile}/confirmation",
        summary="Confirm a mobile number by its one-time password",
        description=f"Within {PASSWORD_GOOD_FOR.total_seconds() / 60:.0f} minutes, in "
        f"{TRIES_MAX} tries. A WRONG_PASSWORD says how many are left. The same may be sent from "
        "the number itself: CONFIRM and the password.",
        endpoint=changing(Confirmation, confirm, services.replay, 200, sms_number_view),
        roles=TRADERS,
        request=Confirmation,
        answers=((200, SmsNumberView),),
        refusals=(
            "INVALID_DOCUMENT",
            "SMS_NUMBER_NOT_FOUND",
            "SMS_NUMBER_ALREADY_CONFIRMED",
            "NO_PASSWORD_AWAITED",
            "PASSWORD_SPENT",
            "PASSWORD_EXPIRED",
            "WRONG_PASSWORD",
            "OUTCOME_UNKNOWN",
        ),
    )
