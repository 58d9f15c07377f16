"""Bulk upload of invoices: POST /v1/invoices/bulk, several uploads at once, beside COPY of the same
rows as they were stored; beside orjson decoding the lines on one core; and beside endpoints that
take five hundred in a request."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from functools import partial
from random import Random
from typing import Final

import orjson
import uvloop

from loadtest.bench.clients.batches import send
from loadtest.bench.clients.uploads import upload
from loadtest.bench.figures import copying
from loadtest.bench.figures.figure import GATEWAY, Acknowledged, Figure, expect
from loadtest.bench.options import Settings
from loadtest.bench.record import counted
from loadtest.bench.rounds import Contender, Done
from loadtest.bench.systems import Systems
from loadtest.invoices import gstin, invoices

_SERIES: Final = "R"
_CHUNK: Final = 256 * 1024
_FIRST_SEED: Final = 10_000
"""Beyond those the dictionary was trained with."""
_LINES: Final = 2_500
"""In one upload. The kernel spreads connections over the workers as coins fall: with one long
upload each, the fall of so few coins would be measured."""
_BATCH: Final = 500
"""Invoices in one request, where they do not come by the line."""
_PART_IN_BATCHES: Final = 4
"""Of the invoices of an upload one in so many is sent in batches: there they take longer."""
_BATCHES: Final = 5
"""Over one connection: as many invoices as in an upload, and then a new one as there."""
_STORED: Final = """
SELECT split_part(number, '/', 1), count(*)
FROM invoice_claim WHERE supplier_gstin = ANY($1) GROUP BY 1
"""
_ORDINARY_STORED: Final = (
    "SELECT split_part(document_number, '/', 1), count(*) FROM invoice GROUP BY 1"
)


def figure(systems: Systems, settings: Settings) -> Figure:
    """The gateway first, since what it stored is what is copied."""
    bulk = _Bulk(systems, settings)
    contenders = [
        Contender(GATEWAY, bulk.by_the_line),
        Contender("copy", bulk.copied),
        Contender("decode", bulk.decoded),
        Contender("ordinary", bulk.in_batches(systems.ordinary.address)),
        Contender("bare", bulk.in_batches(systems.bare.address)),
    ]
    if settings.stored:
        bulk.by_the_line(-settings.warm_ups)()
        copying.lay_in(systems.gateway.postgres_dsn, settings.stored)
    return Figure("invoices", settings.uploads, contenders, None, bulk.check_record)


class _Bulk:
    """The rounds: all contenders of one get the same invoices, under numbers nobody had before."""

    def __init__(self, systems: Systems, settings: Settings) -> None:
        self._systems = systems
        self._settings = settings
        seeds = range(_FIRST_SEED, _FIRST_SEED + settings.uploads)
        self._suppliers = [gstin(Random(seed), "27") for seed in seeds]  # noqa: S311
        enrol = systems.gateway.enrol
        self._clients = [enrol("taxpayer", "--id", supplier) for supplier in self._suppliers]
        self._bodies: list[bytes] = []

    def by_the_line(self, number: int) -> Callable[[], Done]:
        """Senders at once, each of the next upload that nobody has begun."""
        self._begin(number)
        gateway = self._systems.gateway
        tokens = [gateway.sign_in(client) for client in self._clients]
        parts = [list(_parts(body)) for body in self._bodies]
        act = _at_once(partial(upload, gateway.address), tokens, parts)
        count = self._settings.uploads * self._settings.invoices
        return _timed(act, count, count)

    def copied(self, number: int) -> Callable[[], Done]:
        """What the gateway stored in this round, once more."""
        dsn = self._systems.gateway.postgres_dsn
        return copying.again(dsn, self._suppliers, _series(number))

    def decoded(self, number: int) -> Callable[[], Done]:
        """The lines as JSON and nothing more."""
        lines = [line for body in self._bodies for line in body.splitlines()]

        def act() -> Done:
            begun = time.perf_counter()
            for line in lines:
                orjson.loads(line)
            return Done(len(lines), time.perf_counter() - begun)

        return act

    def in_batches(self, address: str) -> Callable[[int], Callable[[], Done]]:
        """To an endpoint that takes a list in a request, by as many senders."""

        def prepare(number: int) -> Callable[[], Done]:
            count = -(-self._settings.invoices // _PART_IN_BATCHES)
            tokens = [self._systems.ordinary_token(one, "trader") for one in self._suppliers]
            parts = [list(_batches(body.splitlines()[:count])) for body in self._bodies]
            act = _at_once(partial(send, f"{address}/v1/invoices/batch"), tokens, parts)
            batches = sum(len(part) for supplier in parts for part in supplier)
            return _timed(act, batches, count * len(tokens))

        return prepare

    def check_record(self, acknowledged: Mapping[str, Acknowledged], at_fixed_rates: int) -> None:
        """Exits when an invoice was acknowledged and is not on record, or the other way round:
        every load ends with its last answer."""
        stored = counted(self._systems.gateway.postgres_dsn, _STORED, self._suppliers)
        expect(stored, _SERIES, acknowledged[GATEWAY], 0, "invoices")
        stored = counted(self._systems.ordinary_dsn, _ORDINARY_STORED)
        expect(stored, _SERIES, acknowledged["ordinary"], 0, "invoices of ordinary")

    def _begin(self, number: int) -> None:
        self._bodies = []
        for supplier in self._suppliers:
            seed, prefix = _FIRST_SEED + number, _series(number)
            lines = invoices(seed, supplier, self._settings.invoices, prefix=prefix)
            self._bodies.append(b"\n".join(lines) + b"\n")


def _series(number: int) -> str:
    """What every invoice number of a round begins with."""
    return f"{_SERIES}{number}/"


def _at_once(
    take: Callable[[str, list[bytes]], Coroutine[None, None, int]],
    tokens: Sequence[str],
    parts: Sequence[list[list[bytes]]],
) -> Callable[[], Coroutine[None, None, int]]:
    """As many senders at once as there are suppliers, each with the next part of any of them that
    nobody has begun."""
    due = [pair for same in zip(*parts, strict=True) for pair in zip(tokens, same, strict=True)]

    async def act() -> int:
        following = iter(due)

        async def sender() -> int:
            return sum([await take(*pair) for pair in following])

        return sum(await asyncio.gather(*(sender() for _ in tokens)))

    return act


def _timed(
    act: Callable[[], Coroutine[None, None, int]], due: int, invoices: int
) -> Callable[[], Done]:
    async def timed() -> Done:
        begun = time.perf_counter()
        taken = await act()
        if taken != due:
            raise SystemExit(f"{taken} of {due} were taken")
        return Done(invoices, time.perf_counter() - begun)

    return lambda: uvloop.run(timed())


def _parts(body: bytes) -> Iterator[list[bytes]]:
    """The uploads that lines are sent in, each in chunks."""
    lines = body.splitlines(keepends=True)
    for at in range(0, len(lines), _LINES):
        part = b"".join(lines[at : at + _LINES])
        yield [part[first : first + _CHUNK] for first in range(0, len(part), _CHUNK)]


def _batches(lines: list[bytes]) -> Iterator[list[bytes]]:
    """The lists that lines are sent in, as many over one connection as make an upload."""
    whole = [b"[%b]" % b",".join(lines[at : at + _BATCH]) for at in range(0, len(lines), _BATCH)]
    for at in range(0, len(whole), _BATCHES):
        yield whole[at : at + _BATCHES]
