"""Killed at any instant, as a whole or in part: what was acknowledged is there afterwards."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.documents import OFFICER, SUPPLIER, person
from tests.gateway_connections import (
    Connection,
    NoReplyError,
    Reply,
    connections,
    record,
    todays_document,
    tokens,
)
from tests.gateway_processes import (
    BOUND_S,
    GatewayProcess,
    alive,
    gateway_process,
    kill,
    run_command,
)
from tests.waiting import until

pytestmark = pytest.mark.slow

CONNECTIONS_EACH = 8
ACKNOWLEDGED_MIN = 400
STORED = "SELECT document_number, ebn FROM eway_bill"
"""Every bill there is; one document of these tests never has more than one."""


class Load:
    """Clients that generate until they lose their connection, and what they know by then."""

    def __init__(self, token: str) -> None:
        self._token = token
        self.acknowledged: dict[str, dict[str, Any]] = {}
        """By document number, as answered."""
        self.unanswered: list[tuple[dict[str, Any], dict[str, str]]] = []
        """Documents sent of which nothing was heard, with the headers they were sent with."""
        self.refused: list[Reply] = []
        self.stopping = False

    async def run(self, connection: Connection) -> None:
        """Every other document goes with an Idempotency-Key."""
        while not self.stopping:
            document = todays_document()
            number = document["document_number"]
            headers = {"idempotency_key": number} if len(self.acknowledged) % 2 else {}
            try:
                reply = await self.send(connection, document, headers)
            except NoReplyError:
                self.unanswered.append((document, headers))
                return
            if reply.status == 201:
                self.acknowledged[number] = reply.body
            else:
                self.refused.append(reply)

    async def more(self, count: int) -> None:
        """Waits until that many more bills are acknowledged."""
        enough = len(self.acknowledged) + count
        await until(lambda: len(self.acknowledged) >= enough)

    async def send(
        self, connection: Connection, document: dict[str, Any], headers: dict[str, str]
    ) -> Reply:
        return await connection.call(self._token, "POST", "/v1/eway-bills", document, **headers)

    async def settle(self, connection: Connection) -> None:
        """Sends again what was not answered: by then it has exactly one bill."""
        for document, headers in self.unanswered:
            reply = await self.send(connection, document, headers)
            if reply.status == 409:
                assert not headers, "under an idempotency key the first answer is given again"
                assert reply.code == "DOCUMENT_ALREADY_HAS_EWAY_BILL"
                reply = await connection.call(
                    self._token, "GET", f"/v1/eway-bills/{reply.body['ebn']}"
                )
            else:
                assert reply.status == 201
            assert reply.body["part_a"]["document_number"] == document["document_number"]
            self.acknowledged[document["document_number"]] = reply.body
        self.unanswered.clear()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """One data directory, crashed again and again."""
    with gateway_process(tmp_path_factory.mktemp("crash") / "data") as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def started(served: GatewayProcess) -> None:
    if served.ended:
        served.start()


@pytest.fixture(scope="module")
def supplier(served: GatewayProcess) -> str:
    return served.token(person(SUPPLIER))


@asynccontextmanager
async def loaded(gateway: GatewayProcess, load: Load) -> Any:
    """Runs the load during the block, once it has had enough answers; after it, all clients have
    ended."""
    async with connections(gateway, CONNECTIONS_EACH) as workers:
        clients = [asyncio.create_task(load.run(one)) for worker in workers for one in worker]
        await load.more(ACKNOWLEDGED_MIN)
        yield
        async with asyncio.timeout(BOUND_S):
            await asyncio.gather(*clients)


async def assert_all_there(gateway: GatewayProcess, load: Load) -> None:
    """The record holds exactly what the clients know, one bill a document, no number twice; and
    each is read through both workers as it was acknowledged."""
    ebns = [bill["ebn"] for bill in load.acknowledged.values()]
    assert len(set(ebns)) == len(ebns)
    async with record(gateway) as direct:
        rows = await direct.fetch(STORED)
    stored = {row["document_number"]: str(row["ebn"]) for row in rows}
    assert len(stored) == len(rows) == len({row["ebn"] for row in rows})
    assert (
        stored.items()
        >= {number: bill["ebn"] for number, bill in load.acknowledged.items()}.items()
    )
    (officer,) = await asyncio.to_thread(tokens, gateway, OFFICER)

    async def check(connection: Connection, bills: list[dict[str, Any]]) -> None:
        for bill in bills:
            reply = await connection.call(officer, "GET", f"/v1/eway-bills/{bill['ebn']}")
            assert (reply.status, reply.body) == (200, bill)

    bills = list(load.acknowledged.values())
    async with connections(gateway, 4) as workers:
        crowd = [one for worker in workers for one in worker]
        await asyncio.gather(
            *(check(one, bills[index :: len(crowd)]) for index, one in enumerate(crowd))
        )


async def test_everything_killed_at_once_in_the_middle_of_load(
    served: GatewayProcess, supplier: str
) -> None:
    load = Load(supplier)
    for _ in range(3):
        async with loaded(served, load):
            served.kill_everything()
        assert load.unanswered
        assert load.refused == []
        unanswered = {document["document_number"] for document, _ in load.unanswered}
        served.start()
        async with record(served) as direct:
            rows = await direct.fetch(STORED)
        # Nothing is there that no client knows of: acknowledged, or to be settled.
        assert {row["document_number"] for row in rows} <= load.acknowledged.keys() | unanswered
        async with connections(served, 1) as ((connection,), _):
            await load.settle(connection)
        await assert_all_there(served, load)


async def test_the_supervisor_killed_alone(served: GatewayProcess, supplier: str) -> None:
    load, port = Load(supplier), served.port
    everything = served.everything()
    async with loaded(served, load):
        served.process.kill()
        served.process.wait(BOUND_S)
    await until(lambda: not any(map(alive, everything)))
    await until(served.port_is_free)
    served.start()
    assert served.port == port
    async with connections(served, 1) as ((connection,), _):
        await load.settle(connection)
    await assert_all_there(served, load)


async def test_a_worker_killed_alone(served: GatewayProcess, supplier: str) -> None:
    load = Load(supplier)
    workers, postmaster, redis = served.workers, served.postmaster, served.redis
    async with loaded(served, load):
        kill(workers[0])
        await until(lambda: load.unanswered)
        # The other one goes on, before and after the new one has come.
        await load.more(100)
        await until(lambda: len(served.workers) == 2)
        await load.more(100)
        load.stopping = True
    assert len(load.unanswered) <= CONNECTIONS_EACH
    assert workers[1] in served.workers
    assert workers[0] not in served.workers
    assert (served.postmaster, served.redis) == (postmaster, redis)
    async with connections(served, 1) as ((one,), (two,)):
        assert one.worker != two.worker
        await load.settle(one)
    await assert_all_there(served, load)


async def test_stopped_in_the_middle_of_load(served: GatewayProcess, supplier: str) -> None:
    """Whoever got no answer was not accepted: nothing of theirs is recorded."""
    load = Load(supplier)
    everything = served.everything()
    async with loaded(served, load):
        served.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(served.process.wait, BOUND_S) == 0
    assert load.refused == []
    # What a supervisor leaves behind ends by itself once it sees that there is none any more.
    await until(lambda: not any(map(alive, everything)))
    assert served.port_is_free()
    served.start()
    async with record(served) as direct:
        stored = {row["document_number"] for row in await direct.fetch(STORED)}
    assert stored.isdisjoint(document["document_number"] for document, _ in load.unanswered)
    await assert_all_there(served, load)


def test_a_second_gateway_on_the_same_port_is_refused(
    served: GatewayProcess, tmp_path: Path
) -> None:
    refused = run_command(
        *("serve", "--port", str(served.port), "--data-dir", str(tmp_path / "other")),
        GATEWAY_POSTGRES_DSN=served.postgres_dsn,
        GATEWAY_REDIS_URL=served.redis_url,
    )
    assert refused.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {served.port}: Address already" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_second_gateway_on_the_same_data_directory_is_refused(served: GatewayProcess) -> None:
    refused = run_command("serve", "--port", "0", "--data-dir", str(served.data_dir))
    assert refused.returncode == 1
    assert f"{served.data_dir} is in use by process {served.process.pid}" in refused.stderr
    assert "Traceback" not in refused.stderr
