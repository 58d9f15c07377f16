"""What is shown of RFID tags and the vehicles they are and were on."""

from datetime import datetime

from msgspec import Struct

from ingest.tags import TagMappings
from validators.calendar import INDIA
from validators.tag import EndedMapping, MappedTag


class TagView(Struct):
    """A tag on a vehicle: whose, and since when."""

    tag: str
    vehicle_number: str
    transporter_id: str
    since: datetime


class EndedTagView(Struct):
    """A mapping that has ended: it held from `since` on, and until before `until`."""

    tag: str
    vehicle_number: str
    transporter_id: str
    since: datetime
    until: datetime
    ended_by: str


class TagHistoryView(Struct):
    """The vehicle a tag is on, null if there is none, and those it was on, newest first."""

    tag: str
    mapping: TagView | None
    history: list[EndedTagView]


class TagList(Struct):
    """A page of tags; `next_cursor` asks for the next, null at the end."""

    items: list[TagView]
    next_cursor: str | None


def tag_view(mapping: MappedTag) -> TagView:
    """A live mapping; instants are shown on India's clock."""
    return TagView(
        mapping.tag,
        mapping.vehicle_number,
        mapping.transporter_id,
        mapping.since.astimezone(INDIA),
    )


def ended_tag_view(mapping: EndedMapping) -> EndedTagView:
    """A mapping that has ended."""
    return EndedTagView(
        mapping.tag,
        mapping.vehicle_number,
        mapping.transporter_id,
        mapping.since.astimezone(INDIA),
        mapping.until.astimezone(INDIA),
        mapping.ended_by,
    )


def tag_history_view(mappings: TagMappings) -> TagHistoryView:
    """What a tag is and was mapped to."""
    return TagHistoryView(
        mappings.tag,
        tag_view(mappings.live) if mappings.live else None,
        [ended_tag_view(mapping) for mapping in mappings.ended],
    )
