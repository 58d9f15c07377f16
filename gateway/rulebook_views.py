"""What is shown of a rulebook and of the Commissioner's notifications."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from validators.calendar import INDIA, india_time
from validators.money import rupees
from validators.notification import Notification, announced, in_effect
from validators.rulebook import Rulebook


class ValidityRowView(Struct):
    """A row of the table of r1(8); `below_km` null: any longer distance."""

    below_km: int | None
    days: int


class ValidityView(Struct):
    """For how many days a bill is valid, r1(8): by a table, or a day for every so many km or part
    of them."""

    table: list[ValidityRowView]
    km_per_day: int | None
    km_per_day_over_dimensional: int | None
    ends_at_midnight: bool


class RulebookView(Struct):
    """The numbers of a rulebook. A null window has no limit of its own."""

    version: str
    source: str
    effective_from: datetime
    threshold: str
    validity: ValidityView
    part_a_lapses_after_days: int
    part_b_exempt_below_km: int
    document_age_days_max: int | None
    cancellation_window_hours: int
    acceptance_window_hours: int
    renewal_hours_before: int | None
    renewal_hours_after: int
    renewal_total_days_max: int | None
    inspection_summary_within_hours: int
    inspection_final_within_days: int
    detention_longer_than_minutes: int


class NotificationView(Struct):
    """A notification; what its kind does not have is null."""

    notification_id: int
    number: str
    kind: str
    effective_from: datetime
    effective_until: datetime | None
    title: str
    hsn_prefixes: list[str] | None
    additional_days: int | None
    transporter_class: str | None
    states: list[str] | None
    documents: list[str] | None
    posted_by: str
    posted_at: datetime


class RulesView(Struct):
    """The rules at an instant."""

    at: datetime
    rulebook: RulebookView
    notifications_in_effect: list[NotificationView]
    notifications_announced: list[NotificationView]


def rules_view(
    rulebook: Rulebook, notifications: Sequence[Notification], at: datetime
) -> RulesView:
    """A rulebook, and those of the notifications that are in effect or announced."""
    return RulesView(
        at.astimezone(INDIA),
        rulebook_view(rulebook),
        [notification_view(one, at) for one in notifications if in_effect(one, at)],
        [notification_view(one, at) for one in notifications if announced(one, at)],
    )


def rulebook_view(rulebook: Rulebook) -> RulebookView:
    """A rulebook in the units its numbers are written in."""
    table = [ValidityRowView(below, days) for below, days in rulebook.validity_days]
    if rulebook.validity_days_beyond is not None:
        table.append(ValidityRowView(None, rulebook.validity_days_beyond))
    return RulebookView(
        version=rulebook.version,
        source=rulebook.source,
        effective_from=rulebook.effective_from.astimezone(INDIA),
        threshold=rupees(rulebook.threshold_paise),
        validity=ValidityView(
            table,
            rulebook.validity_km_per_day,
            rulebook.validity_km_per_day_over_dimensional,
            rulebook.validity_ends_at_midnight,
        ),
        part_a_lapses_after_days=rulebook.part_a_lapses_after // _DAY,
        part_b_exempt_below_km=rulebook.part_b_exempt_below_km,
        document_age_days_max=_optional(rulebook.document_age_max, _DAY),
        cancellation_window_hours=rulebook.cancellation_window // _HOUR,
        acceptance_window_hours=rulebook.acceptance_window // _HOUR,
        renewal_hours_before=_optional(rulebook.renewal_window_before, _HOUR),
        renewal_hours_after=rulebook.renewal_window_after // _HOUR,
        renewal_total_days_max=_optional(rulebook.renewal_total_max, _DAY),
        inspection_summary_within_hours=rulebook.inspection_summary_within // _HOUR,
        inspection_final_within_days=rulebook.inspection_final_within // _DAY,
        detention_longer_than_minutes=rulebook.detention_longer_than // timedelta(minutes=1),
    )


def notification_view(notification: Notification, _: datetime) -> NotificationView:
    """A notification, its instants on India's clock; it is the same at any instant."""
    return NotificationView(
        notification.notification_id,
        notification.number,
        notification.kind,
        notification.effective_from.astimezone(INDIA),
        india_time(notification.effective_until),
        notification.title,
        list(notification.hsn_prefixes) or None,
        notification.additional_days or None,
        notification.transporter_class,
        list(notification.states) or None,
        list(notification.documents) or None,
        notification.posted_by,
        notification.posted_at.astimezone(INDIA),
    )


_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


def _optional(window: timedelta | None, unit: timedelta) -> int | None:
    return None if window is None else window // unit
