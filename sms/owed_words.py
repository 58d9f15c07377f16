"""What an owed message says, looked up and worded just before it is sent, if it is still worth
sending."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from ingest.lookups import Lookups
from ingest.outbox import INFORM_SUPPLIER, ONE_TIME_PASSWORD, REPLY
from ingest.owed_messages import OwedMessage
from sms.wording import notices
from sms.wording.said import Said, said_of
from validators.eway_bill import AcceptanceStatus, EwayBill, Status, acceptance_status, status
from validators.sms_number import Language, Notice

NewPassword = Callable[[str, str, datetime], Awaitable[str | None]]
"""A new one-time password for a GSTIN and a number (`SmsNumbers.new_password`); None where none is
awaited. The one made before it is not good any more."""


class NotOwedAnyMore(Exception):
    """The message is not worth sending any more; it says why."""


class OwedWords:
    """Words messages."""

    def __init__(self, lookups: Lookups, new_password: NewPassword) -> None:
        self._lookups = lookups
        self._new_password = new_password

    async def of(self, message: OwedMessage, at: datetime) -> Said:
        """What a leased message says at an instant. Raises NotOwedAnyMore, Refusal OVERLOADED or
        RECORD_UNAVAILABLE.

        A number that said STOP is sent nothing any more but what answers its messages from STOP on:
        those of before are as good as somebody else's.
        """
        language = message.recipient.language(message.gstin)
        stopped_at = message.recipient.stopped_at
        if message.kind == REPLY:
            if stopped_at is not None and message.created_at < stopped_at:
                raise NotOwedAnyMore("the number said STOP since")
            return said_of(message.reply or b"")
        if message.kind == ONE_TIME_PASSWORD:
            return await self._password(message, at, language)
        if stopped_at is not None:
            raise NotOwedAnyMore("the number said STOP")
        return await self._of_bill(message, at, language)

    async def _password(self, message: OwedMessage, at: datetime, language: Language) -> Said:
        gstin = message.gstin or ""
        password = await self._new_password(gstin, message.mobile, at)
        if password is None:
            raise NotOwedAnyMore("no password is awaited")
        return notices.one_time_password(password, gstin, language)

    async def _of_bill(self, message: OwedMessage, at: datetime, language: Language) -> Said:
        bill = await self._lookups.bill(message.ebn or 0, at)
        if bill is None:
            raise NotOwedAnyMore("there is no such bill")
        if message.kind == INFORM_SUPPLIER:
            if bill.cancelled_at is not None:
                raise NotOwedAnyMore("the bill was cancelled")
            return notices.supplier_told(bill, language)
        notice = Notice(message.kind)
        if not message.recipient.wants(notice, message.gstin, at):
            raise NotOwedAnyMore("the number does not want it any more")
        if notice is Notice.GENERATED_AGAINST_YOU:
            return _to_answer(bill, at, language)
        return _expiring(bill, message, at, language)


def _to_answer(bill: EwayBill, at: datetime, language: Language) -> Said:
    if acceptance_status(bill, at) is not AcceptanceStatus.PENDING:
        raise NotOwedAnyMore("the bill was answered or cancelled")
    return notices.generated_against_you(bill, language)


def _expiring(bill: EwayBill, message: OwedMessage, at: datetime, language: Language) -> Said:
    if status(bill, at) is not Status.ACTIVE:
        raise NotOwedAnyMore("the bill is not active any more")
    if bill.valid_until != message.expires_at:
        raise NotOwedAnyMore("the bill is valid until another instant by now")
    if bill.carrier != message.gstin:
        raise NotOwedAnyMore("the bill was handed to another transporter")
    if message.created_at < bill.carrier_since:
        # It was handed away and back again, and of that there is a notice of its own.
        raise NotOwedAnyMore("the bill was handed over and back")
    return notices.expires_soon(bill, language)
