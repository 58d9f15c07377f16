"""RFID tags on vehicles, r2(4): the form that maps one, and a mapping as it is kept."""

from datetime import datetime

from msgspec import Struct

from validators.change_forms import vehicle_of
from validators.errors import Fault, fault
from validators.identifiers import normal_tag, tag_fault
from validators.ins06 import Vehicle


class TagMapping(Struct, forbid_unknown_fields=True, kw_only=True):
    """The vehicle that a tag is on."""

    vehicle_number: Vehicle


class MappedTag(Struct, frozen=True):
    """A tag on a transporter's vehicle, since an instant."""

    tag: str
    vehicle_number: str
    transporter_id: str
    since: datetime


class EndedMapping(MappedTag, frozen=True):
    """A mapping that somebody ended: it held from `since` on, and until before `until`."""

    until: datetime
    ended_by: str


def examine_mapping(tag: str, form: TagMapping) -> tuple[str, list[Fault]]:
    """A tag as it is stored, and the faults of the tag and of its mapping; the vehicle number is
    brought to the spelling that is stored."""
    tag = normal_tag(tag)
    form.vehicle_number, faults = vehicle_of(form.vehicle_number)
    return tag, [fault("/tag", code), *faults] if (code := tag_fault(tag)) else faults
