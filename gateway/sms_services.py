"""The use cases of SMS, wired: who may send, what is answered, what is owed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest.changes import Changes
from ingest.database import Database
from ingest.lookups import Lookups
from ingest.owed_messages import OwedMessages
from ingest.parts_a import PartsA
from ingest.rare_writes import RareWrites
from ingest.recording import Recorder
from ingest.replay import Replay
from ingest.sms_numbers import SmsNumbers
from ingest.sms_parts import SmsParts
from ingest.sms_providers import SmsProviders
from ingest.sms_strangers import Strangers
from sms.acts import Acts
from sms.conversation import Conversation


@dataclass(frozen=True, slots=True)
class SmsServices:
    """The use cases of SMS of one worker."""

    numbers: SmsNumbers
    strangers: Strangers
    providers: SmsProviders
    parts: SmsParts
    owed: OwedMessages
    conversation: Conversation

    @property
    def waiting(self) -> Mapping[str, int]:
        """How many wait for a transaction, by the name they are measured under."""
        return {"strangers": self.strangers.waiting}

    @property
    def sweeps(self) -> Sequence[Callable[[datetime], Awaitable[None]]]:
        """What ends by the clock, each to be swept now and then."""
        return (
            self.strangers.sweep,
            self.parts.sweep,
            self.owed.bury_expired,
            self.owed.sweep,
        )

    async def close(self) -> None:
        """Returns once nothing waits any more."""
        await self.strangers.close()
        await self.numbers.close()
        await self.owed.close()


def sms_services(
    database: Database,
    recorder: Recorder,
    replay: Replay,
    *,
    parts_a: PartsA,
    changes: Changes,
    lookups: Lookups,
) -> SmsServices:
    """The use cases, over those of e-way bills."""
    over_http, by_sms = RareWrites(database, recorder), RareWrites(database, recorder)
    numbers, strangers = SmsNumbers(database, over_http, by_sms), Strangers(database)
    acts = Acts(replay, numbers, parts_a, changes, lookups)
    return SmsServices(
        numbers,
        strangers,
        SmsProviders(database),
        SmsParts(database),
        OwedMessages(database),
        Conversation(replay, numbers, strangers, acts),
    )
