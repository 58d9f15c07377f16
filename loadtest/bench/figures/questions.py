"""Questions about the live set, each about something at random: a bill by its number, GET
/v1/eway-bills/{ebn}, by its party; and what a checkpoint asks, GET
/v1/rfid/tags/{tag}/eway-bills."""

from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from typing import Any, Final

from loadtest.bench.clients.wrk import load
from loadtest.bench.figures.figure import GATEWAY, Figure, FixedRate, not_to_be_recorded
from loadtest.bench.live_set import TAG_PATH, LiveSet
from loadtest.bench.rounds import Contender, Done
from loadtest.bench.systems import Systems, answered

_BILL_PATH: Final = "/v1/eway-bills/%d"


def read(systems: Systems, live: LiveSet, connections: int, seconds: int) -> Figure:
    """One bill, by its party."""
    tokens = {
        "ordinary": systems.trader_token("ordinary"),
        GATEWAY: systems.trader_token(GATEWAY),
    }
    first = {"ordinary": live.ordinary_first_ebn, GATEWAY: live.first_ebn}
    asking = _Asking(systems, tokens, _BILL_PATH, first, live.bills)
    asking.probe(lambda bill, number: int(bill["ebn"]) == number and bill["status"] == "ACTIVE")
    return asking.figure(connections, seconds)


def question(systems: Systems, live: LiveSet, connections: int, seconds: int) -> Figure:
    """Whether a vehicle may pass, by its tag."""
    place = ("--state", "29", "--place", "Hosur")
    tokens = {
        "ordinary": systems.ordinary_token("lane-1", "checkpoint"),
        GATEWAY: systems.gateway.token("reader", "--id", "lane-1", *place),
    }
    asking = _Asking(systems, tokens, TAG_PATH, {"ordinary": 0, GATEWAY: 0}, live.vehicles)
    # Of the last vehicle, which has the fewest.
    on_each = live.bills // live.vehicles
    asking.probe(lambda judged, _: judged["decision"] == "PASS" and len(judged["items"]) == on_each)
    return asking.figure(connections, seconds)


class _Asking:
    """One path with a number in it, of so many from a first one on; by contender."""

    def __init__(
        self,
        systems: Systems,
        tokens: Mapping[str, str],
        path: str,
        first: Mapping[str, int],
        count: int,
    ) -> None:
        self._tokens = {"bare": tokens[GATEWAY], **tokens}
        self._first = {"bare": first[GATEWAY], **first}
        self._path, self._count = path, count
        self._address = systems.address

    def probe(self, sound: Callable[[Any, int], bool]) -> None:
        """Exits when what is measured does not answer as it should, given the answer and the
        number that was asked for."""
        for name, first in self._first.items():
            number = first + self._count - 1
            if name != "bare":
                asked = f"{self._address(name)}{self._path % number}"
                answer = answered(asked, self._tokens[name])
                if not sound(answer, number):
                    raise SystemExit(f"{name} did not answer as it should: {answer}")

    def figure(self, connections: int, seconds: int) -> Figure:
        """Beside the bare endpoint and the ordinary implementation."""

        def contender(name: str) -> Contender:
            given = (self._tokens[name], self._path, self._first[name], self._count)

            def prepare(number: int) -> Callable[[], Done]:
                address = self._address(name)
                return partial(load, address, "ask.lua", seconds, connections, *given, number)

            return Contender(name, prepare)

        contenders = [contender(name) for name in ("bare", "ordinary", GATEWAY)]
        return Figure("answers", connections, contenders, self._at_fixed_rate(), not_to_be_recorded)

    def _at_fixed_rate(self) -> FixedRate:
        asked = (
            f"GET {self._path} HTTP/1.1\r\nHost: bench\r\n"
            f"Authorization: Bearer {self._tokens[GATEWAY]}\r\n\r\n"
        ).encode()
        first, random = self._first[GATEWAY], Random(1).random  # noqa: S311 - not a secret
        count = self._count
        return FixedRate(
            self._address(GATEWAY), lambda _: asked % (first + int(random() * count)), b"200"
        )
