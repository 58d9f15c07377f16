"""A message comes in, and is answered.

The reply is kept with what the message did, in one transaction, under the carrier's id of the
message: one that comes again does nothing and is answered the same.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from ingest import sms_limits
from ingest.replay import Claim, Replay, StoredAnswer
from ingest.sms_numbers import SmsNumbers
from ingest.sms_strangers import Strangers, may_be_told
from sms.acts import Acts, Spoken, answer_of
from sms.grammar import read
from sms.messages import Confirm, English, Hindi, Message, Misread, Stop
from sms.pace import Pace
from sms.wording import numbers, refusals
from sms.wording.said import Said, said_of
from validators.errors import Refusal
from validators.identifiers import normal_mobile
from validators.sms_number import KnownNumber, Language


class Inbound(NamedTuple):
    """A message as a carrier delivers it, under an id of its own for that carrier; it may have come
    under one of `earlier_ids` before. `is_awaited`: the carrier waits for the reply, else that goes
    out like any other message."""

    carrier: str
    message_id: str
    sender: str
    text: str
    at: datetime
    sent_at: datetime | None = None
    is_awaited: bool = False
    earlier_ids: Sequence[str] = ()


_SILENCE = StoredAnswer(200, b"")
_REUSED = "IDEMPOTENCY_KEY_REUSED"


class Conversation:
    """Answers messages."""

    def __init__(self, replay: Replay, known: SmsNumbers, strangers: Strangers, acts: Acts) -> None:
        self._replay = replay
        self._known = known
        self._strangers = strangers
        self._acts = acts
        self._of_carriers = Pace(
            timedelta(seconds=1) / sms_limits.OF_A_CARRIER_A_SECOND,
            sms_limits.OF_A_CARRIER_AT_ONCE,
            sms_limits.NUMBERS_PACED_MAX,
        )
        self._of_numbers = Pace(
            sms_limits.OF_A_NUMBER_EVERY,
            sms_limits.OF_A_NUMBER_AT_ONCE,
            sms_limits.NUMBERS_PACED_MAX,
        )

    async def answer(self, inbound: Inbound) -> Said | None:
        """The reply to a message, None where there is nothing to say; what it does is durable.

        Raises Refusal TOO_MANY_MESSAGES, OVERLOADED, RECORD_UNAVAILABLE or OUTCOME_UNKNOWN: the
        carrier is to deliver it again; IDEMPOTENCY_KEY_REUSED: it came with other words before.
        """
        if not self._of_carriers.kept(inbound.carrier, inbound.at):
            raise Refusal("TOO_MANY_MESSAGES")
        mobile = normal_mobile(inbound.sender)
        if mobile is None:  # A machine's name, or abroad: nobody who could be registered.
            return None
        exchange = _Exchange(inbound, mobile)
        is_new = False
        try:
            answer, replayed = await self._replay.answer_once(
                exchange.claim,
                lambda: self._act(exchange),
                exchange.refuse,
                exchange.earlier_claims,
            )
            is_new = not replayed
        except Refusal as refusal:
            if refusal.problem.code == _REUSED:
                raise Refusal(_REUSED, "another message came under this message_id") from refusal
            raise
        finally:
            if exchange.is_paced and not is_new:
                # However often a carrier delivers a message, whoever sent it sent it once.
                self._of_numbers.take_back(mobile)
        return said_of(answer.body) if answer.body else None

    async def _act(self, exchange: "_Exchange") -> StoredAnswer:
        inbound, claim = exchange.inbound, exchange.claim
        number = await self._known.known(exchange.mobile, inbound.at)
        exchange.language = number.language
        message = exchange.message = read(inbound.text)
        awaited = number.awaits_password and _is_of_whoever_awaits(message)
        if not number.persons and not awaited:
            return await self._answer_stranger(number, claim)
        # After STOP it is a stranger, so whoever says it is always heard.
        if isinstance(message, Stop):
            return await self._acts.act(Spoken(message, number, claim))
        if not self._of_numbers.kept(exchange.mobile, inbound.at):
            if not self._of_numbers.first_beyond(exchange.mobile):
                return _SILENCE
            return await self._acts.say(claim, numbers.too_many_messages(number.language))
        exchange.is_paced = True
        if number.persons:
            await self._known.heard(number, inbound.at)
        if inbound.sent_at and inbound.at - inbound.sent_at > sms_limits.ON_ITS_WAY_MAX:
            return await self._acts.say(claim, numbers.too_late(number.language))
        if isinstance(message, Misread):
            return await self._acts.say(claim, refusals.misread(message, number.language))
        return await self._acts.act(Spoken(message, number, claim))

    async def _answer_stranger(self, number: KnownNumber, claim: Claim) -> StoredAnswer:
        if not may_be_told(number.told_at, claim.at):
            return _SILENCE  # Nothing is written for it either.
        told = answer_of(numbers.stranger(number.language))
        return await self._strangers.answer(number.mobile, claim, told, _SILENCE, claim.at)


def _is_of_whoever_awaits(message: Message | Misread) -> bool:
    """Whether it is for a number to say that is registered and not confirmed yet."""
    if isinstance(message, Misread):
        return message.keyword == Confirm.keyword
    return isinstance(message, Confirm | Stop | Hindi | English)


class _Exchange:
    """One message, and what was understood of it so far."""

    def __init__(self, inbound: Inbound, mobile: str) -> None:
        self.inbound = inbound
        self.mobile = mobile
        self.language = Language.ENGLISH
        self.message: Message | Misread | None = None
        self.is_paced = False
        words = f"{mobile}\n{inbound.text}".encode("utf-8", "surrogatepass")
        reply_to = None if inbound.is_awaited else mobile
        digest = hashlib.sha256(words).digest()
        self.claim, *self.earlier_claims = (
            Claim(inbound.carrier, message_id, digest, inbound.at, sms_limits.KNOWN_FOR, reply_to)
            for message_id in (inbound.message_id, *inbound.earlier_ids)
        )

    def refuse(self, refusal: Refusal) -> StoredAnswer | None:
        """The reply that says why nothing was done; None where the message is to come again."""
        problem = refusal.problem
        if problem.status >= 429 or self.message is None or isinstance(self.message, Misread):
            return None
        return answer_of(refusals.refused(self.message, refusal, self.language))
