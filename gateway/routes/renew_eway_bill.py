"""POST /v1/eway-bills/{ebn}/renewal: another bill goes on from one, r1(8) second proviso."""

from gateway.http import Call
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.services import Services
from gateway.views import EwayBillView
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS
from validators.change_forms import Renewal
from validators.errors import Fault


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def renew(
        call: Call, request: Request, form: Renewal, faults: list[Fault]
    ) -> StoredAnswer:
        return await services.renewals.renew(request, call.ebn(), form, faults)

    return Operation(
        method="POST",
        path="/v1/eway-bills/{ebn}/renewal",
        summary="Renew an e-way bill",
        description="By the transporter, while it is valid or within 8 hours after. The bill "
        "renewed has ended.",
        endpoint=changing(Renewal, renew, services.replay, 201),
        roles=TRADERS,
        request=Renewal,
        answers=((201, EwayBillView),),
        refusals=(
            "INVALID_DOCUMENT",
            "EWAY_BILL_NOT_FOUND",
            "NOT_THE_TRANSPORTER",
            "ALREADY_CANCELLED",
            "ALREADY_RENEWED",
            "RENEWAL_WINDOW_NOT_OPEN",
            "RENEWAL_WINDOW_CLOSED",
            "NOT_BY_ROAD",
            "RENEWAL_LIMIT_REACHED",
            "RFID_TAG_REQUIRED",
            "CHANGED_MEANWHILE",
            "OUTCOME_UNKNOWN",
        ),
    )
