"""PUT /v1/inspections/{inspection_id}/final: Part B of FORM GST INS-08, r4(1)."""

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.report_views import InspectionView, inspection_view
from gateway.services import Services
from gateway.views import encode
from validators.authority import OFFICERS
from validators.forms import read_form
from validators.inspection import Ins08Final


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def finalise(call: Call) -> Answer:
        # No Idempotency-Key is needed: a PUT of the same content is answered with the first.
        form, faults = read_form(await call.body(), Ins08Final)
        inspection = await services.inspections.finalise(
            call.caller, call.inspection_id(), form, faults, at=call.at
        )
        return Answer(200, encode(inspection_view(inspection)))

    return Operation(
        method="PUT",
        path="/v1/inspections/{inspection_id}/final",
        summary="Record the final report of an inspection (FORM GST INS-08, Part B)",
        description="By the officer who recorded Part A, once, within three days of the inspection;"
        " a later one is stored and marked late. The same content again answers the first report.",
        endpoint=finalise,
        roles=OFFICERS,
        request=Ins08Final,
        answers=((200, InspectionView),),
        refusals=(
            "INVALID_DOCUMENT",
            "INSPECTION_NOT_FOUND",
            "NOT_THE_INSPECTOR",
            "FINAL_REPORT_EXISTS",
            "OUTCOME_UNKNOWN",
        ),
    )
