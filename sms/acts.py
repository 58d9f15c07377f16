"""What each message does: the use case it asks for, and what is said of the outcome."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, assert_never

from ingest.changes import Changes
from ingest.lookups import Lookups
from ingest.parts_a import PartsA
from ingest.replay import Claim, Replay, Request, StoredAnswer
from ingest.sms_numbers import SmsNumbers, SmsRequest
from sms.forms import cancellation_of, ins06_of, new_transporter_of, rejection_of, transfer_of
from sms.messages import (
    Cancel,
    ChangeVehicle,
    Confirm,
    Describe,
    English,
    GenerateAsTaxpayer,
    GenerateAsTransporter,
    HandOver,
    Help,
    Hindi,
    Message,
    Misread,
    Reject,
    Stop,
    Use,
)
from sms.wording import bills, numbers, refusals
from sms.wording.said import Said
from validators.authority import Person, require_party
from validators.sms_number import Happened, KnownNumber, Language, Outcome


class Spoken(NamedTuple):
    """A message as it was understood, the number it came from, and the claim that its reply is kept
    under."""

    message: Message
    number: KnownNumber
    claim: Claim

    @property
    def at(self) -> datetime:
        """The instant it is decided."""
        return self.claim.at

    @property
    def language(self) -> Language:
        """In which its reply is said."""
        return self.number.language


def answer_of(said: Said) -> StoredAnswer:
    """A reply as it is kept."""
    return StoredAnswer(200, said.kept)


class Acts:
    """Does what messages ask for, by the same use cases as HTTP, r1(12) Explanation."""

    def __init__(
        self,
        replay: Replay,
        numbers: SmsNumbers,
        parts_a: PartsA,
        changes: Changes,
        lookups: Lookups,
    ) -> None:
        self._replay = replay
        self._numbers = numbers
        self._parts_a = parts_a
        self._changes = changes
        self._lookups = lookups

    async def act(self, spoken: Spoken) -> StoredAnswer:
        """Does what a message asks for; its reply is kept, and what it does durable, on return.
        Raises as the use cases do."""
        match spoken.message:
            case Help() as message:
                return await self.say(spoken.claim, numbers.helped(message, spoken.language))
            case Confirm() as message:
                return await self._numbers.confirm_by_sms(_asking(spoken), message.password)
            case Stop():
                return await self._numbers.stop(_asking(spoken))
            case Use() as message:
                return await self._numbers.choose(_asking(spoken), message.gstin)
            case Hindi():
                return await self._numbers.speak(_asking(spoken, Language.HINDI), Language.HINDI)
            case English():
                return await self._numbers.speak(
                    _asking(spoken, Language.ENGLISH), Language.ENGLISH
                )
            case _ if spoken.number.acts_for is None:
                return await self.say(spoken.claim, _choice(spoken))
            case _:
                return await self._of_person(spoken, spoken.number.acts_for)

    async def _of_person(self, spoken: Spoken, person: Person) -> StoredAnswer:
        def asking(say: Callable[[Any, Language], Said]) -> Request:
            return Request(
                person,
                spoken.at,
                lambda bill: answer_of(say(bill, spoken.language)),
                spoken.claim,
            )

        match spoken.message:
            case GenerateAsTaxpayer() | GenerateAsTransporter() as message:
                form = ins06_of(message, person.id)
                if isinstance(form, Misread):
                    return await self.say(spoken.claim, refusals.misread(form, spoken.language))
                return await self._parts_a.furnish(asking(bills.generated), form, ())
            case ChangeVehicle() as message:
                return await self._changes.transfer(
                    asking(bills.vehicle_changed), message.ebn, transfer_of(message), ()
                )
            case Cancel() as message:
                return await self._changes.cancel(
                    asking(bills.cancelled), message.ebn, cancellation_of(message), ()
                )
            case Reject() as message:
                return await self._changes.answer(
                    asking(bills.rejected), message.ebn, rejection_of(message), ()
                )
            case HandOver() as message:
                return await self._changes.hand_over(
                    asking(bills.handed_over), message.ebn, new_transporter_of(message), ()
                )
            case Describe() as message:
                bill = require_party(person, await self._lookups.bill(message.ebn, spoken.at))
                return await self.say(
                    spoken.claim, bills.described(bill, spoken.at, spoken.language)
                )
            case Help() | Confirm() | Stop() | Use() | Hindi() | English():
                raise TypeError("these are of the number")
            case _ as never:
                assert_never(never)

    async def say(self, claim: Claim, said: Said) -> StoredAnswer:
        """Keeps a reply for which nothing was done, under its message's claim."""
        answer, _ = await self._replay.keep(claim, answer_of(said))
        return answer


def _asking(spoken: Spoken, language: Language | None = None) -> SmsRequest:
    """What a message asks about its own number, answered in the number's language or another."""
    return SmsRequest(
        spoken.number.mobile,
        spoken.at,
        lambda outcome: answer_of(_outcome(outcome, spoken, language or spoken.language)),
        spoken.claim,
    )


def _outcome(outcome: Outcome, spoken: Spoken, language: Language) -> Said:
    match outcome:
        case Outcome(Happened.CONFIRMED, gstin, must_choose=True) if gstin:
            return numbers.confirmed_to_choose(gstin, language)
        case Outcome(Happened.CONFIRMED, gstin) if gstin:
            return numbers.confirmed(gstin, language)
        case Outcome(Happened.CHOSEN, gstin) if gstin:
            return numbers.acting_for(gstin, language)
        case Outcome(Happened.WRONG_PASSWORD):
            return numbers.wrong_password(outcome.tries_left, language)
        case Outcome(Happened.PASSWORD_SPENT):
            return numbers.password_used_up(language)
        case Outcome(Happened.PASSWORD_EXPIRED):
            return numbers.password_expired(language)
        case Outcome(Happened.STOPPED):
            return numbers.stopped(language)
        case Outcome(Happened.LANGUAGE_SET):
            return numbers.language_chosen(language)
        case Outcome(Happened.NOT_YOURS):
            return _choice(spoken)
        case _:
            return numbers.no_password_awaited(language)


def _choice(spoken: Spoken) -> Said:
    return numbers.choose_gstin([person.id for person in spoken.number.persons], spoken.language)
