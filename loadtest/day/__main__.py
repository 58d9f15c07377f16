"""A day of everybody, in one command: `python -m loadtest.day`, or `./run load` (docs/loadtest.md).

It starts a gateway with its own PostgreSQL and Redis, enrols everybody, lets Locust play the day,
writes Locust's report, and holds the record against what was acknowledged. It exits with 0 only
where every answer was right and everything agrees.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from loadtest.day import coherence
from loadtest.day.brief import DIRECTORY, Brief
from loadtest.day.persons import enrol
from loadtest.day.profile import PROFILE, read_profile
from loadtest.gateway import Gateway, end_as_by_ctrl_c, serving
from loadtest.sms_numbers import lay_in

_LOCUSTFILE: Final = Path(__file__).with_name("locustfile.py")
_FINISHES_S: Final = 30
"""How long a user may finish what it is about at the end."""


def asked(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.day", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("--users", type=int, default=40, help="the most at once (40)")
    parser.add_argument("--seconds", type=int, default=60, help="how long the run takes (60)")
    parser.add_argument("--shape", default="steady", help="one of the profile's (steady)")
    parser.add_argument("--profile", type=Path, default=PROFILE, help="TOML: who does how much")
    parser.add_argument("--report", type=Path, default=Path("loadtest-report.html"))
    parser.add_argument("--workers", type=int, default=2, help="of the gateway (2)")
    parser.add_argument("--host", default="127.0.0.1", help="where it listens (127.0.0.1)")
    parser.add_argument("--processes", type=int, default=1, help="of Locust on this machine (1)")
    parser.add_argument(
        "--listen", metavar="N", type=int, help="begin when N Locust workers have connected"
    )
    parser.add_argument(
        "--web", metavar="PORT", type=int, nargs="?", const=8089, help="with the web UI (8089)"
    )
    parser.add_argument("--directory", type=Path, help="keeps data and journals, a new one")
    return parser.parse_args(arguments)


def main() -> int:
    """Plays a day. The exit code."""
    options = asked()
    end_as_by_ctrl_c()
    with ExitStack() as stack:
        directory = options.directory
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="day-")))
        directory.mkdir(parents=True, exist_ok=True)
        gateway = stack.enter_context(serving(directory / "gateway", options.workers, options.host))
        return play(gateway, directory, options)


def play(gateway: Gateway, directory: Path, options: argparse.Namespace) -> int:
    """Plays a day with a gateway on which nobody is enrolled; journals go to the directory."""
    brief = _brief(gateway, options)
    brief.write(directory)
    print(f"gateway at {gateway.address}; the day is in {directory}", flush=True)
    # Ctrl-C ends Locust, and what was acknowledged until then is held against the record.
    interrupted = signal.signal(signal.SIGINT, lambda *_: None)
    failed = subprocess.run(
        [sys.executable, "-m", "locust", *_locust(options)],
        check=False,
        cwd=_LOCUSTFILE.parents[2],
        env=os.environ | {DIRECTORY: str(directory.resolve())},
    ).returncode
    signal.signal(signal.SIGINT, interrupted)
    print(f"report    {options.report}")
    findings = asyncio.run(coherence.check(directory))
    print(findings)
    print("CALLS FAILED: see the report" if failed else "no call failed")
    return 1 if failed or findings.wrong else 0


def _brief(gateway: Gateway, options: argparse.Namespace) -> Brief:
    profile = read_profile(options.profile)
    if options.shape not in profile.shapes:
        raise SystemExit(f"{options.profile} has no shape {options.shape!r}")
    return Brief(
        address=gateway.address,
        postgres_dsn=gateway.postgres_dsn,
        redis_url=gateway.redis_url,
        profile=profile,
        shape=None if options.web else profile.shapes[options.shape],
        users=options.users,
        seconds=options.seconds,
        clients=enrol(gateway, profile.persons),
        mobiles=asyncio.run(lay_in(gateway.postgres_dsn, profile.persons.sms_numbers)),
    )


def _locust(options: argparse.Namespace) -> list[str]:
    """Locust's own arguments."""
    given = ["--locustfile", str(_LOCUSTFILE), "--html", str(options.report.resolve())]
    given += ["--stop-timeout", str(_FINISHES_S), "--loglevel", "WARNING"]
    if options.web:
        given += [
            "--web-host",
            "127.0.0.1",
            "--web-port",
            str(options.web),
            "--users",
            str(options.users),
        ]
    else:
        given += ["--headless", "--only-summary"]
    if options.listen:
        given += ["--master"]
        given += [] if options.web else ["--expect-workers", str(options.listen)]
    elif options.processes > 1:
        given += ["--processes", str(options.processes)]
    return given


if __name__ == "__main__":
    sys.exit(main())
