"""What is said to a number about itself: help, whom it acts for, its password, its language."""

from collections.abc import Sequence

from sms.messages import Help
from sms.wording.said import Language, Said


def helped(message: Help, language: Language) -> Said:
    """The keywords or, of one of them, how its message is typed."""
    raise NotImplementedError


def stranger(language: Language) -> Said:
    """To a number that is not registered. It tells nothing of GSTINs or bills."""
    raise NotImplementedError


def confirmed(gstin: str, language: Language) -> Said:
    """The number acts for a GSTIN from now on."""
    raise NotImplementedError


def wrong_password(tries_left: int, language: Language) -> Said:
    """The one-time password is another."""
    raise NotImplementedError


def no_password_awaited(language: Language) -> Said:
    """No one-time password was sent to this number."""
    raise NotImplementedError


def password_used_up(language: Language) -> Said:
    """The last try was wrong."""
    raise NotImplementedError


def password_expired(language: Language) -> Said:
    """The password came too late."""
    raise NotImplementedError


def stopped(language: Language) -> Said:
    """The number is registered no longer."""
    raise NotImplementedError


def choose_gstin(gstins: Sequence[str], language: Language) -> Said:
    """The number serves several GSTINs and must say USE: as many of them as there is room for."""
    raise NotImplementedError


def acting_for(gstin: str, language: Language) -> Said:
    """The GSTIN that USE chose."""
    raise NotImplementedError


def language_chosen(language: Language) -> Said:
    """Answers are in this language from now on."""
    raise NotImplementedError


def too_many_messages(language: Language) -> Said:
    """The number has sent too many messages and is not listened to for a while."""
    raise NotImplementedError


def too_late(language: Language) -> Said:
    """The message was on its way for too long to be acted on."""
    raise NotImplementedError
