"""The relay at work: hears the reader, sends to the gateway, until it is told to end."""

import asyncio
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import aiohttp

from gateway.client.credentials import Credentials
from gateway.reader.call import ReadsCall
from gateway.reader.llrp import ReaderLink, ReaderSettings
from gateway.reader.sending import Sending
from gateway.reader.sightings import Sightings
from gateway.reader.spool import Spool

_SAVE_SECONDS: Final = 1.0
"""How much older than the truth the last sightings on disk may be after a crash."""
_STATUS_SECONDS: Final = 60.0
_CLOCK_SECONDS: Final = 60.0
"""A clock that far from the gateway's is told: a read of the wrong time is judged wrongly."""


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """What a relay is told."""

    reader: ReaderSettings
    url: str
    credentials: Credentials
    window: timedelta
    batch_max: int
    timeout_seconds: float


async def work(settings: RelaySettings, spool: Spool, tell: Callable[[str], None]) -> None:
    """Returns at SIGTERM or SIGINT. What is not sent by then is sent by the next relay."""
    told_to_end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_end.set)
    timeout = aiohttp.ClientTimeout(total=settings.timeout_seconds)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        call = ReadsCall(session, settings.url, settings.credentials)
        sending = Sending(call.send, spool, batch_max=settings.batch_max, tell=tell)
        sightings = Sightings(spool, settings.window, tell=tell, added=sending.wake)
        link = ReaderLink(
            settings.reader, saw=lambda tags: sightings.saw(tags, datetime.now(UTC)), tell=tell
        )

        def reads() -> str:
            return (
                f"{spool.waiting:,} reads wait, {sending.counted:,} counted, "
                f"{sending.refused:,} refused, {sightings.lost:,} lost"
            )

        def status() -> None:
            tell(f"reader {settings.reader}: {'reading' if link.reading else 'NOT READING'}; "
                 f"{reads()}")  # fmt: skip
            if abs(call.clock_ahead_seconds) > _CLOCK_SECONDS:
                tell(f"CLOCK: it is {call.clock_ahead_seconds:,.0f} s ahead of the gateway's")

        def save() -> None:
            try:
                sightings.save(datetime.now(UTC))
            except sqlite3.Error as error:
                tell(f"the spool cannot be written: {error}")

        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(each)
                for each in (
                    link.run(),
                    sending.run(),
                    _every(_SAVE_SECONDS, save),
                    _every(_STATUS_SECONDS, status),
                )
            ]
            await told_to_end.wait()
            for task in tasks:
                task.cancel()
        save()
        tell(f"ended; {reads()}")


async def _every(seconds: float, act: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(seconds)
        act()
