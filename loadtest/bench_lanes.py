"""The checkpoint's question beside a bare endpoint, over millions of live bills in Redis.

`python -m loadtest.bench_lanes [--bills 5000000] [--vehicles 500000] [--rounds 5] [--seconds 4]
[--connections 64] [--workers 2]` needs `wrk`. It starts a gateway with its own PostgreSQL and Redis
in a temporary directory, lays live bills into the record, as many on each vehicle, each vehicle
with a tag; fills Redis by `gateway rebuild-hot-state` while serving; and then loads the question,
tags at random, and a bare Starlette endpoint in turn. It prints the rate of the rebuild, the memory
of Redis, both rates and their ratio, and how long answers take at half of the greatest rate seen.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import asyncpg
import redis

from loadtest.gateway import Gateway, serving, started
from loadtest.wrk import Seen, compare, load, parser

_ASK: Final = Path(__file__).with_name("ask_lane.lua")
_LAID_AT_ONCE: Final = 100_000
"""Bills."""
_LEASE: Final = "SELECT lease_numbers($1, $2)"
_LAY: Final = """
INSERT INTO eway_bill (
    ebn, version, rulebook, generated_by, generated_at, valid_until, acceptance_until, required,
    clause, supplier_gstin, recipient_gstin, place_of_dispatch, place_of_delivery, document_type,
    document_number, document_date, value_paise, hsn_code, reason_code, transport_document_number,
    mode, distance_km, transporter_id, vehicle_number, vehicle_since)
SELECT $1 + position, 1, '2017-06', '27AAPFU0939F1ZV', now(), now() + interval '5 days',
    now() + interval '72 hours', true, '1(1)', '27AAPFU0939F1ZV', '29AAGCB7383J1Z4', '400001',
    '560001', 'INVOICE', 'L/' || position, current_date, 7500000, '7215', 1, 'GR-998877', 'ROAD',
    350, '27AAPFU0939F1ZV', vehicle.number, now()
FROM generate_series($2::bigint, $3::bigint - 1) AS position
CROSS JOIN LATERAL (
    SELECT format('KA%sAB%s', lpad((position % $4 / 10000)::text, 2, '0'),
                  lpad((position % $4 % 10000)::text, 4, '0')) AS number
) AS vehicle
"""
_MAP: Final = """
INSERT INTO rfid_tag (tag, vehicle_number, transporter_id, since)
SELECT 'E28011606000' || upper(lpad(to_hex(position), 12, '0')),
    format('KA%sAB%s', lpad((position / 10000)::text, 2, '0'),
           lpad((position % 10000)::text, 4, '0')), '27AAPFU0939F1ZV', now()
FROM generate_series(0, $1::bigint - 1) AS position
"""


def main() -> None:
    """Runs it all and prints the result."""
    asked = parser("The checkpoint's question beside a bare endpoint")
    asked.add_argument("--bills", type=int, default=5_000_000)
    asked.add_argument("--vehicles", type=int, default=500_000)
    options = asked.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        serving(Path(directory), options.workers) as gateway,
        started([sys.executable, "-m", "loadtest.bare_endpoint", str(options.workers)]) as bare,
    ):
        result = asyncio.run(_lay_in(gateway, options.bills, options.vehicles))
        result |= _rebuild(gateway, options.bills)
        result |= _compare(gateway, bare, options)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


async def _lay_in(gateway: Gateway, bills: int, vehicles: int) -> dict[str, object]:
    """Live bills and tags, straight into the record."""
    began = time.monotonic()
    connection = await asyncpg.connect(gateway.postgres_dsn, command_timeout=3600)
    try:
        first = await connection.fetchval(_LEASE, datetime.now(UTC).date(), bills)
        for done in range(0, bills, _LAID_AT_ONCE):
            until = min(done + _LAID_AT_ONCE, bills)
            await connection.execute(_LAY, first, done, until, vehicles)
        await connection.execute(_MAP, vehicles)
        await connection.execute("ANALYZE eway_bill")
    finally:
        await connection.close()
    seconds = time.monotonic() - began
    print(f"laid in   {bills} live bills on {vehicles} vehicles with a tag each, {seconds:.0f} s")
    return {"bills": bills, "vehicles": vehicles}


def _rebuild(gateway: Gateway, bills: int) -> dict[str, object]:
    """Redis from the record, by the operator's command; its memory before and after."""
    with redis.from_url(gateway.redis_url) as hot:
        before = hot.info("memory")["used_memory"]
        began = time.monotonic()
        told = gateway.command("rebuild-hot-state").strip()
        seconds = time.monotonic() - began
        used = hot.info("memory")["used_memory"] - before
        vehicles, kept = _bytes_of(hot, "v"), _bytes_of(hot, "b")
        evicted = hot.info("stats")["evicted_keys"]
    print(f"rebuilt   {told}: {seconds:.0f} s, {bills / seconds:.0f} bills a second")
    print(
        f"Redis     {used / 1e9:.2f} GB, {used / bills:.0f} bytes a bill in all, {evicted} evicted"
    )
    print(f"          a vehicle with its bills {vehicles:.0f} bytes, a whole bill {kept:.0f}")
    return {"rebuild_seconds": seconds, "redis_bytes": used, "evicted": evicted}


def _bytes_of(hot: "redis.Redis", letter: str) -> float:
    """What a key of one kind takes in Redis, by a sample."""
    sample: list[int] = []
    for key in hot.scan_iter(f"*:{letter}[0-9]*:*", count=1000):
        sample.append(int(hot.memory_usage(key) or 0))
        if len(sample) == 1000:
            break
    return statistics.mean(sample)


def _compare(gateway: Gateway, bare: str, options: argparse.Namespace) -> dict[str, object]:
    """Both in turn, then the question at half of its greatest rate."""
    token = gateway.token("reader", "--id", "lane-1", "--state", "29", "--place", "Hosur")

    def ask(address: str, seed: int, *, seconds: int, lanes: int, waits_ms: int = 0) -> Seen:
        return load(address, _ASK, seconds, lanes, token, options.vehicles, waits_ms, seed)

    timed = {"seconds": options.seconds, "lanes": options.connections}
    found = compare(
        options.rounds,
        lambda number: ask(bare, number, **timed),
        lambda number: ask(gateway.address, number, **timed),
    )
    greatest = max(rate for _, rate in found.rounds)
    # As many lanes as make half of that rate, each waiting 20 ms or so between two questions.
    waits_ms = 20
    lanes = round(greatest / 2 * waits_ms / 1000)
    half = ask(gateway.address, 99, seconds=10, lanes=lanes, waits_ms=waits_ms)
    print(
        f"half      {half.rate:.0f}/s of at most {greatest:.0f}/s by {lanes} lanes: "
        f"p50 {half.p50_ms:.2f} ms, p99 {half.p99_ms:.2f} ms"
    )
    return {"rounds": found.rounds, "ratio": found.ratio, "half": half._asdict()}


if __name__ == "__main__":
    main()
