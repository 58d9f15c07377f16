"""The Commissioner's notifications: posted once, in effect on every worker at their instant.

A worker decides by the notifications it knows. Whatever it then writes is answered the number of
the newest notification there is, and is rolled back and decided anew if that is not the one it was
decided with. What is committed was therefore decided by all there were (docs/rulebooks.md).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import asyncpg

from ingest import limits
from ingest.batching import Batcher, Turns
from ingest.database import Connection, Database
from ingest.queries import SQL
from ingest.replay import Answered, Request, StoredAnswer, claim_all
from validators.authority import COMMISSIONERS, Person, require_role
from validators.errors import Fault, Refusal, invalid_document
from validators.notification import (
    Notification,
    NotificationForm,
    examine_notification,
    past_fault,
)

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

_ATTEMPTS_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class KnownNotifications:
    """The notifications known at some moment, in the order of their commits. `version` is the
    highest id among them, 0 when there are none."""

    version: int = 0
    notifications: Sequence[Notification] = ()


class OutdatedNotificationsError(Exception):
    """Something was decided before a notification that is there now."""


class Notifications:
    """The notifications as one worker knows them, and the way in for new ones."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._current = KnownNotifications()
        self._refreshes: Batcher[None, KnownNotifications] = Batcher(
            self._refresh,
            batch_max=limits.WAITING_READS_MAX,
            waiting_max=limits.WAITING_READS_MAX,
            lanes=1,
        )
        self._posts = Turns(1, limits.NOTIFICATIONS_WAITING_MAX, "OVERLOADED")

    @property
    def current(self) -> KnownNotifications:
        """Those this worker knows: all there were at its last refresh."""
        return self._current

    async def refresh(self) -> KnownNotifications:
        """All that are committed now. Raises Refusal OVERLOADED or RECORD_UNAVAILABLE."""
        return await self._refreshes.submit(None)

    async def keep(self) -> None:
        """Refreshes once a second, until cancelled. Nothing depends on it but that a notification's
        first e-way bill need not be decided twice."""
        while True:
            await asyncio.sleep(limits.NOTIFICATIONS_SECONDS)
            try:
                await self.refresh()
            except Refusal as refusal:
                log.debug("notifications not refreshed: %r", refusal)
            except Exception:
                log.exception("notifications not refreshed")

    async def decided_by_all(
        self, decide: Callable[[KnownNotifications], Awaitable[Answer]]
    ) -> Answer:
        """What `decide` answers, called again with those there are by now for as long as it raises
        OutdatedNotificationsError. Raises Refusal RECORD_UNAVAILABLE when that does not end."""
        for _ in range(_ATTEMPTS_MAX):
            try:
                return await decide(self._current)
            except OutdatedNotificationsError:
                await self.refresh()
        raise Refusal("RECORD_UNAVAILABLE", "the Commissioner's notifications change too quickly")

    async def post(
        self,
        request: Request,
        form: NotificationForm,
        faults: Sequence[Fault],
        *,
        clock: Callable[[], datetime],
    ) -> StoredAnswer:
        """Stores a notification: r1(8) first proviso, r2(4), r2(5). It is durable, and no bill will
        be generated without regard to it, on return.

        Raises Refusal ROLE_NOT_PERMITTED, INVALID_DOCUMENT with every fault, NOTIFICATION_EXISTS,
        IDEMPOTENCY_KEY_REUSED, OVERLOADED or that of the record; AlreadyAnsweredError when the
        claim's key was answered meanwhile.
        """
        require_role(request.person, COMMISSIONERS)
        if found := [*faults, *examine_notification(form, request.at)]:
            raise invalid_document(found)
        async with self._posts:
            stored = False
            try:
                async with self._database.connection() as connection, connection.transaction():
                    answer = await _store(connection, request, form, clock)
                    stored = True
            except Refusal as refusal:
                if stored:  # It was the COMMIT that was not answered.
                    raise Refusal("OUTCOME_UNKNOWN") from refusal
                raise
            await asyncio.sleep(limits.NOTIFICATIONS_PAUSE_SECONDS)
            return answer

    async def close(self) -> None:
        """Waits until nobody waits for a refresh."""
        await self._refreshes.close()

    async def _refresh(self, asked: list[None]) -> Sequence[KnownNotifications]:
        rows = await self._database.fetch("notifications_after", self._current.version)
        if rows:
            self._current = KnownNotifications(
                rows[-1]["notification_id"],
                (*self._current.notifications, *map(_notification_of, rows)),
            )
        return [self._current] * len(asked)


async def _store(
    connection: Connection,
    request: Request,
    form: NotificationForm,
    clock: Callable[[], datetime],
) -> StoredAnswer:
    # Every transaction that stores bills holds this lock, shared. So none is under way now, those
    # to come will see this notification, and those that have been were decided before this instant:
    # the notification must not begin before it.
    try:
        await connection.execute(SQL["wait_briefly_for_locks"])
        await connection.execute(SQL["lock_hot_state"])
    except asyncpg.LockNotAvailableError as error:
        raise Refusal("RECORD_UNAVAILABLE", "a write takes long; nothing was done") from error
    now = clock()
    if form.effective_from < now:
        raise invalid_document([past_fault()])
    row = await connection.fetchrow(SQL["post_notification"], *_row(form, request.person, now))
    if row is None:
        raise Refusal("NOTIFICATION_EXISTS", f"{form.number} was posted already")
    answer = request.render(_notification_of(row))
    (lost,) = await claim_all(connection, [Answered(request.claim, answer)])
    if lost is not None:
        raise lost
    return answer


def _row(form: NotificationForm, person: Person, at: datetime) -> tuple[Any, ...]:
    """The parameters of `post_notification`, in their order."""
    return (
        form.number,
        form.kind,
        form.effective_from,
        form.effective_until,
        form.title,
        form.hsn_prefixes,
        form.additional_days,
        form.transporter_class,
        form.states,
        form.documents,
        person.id,
        at,
    )


def _notification_of(row: asyncpg.Record) -> Notification:
    return Notification(
        row["notification_id"],
        row["number"],
        row["kind"],
        row["effective_from"],
        row["effective_until"],
        row["title"],
        tuple(row["hsn_prefixes"] or ()),
        row["additional_days"] or 0,
        row["transporter_class"],
        tuple(row["states"] or ()),
        tuple(row["documents"] or ()),
        row["posted_by"],
        row["posted_at"],
    )
