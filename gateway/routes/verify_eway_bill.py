"""POST /v1/eway-bills/{ebn}/verifications: an officer verifies by hand, r3."""

from gateway.http import Call
from gateway.life_views import VerificationView, verification_view
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.services import Services
from ingest.replay import Request, StoredAnswer
from validators.authority import OFFICERS
from validators.errors import Fault
from validators.verification import VerificationForm


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def verify(
        call: Call, request: Request, form: VerificationForm, faults: list[Fault]
    ) -> StoredAnswer:
        return await services.verifications.verify(request, call.ebn(), form, faults)

    return Operation(
        method="POST",
        path="/v1/eway-bills/{ebn}/verifications",
        summary="Verify an e-way bill in transit",
        description="By an officer. From the first on the bill cannot be cancelled. A second "
        "physical one in a State needs information of evasion and who approved it.",
        endpoint=changing(VerificationForm, verify, services.replay, 201, verification_view),
        roles=OFFICERS,
        request=VerificationForm,
        answers=((201, VerificationView),),
        refusals=(
            "INVALID_DOCUMENT",
            "EWAY_BILL_NOT_FOUND",
            "ALREADY_CANCELLED",
            "ALREADY_RENEWED",
            "ALREADY_VERIFIED_IN_STATE",
            "CHANGED_MEANWHILE",
            "OUTCOME_UNKNOWN",
        ),
    )
