"""POST /v1/eway-bills: furnishes FORM GST INS-06, r1(1)."""

from collections.abc import Awaitable

from gateway.http import Call
from gateway.life_views import PartAOnlyView, furnished_view
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.services import Services
from gateway.views import EwayBillView
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS
from validators.errors import Fault
from validators.ins06 import Ins06


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    def furnish(
        _: Call, request: Request, form: Ins06, faults: list[Fault]
    ) -> Awaitable[StoredAnswer]:
        return services.parts_a.furnish(request, form, faults)

    return Operation(
        method="POST",
        path="/v1/eway-bills",
        summary="Generate an e-way bill (FORM GST INS-06)",
        description="Part A and, by road, Part B. 201 only once it is on disk. The same document "
        "again is refused with the number it has, so a time-out is settled by sending again. "
        "Part A with a transporter but no vehicle waits for that transporter to complete it. "
        "With the irn of an uploaded invoice, what that says may be left out.",
        endpoint=changing(Ins06, furnish, services.replay, 201, furnished_view),
        roles=TRADERS,
        request=Ins06,
        answers=((201, EwayBillView), (201, PartAOnlyView)),
        refusals=(
            "INVALID_DOCUMENT",
            "NOT_A_PARTY",
            "DOCUMENT_ALREADY_HAS_EWAY_BILL",
            "DOCUMENT_ALREADY_HAS_PART_A",
            "RFID_TAG_REQUIRED",
            "CHANGED_MEANWHILE",
            "OUTCOME_UNKNOWN",
        ),
    )
