"""What a worker serves with: the use cases, wired to PostgreSQL and Redis, and their life."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from gateway.bulk import Bulk
from gateway.metrics import Metrics
from gateway.sms_services import SmsServices, sms_services
from gateway.tokens import Tokens
from ingest import limits, limits_fit
from ingest.changes import Changes
from ingest.clients import Clients, signing_keys
from ingest.consolidations import Consolidations
from ingest.database import Database
from ingest.detentions import Detentions
from ingest.generation import Generation
from ingest.gstr_1 import Extracts
from ingest.hot_state import HotState
from ingest.inspections import Inspections
from ingest.invoice_lookups import InvoiceLookups
from ingest.invoices import Invoices
from ingest.lanes import Lanes
from ingest.listing import Listing
from ingest.lookups import Lookups
from ingest.notices import Notices
from ingest.notifications import Notifications
from ingest.numbers import IDS_PER_MONTH, Numbers
from ingest.part_a_from_invoice import PartAFromInvoice
from ingest.parts_a import PartsA
from ingest.past_lanes import PastLanes
from ingest.rare_writes import RareWrites
from ingest.reads import Reads
from ingest.recording import Recorder
from ingest.renewals import Renewals
from ingest.replay import Replay
from ingest.tag_requirement import TagRequirement
from ingest.tags import Tags
from ingest.verifications import Verifications
from validators.errors import Refusal
from validators.rulebook import RULEBOOKS_DEFAULT, Rulebook

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
"""Answers the present instant, aware. Tests pass their own."""


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases of one worker."""

    database: Database
    hot_state: HotState
    tokens: Tokens
    clients: Clients
    generation: Generation
    parts_a: PartsA
    changes: Changes
    renewals: Renewals
    consolidations: Consolidations
    verifications: Verifications
    lookups: Lookups
    lanes: Lanes
    reads: Reads
    listing: Listing
    replay: Replay
    inspections: Inspections
    detentions: Detentions
    tags: Tags
    sms: SmsServices
    invoices: Invoices
    invoice_lookups: InvoiceLookups
    part_a_from_invoice: PartAFromInvoice
    bulk: Bulk
    extracts: Extracts
    notifications: Notifications
    notices: Notices
    rulebooks: Sequence[Rulebook]

    def publish(self, metrics: Metrics) -> None:
        """Passes on what this worker counted, and how it stands."""
        waiting = {
            "generation": self.generation.waiting,
            "parts_a": self.parts_a.waiting,
            "changes": self.changes.waiting,
            "verifications": self.verifications.waiting,
            "invoices": self.invoices.waiting,
            "uploads": self.invoices.slices_waiting,
            "extracts": self.extracts.waiting,
            "lanes": self.lanes.waiting,
            "reads": self.reads.waiting,
            "read_slices": self.reads.slices_waiting,
            "lookups": self.lookups.waiting + self.invoice_lookups.waiting,
            **self.sms.waiting,
        }
        believed = self.hot_state.believed_epoch() is not None
        metrics.publish(waiting=waiting, hot_state_believed=believed, owed=self.sms.owed.counted)


@asynccontextmanager
async def running(
    postgres_dsn: str,
    redis_url: str,
    clock: Clock,
    rulebooks: Sequence[Rulebook] = RULEBOOKS_DEFAULT,
) -> AsyncIterator[Services]:
    """Connects everything; on leaving, commits what was accepted before disconnecting."""
    limits_fit.check()
    database = await Database.connect(
        postgres_dsn, connections_max=limits.POSTGRES_CONNECTIONS_PER_WORKER
    )
    hot_state = HotState(database, redis_url)
    recorder = Recorder(database, hot_state)

    def leasing(query: str) -> Callable[[date, int], Awaitable[int]]:
        async def lease(month: date, size: int) -> int:
            try:
                (row,) = await database.fetch(query, month, size)
            except asyncpg.NumericValueOutOfRangeError as error:
                raise Refusal("RECORD_UNAVAILABLE", str(error)) from error
            return int(row[0])

        return lease

    lookups = Lookups(database, hot_state)
    invoice_lookups = InvoiceLookups(database)
    notifications = Notifications(database)
    numbers = Numbers(leasing("lease_numbers"), limits.NUMBERS_BLOCK)
    tag_requirement = TagRequirement(database)
    notices = Notices(database)
    generation = Generation(
        recorder, numbers, notifications, tag_requirement, notices=notices, rulebooks=rulebooks
    )
    invoice_ids = Numbers(leasing("lease_invoice_ids"), limits.INVOICE_IDS_BLOCK, IDS_PER_MONTH)
    block = limits.RFID_READ_NUMBERS_BLOCK
    read_numbers = Numbers(leasing("lease_read_numbers"), block, IDS_PER_MONTH)
    lanes, past_lanes = Lanes(database, hot_state), PastLanes(database, hot_state)
    part_a_from_invoice = PartAFromInvoice(invoice_lookups, rulebooks)
    reports = RareWrites(database, recorder)
    parts_a = PartsA(database, recorder, generation, lookups, part_a_from_invoice)
    changes = Changes(recorder, lookups, notifications, tag_requirement, notices)
    replay = Replay(database)
    services = Services(
        database,
        hot_state,
        Tokens(await signing_keys(database)),
        Clients(database),
        generation,
        parts_a,
        changes,
        Renewals(generation, lookups),
        Consolidations(database, recorder, generation, notifications, tag_requirement),
        Verifications(recorder, generation, lookups),
        lookups,
        lanes,
        Reads(database, recorder, read_numbers, lanes, past_lanes),
        Listing(database),
        replay,
        Inspections(reports, lookups, generation.rulebook),
        Detentions(reports, lookups, generation.rulebook),
        Tags(RareWrites(database, recorder)),
        sms_services(database, recorder, replay, parts_a=parts_a, changes=changes, lookups=lookups),
        Invoices(recorder, invoice_ids),
        invoice_lookups,
        part_a_from_invoice,
        Bulk(),
        Extracts(database),
        notifications,
        notices,
        rulebooks,
    )
    await notifications.refresh()
    await notices.refresh()
    chores = [asyncio.create_task(chore) for chore in _chores(services, clock)]
    try:
        yield services
    finally:
        for chore in chores:
            await _end(chore)
        await _commit_accepted(services)
        await tag_requirement.close()
        await notifications.close()
        await recorder.close()
        await hot_state.disconnect()
        await database.close()


def _chores(services: Services, clock: Clock) -> Iterator[Coroutine[None, None, None]]:
    """What a worker keeps doing beside its requests."""
    yield services.notifications.keep()
    yield services.notices.keep()
    yield services.hot_state.keep()
    yield services.sms.owed.keep_counting(clock)
    for sweep in (services.replay.sweep, services.reads.sweep, *services.sms.sweeps):
        yield _keep_sweeping(sweep, clock)


async def _commit_accepted(services: Services) -> None:
    """Returns once nothing waits any more."""
    await services.generation.close()
    await services.invoices.close()
    await services.parts_a.close()
    await services.changes.close()
    await services.verifications.close()
    await services.reads.close()
    await services.sms.close()
    await services.replay.close()


async def _end(chore: "asyncio.Task[None]") -> None:
    """Cancels a task until it has ended: a library may swallow a cancellation."""
    while not chore.done():
        chore.cancel()
        await asyncio.wait([chore], timeout=0.5)


async def _keep_sweeping(sweep: Callable[[datetime], Awaitable[None]], clock: Clock) -> None:
    while True:
        try:
            await sweep(clock())
        except Exception:
            log.exception("what is past its time was not swept")
        await asyncio.sleep(limits.SWEEP_SECONDS)
