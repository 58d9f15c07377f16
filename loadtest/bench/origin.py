"""What a result was taken on: the machine, without its name; the versions; the commit."""

import os
import platform
import re
import statistics
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import Final

import redis
from msgspec import Struct

from loadtest.bench.record import ask
from loadtest.gateway import Gateway

_PACKAGES: Final = (
    "uvicorn",
    "uvloop",
    "httptools",
    "starlette",
    "asyncpg",
    "msgspec",
    "redis",
    "fastapi",
    "pydantic",
    "sqlalchemy",
    "PyJWT",
)
_POSTGRESQL: Final = (
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_compression",
    "shared_buffers",
    "max_wal_size",
    "checkpoint_timeout",
)
_FLUSHES: Final = 200
_FLUSHED_BYTES: Final = 8192


class Machine(Struct, frozen=True):
    """Processor, cores this process may use, memory, kernel, the median time in which 8 kB
    reach the disk that the record is on, and the kind of its file system."""

    processor: str
    cores: int
    memory_gb: float
    kernel: str
    flush_ms: float
    filesystem: str = "unknown"


def machine(directory: Path) -> Machine:
    """This one, with the disk of a directory."""
    named = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(
        named[1] if named else platform.machine(),
        len(os.sched_getaffinity(0)),
        round(pages / 1e9, 1),
        # Not the rest of it: that may name whoever built it.
        f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        round(_flush_ms(directory / "flushed"), 3),
        _filesystem(directory.resolve()),
    )


def versions(gateway: Gateway) -> dict[str, str]:
    """Of Python, of the servers, of the client, and of the packages that matter."""
    with redis.from_url(gateway.redis_url) as hot:
        told = hot.info("server")
    return {
        "Python": platform.python_version(),
        "PostgreSQL": str(ask(gateway.postgres_dsn, "SHOW server_version")[0][0]),
        "Valkey": str(told.get("valkey_version", told["redis_version"])),
        "wrk": _wrk(),
        **{package: version(package) for package in _PACKAGES},
    }


def postgresql(gateway: Gateway) -> dict[str, str]:
    """The settings of the server that matter."""
    return {
        name: str(ask(gateway.postgres_dsn, "SELECT current_setting($1)", name)[0][0])
        for name in _POSTGRESQL
    }


def commit() -> str:
    """The commit measured, marked if something was changed since; `unknown` outside a checkout."""
    git = ("git", "-C", str(Path(__file__).parent))
    described = subprocess.run(
        [*git, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"


def _wrk() -> str:
    said = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"wrk (\S+)", said)
    return found[1] if found else "unknown"


def _filesystem(directory: Path) -> str:
    """Of the innermost mount; of several on one place, the last."""
    kinds = {}
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        kinds[Path(place)] = kind
    return next(kinds[one] for one in (directory, *directory.parents) if one in kinds)


def _flush_ms(file: Path) -> float:
    times = []
    with file.open("wb", buffering=0) as output:
        for _ in range(_FLUSHES):
            output.write(bytes(_FLUSHED_BYTES))
            begun = time.perf_counter()
            os.fdatasync(output.fileno())
            times.append(1000 * (time.perf_counter() - begun))
    file.unlink()
    return statistics.median(times)
