"""POST /v1/notifications: the Commissioner notifies, r1(8) first proviso, r2(4), r2(5)."""

from gateway.http import Call
from gateway.operation import Operation
from gateway.replaying import changing
from gateway.rulebook_views import NotificationView, notification_view
from gateway.services import Services
from ingest.replay import Request, StoredAnswer
from validators.authority import COMMISSIONERS
from validators.errors import Fault
from validators.notification import NotificationForm


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def post(
        call: Call, request: Request, form: NotificationForm, faults: list[Fault]
    ) -> StoredAnswer:
        return await services.notifications.post(request, form, faults, clock=call.clock)

    return Operation(
        method="POST",
        path="/v1/notifications",
        summary="Notify an extension, a class for RFID, or documents in place of the e-way bill",
        description="In effect everywhere from effective_from on, which must not lie in the past; "
        "never changed nor taken back.",
        endpoint=changing(NotificationForm, post, services.replay, 201, notification_view),
        roles=COMMISSIONERS,
        request=NotificationForm,
        answers=((201, NotificationView),),
        refusals=(
            "INVALID_DOCUMENT",
            "NOTIFICATION_EXISTS",
            "CHANGED_MEANWHILE",
            "OUTCOME_UNKNOWN",
        ),
    )
