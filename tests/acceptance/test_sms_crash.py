"""Messages that are delivered again after everything was killed between acting and answering."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest

from sms.wording.said import said_of
from tests.documents import OTHER, RECIPIENT, STRANGER, SUPPLIER, TRANSPORTER
from tests.gateway_processes import (
    BOUND_S,
    GatewayProcess,
    gateway_process,
    kill,
    run_command,
)
from tests.sms import INBOUND, lay_in_numbers
from tests.smsc_peer import SmscPeer, smsc_peer
from tests.waiting import until
from validators.calendar import india_date

pytestmark = pytest.mark.slow

OF = {
    gstin: [f"98765432{place}{slot}" for slot in (1, 2)]
    for place, gstin in enumerate((SUPPLIER, TRANSPORTER, STRANGER, OTHER), start=1)
}
EACH = 18
"""Messages of one number: within its pace, twice."""


def _messages() -> list[dict[str, str]]:
    today = india_date(datetime.now(UTC)).strftime("%d/%m/%Y")
    return [
        {
            "from": mobile,
            "message_id": f"{mobile}-{number}",
            "text": f"EWBG OSUP {RECIPIENT} 560012 {mobile[-3:]}/{number} {today} 75000.00 1001 170"
            " KA12AB1234",
        }
        for number in range(EACH)
        for mobiles in OF.values()
        for mobile in mobiles
    ]


class Deliveries:
    """An aggregator that delivers a few at a time, and what it was answered."""

    def __init__(self, gateway: GatewayProcess, client: tuple[str, str]) -> None:
        self._url = f"http://{gateway.host}:{gateway.port}{INBOUND}"
        self._client = client
        self.replies: dict[str, str] = {}

    async def deliver(self, messages: list[dict[str, str]]) -> None:
        """Until all are answered, or nobody is there any more."""
        waiting = iter(messages)
        async with httpx.AsyncClient(auth=self._client, timeout=BOUND_S) as http:

            async def one_after_the_other() -> None:
                for message in waiting:
                    answer = await http.post(self._url, data=message)
                    assert answer.status_code == 200, answer.text
                    self.replies[message["message_id"]] = answer.text

            await asyncio.gather(
                *(one_after_the_other() for _ in range(16)), return_exceptions=True
            )


async def test_an_smsc_delivers_again_what_the_killed_link_did_not_answer(tmp_path: Path) -> None:
    """Each message makes one bill and is owed one reply; what the killed link had leased goes out
    once its lease ends (tests/integration/test_owed_messages.py)."""
    messages = _messages()
    settings = tmp_path / "sms.toml"
    async with smsc_peer() as peer:
        settings.write_text(
            'header = "EWAYBL"\n[smpp]\nhost = "127.0.0.1"\nsystem_id = "gateway"\n'
            f'password = "secret"\nport = {peer.port}\nsubmits_per_second = 1000\n'
        )
        settings.chmod(0o600)
        flags = ("--workers", "1", "--sms-settings", str(settings))
        with gateway_process(tmp_path / "data", *flags) as gateway:
            for gstin, mobiles in OF.items():
                await lay_in_numbers(gateway.postgres_dsn, gstin, mobiles)
            await peer.bound()
            numbers = [
                await peer.deliver(sent["text"].encode(), source=f"91{sent['from']}")
                for sent in messages
            ]
            await until(lambda: _some_answered(peer, len(messages) // 4))
            _, link = gateway.workers
            await until(kill(link))
            statuses = await peer.answered(numbers)
            ebns, replied = await _bills_and_replies(gateway.postgres_dsn)
            async with httpx.AsyncClient() as http:
                metrics = (await http.get(f"http://{gateway.host}:{gateway.port}/metrics")).text
    assert set(statuses) == {"ESME_ROK"}
    assert len(ebns) == len(set(ebns)) == len(messages)
    assert sorted(replied) == sorted(ebns)
    assert 'gateway_smpp_total{what="binds"}' in metrics


async def _some_answered(peer: SmscPeer, count: int) -> bool:
    seen = await peer.ask("look")
    return sum(bool(delivery["statuses"]) for delivery in seen["deliveries"]) >= count


async def _bills_and_replies(dsn: str) -> tuple[list[str], list[str]]:
    """The numbers of the bills on record, and those that the replies owed or sent name."""
    connection = await asyncpg.connect(dsn)
    try:
        bills = await connection.fetch("SELECT ebn FROM eway_bill")
        replies = await connection.fetch("SELECT reply FROM outbox WHERE kind = 'REPLY'")
    finally:
        await connection.close()
    return [str(row["ebn"]) for row in bills], [said_of(row["reply"]).text[4:16] for row in replies]


async def test_what_was_delivered_again_after_a_crash_acted_once(tmp_path: Path) -> None:
    with gateway_process(tmp_path / "data", "--workers", "1") as gateway:
        enrolled = run_command(
            *("enrol", "sms-provider", "--id", "Aggregator", "--source", "127.0.0.0/8"),
            *("--data-dir", str(gateway.data_dir)),
        )
        client = json.loads(enrolled.stdout)
        known = (client["client_id"], client["client_secret"])
        for gstin, mobiles in OF.items():
            await lay_in_numbers(gateway.postgres_dsn, gstin, mobiles)
        messages = _messages()
        before = Deliveries(gateway, known)
        delivering = asyncio.create_task(before.deliver(messages))
        await until(lambda: len(before.replies) >= len(messages) // 4)
        gateway.kill_everything()
        await delivering
        assert len(before.replies) < len(messages)

        gateway.start()
        again = Deliveries(gateway, known)
        await again.deliver(messages)
        connection = await asyncpg.connect(gateway.postgres_dsn)
        rows = await connection.fetch("SELECT ebn FROM eway_bill")
        await connection.close()

    assert len(again.replies) == len(messages)
    told = {reply[4:16] for reply in again.replies.values()}
    assert {str(row["ebn"]) for row in rows} == told
    assert len(told) == len(rows) == len(messages)
    # Who was answered before is answered the same; a bill whose answer was lost has it now.
    assert again.replies.items() >= before.replies.items()
