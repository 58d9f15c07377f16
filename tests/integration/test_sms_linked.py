"""The sender and its link together: what happens to the one when the other is lost or ends."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from gateway.sms_link import linked
from sms.settings import SmsSettings
from sms.smpp.settings import SmppSettings
from tests.gateway_in_process import Gateway
from tests.owed import owed
from tests.smsc_peer import smsc_peer
from tests.waiting import until


@pytest.fixture
async def sql(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


def _settings(port: int, **fields: Any) -> SmsSettings:
    smpp = SmppSettings(host="127.0.0.1", port=port, system_id="gateway", password="p", **fields)
    return SmsSettings(header="EWAYBL", smpp=smpp)


async def test_a_link_that_ends_by_an_error_ends_the_sender(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would find the link unbound for ever, and nobody would start another."""

    async def fails(*_: object, **__: object) -> None:
        raise RuntimeError("of the link")

    monkeypatch.setattr("asyncio.open_connection", fails)
    with pytest.raises(RuntimeError, match="of the link"):
        async with linked(gateway.services, _settings(1), gateway.clock) as speaking:
            await speaking


@pytest.mark.slow
async def test_a_silent_smsc_has_nothing_marked_as_sent_at_the_end(
    gateway: Gateway, sql: asyncpg.Connection
) -> None:
    async with smsc_peer() as peer:
        await peer.ask("set", submit_statuses=["UNANSWERED"] * 100)
        settings = _settings(
            peer.port, submit_window=100, submits_per_second=1000, answer_seconds=1
        )
        async with linked(gateway.services, settings, gateway.clock):
            await peer.bound()
            for _ in range(100):
                await owed(sql, gateway.clock())

            async def all_given() -> bool:
                return bool((await peer.ask("look"))["statuses_left"] == 0)

            await until(all_given)
    rows = await sql.fetch("SELECT * FROM outbox")
    assert len(rows) == 100
    for row in rows:
        assert (row["attempts"], row["sent_at"], row["dead_at"]) == (1, None, None)
        assert row["due_at"] > gateway.clock()
