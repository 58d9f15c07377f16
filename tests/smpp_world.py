"""Whoever an SMPP link hands things to, in tests of it against a real SMSC."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sms.carrier import Outgoing
from sms.smpp.link import Link
from sms.smpp.messages import Delivered, Parts
from sms.smpp.settings import SmppSettings
from tests.smsc_peer import SmscPeer
from tests.waiting import until

NOON: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)


class NoParts:
    """Where no part comes."""

    async def keep(self, part: object, at: datetime) -> None:
        raise AssertionError(part)

    async def forget(self, whole: object, at: datetime) -> None:
        raise AssertionError(whole)


@dataclass
class World:
    """Whoever the link hands things to, and what it was handed."""

    peer: SmscPeer
    parts: Parts = field(default_factory=NoParts)
    now: datetime = NOON
    received: list[Delivered] = field(default_factory=list)
    receipts: list[tuple[str, str]] = field(default_factory=list)
    act: Callable[[Delivered], Awaitable[object]] | None = None
    """What to do with a message, once it is noted."""

    async def receive(self, message: Delivered) -> None:
        self.received.append(message)
        if self.act is not None:
            await self.act(message)

    async def receipted(self, message_id: str, state: str) -> None:
        self.receipts.append((message_id, state))

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.received]

    def settings(self, **fields: Any) -> SmppSettings:
        given = {
            "port": self.peer.port,
            "enquire_link_seconds": 30.0,
            "reconnect_seconds": 0.1,
            **fields,
        }
        return SmppSettings(
            host="127.0.0.1",
            system_id="gateway",
            password="secret",
            **given,
        )

    @asynccontextmanager
    async def link(self, **fields: Any) -> AsyncIterator[Link]:
        """A running link, which a crash ends: nothing more is answered."""
        link = Link(
            self.settings(**fields), self.receive, self.receipted, self.parts, lambda: self.now
        )
        running = asyncio.create_task(link.run())
        try:
            yield link
        finally:
            running.cancel()
            await asyncio.wait([running])

    @asynccontextmanager
    async def bound(self, **fields: Any) -> AsyncIterator[Link]:
        async with self.link(**fields) as link:
            await until(lambda: link.bound)
            yield link


def outgoing(text: str = "EBN 171000000144") -> Outgoing:
    return Outgoing("9876543210", text, "GWBILL", "1201159", "1107161", timedelta(hours=1), "7")
