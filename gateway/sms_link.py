"""The process that speaks with the carrier: sends what is owed and, over SMPP, takes messages."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from typing import Final

import uvloop

from gateway.link_metrics import LinkMetrics
from gateway.metrics import keep_publishing
from gateway.services import Clock, Services, running
from gateway.worker import WorkerSettings, configure_logging, now, when_orphaned
from sms.carrier import Carrier
from sms.conversation import Inbound
from sms.owed_words import OwedWords
from sms.receipts import Receipts
from sms.sending import Sender
from sms.settings import SmsSettings
from sms.smpp.link import Link
from sms.smpp.messages import Delivered
from validators.rulebook import rulebooks_enabled

log = logging.getLogger(__name__)
_MISSING_NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class SmsLinkSettings:
    """What the process is told by the supervisor: what a worker is, and how SMS is sent."""

    worker: WorkerSettings
    sms: SmsSettings


def run(settings: SmsLinkSettings, ready: Connection) -> None:
    """Sends until SIGTERM, SIGINT or the supervisor's death, then ends what it began; sends one
    message once it has begun."""
    configure_logging(settings.worker.log_level)
    uvloop.run(_serve(settings, ready))


async def _serve(settings: SmsLinkSettings, ready: Connection) -> None:
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    when_orphaned(stopping.set)
    worker, sms = settings.worker, settings.sms
    rulebooks = rulebooks_enabled(worker.rulebooks)
    if missing := sms.templates_missing:
        named = ", ".join(missing[:_MISSING_NAMED])
        log.warning(
            "messages of %d templates go out without an id, the first: %s", len(missing), named
        )
    async with (
        running(worker.postgres_dsn, worker.redis_url, now, rulebooks) as services,
        linked(services, sms, now) as speaking,
    ):
        stopped = asyncio.create_task(stopping.wait())
        ready.send(None)
        await asyncio.wait((speaking, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()


@asynccontextmanager
async def linked(
    services: Services, sms: SmsSettings, clock: Clock
) -> AsyncIterator["asyncio.Task[None]"]:
    """Speaks with the carrier that the settings name until the block ends, then ends what was
    begun. The task ends before that only by an error, which leaving the block raises."""
    async with _carrying(services, sms, clock) as (carrier, linking):
        words = OwedWords(services.lookups, services.sms.numbers.new_password)
        sender = Sender(
            services.sms.owed, words, carrier, sms.origin, clock=clock, at_once=sms.at_once
        )
        if linking is not None:
            # A sender without its link would find it unbound for ever.
            linking.add_done_callback(lambda _: sender.close())
        sending = asyncio.create_task(sender.run())
        try:
            yield sending
        finally:
            sender.close()
            await sending


@asynccontextmanager
async def _carrying(
    services: Services, sms: SmsSettings, clock: Clock
) -> AsyncIterator[tuple[Carrier, "asyncio.Task[None] | None"]]:
    """The carrier that the settings name; over SMPP it brings messages, too, and has a task that
    keeps it up."""
    if sms.http:
        # Whoever serves without it needs nothing of what it needs.
        from sms.http_carrier import HttpCarrier  # noqa: PLC0415

        async with HttpCarrier(sms.http) as carrier:
            yield carrier, None
    elif sms.smpp:
        carrier_name = f"smpp:{sms.smpp.system_id}"

        async def receive(delivered: Delivered) -> None:
            # Whoever wrote is answered by a message of its own, owed in the same transaction.
            await services.sms.conversation.answer(
                Inbound(
                    carrier=carrier_name,
                    message_id=delivered.message_id,
                    sender=delivered.sender,
                    text=delivered.text,
                    at=delivered.at,
                    earlier_ids=delivered.earlier_ids,
                )
            )

        receipts = Receipts(services.sms.owed, clock)
        link = Link(sms.smpp, receive, receipts.receive, services.sms.parts, clock)
        linking = asyncio.create_task(link.run())
        publishing = asyncio.create_task(keep_publishing(partial(LinkMetrics().publish, link)))
        try:
            yield link, linking
        finally:
            publishing.cancel()
            await link.close()
            await linking
    else:
        raise ValueError("the settings name no carrier")
