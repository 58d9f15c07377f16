"""CPU time by kind of process, of whole trees of processes (Linux)."""

import os
from collections.abc import Mapping
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import clock_gettime
from typing import Final, NamedTuple

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_SERVERS: Final = {"postgres": "postgresql", "valkey-server": "valkey"}
"""By the name of the program, whoever started them."""


class _Process(NamedTuple):
    program: str
    parent: int
    seconds: float


def cpu_seconds(roots: Mapping[int, str]) -> dict[str, float]:
    """CPU seconds so far, by kind: `postgresql` with all its backends, `valkey`, and the kinds
    named for processes and what descends from them. What has ended is counted with whoever waited
    for it. `client` is this process with the programs it ran to their end."""
    processes = _processes()
    spent = dict.fromkeys((*_SERVERS.values(), *roots.values()), 0.0)
    for pid, process in processes.items():
        kind = _kind(_lineage(pid, processes), processes, roots)
        if kind is not None:
            spent[kind] += process.seconds
    own = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    spent["client"] = sum(used.ru_utime + used.ru_stime for used in own)
    return spent


def _lineage(pid: int, processes: Mapping[int, _Process]) -> list[int]:
    """A process and whatever it descends from."""
    line = []
    while pid in processes:
        line.append(pid)
        pid = processes[pid].parent
    return line


def _kind(
    line: list[int], processes: Mapping[int, _Process], roots: Mapping[int, str]
) -> str | None:
    place = next((place for place, pid in enumerate(line) if pid in roots), None)
    if place is None:
        return None  # Not ours.
    # Not beyond: whoever started us may be called anything.
    programs = [processes[pid].program for pid in line[: place + 1]]
    return next((_SERVERS[name] for name in programs if name in _SERVERS), roots[line[place]])


def _processes() -> dict[int, _Process]:
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            before, _, after = stat.read_text().rpartition(")")
            number, _, program = before.partition(" (")
            own = clock_gettime(_clock_of(int(number)))
        except OSError:  # It ended while we looked.
            continue
        fields = after.split()
        ended = sum(map(int, fields[13:15])) / _TICKS
        found[int(number)] = _Process(program, int(fields[1]), own + ended)
    return found


def _clock_of(pid: int) -> int:
    """A process's CPU clock, as clock_getcpuclockid(3) makes it. /proc has whole hundredths of a
    second only, too coarse where a hundred backends share the work of one."""
    return (~pid << 3) | 2
