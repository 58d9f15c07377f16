"""Generation beside a bare endpoint: same run, same machine, same client, same number of workers.

`python -m loadtest.bench_generation [--rounds 5] [--seconds 4] [--connections 64] [--workers 2]`
needs `wrk`. It starts a gateway with its own PostgreSQL and Redis in a temporary directory (commits
durable, requests authenticated and validated) and a bare Starlette endpoint, loads them in turn and
prints both rates and their ratio, round by round and as medians.
"""

import json
import sys
import tempfile
from pathlib import Path

from loadtest.gateway import serving, started
from loadtest.wrk import Seen, compare, load, parser

_GENERATE = Path(__file__).with_name("generate.lua")
_PERSON = "27AAPFU0939F1ZV"


def main() -> None:
    """Runs the rounds and prints the result."""
    options = parser("Generation beside a bare endpoint").parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        serving(Path(directory), options.workers) as gateway,
        started([sys.executable, "-m", "loadtest.bare_endpoint", str(options.workers)]) as bare,
    ):
        token = gateway.token("taxpayer", "--id", _PERSON)

        def run(address: str, prefix: str) -> Seen:
            path = f"{address}/v1/eway-bills"
            return load(path, _GENERATE, options.seconds, options.connections, token, prefix)

        found = compare(
            options.rounds,
            lambda number: run(bare, f"b{number}"),
            lambda number: run(gateway.address, f"g{number}"),
        )
    if options.json:
        result = {"ratio": found.ratio, "rounds": found.rounds}
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
