"""`gateway reader` to a gateway: what passes while either is away is counted once, and verified."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.servers.process import until
from tests.documents import OFFICER, SUPPLIER, TRANSPORTER, document, person
from tests.gateway_processes import BOUND_S, GatewayProcess, gateway_process, run_command
from tests.llrp_peer import LlrpPeer, llrp_peer
from tests.reader_command import relay
from validators.authority import Person
from validators.calendar import india_date

pytestmark = pytest.mark.slow

LANE = "LANE-7"


@pytest.fixture
def peer() -> Iterator[LlrpPeer]:
    with llrp_peer() as running:
        yield running
    assert running.faults == []


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    with gateway_process(tmp_path / "data", "--workers", "1") as running:
        yield running


def url(gateway: GatewayProcess) -> str:
    return f"http://{gateway.host}:{gateway.port}"


def call(gateway: GatewayProcess, who: Person, method: str, path: str, **sent: Any) -> Any:
    answer = httpx.request(
        method,
        url(gateway) + path,
        headers={"Authorization": f"Bearer {gateway.token(who)}"},
        timeout=BOUND_S,
        **sent,
    )
    assert answer.status_code < 300, answer.text
    return answer.json()


def loaded(gateway: GatewayProcess, tag: str, vehicle: str) -> str:
    """The number of a new bill on a vehicle with this tag."""
    mapped = {"vehicle_number": vehicle}
    call(gateway, person(TRANSPORTER), "PUT", f"/v1/rfid/tags/{tag}", json=mapped)
    today = india_date(datetime.now(UTC)).isoformat()
    sent = document(vehicle_number=vehicle, document_date=today)
    return str(call(gateway, person(SUPPLIER), "POST", "/v1/eway-bills", json=sent)["ebn"])


def reads(gateway: GatewayProcess, vehicle: str) -> list[dict[str, Any]]:
    path = f"/v1/rfid/reads?vehicle_number={vehicle}"
    found: list[dict[str, Any]] = call(gateway, OFFICER, "GET", path)["items"]
    return found


def test_a_lane_through_an_absence_of_the_gateway_and_a_kill_of_the_agent(
    peer: LlrpPeer, gateway: GatewayProcess, tmp_path: Path
) -> None:
    credentials = tmp_path / "lane.json"
    at_lane = ("reader", "--id", LANE, "--state", "29", "--place", "Attibele")
    enrolled = run_command("enrol", *at_lane, "--data-dir", str(gateway.data_dir))
    credentials.write_text(enrolled.stdout)
    tags = {f"E280{number:020X}": f"KA12AB{number:04}" for number in range(1, 4)}
    ebns = {tag: loaded(gateway, tag, vehicle) for tag, vehicle in tags.items()}
    first, second, third = tags
    unknown = "E280" + "F" * 20

    with relay(peer, url(gateway), tmp_path, "--credentials", str(credentials)) as running:
        before = datetime.now(UTC)
        peer.sees(first, unknown)
        assert until(lambda: f"STOP: {unknown}" in running.said, BOUND_S), running.said
        assert f"STOP: {first}" not in running.said
        assert gateway.stop() == 0
        peer.sees(first, second)
        assert until(lambda: second in running.waiting().values(), BOUND_S)
        running.kill()
        gateway.start()
        running.start()
        peer.sees(first, second, third)
        assert until(lambda: len(reads(gateway, tags[third])) == 1, BOUND_S), running.said
        assert until(lambda: not running.waiting(), BOUND_S), running.said
        peer.sees(first, second, third, unknown)
        assert running.stop() == 0
        assert "REFUSED" not in running.said

    for tag, vehicle in tags.items():
        (read,) = reads(gateway, vehicle)
        assert (read["tag"], read["reader"], read["state"]) == (tag, LANE, "29")
        assert (read["decision"], read["ebns"]) == ("PASS", [ebns[tag]])
        assert before <= datetime.fromisoformat(read["read_at"]) <= datetime.now(UTC)
        bill = call(gateway, person(SUPPLIER), "GET", f"/v1/eway-bills/{ebns[tag]}")
        assert bill["verified_at"] is not None
