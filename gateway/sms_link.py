"""The process that sends SMS: the use cases of a worker, a sender and the carrier it sends by."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

import uvloop

from gateway.services import Services, running
from gateway.worker import WorkerSettings, configure_logging, now, when_orphaned
from sms.carrier import Carrier
from sms.http_carrier import HttpCarrier
from sms.owed_words import OwedWords
from sms.sending import Sender
from sms.settings import SmsSettings
from validators.rulebook import rulebooks_enabled

log = logging.getLogger(__name__)


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
        log.warning("messages of these templates go out without an id: %s", ", ".join(missing))
    async with (
        running(worker.postgres_dsn, worker.redis_url, now, rulebooks) as services,
        _carrying(sms) as carrier,
    ):
        sender = _sender(services, carrier, sms)
        sending = asyncio.create_task(sender.run())
        stopped = asyncio.create_task(stopping.wait())
        ready.send(None)
        await asyncio.wait((sending, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        sender.close()
        await sending


def _sender(services: Services, carrier: Carrier, sms: SmsSettings) -> Sender:
    words = OwedWords(services.lookups, services.sms_numbers.new_password)
    return Sender(services.owed_messages, words, carrier, sms.template_ids, now)


@asynccontextmanager
async def _carrying(sms: SmsSettings) -> AsyncIterator[Carrier]:
    """The carrier that the settings name."""
    assert sms.http, "the supervisor starts this process for a carrier"  # noqa: S101
    async with HttpCarrier(sms.http, sms.header, sms.entity_id) as carrier:
        yield carrier
