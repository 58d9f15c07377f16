"""Lanes and late reads against a plain history of what was on which vehicle, kept by the test.

Bills live at random: generated, moved, renewed on their vehicle and on others, cancelled, run out.
Then readers that were offline send reads of any instant since, and each must say what the history
says of that instant.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

import pytest

from ingest import limits
from tests.documents import READER, SUPPLIER, document, person
from tests.gateway_in_process import Gateway
from tests.reads import BILLS, CARRIER, lorry, read, send

SEED = int(os.environ.get("LANE_MODEL_SEED", "20261122"))
STEPS = int(os.environ.get("LANE_MODEL_STEPS", "150"))
READS = 400


@dataclass
class Stay:
    """A bill on a vehicle, from an instant on, until before its end if that has come."""

    ebn: str
    vehicle: str
    since: datetime
    valid_until: datetime
    ended: datetime | None = None
    cancelled: bool = False

    def holds(self, at: datetime) -> bool:
        begun = self.since <= at <= self.valid_until
        return begun and (self.ended is None or at < self.ended)


class History:
    """What has been on the vehicles, and the calls that made it so."""

    def __init__(self, gateway: Gateway, random: Random, vehicles: list[str]) -> None:
        self._gateway = gateway
        self._random = random
        self._vehicles = vehicles
        self.stays: list[Stay] = []
        self._last: list[Stay] = []
        self._renewed: dict[str, str] = {}

    async def step(self) -> None:
        """One call, which the gateway may refuse."""
        self._gateway.clock.advance(minutes=self._random.randint(2, 40))
        act = self._random.choice([self._generate, self._move, self._renew, self._cancel])
        if self._last or act == self._generate:
            await act()

    def on(self, vehicle: str, at: datetime) -> set[str]:
        """The bills that were valid on a vehicle at an instant."""
        return {stay.ebn for stay in self.stays if stay.vehicle == vehicle and stay.holds(at)}

    def cancelled(self) -> set[str]:
        """The bills that were cancelled, or of which the last that goes on from them was."""
        ended = {stay.ebn for stay in self.stays if stay.cancelled}
        return ended | {ebn for ebn in self._renewed if self._last_of(ebn) in ended}

    def _last_of(self, ebn: str) -> str:
        while ebn in self._renewed:
            ebn = self._renewed[ebn]
        return ebn

    async def _generate(self) -> None:
        sent = document(vehicle_number=self._random.choice(self._vehicles), distance_km=50)
        answer = await self._gateway.generate(person(SUPPLIER), sent)
        self._begin(answer.json())

    async def _move(self) -> None:
        stay, vehicle = self._random.choice(self._last), self._random.choice(self._vehicles)
        body = {"vehicle_number": vehicle, "reason": "BREAKDOWN", "place": "Hubli"}
        if await self._post(stay, "conveyances", body):
            self._end(stay)
            self._add(Stay(stay.ebn, vehicle, self._gateway.clock(), stay.valid_until))

    async def _renew(self) -> None:
        stay = self._random.choice(self._last)
        vehicle = self._random.choice([stay.vehicle, *self._vehicles])
        body = {"vehicle_number": vehicle, "distance_km": 50, "reason": "flood"}
        if bill := await self._post(stay, "renewal", body):
            self._end(stay)
            self._renewed[stay.ebn] = bill["ebn"]
            self._begin(bill)

    async def _cancel(self) -> None:
        stay = self._random.choice(self._last)
        for who in (person(SUPPLIER), CARRIER):
            if await self._post(stay, "cancellation", {"reason": "not sent"}, who):
                self._end(stay)
                stay.cancelled = True
                return

    async def _post(self, stay: Stay, what: str, body: Any, who: Any = CARRIER) -> Any:
        answer = await self._gateway.call(who, "POST", f"{BILLS}/{stay.ebn}/{what}", json=body)
        assert answer.status_code < 500, answer.text
        return answer.json() if answer.is_success else None

    def _begin(self, bill: dict[str, Any]) -> None:
        until = self._gateway.clock.at(bill["valid_until"])
        vehicle = bill["part_b"]["vehicle_number"]
        self._add(Stay(bill["ebn"], vehicle, self._gateway.clock(), until))

    def _add(self, stay: Stay) -> None:
        self.stays.append(stay)
        self._last.append(stay)

    def _end(self, stay: Stay) -> None:
        stay.ended = self._gateway.clock()
        self._last.remove(stay)


@pytest.mark.slow
async def test_lanes_and_late_reads_say_what_was_so(gateway: Gateway) -> None:
    await gateway.until_hot()
    random, clock = Random(SEED), gateway.clock  # noqa: S311 - traffic, not a secret
    tags = {vehicle: tag for tag, vehicle in [await lorry(gateway) for _ in range(3)]}
    history = History(gateway, random, list(tags))
    began = clock()
    for _ in range(STEPS):
        await history.step()
        vehicle = random.choice(list(tags))
        path = f"/v1/rfid/tags/{tags[vehicle]}/eway-bills"
        lane = (await gateway.call(READER, "GET", path)).json()
        on = history.on(vehicle, clock())
        shown = {item["ebn"] for item in lane["items"]} if lane["decision"] == "PASS" else set()
        assert shown == on, f"seed {SEED}"
    clock.advance(minutes=10)
    earliest = max(began, clock() - limits.READ_AGE_MAX)
    # Those of the instants at which something happened, and others.
    instants = [stay.since for stay in history.stays if stay.since >= earliest]
    instants += [
        earliest + random.random() * (clock() - earliest) for _ in range(READS - len(instants))
    ]
    asked = [(random.choice(list(tags)), at) for at in instants]
    for first in range(0, len(asked), 100):
        some = asked[first : first + 100]
        answers = await send(gateway, *(read(tags[vehicle], at) for vehicle, at in some))
        for (vehicle, at), answer in zip(some, answers, strict=True):
            on = history.on(vehicle, at)
            assert answer["decision"] == ("PASS" if on else "STOP"), f"{at} with seed {SEED}"
            assert on - history.cancelled() <= set(answer["verified"]) <= on, f"seed {SEED}"
    passed = sum(bool(history.on(vehicle, at)) for vehicle, at in asked)
    assert READS / 20 < passed < READS * 19 / 20
    assert sum(stay.ended is not None for stay in history.stays) > STEPS / 5
