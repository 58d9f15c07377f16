"""`gateway upload` as a command, the files it is given and the answers it keeps."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bulk_server import CLIENT, BulkServer, Json
from tests.gateway_processes import REPOSITORY, command_environment, run_command

OWN = {"GATEWAY_CLIENT_ID": CLIENT["client_id"], "GATEWAY_CLIENT_SECRET": CLIENT["client_secret"]}


def invoice(number: int, **changes: Any) -> Json:
    """As little as the client can tell for an invoice."""
    return {"supplier": {"gstin": "27AAPFU0939F1ZV"}, "document_number": f"I{number}"} | changes


def written(path: Path, documents: list[Json]) -> Path:
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return path


def invoices(tmp_path: Path, count: int) -> Path:
    return written(tmp_path / "sales.ndjson", [invoice(number) for number in range(1, count + 1)])


def upload(server: BulkServer, path: Path, *flags: str) -> "subprocess.CompletedProcess[str]":
    done = run_command("upload", str(path), "--url", server.url, *flags, **OWN)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def answers_of(path: Path) -> dict[int, Json]:
    """The answers by their line; each line is answered once."""
    lines = path.with_name(f"{path.name}.answers.ndjson").read_text().splitlines()
    answers = [json.loads(line) for line in lines]
    assert answers[0].keys() == {"upload"}
    by_line = {answer["line"]: answer for answer in answers[1:]}
    assert len(by_line) == len(answers) - 1
    return by_line


@contextmanager
def started(server: BulkServer, path: Path, *flags: str) -> Iterator["subprocess.Popen[bytes]"]:
    """An upload on its way, which ends with the test whatever becomes of it."""
    # It would inherit that SIGINT is ignored, as a shell has it for what runs in the background.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        client = subprocess.Popen(
            [sys.executable, "-m", "gateway", "upload", str(path), "--url", server.url, *flags],
            cwd=REPOSITORY,
            env=command_environment(**OWN),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with client:
        try:
            yield client
        finally:
            client.kill()
