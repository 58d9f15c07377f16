"""GET /v1/inspections/{inspection_id}: an inspection, to officers."""

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.report_views import InspectionView, inspection_view
from gateway.services import Services
from gateway.views import encode
from validators.authority import OFFICERS


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def read(call: Call) -> Answer:
        inspection = await services.inspections.inspection(call.inspection_id())
        return Answer(200, encode(inspection_view(inspection)))

    return Operation(
        method="GET",
        path="/v1/inspections/{inspection_id}",
        summary="Read an inspection",
        endpoint=read,
        roles=OFFICERS,
        answers=((200, InspectionView),),
        refusals=("INSPECTION_NOT_FOUND",),
    )
