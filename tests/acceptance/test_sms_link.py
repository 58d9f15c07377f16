"""The process that sends SMS: started for a carrier, killed and replaced, drained, orphaned."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from aiohttp import web

from tests.gateway_processes import GatewayProcess, alive, kill, run_command
from tests.owed import MOBILE, owed
from tests.waiting import until

pytestmark = pytest.mark.slow

SECONDS_MAX = 90


class Aggregator:
    """Takes messages; while it is shut it leaves them unanswered."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def take(self, request: web.Request) -> web.Response:
        body = json.loads(await request.text())
        self.taken.append(body["reference"])
        assert (body["to"], body["template_id"]) == (f"91{MOBILE}", "1107")
        await self.open.wait()
        return web.json_response({"message_id": f"m-{body['reference']}"})


@pytest.fixture
def aggregator() -> Aggregator:
    return Aggregator()


@pytest.fixture
async def url(aggregator: Aggregator) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/send", aggregator.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/send"
    aggregator.open.set()
    await runner.cleanup()


async def _is_sent(sql: asyncpg.Connection, number: int) -> bool:
    return bool(
        await sql.fetchval(
            "SELECT carrier_id = $2 FROM outbox WHERE message_id = $1", number, f"m-{number}"
        )
    )


async def test_killed_it_is_replaced_and_ended_it_drains(
    tmp_path: Path, url: str, aggregator: Aggregator
) -> None:
    settings = tmp_path / "sms.toml"
    settings.write_text(
        f'header = "EWAYBL"\n[templates.en]\nstranger = "1107"\n'
        f'[http]\nurl = "{url}"\nsecret = "s3cret"\nunencrypted = true\n'
    )
    settings.chmod(0o644)
    gateway = GatewayProcess(tmp_path / "data", "--workers", "1", "--sms-settings", str(settings))
    await asyncio.to_thread(gateway.start)
    try:
        sql = await asyncpg.connect(gateway.postgres_dsn)
        first = await owed(sql, datetime.now(UTC))
        await until(lambda: _is_sent(sql, first), seconds_max=SECONDS_MAX)
        assert len(gateway.workers) == 2
        # It is started last.
        died = kill(max(gateway.workers))
        await until(died, seconds_max=SECONDS_MAX)
        second = await owed(sql, datetime.now(UTC))
        await until(lambda: _is_sent(sql, second), seconds_max=SECONDS_MAX)
        assert len(gateway.workers) == 2
        aggregator.open.clear()
        third = await owed(sql, datetime.now(UTC))
        await until(lambda: str(third) in aggregator.taken, seconds_max=SECONDS_MAX)
        gateway.process.terminate()
        await until(lambda: "draining" in gateway.log, seconds_max=SECONDS_MAX)
        aggregator.open.set()
        await sql.close()
        assert await asyncio.to_thread(gateway.process.wait, SECONDS_MAX) == 0
        await asyncio.to_thread(gateway.start)
        sql = await asyncpg.connect(gateway.postgres_dsn)
        assert await _is_sent(sql, third)
        await sql.close()
        assert await asyncio.to_thread(gateway.stop) == 0
    finally:
        if not gateway.ended:
            gateway.kill_everything()
    assert aggregator.taken == [str(first), str(second), str(third)]
    assert f"{settings} holds secrets, and others may read it" in gateway.log
    assert "go out without an id" in gateway.log
    assert "s3cret" not in gateway.log
    assert MOBILE not in gateway.log


async def test_it_ends_with_its_supervisor(tmp_path: Path, url: str) -> None:
    settings = tmp_path / "sms.toml"
    settings.write_text(
        f'header = "EWAYBL"\n[http]\nurl = "{url}"\nsecret = "s"\nunencrypted = true\n'
    )
    settings.chmod(0o600)
    gateway = GatewayProcess(tmp_path / "data", "--workers", "1", "--sms-settings", str(settings))
    await asyncio.to_thread(gateway.start)
    everything = gateway.everything()
    try:
        workers = gateway.workers
        assert len(workers) == 2
        gateway.process.kill()
        await until(lambda: not any(map(alive, workers)), seconds_max=SECONDS_MAX)
        assert "others may read it" not in gateway.log
    finally:
        for pid in everything:
            if alive(pid):
                kill(pid)


def test_settings_that_are_wrong_are_refused_at_once(tmp_path: Path) -> None:
    settings = tmp_path / "sms.toml"
    settings.write_text('[http]\nurl = "ftp://a"\nsecret = "s3cret"\n')
    ended = run_command(
        "serve", "--data-dir", str(tmp_path / "data"), GATEWAY_SMS_SETTINGS=str(settings)
    )
    assert ended.returncode == 2
    assert "sms.toml: url must be of https - at `$.http`" in ended.stderr
    assert "s3cret" not in ended.stderr
