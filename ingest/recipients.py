"""What is known of the numbers that messages go to: their registrations, their language, STOP."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ingest.database import Connection
from ingest.queries import SQL
from ingest.sms_registrations import registration_of
from validators.sms_number import Ending, Language, Notice, Registration, State, state


class Recipient(NamedTuple):
    """The registrations of a number that have not ended; its language, once it was confirmed; and
    when it said STOP, if it was not confirmed anew since."""

    registrations: Sequence[Registration] = ()
    own_language: Language | None = None
    stopped_at: datetime | None = None

    def language(self, gstin: str | None) -> Language:
        """In which it is told: as it chose or, before it is confirmed, as was chosen for it."""
        if self.own_language is not None:
            return self.own_language
        chosen = {one.gstin: one.language for one in self.registrations}
        return chosen.get(gstin or "", Language.ENGLISH)

    def wants(self, notice: Notice, gstin: str | None, at: datetime) -> bool:
        """Whether it is to be told of this, of a taxpayer it is registered and confirmed for at an
        instant."""
        return any(
            one.gstin == gstin and notice in one.notices and state(one, at) is State.CONFIRMED
            for one in self.registrations
        )


async def recipients_of(connection: Connection, mobiles: Sequence[str]) -> dict[str, Recipient]:
    """What is known of each of these numbers."""
    known = dict.fromkeys(mobiles, Recipient())
    rows = defaultdict(list)
    for row in await connection.fetch(SQL["recipients_of_messages"], list(known)):
        rows[row["asked_mobile"]].append(row)
    for mobile, found in rows.items():
        begun = [registration_of(row) for row in found if row["registration_id"] is not None]
        live = [one for one in begun if one.ended_at is None]
        stopped = [one.ended_at for one in begun if one.ended_why is Ending.STOPPED]
        language = found[0]["number_language"]
        known[mobile] = Recipient(
            tuple(live),
            Language(language) if language else None,
            stopped[0] if stopped and not any(one.confirmed_at for one in live) else None,
        )
    return known
