"""POST /v1/detentions: FORM GST INS-09, r5."""

from collections.abc import Callable

from gateway.http import Call
from gateway.operation import Operation
from gateway.replaying import recording
from gateway.report_views import DetentionView, detention_view
from gateway.services import Services
from ingest.replay import Claim, StoredAnswer
from validators.authority import TRADERS
from validators.detention import Detention, Ins09
from validators.errors import Fault


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def report(
        call: Call,
        form: Ins09,
        faults: list[Fault],
        render: Callable[[Detention], StoredAnswer],
        claim: Claim | None,
    ) -> StoredAnswer:
        return await services.detentions.record(
            call.caller, form, faults, at=call.at, render=render, claim=claim
        )

    def view(detention: Detention, _: object) -> DetentionView:
        return detention_view(detention)

    return Operation(
        method="POST",
        path="/v1/detentions",
        summary="Report a detention (FORM GST INS-09)",
        description="Of more than thirty minutes, by the transporter of the e-way bill. Without "
        "`detained_until` the vehicle is detained still.",
        endpoint=recording(Ins09, report, services.replay, 201, view),
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
