"""Generation beside a bare endpoint: same run, same machine, same client, same number of workers.

`python -m loadtest.bench_generation [--rounds 5] [--seconds 4] [--connections 64] [--workers 2]`
needs `wrk`. It starts a gateway with its own PostgreSQL and Redis in a temporary directory (commits
durable, requests authenticated and validated) and a bare Starlette endpoint, loads them in turn and
prints both rates and their ratio, round by round and as medians. The two never run under load at
the same time.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from loadtest.gateway import serving, started

_GENERATE = Path(__file__).with_name("generate.lua")
_PERSON = "27AAPFU0939F1ZV"


def main() -> None:
    """Runs the rounds and prints the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the result here as well")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        parser.error("wrk is needed (Debian: apt-get install wrk)")
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        serving(Path(directory), options.workers) as gateway,
        started([sys.executable, "-m", "loadtest.bare_endpoint", str(options.workers)]) as bare,
    ):
        token = gateway.token("taxpayer", "--id", _PERSON)
        rounds = []
        for number in range(-1, options.rounds):
            load = (options.seconds, options.connections, token)
            one = (
                _rate(bare, *load, f"b{number + 1}"),
                _rate(gateway.address, *load, f"g{number + 1}"),
            )
            name = "warm-up" if number < 0 else f"round {number + 1}"
            print(f"{name:8}  bare {one[0]:8.0f}/s  gateway {one[1]:8.0f}/s  {one[1] / one[0]:.3f}")
            if number >= 0:
                rounds.append(one)
    bare_rate = statistics.median(one[0] for one in rounds)
    gateway_rate = statistics.median(one[1] for one in rounds)
    ratios = sorted(one[1] / one[0] for one in rounds)
    ratio = statistics.median(ratios)
    print(f"median    bare {bare_rate:8.0f}/s  gateway {gateway_rate:8.0f}/s  {ratio:.3f}", end="")
    print(f"  (ratio from {ratios[0]:.3f} to {ratios[-1]:.3f})")
    if options.json:
        result = {"bare": bare_rate, "gateway": gateway_rate, "ratio": ratio, "rounds": rounds}
        options.json.write_text(json.dumps(result, indent=2) + "\n")


def _rate(address: str, seconds: int, connections: int, token: str, prefix: str) -> float:
    """Requests a second answered 201. Raises SystemExit when one was answered anything else."""
    target = [f"{address}/v1/eway-bills", "--", token, prefix]
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(_GENERATE), *target],
        capture_output=True,
        text=True,
        check=False,
    )
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: .*", done.stdout)
    if refused or done.stderr.strip():
        raise SystemExit(f"not every request was answered 201: {refused}\n{done.stderr}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if found is None:
        raise SystemExit(f"wrk said no rate:\n{done.stdout}")
    return float(found[1])


if __name__ == "__main__":
    main()
