"""POST /v1/eway-bills/{ebn}/acceptance: the recipient accepts or rejects, r1(9)."""

from gateway.http import Call
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.services import Services
from gateway.views import EwayBillView
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS
from validators.change_forms import Acceptance
from validators.errors import Fault


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def answer(
        call: Call, request: Request, form: Acceptance, faults: list[Fault]
    ) -> StoredAnswer:
        return await services.changes.answer(request, call.ebn(), form, faults)

    return Operation(
        method="POST",
        path="/v1/eway-bills/{ebn}/acceptance",
        summary="Accept or reject a consignment",
        description="By its registered recipient, once, within 72 hours; then deemed accepted.",
        endpoint=changing(Acceptance, answer, services.replay, 200),
        roles=TRADERS,
        request=Acceptance,
        answers=((200, EwayBillView),),
        refusals=(
            "INVALID_DOCUMENT",
            "EWAY_BILL_NOT_FOUND",
            "NOT_THE_RECIPIENT",
            "ALREADY_CANCELLED",
            "ALREADY_ANSWERED",
            "DEEMED_ACCEPTED",
            "CHANGED_MEANWHILE",
            "OUTCOME_UNKNOWN",
        ),
    )
