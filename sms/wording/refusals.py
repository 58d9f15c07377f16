"""Why a message had no effect."""

from typing import Final

from sms.forms import misread_of
from sms.grammar import written_field
from sms.messages import FIELDS, MESSAGES, Message, Misread, example_of
from sms.wording.english import ENGLISH
from sms.wording.said import WRITTEN_CHARACTERS_MAX, Said, said, shortened
from validators.errors import Refusal
from validators.money import VALUE_PAISE_MAX, rupees
from validators.rulebook import DISTANCE_KM_MAX
from validators.sms_number import Language

_MOST: Final = {"ApprDist": str(DISTANCE_KM_MAX), "TotalValue": rupees(VALUE_PAISE_MAX)}
_EXAMPLES: Final = {field.name: field.example for field in FIELDS.values()}
_SUBJECTS: Final = ("ebn", "document_number")
_NAMED_BY: Final = ("ebn", "part_a_reference", "renewed_to")
"""The members of a refusal that name what is in the way."""


def misread(fault: Misread, language: Language) -> Said:
    """Which field is wrong, what was written there, what is wrong with it, and an example of it."""
    return said(
        _template_of(fault),
        language,
        keyword=fault.keyword or "",
        field=fault.field or "",
        written=shortened(fault.written),
        example=_example(fault),
        most=_MOST.get(fault.field or "", ""),
    )


def _template_of(fault: Misread) -> str:
    """The template for just this fault of just this field, else for the fault, else for any."""
    kind = "fault" if fault.field else "misread"
    names = (f"{kind}.{fault.code}.{fault.field}", f"{kind}.{fault.code}")
    return next((name for name in names if name in ENGLISH), f"{kind}.otherwise")


def _example(fault: Misread) -> str:
    """Of the field or, where it is no field, of the whole message, or how to ask for one that is
    longer than a variable may be."""
    if fault.field:
        return _EXAMPLES[fault.field]
    if not fault.keyword:
        return ""
    whole = example_of(MESSAGES[fault.keyword])
    return whole if len(whole) <= WRITTEN_CHARACTERS_MAX else f"HELP {fault.keyword}"


def refused(message: Message, refusal: Refusal, language: Language) -> Said:
    """Why a use case refused what a message asked for; of a document with faults, the first."""
    if refusal.faults:
        return misread(misread_of(message, refusal.faults[0]), language)
    name = f"refused.{refusal.problem.code}"
    if name not in ENGLISH:
        name = "refused.INTERNAL_ERROR"
    members = refusal.members
    named = next((str(members[each]) for each in _NAMED_BY if each in members), "")
    if named and f"{name}.named" in ENGLISH:
        name = f"{name}.named"
    return said(name, language, subject=_subject(message), named=named)


def _subject(message: Message) -> str:
    """The message by its keyword and the number it is about."""
    of = [written_field(message, each) for each in _SUBJECTS if hasattr(message, each)]
    return " ".join([message.keyword, *of])
