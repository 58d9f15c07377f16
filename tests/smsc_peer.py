"""A real SMSC for the tests, in a process of its own: `tests/smsc_process.py`, and what it said."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.waiting import until

ROOT: Final = Path(__file__).resolve().parents[1]
DRIVER: Final = "919876543210"
SHORT_CODE: Final = "56767"
UCS_2, LATIN_1 = 8, 3


@dataclass
class SmscPeer:
    """The SMSC. `seen` is what it had seen when it was last asked anything."""

    port: int
    seen: dict[str, Any]
    _answers: asyncio.StreamReader
    _commands: asyncio.StreamWriter
    _lock: asyncio.Lock

    async def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """Has it do something, and answers what it has seen by then."""
        async with self._lock:
            self._commands.write(json.dumps({"do": do, **fields}).encode() + b"\r\n")
            self.seen = json.loads(await self._answers.readline())
        return self.seen

    async def deliver(
        self,
        octets: bytes,
        *,
        data_coding: int = 0,
        source: str = DRIVER,
        has_header: bool = False,
        receipt: bool = False,
        **parameters: Any,
    ) -> int:
        """Delivers a message, now or to whoever binds next: its number among the deliveries."""
        seen = await self.ask(
            "deliver",
            source=source,
            destination=SHORT_CODE,
            octets=octets.hex(),
            data_coding=data_coding,
            has_header=has_header,
            receipt=receipt,
            parameters=parameters,
        )
        return len(seen["deliveries"]) - 1

    async def bound(self, binds: int = 1) -> None:
        """Returns when it has been bound as often and is."""
        await until(lambda: self._has(lambda seen: seen["bound"] and len(seen["binds"]) >= binds))

    async def answered(self, numbers: Sequence[int], times: int = 1) -> list[str]:
        """How each of these deliveries was answered last, once each was as often."""

        def all_answered(seen: dict[str, Any]) -> bool:
            return all(len(seen["deliveries"][each]["statuses"]) >= times for each in numbers)

        await until(lambda: self._has(all_answered))
        return [self.seen["deliveries"][each]["statuses"][-1] for each in numbers]

    async def saw(self, count: str, at_least: int = 1) -> int:
        """What it has counted, once it is so many: enquire_links, unbinds."""
        await until(lambda: self._has(lambda seen: seen[count] >= at_least))
        return int(self.seen[count])

    async def nacked(self, count: int = 1) -> list[str]:
        """The statuses of the generic_nack it has got, once there are so many."""
        await until(lambda: self._has(lambda seen: len(seen["nacks"]) >= count))
        return list(self.seen["nacks"])

    async def _has(self, condition: Any) -> bool:
        return bool(condition(await self.ask("look")))


def said(submit: dict[str, Any]) -> str:
    """The text of a submit_sm, by what the library made of it."""
    octets = bytes.fromhex(submit["octets"])
    if submit["has_header"]:
        octets = octets[1 + octets[0] :]
    return octets.decode({"UCS2": "utf-16-be"}.get(submit["coding"], "ascii"))


def with_header(reference: int, total: int, sequence: int, octets: bytes) -> bytes:
    """A part under a reference of eight bits, or of sixteen where it needs them."""
    if reference < 0x100:
        return bytes((5, 0, 3, reference, total, sequence)) + octets
    return bytes((6, 8, 4, *reference.to_bytes(2), total, sequence)) + octets


@asynccontextmanager
async def smsc_peer() -> AsyncIterator[SmscPeer]:
    """A running SMSC, gone with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.smsc_process",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    ports = [int(port) for port in (await process.stdout.readline()).split()]
    answers, commands = await asyncio.open_connection("127.0.0.1", ports[1], limit=1 << 24)
    try:
        yield SmscPeer(ports[0], {}, answers, commands, asyncio.Lock())
    finally:
        commands.close()
        await process.wait()
