"""FORM GST INS-09: what a transporter reports of a detention of its vehicle, r5."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from validators.authority import Person, Role, require_party
from validators.errors import Fault, fault
from validators.eway_bill import EwayBill
from validators.identifiers import ebn_of
from validators.inspection import NAME_CHARACTERS_MAX, Instant, Name, past_faults, text_faults
from validators.life import require_carrier
from validators.rulebook import Rulebook


class Ins09(Struct, forbid_unknown_fields=True, kw_only=True):
    """A detention of more than thirty minutes. Without `detained_until` the vehicle is detained
    still, and the time is counted to the instant of the report."""

    ebn: str
    place: Annotated[Name, Meta(description="Approximate location of the detention")]
    detained_from: Annotated[Instant, Meta(description="Not in the future")]
    detained_until: Annotated[Instant | None, Meta(description="Not in the future")] = None
    officer_name: Annotated[Name | None, Meta(description="The officer in charge, if known")] = None


class Detention(Struct, frozen=True):
    """A detention as it was reported; it never changes."""

    detention_id: int
    recorded_by: str
    recorded_at: datetime
    ebn: int
    place: str
    detained_from: datetime
    detained_until: datetime | None
    officer_name: str | None


def examine(form: Ins09, at: datetime, rulebook: Rulebook) -> list[Fault]:
    """All the faults of a report, r5; `at` is the instant of the request. A detention of exactly
    the rulebook's time is not longer than it."""
    faults = [
        *text_faults("/place", form.place, NAME_CHARACTERS_MAX),
        *text_faults("/officer_name", form.officer_name, NAME_CHARACTERS_MAX),
    ]
    if isinstance(form.ebn, str) and ebn_of(form.ebn) is None:
        faults.append(fault("/ebn", "EBN_FORMAT"))
    return faults + _period_faults(form, at, rulebook)


def reported(form: Ins09, *, detention_id: int, by: str, at: datetime) -> Detention:
    """The detention that a sound report tells of, r5."""
    return Detention(
        detention_id,
        by,
        at,
        int(form.ebn),
        form.place,
        form.detained_from,
        form.detained_until,
        form.officer_name,
    )


def require_transporter(person: Person, bill: EwayBill | None) -> None:
    """r5: the transporter of the bill reports. Raises Refusal NOT_THE_TRANSPORTER to the other
    parties, EWAY_BILL_NOT_FOUND to anybody else."""
    require_carrier(require_party(person, bill), person.id)


def require_may_list(person: Person, bill: EwayBill | None) -> None:
    """As `require_transporter`; officers see the detentions of every bill there is."""
    if bill is None or person.role is not Role.OFFICER:
        require_transporter(person, bill)


def _period_faults(form: Ins09, at: datetime, rulebook: Rulebook) -> list[Fault]:
    began, until = form.detained_from, form.detained_until
    faults = [
        *past_faults("/detained_from", began, at),
        *past_faults("/detained_until", until, at),
    ]
    # An end that could not be read is a fault already; only one left out means "detained still".
    unread = until is not None and not isinstance(until, datetime)
    if faults or unread or not isinstance(began, datetime):
        return faults
    here = "/detained_from" if until is None else "/detained_until"
    ended = at if until is None else until
    if ended < began:
        return [fault(here, "TOO_EARLY", "must not be before detained_from")]
    if ended - began <= rulebook.detention_longer_than:
        return [fault(here, "DETENTION_TOO_SHORT")]
    return []
