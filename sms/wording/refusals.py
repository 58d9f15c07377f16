"""Why a message had no effect."""

from sms.messages import Message, Misread
from sms.wording.said import Language, Said
from validators.errors import Refusal


def misread(fault: Misread, language: Language) -> Said:
    """Which field is wrong, what was written there, what is wrong with it, and an example of it."""
    raise NotImplementedError


def refused(message: Message, refusal: Refusal, language: Language) -> Said:
    """Why a use case refused what a message asked for; of a document with faults, the first."""
    raise NotImplementedError
