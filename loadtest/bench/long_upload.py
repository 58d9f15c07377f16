"""Uploads that last: what they do to the rate, to the memory of the workers, and to the record.

`python -m loadtest.bench.long_upload [--lines 20000000] [--uploads 4] [--workers 2]` starts a
gateway in a temporary directory and sends it that many invoices of three lines, in as many uploads
at once as told, each one request from its first line to its last. For every million it prints the
rate of that million and the resident size of the largest worker, and at the end the bytes an
invoice takes.
"""

import argparse
import asyncio
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import asyncpg

from loadtest.bench.clients.uploads import upload
from loadtest.gateway import Gateway, end_as_by_ctrl_c, serving
from loadtest.invoices import gstin, invoices

_TEMPLATES: Final = 2000
_LINES_IN_CHUNK: Final = 200
_SEED: Final = 20_000


def main() -> None:
    """Runs the uploads and prints what they did."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lines", type=int, default=20_000_000, help="in all")
    parser.add_argument("--uploads", type=int, default=4, help="at once")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--step", type=int, default=1_000_000, help="lines between two reports")
    parser.add_argument("--directory", type=Path, help="where the temporary directory is made")
    options = parser.parse_args()
    end_as_by_ctrl_c()
    with (
        tempfile.TemporaryDirectory(prefix="long-", dir=options.directory) as directory,
        serving(Path(directory), options.workers) as gateway,
    ):
        asyncio.run(_run(gateway, options))


async def _run(gateway: Gateway, options: argparse.Namespace) -> None:
    report = _Report(options.uploads, options.step)
    each = options.lines // options.uploads
    uploads = []
    for number in range(options.uploads):
        supplier = gstin(Random(_SEED + number), "27")  # noqa: S311 - not a secret
        told = report.of(number)
        token = gateway.token("taxpayer", "--id", supplier)
        uploads.append(upload(gateway.address, token, _chunks(number, supplier, each), told))
    created = sum(await asyncio.gather(*uploads))
    print(f"{created} of {each * options.uploads} lines were created")
    record = await asyncpg.connect(gateway.postgres_dsn)
    for table in ("invoice", "invoice_claim"):
        sizes = await record.fetch(
            "SELECT sum(pg_relation_size(relid)) AS rows, sum(pg_indexes_size(relid)) AS indexes "
            "FROM pg_partition_tree($1) WHERE isleaf",
            table,
        )
        rows, indexes = (float(size) / created for size in sizes[0])
        print(f"{table}: {rows:.0f} bytes an invoice, its indexes {indexes:.0f}")
    await record.close()


def _chunks(number: int, supplier: str, count: int) -> Iterator[bytes]:
    """Lines of a supplier: some two thousand different invoices, over and over under new
    numbers."""
    templates = [
        line.split(b"S%08d" % place, 1)
        for place, line in enumerate(invoices(_SEED + number, supplier, _TEMPLATES), 1)
    ]
    for first in range(0, count, _LINES_IN_CHUNK):
        lines = []
        for place in range(first, min(count, first + _LINES_IN_CHUNK)):
            before, after = templates[place % _TEMPLATES]
            lines.append(b"%bL%010d%b\n" % (before, place, after))
        yield b"".join(lines)


class _Report:
    """Prints a line for every so many lines that all uploads were told of."""

    def __init__(self, uploads: int, step: int) -> None:
        self._told = [0] * uploads
        self._step = step
        self._next = step
        self._since = time.perf_counter()

    def of(self, upload: int) -> Callable[[int], None]:
        """What one upload reports to."""
        return partial(self._tell, upload)

    def _tell(self, upload: int, created: int) -> None:
        self._told[upload] = created
        total = sum(self._told)
        if total >= self._next:
            now = time.perf_counter()
            done = self._step + total - self._next
            print(
                f"{total:10}  {done / (now - self._since):7.0f}/s  "
                f"largest worker {_largest_worker_bytes() / 2**20:.0f} MiB",
                flush=True,
            )
            self._since = now
            self._next = total + self._step


def _largest_worker_bytes() -> int:
    """The resident size of the largest process that serves; from /proc."""
    largest = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            command = (status.parent / "cmdline").read_bytes()
            resident = re.search(r"VmRSS:\s+(\d+) kB", status.read_text())
        except OSError:
            continue
        if b"multiprocessing.spawn" in command and resident:
            largest = max(largest, int(resident[1]) * 1024)
    return largest


if __name__ == "__main__":
    main()
