"""Generation: POST /v1/eway-bills, each a document of its own, durable when it is answered."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from loadtest.bench.clients.wrk import load
from loadtest.bench.figures.figure import (
    BY_SERIES,
    GATEWAY,
    Acknowledged,
    Figure,
    FixedRate,
    expect,
)
from loadtest.bench.record import counted
from loadtest.bench.rounds import Contender, Done
from loadtest.bench.systems import PERSON, Systems, answered

DOCUMENT: Final = json.dumps(
    {
        "supplier_gstin": PERSON,
        "recipient_gstin": "29AAGCB7383J1Z4",
        "place_of_dispatch": "400001",
        "place_of_delivery": "560001",
        "document_type": "INVOICE",
        "document_number": "%s/%d",
        "document_date": "2026-11-20",
        "value_of_goods": "75000.00",
        "hsn_code": "7215",
        "reason_code": 1,
        "transport_document_number": "GR-998877",
        "mode": "ROAD",
        "distance_km": 350,
        "vehicle_number": "KL12AB%04d",
        "transporter_id": PERSON,
        "irn": None,
    }
)
"""As a format of a series, a number within it, and that of a vehicle."""
_PATH: Final = "/v1/eway-bills"
_FIXED_RATE: Final = "fixed"


class Generation:
    """Loads of generation over so many connections, in document series that begin with a letter
    nobody else uses."""

    def __init__(self, systems: Systems, connections: int, letter: str) -> None:
        self._systems = systems
        self._connections = connections
        self._letter = letter

    def turn(self, name: str, number: int, seconds: int) -> Callable[[], Done]:
        """One turn of a contender, which raises SystemExit when a request is refused."""
        address, token = f"{self._systems.address(name)}{_PATH}", self._systems.trader_token(name)
        series = f"{self._letter}{name[0]}{number}"
        given = (token, series, DOCUMENT)
        return partial(load, address, "generate.lua", seconds, self._connections, *given)

    def probe(self) -> None:
        """Exits when what is measured does not answer with a bill."""
        body = (DOCUMENT % (f"{self._letter}probe", 1, 1)).encode()
        for name in ("ordinary", GATEWAY):
            bill = answered(
                f"{self._systems.address(name)}{_PATH}", self._systems.trader_token(name), body
            )
            if len(str(bill["ebn"])) != 12 or bill["status"] != "ACTIVE":
                raise SystemExit(f"{name} answered no e-way bill: {bill}")

    def at_fixed_rate(self) -> FixedRate:
        """Documents one after the other."""
        token = self._systems.trader_token(GATEWAY)
        head = (
            f"POST {_PATH} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}"
            "\r\nContent-Type: application/json\r\nContent-Length: "
        ).encode()
        document, series = DOCUMENT.encode(), f"{self._letter}{_FIXED_RATE}".encode()

        def request(number: int) -> bytes:
            body = document % (series, number, number % 10_000)
            return b"%b%d\r\n\r\n%b" % (head, len(body), body)

        return FixedRate(self._systems.address(GATEWAY), request, b"201")

    def figure(self, seconds: int, fixed_rate: FixedRate | None) -> Figure:
        """Beside the bare endpoint and the ordinary implementation."""
        self.probe()

        def contender(name: str) -> Contender:
            return Contender(name, lambda number: self.turn(name, number, seconds))

        contenders = [contender(name) for name in ("bare", "ordinary", GATEWAY)]
        return Figure("bills", self._connections, contenders, fixed_rate, self.check_record)

    def check_record(self, acknowledged: Mapping[str, Acknowledged], at_fixed_rates: int) -> None:
        """Exits when a bill was acknowledged and is not on record. What was on its way when a turn
        ended may be there as well; at fixed rates nothing is."""
        own = self._systems.gateway.postgres_dsn
        for name, dsn in (("ordinary", self._systems.ordinary_dsn), (GATEWAY, own)):
            if name in acknowledged:
                series = f"{self._letter}{name[0]}"
                stored = counted(dsn, BY_SERIES, f"{series}%")
                expect(stored, series, acknowledged[name], self._connections, f"bills of {name}")
        fixed = f"{self._letter}{_FIXED_RATE}"
        exact = counted(own, BY_SERIES, f"{fixed}/%").get(fixed, 0)
        if exact != at_fixed_rates:
            raise SystemExit(f"{at_fixed_rates} bills were acknowledged, {exact} are on record")


def figure(systems: Systems, connections: int, seconds: int) -> Figure:
    """Over many connections, as a country's load comes, and at fixed rates."""
    generation = Generation(systems, connections, "m")
    return generation.figure(seconds, generation.at_fixed_rate())


def by_few(systems: Systems, connections: int, seconds: int) -> Figure:
    """Over few, which make smaller batches."""
    return Generation(systems, connections, "f").figure(seconds, None)


def by_many(systems: Systems, connections: int, seconds: int) -> Figure:
    """Over very many, which make larger batches, and dearer connections."""
    return Generation(systems, connections, "d").figure(seconds, None)
