"""Delivery receipts: what each says of its message, and when it may come."""

import asyncio
import logging

import asyncpg
import pytest

from ingest import sms_limits
from ingest.outbox import Line
from ingest.owed_messages import Receipt, Sent
from sms.receipts import Receipts
from tests.gateway_in_process import Gateway
from tests.owed import owed, row_of
from tests.waiting import until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is real time otherwise: the clock of the tests stands still."""
    monkeypatch.setattr(sms_limits, "RECEIPT_PAUSES_SECONDS", (0.0, 0.005, 0.005))


async def test_a_receipt_may_come_before_its_message_is_marked(
    gateway: Gateway, record: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, outbox = gateway.clock(), gateway.services.sms.owed
    receipts = Receipts(outbox, gateway.clock)
    monkeypatch.setattr(sms_limits, "RECEIPT_PAUSES_SECONDS", (0.0, *[0.005] * 1000))
    looked: list[bool] = []
    receive = outbox.receive

    async def looks(receipt: Receipt) -> bool:
        looked.append(await receive(receipt))
        return looked[-1]

    monkeypatch.setattr(outbox, "receive", looks)
    number = await owed(record, at)
    (message,) = await outbox.lease(at, 1, Line.REPLIES)
    early = asyncio.create_task(receipts.receive("id", "DELIVRD"))
    await until(lambda: looked)
    await outbox.mark(message, Sent(at, "id"))
    await early
    assert (looked[0], looked[-1]) == (False, True)
    row = await row_of(record, number)
    assert row
    assert row["delivered_at"] == at


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("DELIVRD", None),
        ("UNDELIV", "the carrier could not deliver it (UNDELIV)"),
        ("EXPIRED", "the carrier could not deliver it in time (EXPIRED)"),
        ("REJECTD", "the carrier rejected it (REJECTD)"),
        ("DELETED", "the carrier deleted it (DELETED)"),
        ("ACCEPTD", None),
        ("ENROUTE", None),
        ("UNKNOWN", None),
        ("", None),
    ],
)
async def test_states_of_receipts(
    gateway: Gateway, record: asyncpg.Connection, state: str, reason: str | None
) -> None:
    at, outbox = gateway.clock(), gateway.services.sms.owed
    number = await owed(record, at)
    (message,) = await outbox.lease(at, 1, Line.REPLIES)
    await outbox.mark(message, Sent(at, "id"))
    await Receipts(outbox, gateway.clock).receive("id", state)
    row = await row_of(record, number)
    assert row
    assert row["dead_reason"] == reason
    assert row["delivered_at"] == (at if state == "DELIVRD" else None)


async def test_a_receipt_of_no_message_is_dropped(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await Receipts(gateway.services.sms.owed, gateway.clock).receive("nobody's", "DELIVRD")
    assert "a receipt (DELIVRD) of no message" in caplog.text
