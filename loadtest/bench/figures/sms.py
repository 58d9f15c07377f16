"""Messages through the webhook, POST /sms/inbound, each a bill that is durable when it is answered,
beside the same bills over HTTP."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from loadtest.bench.clients.wrk import load
from loadtest.bench.figures.figure import BY_SERIES, GATEWAY, Acknowledged, Figure, expect
from loadtest.bench.figures.generation import Generation
from loadtest.bench.options import Settings
from loadtest.bench.record import counted
from loadtest.bench.rounds import Contender, Done
from loadtest.bench.systems import Systems
from loadtest.sms_numbers import lay_in

_PATH: Final = "/sms/inbound"
_LETTER: Final = "h"
_SERIES: Final = "S"


def figure(systems: Systems, settings: Settings) -> Figure:
    """From registered numbers in turn, which are laid into the record."""
    gateway, connections, seconds = systems.gateway, settings.few_connections, settings.seconds
    asyncio.run(lay_in(gateway.postgres_dsn, settings.numbers))
    provider = gateway.token("sms-provider", "--id", "bench")
    over_http = Generation(systems, connections, _LETTER)

    def texted(address: str) -> Callable[[int], Callable[[], Done]]:
        def prepare(number: int) -> Callable[[], Done]:
            given = (provider, f"{_SERIES}{number}", settings.numbers)
            return partial(load, f"{address}{_PATH}", "sms.lua", seconds, connections, *given)

        return prepare

    def check_record(acknowledged: Mapping[str, Acknowledged], at_fixed_rates: int) -> None:
        for name, series in ((GATEWAY, _SERIES), ("http", f"{_LETTER}g")):
            stored = counted(gateway.postgres_dsn, BY_SERIES, f"{series}%")
            expect(stored, series, acknowledged[name], connections, f"bills of {name}")

    contenders = [
        Contender("bare", texted(systems.bare.address)),
        Contender("http", lambda number: over_http.turn(GATEWAY, number, seconds)),
        Contender(GATEWAY, texted(gateway.address)),
    ]
    return Figure("messages", connections, contenders, None, check_record)
