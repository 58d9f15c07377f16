"""Messages through the webhook, each a bill that is durable when it is answered, beside the same
bills over HTTP: same run, same machine, same client, one worker.

`python -m loadtest.bench_sms [--rounds 5] [--seconds 4] [--connections 64] [--workers 1]
[--numbers 2000]` needs `wrk`. It starts a gateway with its own PostgreSQL and Redis in a temporary
directory, lays registered mobile numbers into the record, loads the webhook and POST
/v1/eway-bills in turn, and prints both rates and how many bills are on record.
"""

import asyncio
import json
import statistics
import tempfile
from pathlib import Path
from typing import Final

import asyncpg

from loadtest.gateway import Gateway, serving
from loadtest.sms_numbers import lay_in
from loadtest.wrk import Seen, load, parser

_SMS: Final = Path(__file__).with_name("sms.lua")
_GENERATE: Final = Path(__file__).with_name("generate.lua")
_PERSON: Final = "27AAPFU0939F1ZV"


def main() -> None:
    """Runs the rounds and prints the result."""
    asked = parser("Messages through the webhook beside the same bills over HTTP")
    asked.set_defaults(workers=1)
    asked.add_argument("--numbers", type=int, default=2000)
    options = asked.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        serving(Path(directory), options.workers) as gateway,
    ):
        asyncio.run(lay_in(gateway.postgres_dsn, options.numbers))
        provider = gateway.token("sms-provider", "--id", "bench")
        trader = gateway.token("taxpayer", "--id", _PERSON)

        def texted(prefix: str) -> Seen:
            path = f"{gateway.address}/sms/inbound"
            arguments = (provider, prefix, options.numbers)
            return load(path, _SMS, options.seconds, options.connections, *arguments)

        def posted(prefix: str) -> Seen:
            path = f"{gateway.address}/v1/eway-bills"
            return load(path, _GENERATE, options.seconds, options.connections, trader, prefix)

        rounds: list[tuple[float, float]] = []
        for number in range(options.rounds + 1):
            sms, http = texted(f"S{number}"), posted(f"H{number}")
            bills = asyncio.run(_bills_by_sms(gateway, f"S{number}"))
            name = f"round {number}" if number else "warm-up"
            print(
                f"{name:8}  SMS {sms.rate:6.0f}/s p50 {sms.p50_ms:.1f} ms p99 {sms.p99_ms:.1f} ms, "
                f"{bills} bills on record  HTTP {http.rate:6.0f}/s  {sms.rate / http.rate:.3f}"
            )
            # Whatever was answered in time is there, and at most what was on its way beside it.
            if bills < sms.rate * options.seconds:
                raise SystemExit("a message was answered and its bill is not on record")
            if number:
                rounds.append((sms.rate, http.rate))
    middle = [statistics.median(rates) for rates in zip(*rounds, strict=True)]
    ratio = statistics.median(sms / http for sms, http in rounds)
    print(f"median    SMS {middle[0]:6.0f}/s  HTTP {middle[1]:6.0f}/s  {ratio:.3f}")
    if options.json:
        options.json.write_text(json.dumps({"rounds": rounds, "ratio": ratio}, indent=2) + "\n")


async def _bills_by_sms(gateway: Gateway, prefix: str) -> int:
    connection = await asyncpg.connect(gateway.postgres_dsn)
    try:
        return int(
            await connection.fetchval(
                "SELECT count(*) FROM eway_bill WHERE document_number LIKE $1", f"{prefix}/%"
            )
        )
    finally:
        await connection.close()


if __name__ == "__main__":
    main()
