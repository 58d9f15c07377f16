"""A reply that nobody waits for is owed in the transaction of what it tells of: with it or not."""

import asyncio
import itertools

import asyncpg
import pytest

from sms.conversation import Inbound
from sms.wording.said import Said, said_of
from tests.documents import RECIPIENT, SUPPLIER, person
from tests.gateway_in_process import Gateway
from tests.sms_numbers import MOBILE, registered
from validators.calendar import india_date
from validators.errors import Refusal

_ids = itertools.count(1)


@pytest.fixture(autouse=True)
async def _driver(gateway: Gateway) -> None:
    await registered(gateway, person(SUPPLIER))


def _ewbg(gateway: Gateway) -> str:
    today = f"{india_date(gateway.clock()):%d/%m/%Y}"
    return f"EWBG OSUP {RECIPIENT} 560012 546 {today} 75000.00 1001 170 KA12AB1234"


def _inbound(gateway: Gateway, text: str, sender: str = MOBILE) -> Inbound:
    return Inbound("smpp:gateway", f"id-{next(_ids)}", sender, text, gateway.clock())


async def _owed(record: asyncpg.Connection, inbound: Inbound) -> list[tuple[str, Said | None]]:
    """The replies that a message is owed: to whom, and which."""
    rows = await record.fetch(
        "SELECT mobile, reply FROM outbox WHERE kind = 'REPLY' AND client_id = $1"
        " AND idempotency_key = $2",
        inbound.carrier,
        inbound.message_id,
    )
    return [(row["mobile"], said_of(row["reply"])) for row in rows]


async def test_each_message_is_owed_its_reply_once(
    gateway: Gateway, record: asyncpg.Connection
) -> None:
    for text in (_ewbg(gateway), "EWBC 1", "HELP", "STOP"):
        inbound = _inbound(gateway, text)
        reply = await gateway.services.sms.conversation.answer(inbound)
        assert await gateway.services.sms.conversation.answer(inbound) == reply
        assert await _owed(record, inbound) == [(MOBILE, reply)]


async def test_of_two_bills_of_one_document_the_second_is_owed_its_refusal(
    gateway: Gateway, record: asyncpg.Connection
) -> None:
    """In one transaction: what was owed the second with its bill is taken back with it."""
    text = _ewbg(gateway)
    both = [_inbound(gateway, text) for _ in range(2)]
    answer = gateway.services.sms.conversation.answer
    replies = await asyncio.gather(*map(answer, both))
    assert sorted(reply is not None and "already" in reply.text for reply in replies) == [
        False,
        True,
    ]
    for inbound, reply in zip(both, replies, strict=True):
        assert await _owed(record, inbound) == [(MOBILE, reply)]


async def test_what_was_not_done_owes_nothing(gateway: Gateway, record: asyncpg.Connection) -> None:
    """A message that its carrier is to deliver again, as one under another's id is refused."""
    answer = gateway.services.sms.conversation.answer
    first = _inbound(gateway, "HELP")
    await answer(first)
    with pytest.raises(Refusal, match="IDEMPOTENCY_KEY_REUSED"):
        await answer(first._replace(text="HELP EWBC"))
    assert len(await _owed(record, first)) == 1


async def test_silence_is_owed_to_nobody(gateway: Gateway, record: asyncpg.Connection) -> None:
    answer = gateway.services.sms.conversation.answer
    told, silent = (_inbound(gateway, "HELP", "9123456780") for _ in range(2))
    reply = await answer(told)
    assert reply is not None
    assert await answer(silent) is None
    assert await _owed(record, told) == [("9123456780", reply)]
    assert await _owed(record, silent) == []
