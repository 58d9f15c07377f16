"""`gateway upload` as its user runs it, against a server that speaks the bulk contract."""

import csv
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import Response

from gateway.servers.process import until
from gateway.upload.connection import UNANSWERED_DOCUMENTS_MAX
from tests.bulk_server import CLIENT, BulkServer, Json, problem, serving
from tests.gateway_processes import BOUND_S, REPOSITORY, command_environment, run_command
from tests.upload_command import OWN, answers_of, invoice, invoices, started, upload, written

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[BulkServer]:
    with serving(BulkServer()) as served:
        yield served


def once_each(server: BulkServer, count: int) -> None:
    assert set(server.documents) == {f"I{number}" for number in range(1, count + 1)}
    assert set(server.answered.values()) == {1}


def test_a_file_is_taken(server: BulkServer, tmp_path: Path) -> None:
    path = invoices(tmp_path, 1000)
    done = upload(server, path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1,000 invoices answered" in done.stdout
    assert re.search(r"created +1,000\n +existing +0\n +refused +0\n", done.stdout)
    answers = answers_of(path)
    assert answers == {
        line: {"line": line, "status": 201, "irn": f"irn-I{line}"} for line in range(1, 1001)
    }
    once_each(server, 1000)
    requests = server.requests
    again = upload(server, path)
    assert (again.returncode, server.requests) == (0, requests)
    assert again.stdout == done.stdout


def test_blank_lines_and_line_ends_are_no_documents(server: BulkServer, tmp_path: Path) -> None:
    path = tmp_path / "sales.ndjson"
    lines = [json.dumps(invoice(number)).encode() for number in (1, 2, 3)]
    path.write_bytes(b"\xef\xbb\xbf\r\n" + lines[0] + b"\r\n \n\n" + lines[1] + b"\n" + lines[2])
    assert upload(server, path).returncode == 0
    assert {line: answer["irn"] for line, answer in answers_of(path).items()} == {
        2: "irn-I1",
        5: "irn-I2",
        6: "irn-I3",
    }


def test_what_is_refused_can_be_mended_and_sent(server: BulkServer, tmp_path: Path) -> None:
    errors = [{"pointer": "/lines/0/hsn_code", "code": "HSN_FORMAT", "detail": "is not 4 digits"}]
    refused = {"status": 422, "code": "INVALID_DOCUMENT", "detail": "faults", "errors": errors}
    server.refuse = lambda document: refused if "bad" in document else None
    path = tmp_path / "sales.ndjson"
    odd = '{"document_number" :  "I2","bad":1, "supplier":{}}\r\n'
    first, last = json.dumps(invoice(1)), json.dumps(invoice(3))
    path.write_text(f"{first}\n\n{odd}{{torn\n{last}", newline="")
    done = upload(server, path)
    assert done.returncode == 3
    assert re.search(r"created +2\n +existing +0\n +refused +2\n", done.stdout)
    mend = tmp_path / "sales.ndjson.refused.ndjson"
    assert mend.read_bytes() == odd.encode() + b"{torn\n"
    assert (tmp_path / "sales.ndjson.refused.txt").read_text() == (
        "line 3: /lines/0/hsn_code is not 4 digits\nline 4: MALFORMED_JSON: no\n"
    )
    mended = json.dumps(invoice(2)) + "\n" + json.dumps(invoice(4)) + "\n"
    mend.write_text(mended)
    # The first file again: nothing is sent, and nobody's mending is lost.
    assert upload(server, path).returncode == 3
    assert mend.read_text() == mended
    assert upload(server, mend).returncode == 0
    assert set(server.documents) == {"I1", "I2", "I3", "I4"}


def test_existing_is_taken(server: BulkServer, tmp_path: Path) -> None:
    path = invoices(tmp_path, 20)
    assert upload(server, path).returncode == 0
    done = upload(server, path, "--again")
    assert done.returncode == 0
    assert re.search(r"existing +20\n", done.stdout)
    assert (tmp_path / "sales.ndjson.answers.ndjson.before1").exists()
    bills = written(tmp_path / "bills", [{"document_number": "B1", "reason_code": 1}])
    assert upload(server, bills).returncode == 0
    assert answers_of(bills)[1]["ebn"] == "ebn-B1"
    again = upload(server, bills, "--again")
    assert (again.returncode, answers_of(bills)[1]["status"]) == (0, 409)
    assert re.search(r"existing +1\n", again.stdout)


@pytest.mark.parametrize("connections", ["1", "3"])
def test_broken_connections(server: BulkServer, tmp_path: Path, connections: str) -> None:
    path = invoices(tmp_path, 3000)
    server.break_after.extend([700, 0, 1, 5, 300])
    server.end_after = 50
    done = upload(server, path, "--connections", connections)
    assert done.returncode == 0, done.stderr
    assert "the connection broke" in done.stderr
    assert sorted(answers_of(path)) == list(range(1, 3001))
    assert {f"I{number}" for number in range(1, 3001)} == set(server.documents)
    # What the server took and could not answer any more exists when it comes again. An answer
    # may be lost on its way; one that came is never asked for twice.
    existing = [answer for answer in answers_of(path).values() if answer["status"] == 200]
    assert len(existing) >= 4


def test_a_stream_that_ends_early_goes_on_from_there(server: BulkServer, tmp_path: Path) -> None:
    """What is closed with input unread may take answers with it: those documents come again."""
    path = invoices(tmp_path, 500)
    server.end_after = 123
    assert upload(server, path).returncode == 0
    assert sorted(answers_of(path)) == list(range(1, 501))
    assert {f"I{number}" for number in range(1, 501)} == set(server.documents)
    assert server.requests == 2


def test_whole_refusals(server: BulkServer, tmp_path: Path) -> None:
    busy = {"Retry-After": "0"}
    server.refuse_requests.extend(
        [problem(503, "OVERLOADED", "full", **busy), problem(429, "SLOWLY", "", **busy)]
    )
    path = invoices(tmp_path, 20_000)
    done = upload(server, path)
    assert done.returncode == 0
    assert "503: OVERLOADED: full; going on in 0.0 s" in done.stderr
    server.refuse_requests.append(problem(403, "ROLE_NOT_PERMITTED", "not for your role"))
    requests = server.requests
    done = upload(server, path, "--again")
    assert (done.returncode, server.requests) == (1, requests + 1)
    assert "403: ROLE_NOT_PERMITTED: not for your role" in done.stderr
    # Heard at once, although much was there to be sent.
    assert "broke" not in done.stderr
    server.refuse_requests.append(Response("<html>", 404))
    assert upload(server, path).returncode == 1


def test_tokens_are_taken_anew(server: BulkServer, tmp_path: Path) -> None:
    path = invoices(tmp_path, 300)
    server.break_after.extend([100])
    server.expires_in = 0
    assert upload(server, path).returncode == 0
    assert server.tokens_given == server.requests == 2

    server.expires_in = 1800
    given = server.tokens_given

    def forget(_: Json) -> None:
        server.tokens.clear()

    server.refuse = forget
    server.end_after = 100
    assert upload(server, path, "--again").returncode == 0
    assert server.tokens_given == given + 2


def test_credentials(server: BulkServer, tmp_path: Path) -> None:
    path = invoices(tmp_path, 3)
    kept = tmp_path / "client.json"
    kept.write_text(json.dumps(CLIENT | {"client_secret": "guess"}))
    command = ("upload", str(path), "--credentials", str(kept))
    done = run_command(*command, GATEWAY_URL=server.url)
    assert done.returncode == 1
    assert "401: INVALID_CLIENT" in done.stderr
    kept.write_text(json.dumps(CLIENT))
    assert run_command(*command, GATEWAY_URL=f"{server.url}/").returncode == 0
    kept.write_text("{}")
    done = run_command(*command, GATEWAY_URL=server.url)
    assert (done.returncode, "is not what `gateway enrol` prints" in done.stderr) == (2, True)
    done = run_command("upload", str(path))
    assert (done.returncode, "GATEWAY_CLIENT_ID" in done.stderr) == (2, True)


def test_a_wrong_client_id_that_got_no_answer_is_not_kept(
    server: BulkServer, tmp_path: Path
) -> None:
    path = invoices(tmp_path, 3)
    wrong = OWN | {"GATEWAY_CLIENT_ID": "c-2"}
    done = run_command("upload", str(path), "--url", server.url, **wrong)
    assert (done.returncode, "401: INVALID_CLIENT" in done.stderr) == (1, True)
    assert upload(server, path).returncode == 0
    assert len(answers_of(path)) == 3


@pytest.mark.parametrize("user", ["me:s3cret@", "me@", ":@"])
def test_a_url_with_a_user_is_refused(tmp_path: Path, user: str) -> None:
    path = invoices(tmp_path, 1)
    done = run_command("upload", str(path), "--url", f"https://{user}gateway.example", **OWN)
    assert (done.returncode, "--credentials" in done.stderr) == (2, True)
    assert "s3cret" not in done.stderr
    assert os.listdir(tmp_path) == [path.name]


def test_lines_asked_to_come_again(server: BulkServer, tmp_path: Path) -> None:
    def busy(document: Json) -> Json | None:
        if document["document_number"] == "I7" and server.received["I7"] < 3:
            return {"status": 503, "code": "OVERLOADED", "detail": ""}
        return None

    server.refuse = busy
    path = invoices(tmp_path, 20)
    assert upload(server, path).returncode == 0
    assert server.received.pop("I7") == 3
    assert set(server.received.values()) == {1}
    assert sorted(answers_of(path)) == list(range(1, 21))


def test_gives_up_and_goes_on_later(server: BulkServer, tmp_path: Path) -> None:
    path = invoices(tmp_path, 40)
    server.refuse = lambda document: (
        {"status": 503, "code": "OVERLOADED"} if document["document_number"] == "I40" else None
    )
    done = upload(server, path, "--tries", "2")
    assert done.returncode == 1
    assert "given up after 2 tries" in done.stderr
    assert "say the same again" in done.stderr
    assert "39 invoices answered" in done.stdout
    server.refuse = lambda _: None
    assert upload(server, path).returncode == 0
    assert sorted(answers_of(path)) == list(range(1, 41))
    assert sum(server.documents[f"I{number}"] is not None for number in range(1, 41)) == 40


def test_nobody_there(tmp_path: Path) -> None:
    path = invoices(tmp_path, 1)
    done = run_command("upload", str(path), "--tries", "2", GATEWAY_URL="http://127.0.0.1:1", **OWN)
    assert done.returncode == 1
    assert "the connection broke" in done.stderr


def test_killed_and_resumed(server: BulkServer, tmp_path: Path) -> None:
    path = invoices(tmp_path, 5000)
    server.hold_after = 2000
    with started(server, path) as client:
        answers = path.with_name(f"{path.name}.answers.ndjson")
        assert until(lambda: answers.exists() and answers.read_bytes().count(b"\n") > 2000, BOUND_S)
        client.kill()
        client.wait(BOUND_S)
    kept = {line["line"] for line in map(json.loads, answers.read_bytes().splitlines()[1:])}
    assert len(kept) == 2000
    with answers.open("ab") as file:
        file.write(b'{"line": 2001, "sta')
    server.hold_after = None
    server.release.set()
    # The killed client's last documents are still with the server.
    assert until(lambda: server.at_once == 0, BOUND_S)
    before = server.received.copy()
    done = upload(server, path)
    assert done.returncode == 0, done.stderr
    assert sorted(answers_of(path)) == list(range(1, 5001))
    assert {f"I{number}" for number in range(1, 5001)} == set(server.documents)
    sent_now = server.received - before
    assert set(sent_now) == {f"I{number}" for number in range(2001, 5001)}


def test_two_uploads_of_one_file(server: BulkServer, tmp_path: Path) -> None:
    path = invoices(tmp_path, 10)
    server.hold_after = 5
    with started(server, path) as client:
        assert until(lambda: server.answers == 5, BOUND_S)
        done = upload(server, path)
        assert done.returncode == 2
        assert "another upload" in done.stderr
        client.send_signal(signal.SIGINT)
        assert client.wait(BOUND_S) == 1
    server.release.set()
    assert upload(server, path).returncode == 0
    assert sorted(answers_of(path)) == list(range(1, 11))


def test_several_connections_at_once(server: BulkServer, tmp_path: Path) -> None:
    path = invoices(tmp_path, 2000)
    server.hold_after = 0
    with started(server, path, "--connections", "4") as client:
        assert until(lambda: server.at_once == 4, BOUND_S)
        server.release.set()
        assert client.wait(BOUND_S) == 0
    assert sorted(answers_of(path)) == list(range(1, 2001))
    once_each(server, 2000)


def test_answers_that_come_only_at_the_end(server: BulkServer, tmp_path: Path) -> None:
    """Through a proxy that keeps a request until it has all of it: slower, but it ends."""
    server.answer_at_the_end = True
    path = invoices(tmp_path, 10_000)
    assert upload(server, path).returncode == 0
    once_each(server, 10_000)
    assert server.requests > 1


def test_answers_come_while_documents_go(server: BulkServer, tmp_path: Path) -> None:
    """More than may be unanswered, in one request: its answers were read before its end."""
    assert upload(server, invoices(tmp_path, 3 * UNANSWERED_DOCUMENTS_MAX)).returncode == 0
    once_each(server, 3 * UNANSWERED_DOCUMENTS_MAX)
    assert server.requests == 1


_MEASURED = """
import resource, sys
from gateway.cli import main
try:
    main(sys.argv[1:])
finally:
    print("KiB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


class Forgetful(BulkServer):
    """Takes everything and remembers nothing, so that much can be sent."""

    def answer(self, line: bytes, number: int, named: str) -> tuple[str, Json]:
        return "", {"line": number, "status": 201, named: f"{number:064}"}


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """A file twenty times as large takes no more, give or take a tenth of what is more in it."""
    sizes, peaks = [], []
    with serving(Forgetful()) as server:
        for count in (10_000, 200_000):
            line = json.dumps(invoice(1, pad="x" * 1000)) + "\n"
            path = tmp_path / f"{count}.ndjson"
            with path.open("w") as file:
                file.writelines(itertools.repeat(line, count))
            done = subprocess.run(
                [sys.executable, "-c", _MEASURED, "upload", str(path), "--url", server.url],
                cwd=REPOSITORY,
                env=command_environment(**OWN),
                capture_output=True,
                text=True,
                check=True,
            )
            assert f"{count:,} invoices answered" in done.stdout
            sizes.append(path.stat().st_size)
            peaks.append(int(done.stdout.split("KiB")[1]) * 1024)
    assert peaks[1] - peaks[0] < (sizes[1] - sizes[0]) / 10


def test_the_answers_are_to_one_file_and_one_gateway(server: BulkServer, tmp_path: Path) -> None:
    path = invoices(tmp_path, 3)
    assert upload(server, path).returncode == 0
    done = run_command("upload", str(path), "--url", "http://127.0.0.1:1", **OWN)
    assert (done.returncode, "another gateway" in done.stderr) == (2, True)
    other = OWN | {"GATEWAY_CLIENT_ID": "c-2"}
    done = run_command("upload", str(path), "--url", server.url, **other)
    assert (done.returncode, "another client, c-1" in done.stderr) == (2, True)
    assert "--again" in done.stderr
    invoices(tmp_path, 4)
    done = upload(server, path)
    assert (done.returncode, "another content" in done.stderr, "--again" in done.stderr) == (
        2,
        True,
        True,
    )
    assert upload(server, path, "--again").returncode == 0
    (tmp_path / "sales.ndjson.answers.ndjson").write_text("my notes\n")
    done = upload(server, path)
    assert (done.returncode, "is not an answers file" in done.stderr) == (2, True)


def test_a_terminal_shows_a_bar(server: BulkServer, tmp_path: Path) -> None:
    path = invoices(tmp_path, 500)
    server.end_after = 200
    for reached in ("0/500", "500/500"):
        terminal, its_end = os.openpty()
        termios.tcsetwinsize(its_end, (24, 100))
        with subprocess.Popen(
            [sys.executable, "-m", "gateway", "upload", str(path), "--url", server.url],
            cwd=REPOSITORY,
            env=command_environment(**OWN),
            stdout=subprocess.DEVNULL,
            stderr=its_end,
        ) as client:
            os.close(its_end)
            shown = _everything(terminal)
            assert client.wait(BOUND_S) == 0
        assert reached in shown
        assert "Traceback" not in shown
    assert "100%" in shown


def _everything(terminal: int) -> str:
    """What a terminal is told until nobody holds its other end."""
    told = b""
    with open(terminal, "rb", buffering=0) as file:
        while True:
            try:
                told += file.read(4096)
            except OSError:  # How Linux says that the other end was closed.
                return told.decode()


def test_help_shows_the_variables_and_their_defaults() -> None:
    shown = " ".join(run_command("upload", "--help", COLUMNS="200").stdout.split())
    assert "(GATEWAY_URL, default http://127.0.0.1:8000)" in shown
    assert "GATEWAY_CLIENT_ID and GATEWAY_CLIENT_SECRET, no default" in shown


def test_serving_imports_nothing_of_an_upload() -> None:
    code = "import sys, gateway.cli; print({'aiohttp', 'tqdm'} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert done.stdout == "set()\n"


CSV = '''\
\ufeffGSTIN;Serial No. of Invoice;Date of Invoice;Type of supply;Description of Goods;HSN;Qty.;\
Taxable value;Total Invoice Value (In figure)\r
27AAPFU0939F1ZV;C1;21/11/2026;B to B;Steel, hot;7215;2.50;1,00,000.00;1,18,000.00\r
;;;;Rods;7214;1;100000;\r
27AAPFU0939F1ZV;C2;11/21/2026;B2B;Rods;7214;1;10,00;1,23E+11\r
27AAPFU0939F1ZV;C3;2026-11-21;B2B;"Rods ""fine""";7214;1;10;12.00\r
'''


def test_csv_is_sent_mended_and_sent(server: BulkServer, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(CSV, newline="")
    done = upload(server, path)
    assert done.returncode == 3, done.stderr
    assert server.documents["C1"] == {
        "supplier": {"gstin": "27AAPFU0939F1ZV"},
        "document_number": "C1",
        "document_date": "2026-11-21",
        "supply_type": "B2B",
        "total_value": "118000.00",
        "lines": [
            {"description": "Steel, hot", "hsn_code": "7215", "quantity": "2.50",
             "taxable_value": "100000.00"},
            {"description": "Rods", "hsn_code": "7214", "quantity": "1",
             "taxable_value": "100000"},
        ],
    }  # fmt: skip
    assert set(server.documents) == {"C1", "C3"}
    answers = answers_of(path)
    assert sorted(answers) == [2, 4, 5]
    assert (answers[4]["status"], answers[4]["code"]) == (422, "CSV_UNREADABLE")
    assert answers[4]["client_side"] is True
    assert [(error["line"], error["column"]) for error in answers[4]["errors"]] == [
        (4, "3 Date of Invoice"),
        (4, "8 Taxable value"),
        (4, "9 Total Invoice Value (In figure)"),
    ]
    mend = tmp_path / "sales.csv.refused.csv"
    assert mend.read_bytes().startswith(b"\xef\xbb\xbf")
    with mend.open(encoding="utf-8-sig", newline="") as file:
        header, row = csv.reader(file, delimiter=";")
    assert header[-2:] == ["refused_line", "refused_reason"]
    assert row[:3] == ["27AAPFU0939F1ZV", "C2", "11/21/2026"]
    assert row[-2] == "4"
    assert "write DD/MM/YYYY" in row[-1]
    for wrong, right in (("11/21/2026", "21/11/2026"), ("10,00", "10.00"), ("1,23E+11", "11.80")):
        mend.write_text(
            mend.read_text(encoding="utf-8").replace(f";{wrong};", f";{right};"), newline=""
        )
    assert upload(server, mend).returncode == 0
    assert server.documents["C2"]["lines"][0]["taxable_value"] == "10.00"
    # Everything anew, with nothing of before in the way.
    assert upload(server, path, "--again").returncode == 3
    assert (tmp_path / "sales.csv.refused.csv.before1").exists()
    assert "11/21/2026" in mend.read_text(encoding="utf-8")


def test_all_rows_of_a_refused_invoice_are_there_to_mend(
    server: BulkServer, tmp_path: Path
) -> None:
    errors = [{"pointer": "/lines/1/quantity", "code": "NOT_POSITIVE", "detail": "must be more"}]
    server.refuse = lambda document: (
        {"status": 422, "code": "INVALID_DOCUMENT", "detail": "", "errors": errors}
        if document["document_number"] == "C1"
        else None
    )
    path = tmp_path / "sales.csv"
    path.write_text(CSV.replace("11/21/2026;B2B;Rods;7214;1;10,00", '"21/11/2026";B2B;"Ro', 1))
    assert upload(server, path).returncode == 3
    mend = tmp_path / "sales.csv.refused.csv"
    with mend.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))[1:]
    assert [row[-2:] for row in rows] == [
        ["2", "/lines/1/quantity must be more"],
        ["3", "/lines/1/quantity must be more"],
        ["4", "line 4: a quote is not closed, or one within the cell is not written twice"],
    ]
    assert {len(row) for row in rows} == {11}
    server.refuse = lambda _: None
    sound = mend.read_text(encoding="utf-8-sig").splitlines()[:3]
    mend.write_text("\n".join(sound))
    assert upload(server, mend).returncode == 0
    assert len(server.documents["C1"]["lines"]) == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"supply_type,document_numbr\n", "column 2: 'document_numbr' is no column"),
        ("a.csv", b"GSTIN,supplier_gstin\n", "column 2: 'supplier_gstin' is supplier_gstin"),
        ("a.csv", b"supplier_gstin,supply_type\n", "need these columns too: document_number"),
        ("a.csv", b"supplier_gstin,supply_type\nA,caf\xe9\n", "line 2, character 6: byte 0xE9"),
        ("a.csv", b"", "is empty"),
        ("a.json", b"[\n", "JSON array"),
        ("a.json", '{"a":1}'.encode("utf-16"), "JSON in UTF-16"),
        ("a.xlsx", b"PK\x03\x04", "save it as CSV"),
        ("a.ndjson", b'{"a":1}\n', "say --kind"),
        ("a.ndjson", b"{\n", "on one line"),
        ("a.csv", b"supplier_gstin,document_number\n", "say --kind"),
    ],
)
def test_files_that_cannot_be_sent(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    done = run_command("upload", str(path), **OWN)
    assert done.returncode == 2
    assert said in done.stderr
    assert os.listdir(tmp_path) == [name]
