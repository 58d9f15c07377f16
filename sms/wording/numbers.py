"""What is said to a number about itself: help, whom it acts for, its password, its language."""

from collections.abc import Sequence
from typing import Final

from sms.messages import Help
from sms.wording.said import Said, said
from validators.sms_number import Language

GSTINS_MAX: Final = 4
"""So many GSTINs of 15 characters are named beside the longest text."""


def helped(message: Help, language: Language) -> Said:
    """The keywords or, of one of them, how its message is typed."""
    return said(f"help.{message.topic}" if message.topic else "help", language)


def stranger(language: Language) -> Said:
    """To a number that is not registered. It tells nothing of GSTINs or bills."""
    return said("stranger", language)


def confirmed(gstin: str, language: Language) -> Said:
    """The number acts for a GSTIN from now on."""
    return said("confirmed", language, gstin=gstin)


def confirmed_to_choose(gstin: str, language: Language) -> Said:
    """The number is confirmed for one more GSTIN, and acts for none until it says USE."""
    return said("confirmed-to-choose", language, gstin=gstin)


def wrong_password(tries_left: int, language: Language) -> Said:
    """The one-time password is another."""
    return said("wrong-password", language, tries=str(tries_left))


def no_password_awaited(language: Language) -> Said:
    """No one-time password was sent to this number."""
    return said("no-password", language)


def password_used_up(language: Language) -> Said:
    """The last try was wrong."""
    return said("password-used-up", language)


def password_expired(language: Language) -> Said:
    """The password came too late."""
    return said("password-expired", language)


def stopped(language: Language) -> Said:
    """The number is registered no longer."""
    return said("stopped", language)


def choose_gstin(gstins: Sequence[str], language: Language) -> Said:
    """The number serves several GSTINs and must say USE; the first `GSTINS_MAX` are named."""
    return said("choose-gstin", language, gstins=" ".join(gstins[:GSTINS_MAX]))


def acting_for(gstin: str, language: Language) -> Said:
    """The GSTIN that USE chose."""
    return said("acting-for", language, gstin=gstin)


def language_chosen(language: Language) -> Said:
    """Answers are in this language from now on."""
    return said("language", language)


def too_many_messages(language: Language) -> Said:
    """The number has sent too many messages and is not listened to for a while."""
    return said("too-many", language)


def too_late(language: Language) -> Said:
    """The message was on its way for too long to be acted on."""
    return said("too-late", language)
