"""The Commissioner's notifications: what may be notified, and what follows from it at an instant.

A notification is in effect from `effective_from` to `effective_until`, both included.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, NamedTuple

from msgspec import Meta, Struct

from validators.errors import Fault, fault
from validators.identifiers import hsn_prefix_fault, state_fault, text_fault
from validators.rulebook import EXTENSION_DAYS_MAX

NUMBER_CHARACTERS_MAX: Final = 50
TITLE_CHARACTERS_MAX: Final = 300
CLASS_CHARACTERS_MAX: Final = 100
HSN_PREFIXES_MAX: Final = 200
STATES_MAX: Final = 40
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)

NotificationKind = Literal["EXTENSION", "RFID_CLASS", "INVOICE_INSTEAD"]
CarriedDocument = Literal["TAX_INVOICE", "BILL_OF_SUPPLY", "BILL_OF_ENTRY", "DELIVERY_CHALLAN"]
Instant = Annotated[datetime, Meta(tz=True)]

_MEMBERS: Final[dict[str, tuple[str, ...]]] = {
    "EXTENSION": ("hsn_prefixes", "additional_days"),
    "RFID_CLASS": ("transporter_class",),
    "INVOICE_INSTEAD": ("states", "documents"),
}
"""What each kind needs, and no other may have."""


class NotificationForm(Struct, forbid_unknown_fields=True, kw_only=True):
    """A notification as the Commissioner posts it. Each kind needs its own members and refuses
    those of the others."""

    number: Annotated[str, Meta(description="Unique for ever", examples=["12/2026"])]
    kind: NotificationKind
    effective_from: Annotated[Instant, Meta(description="Not in the past")]
    effective_until: Annotated[
        Instant | None, Meta(description="The last instant; null: until further notice")
    ] = None
    title: str
    hsn_prefixes: Annotated[
        list[str] | None,
        Meta(description="EXTENSION: 1 to 200 of 2, 4, 6 or 8 digits", examples=[["0401"]]),
    ] = None
    additional_days: Annotated[
        int | None, Meta(description=f"EXTENSION: 1 to {EXTENSION_DAYS_MAX}")
    ] = None
    transporter_class: Annotated[str | None, Meta(description="RFID_CLASS")] = None
    states: Annotated[
        list[str] | None, Meta(description="INVOICE_INSTEAD: codes of States", examples=[["29"]])
    ] = None
    documents: Annotated[list[CarriedDocument] | None, Meta(description="INVOICE_INSTEAD")] = None


class Notification(Struct, frozen=True):
    """A notification as it is kept; it never changes. Ids rise in the order of the commits."""

    notification_id: int
    number: str
    kind: NotificationKind
    effective_from: datetime
    effective_until: datetime | None
    title: str
    hsn_prefixes: tuple[str, ...]
    additional_days: int
    transporter_class: str | None
    states: tuple[str, ...]
    documents: tuple[str, ...]
    posted_by: str
    posted_at: datetime


class Extension(NamedTuple):
    """The days added to the validity of a consignment, and the notification that says so."""

    days: int
    number: str | None


NO_EXTENSION: Final = Extension(0, None)


def examine_notification(form: NotificationForm, at: datetime) -> list[Fault]:
    """All the faults of a notification whose shape was read, posted at an instant."""
    return [
        *_text_faults("/number", form.number, NUMBER_CHARACTERS_MAX),
        *_text_faults("/title", form.title, TITLE_CHARACTERS_MAX),
        *_text_faults("/transporter_class", form.transporter_class, CLASS_CHARACTERS_MAX),
        *_period_faults(form, at),
        *_member_faults(form),
        *_list_faults("/hsn_prefixes", form.hsn_prefixes, HSN_PREFIXES_MAX),
        *_list_faults("/states", form.states, STATES_MAX),
        *_list_faults("/documents", form.documents, STATES_MAX),
        *(
            fault(f"{pointer}/{index}", code)
            for pointer, entries, check in (
                ("/hsn_prefixes", form.hsn_prefixes, hsn_prefix_fault),
                ("/states", form.states, state_fault),
            )
            if isinstance(entries, list)
            for index, entry in enumerate(entries)
            if isinstance(entry, str) and (code := check(entry))
        ),
        *(
            [fault("/additional_days", "OUT_OF_RANGE", f"must be from 1 to {EXTENSION_DAYS_MAX}")]
            if isinstance(form.additional_days, int)
            and not 1 <= form.additional_days <= EXTENSION_DAYS_MAX
            else []
        ),
    ]


def past_fault() -> Fault:
    """The fault of a notification that would change what was decided already."""
    return fault("/effective_from", "IN_THE_PAST")


def in_effect(notification: Notification, at: datetime) -> bool:
    """Whether a notification is in effect at an instant, the first and the last included."""
    until = notification.effective_until
    return notification.effective_from <= at and (until is None or at <= until)


def announced(notification: Notification, at: datetime) -> bool:
    """Whether a notification takes effect later than an instant."""
    return notification.effective_from > at


def extra_days(
    hsn_codes: Collection[str], at: datetime, notifications: Sequence[Notification]
) -> Extension:
    """By how much the validity of a consignment generated at an instant is extended, r1(8) first
    proviso: by the notification that gives most, of those that cover all its goods."""
    found = NO_EXTENSION
    for notification in notifications:
        if (
            notification.kind == "EXTENSION"
            and notification.additional_days > found.days
            and in_effect(notification, at)
            and all(code.startswith(notification.hsn_prefixes) for code in hsn_codes)
        ):
            found = Extension(notification.additional_days, notification.number)
    return found


def carry_instead(
    states: Collection[str],
    at: datetime,
    notifications: Sequence[Notification],
    *,
    by_way_of_supply: bool,
) -> frozenset[str]:
    """The documents of which one may be carried in place of the e-way bill in all of these States
    at an instant, r2(5); none where one of the States has no such notification. A delivery challan
    is for goods that go otherwise than by way of supply."""
    allowed = [
        {
            document
            for notification in notifications
            if notification.kind == "INVOICE_INSTEAD"
            and state in notification.states
            and in_effect(notification, at)
            for document in notification.documents
            if not (by_way_of_supply and document == "DELIVERY_CHALLAN")
        }
        for state in states
    ]
    return frozenset(set.intersection(*allowed)) if allowed else frozenset()


def rfid_classes(at: datetime, notifications: Sequence[Notification]) -> frozenset[str]:
    """The classes of transporters whose conveyances need a unique RFID at an instant, r2(4)."""
    return frozenset(
        notification.transporter_class
        for notification in notifications
        if notification.kind == "RFID_CLASS"
        and notification.transporter_class is not None
        and in_effect(notification, at)
    )


def _text_faults(pointer: str, text: str | None, length_max: int) -> Iterator[Fault]:
    if isinstance(text, str) and (code := text_fault(text, length_max)):
        yield fault(pointer, code)


def _list_faults(pointer: str, entries: Sequence[str] | None, entries_max: int) -> Iterator[Fault]:
    if isinstance(entries, list) and not entries:
        yield fault(pointer, "EMPTY")
    elif isinstance(entries, list) and len(entries) > entries_max:
        yield fault(pointer, "TOO_MANY", f"may have at most {entries_max} entries")


def _period_faults(form: NotificationForm, at: datetime) -> Iterator[Fault]:
    for name in ("effective_from", "effective_until"):
        instant = getattr(form, name)
        if isinstance(instant, datetime) and instant > LATEST:
            yield fault(f"/{name}", "OUT_OF_RANGE", f"must not be after {LATEST}")
    if not isinstance(form.effective_from, datetime):
        return
    if form.effective_from < at:
        yield past_fault()
    until = form.effective_until
    if isinstance(until, datetime) and until <= form.effective_from:
        yield fault("/effective_until", "NOT_AFTER_ITS_BEGINNING")


def _member_faults(form: NotificationForm) -> Iterator[Fault]:
    if not isinstance(form.kind, str):
        return
    for kind, names in _MEMBERS.items():
        for name in names:
            given = getattr(form, name) is not None
            if kind == form.kind and not given:
                yield fault(f"/{name}", "REQUIRED")
            elif kind != form.kind and given:
                yield fault(f"/{name}", "NOT_OF_THIS_KIND")
