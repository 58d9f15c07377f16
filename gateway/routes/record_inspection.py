"""POST /v1/inspections: Part A of FORM GST INS-08, r4(1)."""

from gateway.http import Call
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.report_views import InspectionView, inspection_view
from gateway.services import Services
from ingest.replay import Request, StoredAnswer
from validators.authority import OFFICERS
from validators.errors import Fault
from validators.inspection import Ins08Summary, Inspection


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def record(
        _: Call, request: Request, form: Ins08Summary, faults: list[Fault]
    ) -> StoredAnswer:
        return await services.inspections.record(request, form, faults)

    def view(inspection: Inspection, _: object) -> InspectionView:
        return inspection_view(inspection)

    return Operation(
        method="POST",
        path="/v1/inspections",
        summary="Record the summary of an inspection (FORM GST INS-08, Part A)",
        description="Within 24 hours of the inspection; a later one is stored and marked late.",
        endpoint=changing(Ins08Summary, record, services.replay, 201, view),
        roles=OFFICERS,
        request=Ins08Summary,
        answers=((201, InspectionView),),
        refusals=("INVALID_DOCUMENT", "CHANGED_MEANWHILE", "OUTCOME_UNKNOWN"),
    )
