"""POST /v1/eway-bills/{ebn}/conveyances: the goods go on with another conveyance, r1(3)."""

from gateway.http import Call
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.services import Services
from gateway.views import EwayBillView
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS
from validators.change_forms import Transfer
from validators.errors import Fault


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def transfer(
        call: Call, request: Request, form: Transfer, faults: list[Fault]
    ) -> StoredAnswer:
        return await services.changes.transfer(request, call.ebn(), form, faults)

    return Operation(
        method="POST",
        path="/v1/eway-bills/{ebn}/conveyances",
        summary="Transfer the goods to another conveyance",
        description="By the transporter or, where there is none, the generator, before the goods "
        "move on.",
        endpoint=changing(Transfer, transfer, services.replay, 200),
        roles=TRADERS,
        request=Transfer,
        answers=((200, EwayBillView),),
        refusals=(
            "INVALID_DOCUMENT",
            "EWAY_BILL_NOT_FOUND",
            "NOT_THE_TRANSPORTER",
            "ALREADY_CANCELLED",
            "ALREADY_RENEWED",
            "EXPIRED",
            "NOT_BY_ROAD",
            "SAME_VEHICLE",
            "TOO_MANY_CHANGES",
            "RFID_TAG_REQUIRED",
            "CHANGED_MEANWHILE",
            "OUTCOME_UNKNOWN",
        ),
    )
