"""PUT /v1/part-a/{reference}/part-b: the transporter furnishes the conveyance, r1(1)(b)."""

from gateway.http import Call
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.services import Services
from gateway.views import EwayBillView
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS
from validators.errors import Fault
from validators.part_a import PartB


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def complete(
        call: Call, request: Request, form: PartB, faults: list[Fault]
    ) -> StoredAnswer:
        return await services.parts_a.complete(request, call.reference(), form, faults)

    return Operation(
        method="PUT",
        path="/v1/part-a/{reference}/part-b",
        summary="Complete a Part A with its conveyance",
        description="By its transporter; this generates the e-way bill. Sent again it answers 200 "
        "and the bill.",
        endpoint=changing(PartB, complete, services.replay, 201),
        roles=TRADERS,
        request=PartB,
        answers=((201, EwayBillView), (200, EwayBillView)),
        refusals=(
            "INVALID_DOCUMENT",
            "PART_A_NOT_FOUND",
            "NOT_THE_TRANSPORTER",
            "PART_A_COMPLETED",
            "PART_A_WITHDRAWN",
            "PART_A_LAPSED",
            "RFID_TAG_REQUIRED",
            "CHANGED_MEANWHILE",
            "OUTCOME_UNKNOWN",
        ),
    )
