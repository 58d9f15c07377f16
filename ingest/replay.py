"""Idempotency-Key: the same key with the same request answers what the first did, for 24 hours; and
a message of a carrier likewise, for 72."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from ingest import limits, sms_limits
from ingest.batching import Batcher
from ingest.database import Connection, Database
from ingest.outbox import REPLY, Owed, owe, take_back_replies
from ingest.queries import SQL
from validators.authority import Person
from validators.errors import Refusal


class StoredAnswer(NamedTuple):
    """An answer as it was given: status and body, to be given again to the byte."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """One request under an idempotency key. `digest` is over everything that makes it the same
    request; `at` is the instant it is decided. The answer is kept for `kept_for`, and also owed to
    the mobile number `reply_to`, for whom nobody waits."""

    client_id: str
    key: str
    digest: bytes
    at: datetime
    kept_for: timedelta = limits.REPLAY_KEPT
    reply_to: str | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """What two claims of one key have in common."""
        return (self.client_id, self.key)


Render = Callable[[Any], StoredAnswer]
"""How whoever asked will be answered, given what they asked for (a bill, a Part A, ...) as it will
be once committed."""


class Request(NamedTuple):
    """Who asks for a change, at which instant, how they will be answered, and under which claim."""

    person: Person
    at: datetime
    render: Render
    claim: Claim | None = None


class Claimant(Protocol):
    """An item of a write batch: the answer it will be given, and the claim to keep it under."""

    @property
    def claim(self) -> Claim | None: ...
    @property
    def answer(self) -> StoredAnswer: ...


class Answered(NamedTuple):
    """A claimant that is nothing else: an answer, and its claim if it has one."""

    claim: Claim | None
    answer: StoredAnswer


class Replay:
    """The answers kept under idempotency keys."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recalls: Batcher[Claim, StoredAnswer | None] = Batcher(
            self._recall_batch,
            batch_max=limits.BATCH_READS_MAX,
            waiting_max=limits.WAITING_READS_MAX,
            lanes=1,
        )
        self._keeps: Batcher[Answered, StoredAnswer | None] = Batcher(
            self._keep_batch,
            batch_max=limits.BATCH_READS_MAX,
            waiting_max=limits.WAITING_READS_MAX,
            lanes=1,
            apart=keys_of,
        )

    async def answer_once(
        self,
        claim: Claim | None,
        act: Callable[[], Awaitable[StoredAnswer]],
        refuse: Callable[[Refusal], StoredAnswer | None],
        earlier_claims: Sequence[Claim] = (),
    ) -> tuple[StoredAnswer, bool]:
        """What `act` answers, or what the first request under the claim's key was answered; and
        whether it was replayed. The request may have come under one of `earlier_claims` before.

        `act` stores its own success through `claim_all` in its transaction and raises
        AlreadyAnsweredError when another request did so first. `refuse` answers a refusal that is
        kept under the key as well, None for one that is not. Raises Refusal IDEMPOTENCY_KEY_REUSED,
        and any refusal of `act` that is not kept.
        """
        if claim is None:
            return await act(), False
        for asked in (claim, *earlier_claims):
            if (earlier := await self._recalls.submit(asked)) is not None:
                return earlier, True
        try:
            return await act(), False
        except AlreadyAnsweredError as answered:
            return answered.answer, True
        except Refusal as refusal:
            # The first request may have been recorded between our recall and our decision.
            if (earlier := await self._recalls.submit(claim)) is not None:
                return earlier, True
            if (refused := refuse(refusal)) is None:
                raise
            return await self.keep(claim, refused)

    async def sweep(self, now: datetime) -> None:
        """Deletes the answers that are kept no longer, some at a time."""
        most = limits.SWEEP_ROWS_MAX
        deleted = most
        while deleted == most:
            deleted = len(await self._database.fetch("sweep_answers", now, most))

    async def keep(self, claim: Claim, answer: StoredAnswer) -> tuple[StoredAnswer, bool]:
        """Keeps an answer that nothing was written for; answers what the first request under the
        key was answered, and whether that was another. Raises Refusal IDEMPOTENCY_KEY_REUSED,
        OVERLOADED or that of the record."""
        earlier = await self._keeps.submit(Answered(claim, answer))
        return (answer, False) if earlier is None else (earlier, True)

    async def close(self) -> None:
        """Waits until every answer that waits is kept."""
        await self._keeps.close()

    async def _keep_batch(
        self, batch: Sequence[Answered]
    ) -> Sequence[StoredAnswer | Exception | None]:
        async with self._database.connection() as connection, connection.transaction():
            lost = await claim_all(connection, batch)
        return [why.answer if isinstance(why, AlreadyAnsweredError) else why for why in lost]

    async def _recall_batch(self, claims: list[Claim]) -> Sequence[StoredAnswer | Exception | None]:
        async with self._database.connection() as connection:
            return await _recall(connection, claims)


class AlreadyAnsweredError(Exception):
    """Another request under the same key was recorded first; `answer` is what it was answered."""

    def __init__(self, answer: StoredAnswer) -> None:
        super().__init__()
        self.answer = answer


def keys_of(claimant: Claimant) -> tuple[tuple[str, str], ...]:
    """What keeps two claimants of one key out of one batch."""
    return (claimant.claim.identity,) if claimant.claim else ()


async def claim_all(
    connection: Connection, batch: Sequence[Claimant]
) -> list[AlreadyAnsweredError | Refusal | None]:
    """Keeps the answers of a batch under their keys, inside a transaction.

    For each of the batch: None when it has no key or its answer was kept, else why it must not be
    acted on. Keys must differ from each other.
    """
    # Sorted, so that two transactions never wait for each other in a circle.
    claims = sorted(
        ((new.claim, new.answer) for new in batch if new.claim),
        key=lambda entry: entry[0].identity,
    )
    if not claims:
        return [None] * len(batch)
    kept = await connection.fetch(
        SQL["claim_answers"],
        [claim.client_id for claim, _ in claims],
        [claim.key for claim, _ in claims],
        [claim.digest for claim, _ in claims],
        [answer.status for _, answer in claims],
        [answer.body for _, answer in claims],
        [claim.at + claim.kept_for for claim, _ in claims],
        min(claim.at for claim, _ in claims),
    )
    ours = {(row["client_id"], row["idempotency_key"]) for row in kept}
    await owe(
        connection,
        [
            Owed(
                REPLY,
                created_at=claim.at,
                due_at=claim.at,
                expires_at=claim.at + sms_limits.REPLIED_WITHIN,
                mobile=claim.reply_to,
                reply=answer.body,
                answers=claim.identity,
            )
            for claim, answer in claims
            if claim.reply_to and claim.identity in ours
        ],
    )
    lost = [claim for claim, _ in claims if claim.identity not in ours]
    why: dict[tuple[str, str], AlreadyAnsweredError | Refusal] = {}
    for claim, earlier in zip(lost, await _recall(connection, lost), strict=True):
        if isinstance(earlier, StoredAnswer):
            why[claim.identity] = AlreadyAnsweredError(earlier)
        else:
            why[claim.identity] = earlier or Refusal("CHANGED_MEANWHILE")
    return [why.get(new.claim.identity) if new.claim else None for new in batch]


async def drop_all(connection: Connection, refused: Iterable[Claimant]) -> None:
    """Gives up the keys kept in this transaction for what was refused after all."""
    given_up = [new.claim for new in refused if new.claim]
    if given_up:
        await connection.execute(
            SQL["drop_answers"],
            [claim.client_id for claim in given_up],
            [claim.key for claim in given_up],
        )
    await take_back_replies(connection, [claim.identity for claim in given_up if claim.reply_to])


async def _recall(
    connection: Connection, claims: Sequence[Claim]
) -> list[StoredAnswer | Refusal | None]:
    if not claims:
        return []
    found: list[StoredAnswer | Refusal | None] = [None] * len(claims)
    rows = await connection.fetch(
        SQL["stored_answers"],
        [claim.client_id for claim in claims],
        [claim.key for claim in claims],
        min(claim.at for claim in claims),
    )
    for row in rows:
        position = row["position"] - 1
        if row["request_digest"] == claims[position].digest:
            found[position] = StoredAnswer(row["status"], row["body"])
        else:
            found[position] = Refusal("IDEMPOTENCY_KEY_REUSED")
    return found
