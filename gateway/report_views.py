"""What is shown over HTTP of inspections (FORM GST INS-08) and detentions (FORM GST INS-09)."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from validators.calendar import INDIA, india_time
from validators.detention import Detention
from validators.inspection import Ins08Final, Ins08Summary, Inspection


class InspectionView(Struct):
    """An inspection: Part A as recorded, and Part B once there is one.

    `late` says that Part A was recorded more than 24 hours after the inspection; `final_due` until
    when Part B is in time, and `final_late`, once there is one, that it was not.
    """

    inspection_id: str
    recorded_at: datetime
    recorded_by: str
    state: str | None
    late: bool
    summary: Ins08Summary
    final_due: datetime
    final: Ins08Final | None
    final_recorded_at: datetime | None
    final_late: bool | None


class DetentionView(Struct):
    """A detention as its transporter reported it."""

    detention_id: str
    recorded_at: datetime
    recorded_by: str
    ebn: str
    place: str
    detained_from: datetime
    detained_until: datetime | None
    officer_name: str | None


class DetentionList(Struct):
    """A page of detentions; `next_cursor` asks for the next, null at the end."""

    items: list[DetentionView]
    next_cursor: str | None


def inspection_view(inspection: Inspection) -> InspectionView:
    """An inspection; instants are shown on India's clock."""
    summary = inspection.summary
    return InspectionView(
        str(inspection.inspection_id),
        inspection.recorded_at.astimezone(INDIA),
        inspection.recorded_by,
        inspection.state,
        inspection.late,
        replace(
            summary,
            inspected_at=summary.inspected_at.astimezone(INDIA),
            released_at=india_time(summary.released_at),
        ),
        inspection.final_due.astimezone(INDIA),
        inspection.final,
        india_time(inspection.final_recorded_at),
        inspection.final_late,
    )


def detention_view(detention: Detention) -> DetentionView:
    """A detention; instants are shown on India's clock."""
    return DetentionView(
        str(detention.detention_id),
        detention.recorded_at.astimezone(INDIA),
        detention.recorded_by,
        str(detention.ebn),
        detention.place,
        detention.detained_from.astimezone(INDIA),
        india_time(detention.detained_until),
        detention.officer_name,
    )
