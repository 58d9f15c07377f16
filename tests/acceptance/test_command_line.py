"""The command line as operators use it: real processes, their output and exit codes."""

import asyncio
import json
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import asyncpg
import pytest
import redis

from gateway.servers.process import processes_marked
from gateway.settings import Settings, variable
from ingest.records import LAYOUT
from tests.documents import OFFICER, RECIPIENT, SUPPLIER, TRANSPORTER, person
from tests.gateway_connections import Connection, connections, record, todays_document, tokens
from tests.gateway_processes import (
    GatewayProcess,
    gateway_process,
    run_command,
    started,
)

COMMANDS = ("serve", "enrol", "migrate", "rebuild-hot-state", "demo")
NOWHERE = {
    "GATEWAY_POSTGRES_DSN": "postgresql://127.0.0.1:1/nowhere",
    "GATEWAY_REDIS_URL": "redis://127.0.0.1:1/",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with gateway_process(tmp_path_factory.mktemp("command-line") / "data") as gateway:
        yield gateway


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_the_variables_and_their_defaults(command: str) -> None:
    done = run_command(command, "--help", COLUMNS="200")
    assert done.returncode == 0
    unwrapped = " ".join(done.stdout.split())
    shown = {field for field in fields(Settings) if f"--{_flag(field.name)} " in unwrapped}
    assert len(shown) >= (0 if command == "demo" else 5)
    for field in shown:
        default = "" if field.default is None else f", default {field.default}"
        assert f"({variable(field.name)}{default})" in unwrapped
    if command == "serve":
        assert shown == set(fields(Settings))


def _flag(name: str) -> str:
    return name.replace("_", "-")


WRONG = [
    ((), {}, "COMMAND"),
    (("fly",), {}, "invalid choice: 'fly'"),
    (("serve", "--port", "70000"), {}, "port 70000 is not from 0 to 65535"),
    (("serve", "--workers", "0"), {}, "workers 0 is not from 1 to"),
    (("serve",), {"GATEWAY_PORT": "http"}, "GATEWAY_PORT='http' is not a number"),
    (("serve", "--log-level", "loud"), {}, "log level 'loud'"),
    (("serve", "--rulebooks", "2017-06,2031"), {}, "rulebook '2031' is unknown; there are 2018-"),
    (("serve",), {"GATEWAY_RULEBOOKS": ","}, "no rulebook is enabled"),
    (("enrol", "taxpayer"), {}, "--id"),
    (("enrol", "pirate", "--id", "x"), {}, "invalid choice: 'pirate'"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "environment", "message"), WRONG)
def test_wrong_arguments_are_named(
    arguments: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    done = run_command(*arguments, **environment)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("taxpayer", "--id", "27AAPFU0939F1ZX"), "GSTIN_CHECKSUM"),
        (("officer", "--id", "KA-1001"), "a officer needs --state"),
        (("reader", "--id", "LANE-7", "--state", "29"), "a reader needs --place"),
        (("taxpayer", "--id", SUPPLIER, "--class", "TANKER"), "--class is of a transporter"),
    ],
)
def test_whom_to_enrol_is_checked(
    served: GatewayProcess, arguments: tuple[str, ...], message: str
) -> None:
    done = run_command("enrol", *arguments, "--data-dir", str(served.data_dir))
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr


@pytest.mark.slow
async def test_enrol_beside_a_running_gateway(served: GatewayProcess) -> None:
    done = run_command(
        *("enrol", "officer", "--id", "KA-1001", "--state", "29"),
        *("--data-dir", str(served.data_dir)),
    )
    assert done.returncode == 0, done.stderr
    client = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert client.keys() == {"client_id", "client_secret"}
    assert client["client_secret"] not in done.stderr + served.log
    async with connections(served, 1) as ((one,), (two,)):
        token = await one.issue_token(**client)
        # A token of one worker is good at the other.
        for connection in (one, two):
            path = "/v1/vehicles/KA12AB1234/eway-bills"
            assert (await connection.call(token, "GET", path)).status == 200


@pytest.mark.slow
async def test_the_class_of_a_transporter_is_kept(served: GatewayProcess) -> None:
    done = run_command(
        *("enrol", "transporter", "--id", TRANSPORTER, "--class", "TANKER"),
        *("--data-dir", str(served.data_dir)),
    )
    assert done.returncode == 0, done.stderr
    async with record(served) as direct:
        row = await direct.fetchrow("SELECT role, person_id FROM client WHERE class = 'TANKER'")
        assert row is not None
        assert tuple(row) == ("transporter", TRANSPORTER)


@pytest.mark.slow
async def test_migrate_and_enrol_before_the_first_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = run_command("migrate", "--data-dir", str(data))
    assert (first.returncode, first.stdout.splitlines()[0]) == (0, "applied 0001_spine")
    again = run_command("migrate", "--data-dir", str(data))
    assert (again.returncode, again.stdout) == (0, "the schema is the newest\n")
    done = run_command("enrol", "taxpayer", "--id", SUPPLIER, GATEWAY_DATA_DIR=str(data))
    client = json.loads(done.stdout)
    assert processes_marked(f"{data.resolve()}/") == []
    with gateway_process(data) as gateway:
        connection = await Connection.open(gateway)
        token = await connection.issue_token(**client)
        reply = await connection.call(token, "POST", "/v1/eway-bills", todays_document())
        assert reply.status == 201
        connection.close()


@pytest.mark.slow
def test_migrate_beside_a_running_gateway(served: GatewayProcess) -> None:
    done = run_command("migrate", "--data-dir", str(served.data_dir))
    assert (done.returncode, done.stdout) == (0, "the schema is the newest\n")


@pytest.mark.slow
async def test_hot_state_is_rebuilt_while_serving(served: GatewayProcess) -> None:
    supplier, officer = await asyncio.to_thread(tokens, served, person(SUPPLIER), OFFICER)
    expected = {}
    async with connections(served, 2) as workers:
        crowd = [one for worker in workers for one in worker]
        for number in range(80):
            connection = crowd[number % len(crowd)]
            sent = todays_document(vehicle_number=f"MH01AB{number % 8:04}")
            bill = (await connection.call(supplier, "POST", "/v1/eway-bills", sent)).body
            if number % 5 == 0:
                path = f"/v1/eway-bills/{bill['ebn']}/cancellation"
                bill = (await connection.call(supplier, "POST", path, {"reason": "test"})).body
            expected[bill["ebn"]] = bill
        rebuilt = asyncio.Event()

        async def read(connection: Connection) -> int:
            """All bills, over and over until the rebuild is done, and once more."""
            rounds, last = 0, False
            while not last:
                last = rebuilt.is_set()
                for ebn, bill in expected.items():
                    reply = await connection.call(officer, "GET", f"/v1/eway-bills/{ebn}")
                    assert reply.body == bill
                rounds += 1
            return rounds

        reading = [asyncio.create_task(read(connection)) for connection in crowd]
        with redis.from_url(served.redis_url) as direct:
            direct.flushall()
            try:
                done = await asyncio.to_thread(
                    run_command, "rebuild-hot-state", "--data-dir", str(served.data_dir)
                )
            finally:
                rebuilt.set()
                rounds = await asyncio.gather(*reading)
            async with record(served) as connected:
                epoch = await connected.fetchval("SELECT epoch FROM hot_state WHERE is_open")
                live = await connected.fetchval(
                    "SELECT count(*) FROM eway_bill WHERE cancelled_at IS NULL"
                )
            kept = {key.decode() for key in direct.scan_iter(f"{epoch}:*", count=1000)}
    assert done.returncode == 0, done.stderr
    told = f"{live} live e-way bills, 8 vehicles and 0 tags were gone through"
    assert told in done.stdout
    assert min(rounds) > 1
    alive = [ebn for ebn, bill in expected.items() if bill["status"] == "ACTIVE"]
    assert len(alive) == 64
    assert kept >= {f"{epoch}:b{LAYOUT}:{ebn}" for ebn in alive}
    assert kept >= {f"{epoch}:v{LAYOUT}:MH01AB{number:04}" for number in range(8)}


@pytest.mark.slow
@pytest.mark.parametrize("environment", [{}, NOWHERE], ids=["", "with servers named"])
def test_demo_tells_the_story_and_leaves_nothing(environment: dict[str, str]) -> None:
    """Whatever servers the environment names: a throwaway gateway has its own."""
    temporary = Path(tempfile.mkdtemp(prefix="gw-"))
    try:
        done = run_command("demo", TMPDIR=str(temporary), **environment)
        left = list(temporary.iterdir())
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    assert done.returncode == 0, done.stderr
    assert len(set(re.findall(r"\b\d{12}\b", done.stdout))) == 5
    for word in (
        *("ACTIVE", "CANCELLED", "ACCEPTED", "ALREADY_ANSWERED", "ALREADY_VERIFIED_IN_TRANSIT"),
        *("PASS", "STOP VEHICLE_CHANGED", "lane-1/1 verified"),
        *("KA12AB1234", "MH14CD5678", "KA01AB4321", "KA13CD5678", "was cancelled at"),
    ):
        assert word in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert left == []
    assert processes_marked(str(temporary)) == []


class _FromEnvironment(GatewayProcess):
    def flags(self) -> list[str]:
        return []


@pytest.mark.slow
async def test_settings_and_servers_from_the_environment(
    tmp_path: Path, dsn: str, redis_url: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    named = {"GATEWAY_POSTGRES_DSN": dsn, "GATEWAY_REDIS_URL": redis_url}
    data = tmp_path / "data"
    gateway = _FromEnvironment(
        data,
        GATEWAY_PORT=str(port),
        GATEWAY_WORKERS="1",
        GATEWAY_DATA_DIR=str(data),
        GATEWAY_LOG_LEVEL="warning",
        **named,
    )
    enrolled = run_command("enrol", "taxpayer", "--id", RECIPIENT, **named)
    with started(gateway):
        assert gateway.port == port
        assert len(gateway.workers) == 1
        assert gateway.log == ""
        assert not (data / "postgres").exists()
        assert processes_marked(f"{data.resolve()}/redis") == []
        connection = await Connection.open(gateway)
        token = await connection.issue_token(**json.loads(enrolled.stdout))
        bill = (await connection.call(token, "POST", "/v1/eway-bills", todays_document())).body
        await connection.call(token, "GET", f"/v1/eway-bills/{bill['ebn']}")
        connection.close()
    direct = await asyncpg.connect(dsn)
    assert str(await direct.fetchval("SELECT ebn FROM eway_bill")) == bill["ebn"]
    await direct.close()


@pytest.mark.slow
def test_a_worker_that_cannot_start_ends_the_start(tmp_path: Path) -> None:
    data = ("--data-dir", str(tmp_path / "data"))
    done = run_command("serve", "--port", "0", "--redis-url", "nonsense://nowhere", *data)
    assert done.returncode == 1
    assert "ready at" not in done.stdout
    assert "a worker ended before it was ready" in done.stderr
