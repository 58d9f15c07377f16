"""POST /v1/consolidated-eway-bills: FORM GST INS-07, r1(4)."""

from gateway.http import Call
from gateway.life_views import ConsolidatedView, consolidated_view
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.services import Services
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS
from validators.consolidated import Consolidation
from validators.errors import Fault


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def consolidate(
        call: Call, request: Request, form: Consolidation, faults: list[Fault]
    ) -> StoredAnswer:
        return await services.consolidations.consolidate(request, form, faults)

    return Operation(
        method="POST",
        path="/v1/consolidated-eway-bills",
        summary="Generate a consolidated e-way bill (FORM GST INS-07)",
        description="By the transporter of every member, all of them live and on this conveyance "
        "or on none yet.",
        endpoint=changing(Consolidation, consolidate, services.replay, 201, consolidated_view),
        roles=TRADERS,
        request=Consolidation,
        answers=((201, ConsolidatedView),),
        refusals=(
            "INVALID_DOCUMENT",
            "RFID_TAG_REQUIRED",
            "CHANGED_MEANWHILE",
            "OUTCOME_UNKNOWN",
        ),
    )
