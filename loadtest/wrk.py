"""wrk, the load of the benchmarks that compare the gateway with a bare endpoint, round by round."""

import argparse
import re
import shutil
import statistics
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

_MS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0}
_TIME: Final = re.compile(r"\n +(50|99)% +([\d.]+)(us|ms|s)\n")
_RATE: Final = re.compile(r"Requests/sec:\s+([\d.]+)")
_REFUSED: Final = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: .*")


class Seen(NamedTuple):
    """Of one run: answers a second, and the times of an answer in milliseconds."""

    rate: float
    p50_ms: float
    p99_ms: float


class Compared(NamedTuple):
    """Rates of the bare endpoint and of the gateway, round by round."""

    rounds: list[tuple[float, float]]

    @property
    def ratios(self) -> list[float]:
        """The gateway's share of the bare endpoint's rate, in order of size."""
        return sorted(gateway / bare for bare, gateway in self.rounds)

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return statistics.median(self.ratios)


def parser(description: str) -> argparse.ArgumentParser:
    """What every such benchmark is asked with. Exits when there is no wrk."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--rounds", type=int, default=5)
    made.add_argument("--seconds", type=int, default=4)
    made.add_argument("--connections", type=int, default=64)
    made.add_argument("--workers", type=int, default=2)
    made.add_argument("--json", type=Path, help="write the result here as well")
    if shutil.which("wrk") is None:
        made.error("wrk is needed (Debian: apt-get install wrk)")
    return made


def load(address: str, script: Path, seconds: int, connections: int, *arguments: str | int) -> Seen:
    """Loads an address by a script with its arguments. Raises SystemExit when a request was not
    answered 2xx."""
    done = subprocess.run(
        [
            *("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"),
            *("-s", str(script), address, "--", *map(str, arguments)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    refused = _REFUSED.search(done.stdout)
    if refused or done.stderr.strip():
        raise SystemExit(f"not every request was answered 2xx: {refused}\n{done.stderr}")
    rate = _RATE.search(done.stdout)
    times = {name: float(number) * _MS[unit] for name, number, unit in _TIME.findall(done.stdout)}
    if rate is None or len(times) < 2:
        raise SystemExit(f"wrk said no rate:\n{done.stdout}")
    return Seen(float(rate[1]), times["50"], times["99"])


def compare(rounds: int, bare: Callable[[int], Seen], gateway: Callable[[int], Seen]) -> Compared:
    """Loads both in turn, never at the same time, each given the number of its round; the first
    round, 0, warms them up and is not counted. Prints as it goes."""
    found = Compared([])
    for number in range(rounds + 1):
        one = bare(number).rate, gateway(number).rate
        name = f"round {number}" if number else "warm-up"
        print(f"{name:8}  bare {one[0]:8.0f}/s  gateway {one[1]:8.0f}/s  {one[1] / one[0]:.3f}")
        if number:
            found.rounds.append(one)
    middle = [statistics.median(rates) for rates in zip(*found.rounds, strict=True)]
    print(
        f"median    bare {middle[0]:8.0f}/s  gateway {middle[1]:8.0f}/s  {found.ratio:.3f}  "
        f"(ratio from {found.ratios[0]:.3f} to {found.ratios[-1]:.3f})"
    )
    return found
