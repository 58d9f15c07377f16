"""POST /v1/eway-bills: generates an e-way bill from FORM GST INS-06, r1(1)."""

from gateway.http import Call
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.services import Services
from gateway.views import EwayBillView
from ingest.replay import Claim, Render, StoredAnswer
from validators.authority import TRADERS
from validators.errors import Fault
from validators.ins06 import Ins06


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def generate(
        call: Call, form: Ins06, faults: list[Fault], render: Render, claim: Claim | None
    ) -> StoredAnswer:
        return await services.generation.generate(
            call.caller, form, faults, at=call.at, render=render, claim=claim
        )

    return Operation(
        method="POST",
        path="/v1/eway-bills",
        summary="Generate an e-way bill (FORM GST INS-06)",
        description="Part A and, by road, Part B. 201 only once it is on disk. The same document "
        "again is refused with the number it has, so a time-out is settled by sending again.",
        endpoint=changing(Ins06, generate, services.replay, 201),
        roles=TRADERS,
        request=Ins06,
        answers=((201, EwayBillView),),
        refusals=(
            "INVALID_DOCUMENT",
            "NOT_A_PARTY",
            "DOCUMENT_ALREADY_HAS_EWAY_BILL",
            "CHANGED_MEANWHILE",
            "OUTCOME_UNKNOWN",
        ),
    )
