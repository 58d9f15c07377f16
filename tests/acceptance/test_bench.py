"""The benchmark suite in one command, on a small record for a moment: what it says of every figure.
How fast anything is, it is not asked."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from loadtest.bench.plot import draw
from loadtest.bench.result import Result, saved

SMALL = (
    "--quick --rounds 1 --warm-ups 0 --latency-seconds 0.3 --connections 16 --few-connections 8 "
    "--in-memory --workers 1 --bills 500 --invoices 600 --uploads 2 --only generation,question,bulk"
)

SECONDS_MAX = 100


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("wrk") is None, reason="the benchmarks need wrk")
def test_a_short_run_of_the_suite(tmp_path: Path) -> None:
    file, directory = tmp_path / "result.json", tmp_path / "data"
    directory.mkdir()
    output = run("--json", str(file), "--directory", str(directory))
    assert not list(directory.iterdir()), output
    result = saved(file)
    figures = result.figures
    assert list(figures) == ["generation", "question", "bulk"]
    for name in ("generation", "question"):
        assert figures[name].ratios.keys() == {"bare", "ordinary"}
        assert [one.share for one in figures[name].latency] == [0.25, 0.5, 0.75]
        for one in figures[name].latency:
            assert 0 < one.p50.median <= one.p90.median <= one.p99.median <= one.max.median
            assert one.answered >= 1
    assert figures["bulk"].ratios.keys() == {"copy", "decode", "ordinary", "bare"}
    everybody_stores(result)
    assert str(tmp_path) not in file.read_text()
    # As a word: a machine may be called `a`.
    assert not re.search(rf"\b{re.escape(os.uname().nodename)}\b", str(result.machine))
    draw(result, tmp_path / "page.svg")
    assert "workers" not in figures["bulk"].seen["copy"].cpu_seconds_a_million
    drawn = (tmp_path / "page.svg").read_text()
    assert all(f"{name}, " in drawn for name in figures)


def run(*options: str) -> str:
    """What the suite prints. Fails when it does, or takes too long; leaves no server behind."""
    command = [sys.executable, "-m", "loadtest.bench", *SMALL.split(), *options]
    environment = {name: value for name, value in os.environ.items() if name[:8] != "GATEWAY_"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as suite:
        try:
            output, _ = suite.communicate(timeout=SECONDS_MAX)
        finally:
            # A time-out of its own as well as the test's: it ends what it started.
            suite.terminate()
            suite.wait()
    assert suite.returncode == 0, output
    return output


def everybody_stores(result: Result) -> None:
    """Whoever stores says what it took, in its own tables, of its own processes."""
    generation, bulk = result.figures["generation"].seen, result.figures["bulk"].seen
    assert {"eway_bill", "document_claim"} <= generation["gateway"].tables.keys()
    assert generation["ordinary"].tables.keys() == {"eway_bill"}
    assert {"invoice", "invoice_claim"} <= bulk["gateway"].tables.keys()
    assert bulk["ordinary"].tables.keys() == {"invoice"}
    for seen in (generation["gateway"], generation["ordinary"], bulk["gateway"], bulk["copy"]):
        assert seen.wal_bytes > 100
    for seen in (*generation.values(), bulk["gateway"], bulk["ordinary"]):
        assert seen.cpu_seconds_a_million["workers"] > 0
        assert len(seen.rounds) == 1
    # An entry of an index is of 20 bytes at least, a row of more than its header: what the files
    # grew by in a second could be less.
    for seen, table in (
        (generation["gateway"], "eway_bill"),
        (generation["ordinary"], "eway_bill"),
        (bulk["gateway"], "invoice"),
        (bulk["gateway"], "invoice_claim"),
        (bulk["copy"], "invoice"),
    ):
        assert seen.tables[table].rows > 24
        assert seen.tables[table].indexes > 20
