"""The port messages go out by: what a carrier takes, and how it says that it did not."""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple, Protocol


class Origin(NamedTuple):
    """Who messages are from, as registered with the carriers (DLT): the header that telephones
    show, the id of the entity, and those of the templates by their names: `generated.en`."""

    header: str
    entity_id: str
    template_ids: Mapping[str, str]


class Outgoing(NamedTuple):
    """A message to a mobile number of ten digits. `template_id` is the one its words are registered
    under (see `Origin`); it is not delivered any more after `validity`. `reference` is the same
    whenever this very text is tried again, and of no other message."""

    to: str
    text: str
    header: str
    entity_id: str
    template_id: str | None
    validity: timedelta
    reference: str

    @property
    def international(self) -> str:
        """The number with India's country code before it, in digits only: `919845012345`."""
        return f"91{self.to}"


class Carrier(Protocol):
    """Takes messages to deliver them."""

    async def send(self, message: Outgoing) -> str:
        """The carrier's own id of the message, which its receipt will name; "" where it gives none.
        Raises TemporaryFailure or PermanentFailure."""
        ...


class TemporaryFailure(Exception):
    """The message was not taken, or nobody knows: another try may do."""


class PermanentFailure(Exception):
    """The message will never be taken; it says why."""
