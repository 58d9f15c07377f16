"""`gateway upload`: documents the gateway always fails to decide, and those doubled in a file."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bulk_server import BulkServer, Json, serving
from tests.upload_command import answers_of, invoices, upload, written

pytestmark = pytest.mark.slow
FAILED = {"status": 500, "code": "INTERNAL_ERROR", "detail": "Our fault"}


@pytest.fixture
def server() -> Iterator[BulkServer]:
    with serving(BulkServer()) as served:
        yield served


@pytest.mark.parametrize("connections", ["1", "2"])
def test_what_always_fails_is_given_up_at_the_end(
    server: BulkServer, tmp_path: Path, connections: str
) -> None:
    path = invoices(tmp_path, 300)
    server.refuse = lambda document: (
        FAILED if document["document_number"] in ("I7", "I300") else None
    )
    done = upload(server, path, "--tries", "2", "--connections", connections)
    assert done.returncode == 3, done.stderr
    assert re.search(r"created +298\n +existing +0\n +refused +2\n", done.stdout)
    assert answers_of(path)[7] == {"line": 7, "given_up": True, **FAILED}
    mend = tmp_path / "sales.ndjson.refused.ndjson"
    assert [json.loads(line)["document_number"] for line in mend.open()] == ["I7", "I300"]
    assert (tmp_path / "sales.ndjson.refused.txt").read_text() == (
        "line 7: INTERNAL_ERROR: Our fault\nline 300: INTERNAL_ERROR: Our fault\n"
    )
    requests = server.requests
    assert (upload(server, path).returncode, server.requests) == (3, requests)
    server.refuse = lambda _: None
    assert upload(server, mend).returncode == 0
    assert len(server.documents) == 300


def test_what_fails_only_for_its_neighbour_is_taken_alone(
    server: BulkServer, tmp_path: Path
) -> None:
    """A gateway that fails in a whole slice because of one document of it."""
    path = invoices(tmp_path, 20)
    in_company = True

    def slice_of(document: Json) -> Json | None:
        nonlocal in_company
        in_company = in_company and server.received["I20"] < 3
        return FAILED if in_company or document["document_number"] == "I5" else None

    server.refuse = slice_of
    done = upload(server, path, "--tries", "3")
    assert done.returncode == 3, done.stderr
    assert re.search(r"created +19\n +existing +0\n +refused +1\n", done.stdout)
    assert answers_of(path)[5]["given_up"] is True


def test_a_gateway_that_breaks_has_not_failed_in_a_document(
    server: BulkServer, tmp_path: Path
) -> None:
    path = invoices(tmp_path, 5)
    server.refuse = lambda _: FAILED
    server.break_after.extend([0, 0, 3, 0])
    done = upload(server, path, "--tries", "3")
    assert done.returncode == 1
    assert answers_of(path) == {}


def test_an_outage_gives_nothing_up(server: BulkServer, tmp_path: Path) -> None:
    """More failed than may be unanswered: the file's end was not reached."""
    path = invoices(tmp_path, 9000)
    server.refuse = lambda _: FAILED
    done = upload(server, path, "--tries", "2")
    assert (done.returncode, "given up after 2 tries" in done.stderr) == (1, True)
    assert answers_of(path) == {}


def bill(number: str, **changes: object) -> Json:
    return {"document_number": number, "reason_code": 1, "distance_km": 10} | changes


def test_different_bills_of_one_number_are_not_both_taken(
    server: BulkServer, tmp_path: Path
) -> None:
    documents = [bill("B1"), bill("B2"), bill("B1"), bill("B1", distance_km=11), bill("B3")]
    path = written(tmp_path / "bills.ndjson", documents)
    done = upload(server, path)
    assert done.returncode == 3, done.stderr
    assert re.search(r"created +3\n +existing +1\n +refused +1\n", done.stdout)
    kept = tmp_path / "bills.ndjson.answers.ndjson"
    last = json.loads(kept.read_text().splitlines()[-1])
    assert (last["line"], last["code"], last["client_side"]) == (4, "DOUBLED_IN_FILE", True)
    assert "document number of line 1 " in last["detail"]
    assert [json.loads(line) for line in (tmp_path / "bills.ndjson.refused.ndjson").open()] == [
        documents[3]
    ]
    answers = kept.read_bytes()
    again = upload(server, path)
    assert (again.returncode, again.stdout) == (3, done.stdout)
    assert kept.read_bytes() == answers


def test_bills_that_existed_are_doubled_too(server: BulkServer, tmp_path: Path) -> None:
    first = written(tmp_path / "first.ndjson", [bill("B1"), bill("B2")])
    assert upload(server, first).returncode == 0
    same = '{"distance_km":10,"reason_code":1, "document_number":"B2"}'
    path = tmp_path / "bills.ndjson"
    other = json.dumps(bill("B1", distance_km=9))
    path.write_text(f"{json.dumps(bill('B2'))}\n{json.dumps(bill('B1'))}\n{same}\n{other}\n")
    done = upload(server, path)
    assert done.returncode == 3, done.stderr
    assert re.search(r"created +0\n +existing +3\n +refused +1\n", done.stdout)
    assert (
        (tmp_path / "bills.ndjson.refused.txt")
        .read_text()
        .startswith("line 4: has the document number of line 2 ")
    )
