"""POST /v1/eway-bills/{ebn}/transporter: hands a bill to another transporter, r1(3)."""

from gateway.http import Call
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.services import Services
from gateway.views import EwayBillView
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS
from validators.change_forms import NewTransporter
from validators.errors import Fault


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def hand_over(
        call: Call, request: Request, form: NewTransporter, faults: list[Fault]
    ) -> StoredAnswer:
        return await services.changes.hand_over(request, call.ebn(), form, faults)

    return Operation(
        method="POST",
        path="/v1/eway-bills/{ebn}/transporter",
        summary="Hand an e-way bill to another transporter",
        description="By supplier, recipient or the present transporter, while it is valid.",
        endpoint=changing(NewTransporter, hand_over, services.replay, 200),
        roles=TRADERS,
        request=NewTransporter,
        answers=((200, EwayBillView),),
        refusals=(
            "INVALID_DOCUMENT",
            "EWAY_BILL_NOT_FOUND",
            "NOT_A_PARTY",
            "ALREADY_CANCELLED",
            "ALREADY_RENEWED",
            "EXPIRED",
            "NOT_BY_ROAD",
            "SAME_TRANSPORTER",
            "TOO_MANY_CHANGES",
            "RFID_TAG_REQUIRED",
            "CHANGED_MEANWHILE",
            "OUTCOME_UNKNOWN",
        ),
    )
