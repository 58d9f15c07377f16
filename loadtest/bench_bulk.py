"""Bulk upload of invoices beside COPY of the same rows, and beside decoding them: in one run.

`python -m loadtest.bench_bulk [--rounds 5] [--invoices 15000] [--uploads 8] [--workers 2]
[--stored 0]` starts a gateway with its own PostgreSQL in a temporary directory. In each round it
times in turn: the upload through HTTP, authenticated, with arithmetic checked and commits durable;
COPY of those rows, as they were stored, into the same tables under other numbers, by one
connection in one transaction; and orjson decoding the lines on one core. `--stored` rows are laid
into the tables first, to see what the size of the record does.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

import asyncpg
import orjson

from loadtest.gateway import Gateway, serving
from loadtest.invoices import gstin, invoices
from loadtest.uploads import upload

_CHUNK: Final = 256 * 1024
_FIRST_SEED: Final = 10_000
"""Beyond those the dictionary was trained with."""
_ROOM: Final = 10**8
"""Ids in one partition: what is laid in takes the upper half."""
_OF_THE_ROUND: Final = """
SELECT irn_key, invoice.uploaded_at, document, financial_year, period, supplier_gstin, number
FROM invoice JOIN invoice_claim USING (invoice_id) WHERE supplier_gstin = ANY($1)
"""


def main() -> None:
    """Runs the rounds and prints the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--invoices", type=int, default=15_000, help="in each upload")
    parser.add_argument("--uploads", type=int, default=8, help="at once")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--stored", type=int, default=0, help="rows laid into the tables first")
    parser.add_argument("--json", type=Path, help="write the result here as well")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        serving(Path(directory), options.workers) as gateway,
    ):
        result = asyncio.run(_run(gateway, options))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


async def _run(gateway: Gateway, options: argparse.Namespace) -> dict[str, Any]:
    record = await asyncpg.connect(gateway.postgres_dsn)
    # The first upload makes the partition of the month.
    await _round(gateway, options, -1, count=1000)
    following = await _lay_in(record, 0)
    medians: list[dict[str, float]] = []
    for stored in dict.fromkeys((0, options.stored)):
        if stored:
            following = await _lay_in(record, stored)
        rounds = []
        for number in range(-1, options.rounds):
            seed = number + 1 + len(medians) * (options.rounds + 1)
            rates, following = await _measured(gateway, record, options, seed, following)
            name = "warm-up" if number < 0 else f"round {number + 1}"
            print(f"{name:8}  {_shown(rates)}", flush=True)
            if number >= 0:
                rounds.append(rates)
        medians.append({kind: statistics.median(one[kind] for one in rounds) for kind in rounds[0]})
        ratios = sorted(one["upload"] / one["copy"] for one in rounds)
        print(f"median    {_shown(medians[-1])}  (ratio from {ratios[0]:.3f} to {ratios[-1]:.3f})")
    if options.stored:
        kept = medians[-1]["upload"] / medians[0]["upload"]
        print(f"beside {options.stored} rows the upload does {kept:.2f} of its rate beside none")
    stored = await record.fetchval("SELECT count(*) FROM invoice")
    for table in ("invoice", "invoice_claim"):
        size = await record.fetchval(
            "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree($1) WHERE isleaf",
            table,
        )
        print(f"{table}: {size / stored:.0f} bytes an invoice with its indexes")
    await record.close()
    return {"medians": medians, "stored": stored}


def _shown(rates: dict[str, float]) -> str:
    return (
        f"upload {rates['upload']:7.0f}/s  copy {rates['copy']:7.0f}/s  "
        f"decode {rates['decode']:7.0f}/s  upload/copy {rates['upload'] / rates['copy']:.3f}"
    )


async def _measured(
    gateway: Gateway,
    record: "asyncpg.Connection[asyncpg.Record]",
    options: argparse.Namespace,
    number: int,
    following: int,
) -> tuple[dict[str, float], int]:
    suppliers, bodies, seconds = await _round(gateway, options, number)
    count = options.uploads * options.invoices
    rows = await record.fetch(_OF_THE_ROUND, suppliers)
    if len(rows) != count:
        raise SystemExit(f"{len(rows)} of {count} invoices are on record")
    # The same rows under other suppliers, as the gateway would store them.
    random = Random(number)  # noqa: S311 - not a secret
    invoice_rows, claim_rows = [], []
    for place, (_, at, document, year, period, supplier, named) in enumerate(rows, following):
        invoice_rows.append((place, random.getrandbits(64) - 2**63, at, document))
        claim_rows.append((place, at, year, period, f"{supplier[:14]}~", named))
    begun = time.perf_counter()
    async with record.transaction():
        await record.copy_records_to_table("invoice_claim", records=claim_rows)
        await record.copy_records_to_table("invoice", records=invoice_rows)
    copying = time.perf_counter() - begun
    lines = [line for body in bodies for line in body.splitlines()]
    begun = time.perf_counter()
    for line in lines:
        orjson.loads(line)
    decoding = time.perf_counter() - begun
    rates = {"upload": count / seconds, "copy": count / copying, "decode": count / decoding}
    return rates, following + count


async def _round(
    gateway: Gateway, options: argparse.Namespace, number: int, count: int | None = None
) -> tuple[list[str], list[bytes], float]:
    """Uploads by new suppliers at once: who they are, what they sent, and how long it took."""
    seed = _FIRST_SEED + (number + 2) * 100 + (0 if count is None else 50)
    suppliers = [gstin(Random(seed + upload), "27") for upload in range(options.uploads)]  # noqa: S311
    bodies = [
        b"\n".join(invoices(seed + upload, supplier, count or options.invoices)) + b"\n"
        for upload, supplier in enumerate(suppliers)
    ]
    tokens = [gateway.token("taxpayer", "--id", supplier) for supplier in suppliers]
    begun = time.perf_counter()
    created = await asyncio.gather(
        *(
            upload(gateway.address, token, _chunks(body))
            for token, body in zip(tokens, bodies, strict=True)
        )
    )
    seconds = time.perf_counter() - begun
    if sum(created) != options.uploads * (count or options.invoices):
        raise SystemExit(f"not every line was answered 201: {created}")
    return suppliers, bodies, seconds


def _chunks(body: bytes) -> Iterator[bytes]:
    for first in range(0, len(body), _CHUNK):
        yield body[first : first + _CHUNK]


async def _lay_in(record: "asyncpg.Connection[asyncpg.Record]", stored: int) -> int:
    """Lays rows of many suppliers into the tables; answers an id that is free from there on."""
    # What the gateway leases is far below, what the rounds copied in a little below.
    first = await record.fetchval(
        "SELECT greatest(min(invoice_id) / $1 * $1 + $1 / 4, max(invoice_id) + 1) FROM invoice",
        _ROOM,
    )
    random = Random(1)  # noqa: S311 - not a secret
    ((at, year, period),) = await record.fetch(
        "SELECT uploaded_at, financial_year, period FROM invoice_claim LIMIT 1"
    )
    begun = time.perf_counter()
    for done in range(0, stored, 100_000):
        ids = range(first + done, first + min(stored, done + 100_000))
        supplier = gstin(random, "29")
        rows = [(number, random.getrandbits(64) - 2**63, at, os.urandom(372)) for number in ids]
        claims = [(number, at, year, period, supplier, f"T{number % _ROOM:08}") for number in ids]
        async with record.transaction():
            await record.copy_records_to_table("invoice_claim", records=claims)
            await record.copy_records_to_table("invoice", records=rows)
    if stored:
        seconds = time.perf_counter() - begun
        print(f"laid in {stored} rows, {stored / seconds:.0f}/s", flush=True)
        await record.execute("CHECKPOINT")
        await record.execute("ANALYZE invoice, invoice_claim")
    return int(first) + stored


if __name__ == "__main__":
    main()
