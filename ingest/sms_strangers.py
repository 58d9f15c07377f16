"""Numbers nobody registered: each is told so once, and not again for a day, however much it sends.

What is answered tells nothing of any GSTIN or e-way bill.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ingest import limits, sms_limits
from ingest.batching import Batcher
from ingest.database import Database
from ingest.queries import SQL
from ingest.replay import AlreadyAnsweredError, Answered, Claim, StoredAnswer, claim_all


def may_be_told(told_at: datetime | None, at: datetime) -> bool:
    """Whether a number last told at an instant is told again: more than a day later. One that is
    not may be dropped without a write."""
    return told_at is None or at > told_at + sms_limits.STRANGER_TOLD_EVERY


@dataclass(frozen=True, slots=True)
class _Message:
    mobile: str
    claim: Claim
    told: StoredAnswer
    silent: StoredAnswer
    at: datetime


class Strangers:
    """Answers numbers nobody registered, the many that come at once together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._messages: Batcher[_Message, StoredAnswer] = Batcher(
            self._tell,
            batch_max=limits.BATCH_READS_MAX,
            waiting_max=sms_limits.WAITING_STRANGERS_MAX,
            lanes=1,
            apart=lambda message: (message.mobile, message.claim.identity),
        )

    @property
    def waiting(self) -> int:
        """How many messages wait for a transaction."""
        return self._messages.waiting

    async def answer(
        self, mobile: str, claim: Claim, told: StoredAnswer, silent: StoredAnswer, at: datetime
    ) -> StoredAnswer:
        """Answers `told` if the number was not told within a day, else `silent`, of which nothing
        is sent; kept under the claim. A message that comes again is answered as the first time.
        Raises Refusal IDEMPOTENCY_KEY_REUSED, OVERLOADED or RECORD_UNAVAILABLE."""
        return await self._messages.submit(_Message(mobile, claim, told, silent, at))

    async def sweep(self, now: datetime) -> None:
        """Forgets the numbers that may be told again, some at a time."""
        before, most = now - sms_limits.STRANGER_TOLD_EVERY, limits.SWEEP_ROWS_MAX
        deleted = most
        while deleted == most:
            deleted = len(await self._database.fetch("sweep_strangers", before, most))

    async def close(self) -> None:
        """Waits until every message that waits is answered."""
        await self._messages.close()

    async def _tell(self, batch: Sequence[_Message]) -> Sequence[StoredAnswer | Exception]:
        # In one order, so that two transactions never wait for each other in a circle.
        numbers = sorted((message.mobile, message.at) for message in batch)
        async with self._database.connection() as connection, connection.transaction():
            rows = await connection.fetch(
                SQL["tell_strangers"],
                *zip(*numbers, strict=True),
                sms_limits.STRANGER_TOLD_EVERY,
            )
            told = {row["mobile"] for row in rows}
            answered = [
                Answered(message.claim, message.told)
                if message.mobile in told
                else Answered(replace(message.claim, reply_to=None), message.silent)
                for message in batch
            ]
            lost = await claim_all(connection, answered)
        return [
            why.answer if isinstance(why, AlreadyAnsweredError) else why or one.answer
            for one, why in zip(answered, lost, strict=True)
        ]
