"""POST /v1/detentions: FORM GST INS-09, r5."""

from gateway.http import Call
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.report_views import DetentionView, detention_view
from gateway.services import Services
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS
from validators.detention import Detention, Ins09
from validators.errors import Fault


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def report(_: Call, request: Request, form: Ins09, faults: list[Fault]) -> StoredAnswer:
        return await services.detentions.record(request, form, faults)

    def view(detention: Detention, _: object) -> DetentionView:
        return detention_view(detention)

    return Operation(
        method="POST",
        path="/v1/detentions",
        summary="Report a detention (FORM GST INS-09)",
        description="Of more than thirty minutes, by the transporter of the e-way bill. Without "
        "`detained_until` the vehicle is detained still.",
        endpoint=changing(Ins09, report, services.replay, 201, view),
        roles=TRADERS,
        request=Ins09,
        answers=((201, DetentionView),),
        refusals=(
            "INVALID_DOCUMENT",
            "EWAY_BILL_NOT_FOUND",
            "NOT_THE_TRANSPORTER",
            "CHANGED_MEANWHILE",
            "OUTCOME_UNKNOWN",
        ),
    )
