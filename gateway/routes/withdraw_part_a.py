"""POST /v1/part-a/{reference}/withdrawal: its furnisher takes a Part A back."""

from gateway.http import Call
from gateway.life_views import PartAOnlyView, part_a_view
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.services import Services
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS
from validators.errors import Fault
from validators.part_a import Withdrawal


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def withdraw(
        call: Call, request: Request, form: Withdrawal, faults: list[Fault]
    ) -> StoredAnswer:
        return await services.parts_a.withdraw(request, call.reference(), form, faults)

    return Operation(
        method="POST",
        path="/v1/part-a/{reference}/withdrawal",
        summary="Withdraw a Part A that waits",
        description="By whoever furnished it; its document is free again.",
        endpoint=changing(Withdrawal, withdraw, services.replay, 200, part_a_view),
        roles=TRADERS,
        request=Withdrawal,
        answers=((200, PartAOnlyView),),
        refusals=(
            "INVALID_DOCUMENT",
            "PART_A_NOT_FOUND",
            "NOT_THE_FURNISHER",
            "PART_A_COMPLETED",
            "PART_A_WITHDRAWN",
            "PART_A_LAPSED",
            "CHANGED_MEANWHILE",
            "OUTCOME_UNKNOWN",
        ),
    )
