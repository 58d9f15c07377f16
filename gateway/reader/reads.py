"""What a reader reads: the tag and the instant it was seen."""

import uuid
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Read:
    """One pass of one tag, as the gateway is told of it."""

    read_id: str
    """Unique for ever: the gateway counts it once, however often it is sent."""
    tag: str
    """The whole EPC in upper-case hex."""
    read_at: datetime
    """The first sighting, by the clock of this host, in UTC."""


def new_read(tag: str, at: datetime) -> Read:
    """A read under an id that nobody has."""
    return Read(str(uuid.uuid4()), tag, at)
