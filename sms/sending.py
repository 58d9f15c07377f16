"""The sender: leases what is due, words it, looks whether it is still worth sending, sends it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from ingest.lookups import Lookups
from ingest.owed_messages import OwedMessages
from sms.carrier import Carrier
from sms.wording.said import Language, Said
from validators.eway_bill import EwayBill

NewPassword = Callable[[str, str, datetime], Awaitable[str | None]]
"""Given a GSTIN, a mobile number and an instant: a new one-time password for them, None where none
is awaited any more. The one before it is not valid from then on."""


class Wording(Protocol):
    """What is said to a number that did not ask (`sms.wording.notices`)."""

    def one_time_password(self, password: str, gstin: str, language: Language) -> Said: ...
    def supplier_told(self, bill: EwayBill, language: Language) -> Said: ...
    def generated_against_you(self, bill: EwayBill, language: Language) -> Said: ...
    def expires_soon(self, bill: EwayBill, language: Language) -> Said: ...


class Sources(NamedTuple):
    """What messages are made of."""

    lookups: Lookups
    new_password: NewPassword
    wording: Wording
    template_ids: Mapping[str, str]
    """The id a template is registered under (DLT), by the name its wording gives it:
    `generated.en`."""


class Sender:
    """Sends what is owed, through one carrier."""

    def __init__(
        self,
        owed: OwedMessages,
        sources: Sources,
        carrier: Carrier,
        clock: Callable[[], datetime],
    ) -> None:
        raise NotImplementedError

    async def run(self) -> None:
        """Sends until cancelled; then what was begun is sent and marked before it ends."""
        raise NotImplementedError
