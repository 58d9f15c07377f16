"""POST /v1/notifications: the Commissioner notifies, r1(8) first proviso, r2(4), r2(5)."""

from gateway.http import Call
from gateway.operation import Operation
from gateway.replaying import posting
from gateway.rulebook_views import NotificationView, notification_view
from gateway.services import Services
from ingest.notifications import RenderNotification
from ingest.replay import Claim, StoredAnswer
from validators.authority import Role
from validators.errors import Fault
from validators.notification import NotificationForm


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def post(
        call: Call,
        form: NotificationForm,
        faults: list[Fault],
        render: RenderNotification,
        claim: Claim | None,
    ) -> StoredAnswer:
        return await services.notifications.post(
            call.caller, form, faults, at=call.at, clock=call.clock, render=render, claim=claim
        )

    return Operation(
        method="POST",
        path="/v1/notifications",
        summary="Notify an extension, a class for RFID, or documents in place of the e-way bill",
        description="In effect everywhere from effective_from on, which must not lie in the past; "
        "never changed nor taken back.",
        endpoint=posting(NotificationForm, post, services.replay, 201, notification_view),
        roles=frozenset({Role.COMMISSIONER}),
        request=NotificationForm,
        answers=((201, NotificationView),),
        refusals=(
            "INVALID_DOCUMENT",
            "NOTIFICATION_EXISTS",
            "CHANGED_MEANWHILE",
            "OUTCOME_UNKNOWN",
        ),
    )
