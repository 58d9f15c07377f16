"""wrk, the load of whatever is measured at its greatest rate: each connection asks again as soon as
it is answered."""

import re
import subprocess
from pathlib import Path
from typing import Final

from loadtest.bench.rounds import Done

_ANSWERED: Final = re.compile(r"(\d+) requests in ")
_RATE: Final = re.compile(r"Requests/sec:\s+([\d.]+)")
_REFUSED: Final = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: .*")


def load(address: str, script: str, seconds: int, connections: int, *given: str | int) -> Done:
    """Loads an address by one of the scripts beside this file, given its arguments. Raises
    SystemExit when a request was not answered 2xx."""
    done = subprocess.run(
        [
            *("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"),
            *("-s", str(Path(__file__).with_name(script)), address, "--", *map(str, given)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    refused = _REFUSED.search(done.stdout)
    if refused or done.stderr.strip():
        raise SystemExit(f"not every request was answered 2xx: {refused}\n{done.stderr}")
    answered, rate = _ANSWERED.search(done.stdout), _RATE.search(done.stdout)
    if answered is None or rate is None or not float(rate[1]):
        raise SystemExit(f"wrk said no rate:\n{done.stdout}")
    return Done(int(answered[1]), int(answered[1]) / float(rate[1]))
