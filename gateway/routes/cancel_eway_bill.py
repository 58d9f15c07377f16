"""POST /v1/eway-bills/{ebn}/cancellation: cancels an e-way bill, r1(7)."""

from gateway.http import Call
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.services import Services
from gateway.views import EwayBillView
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS
from validators.change_forms import Cancellation
from validators.errors import Fault


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def cancel(
        call: Call, request: Request, form: Cancellation, faults: list[Fault]
    ) -> StoredAnswer:
        return await services.changes.cancel(request, call.ebn(), form, faults)

    return Operation(
        method="POST",
        path="/v1/eway-bills/{ebn}/cancellation",
        summary="Cancel an e-way bill",
        description="By whoever generated it, within 24 hours, unless verified in transit.",
        endpoint=changing(Cancellation, cancel, services.replay, 200),
        roles=TRADERS,
        request=Cancellation,
        answers=((200, EwayBillView),),
        refusals=(
            "INVALID_DOCUMENT",
            "EWAY_BILL_NOT_FOUND",
            "NOT_THE_GENERATOR",
            "ALREADY_CANCELLED",
            "ALREADY_RENEWED",
            "ALREADY_VERIFIED_IN_TRANSIT",
            "CANCELLATION_WINDOW_CLOSED",
            "CHANGED_MEANWHILE",
            "OUTCOME_UNKNOWN",
        ),
    )
