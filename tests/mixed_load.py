"""Clients that generate, read, look at vehicles and cancel, and check every answer against what
they know to have been acknowledged before they asked."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

from tests.documents import OFFICER, SUPPLIER, person
from tests.gateway_connections import (
    Connection,
    Reply,
    record,
    todays_document,
    tokens,
)
from tests.gateway_processes import GatewayProcess
from tests.waiting import until

_VEHICLES = [f"KA01AB{number:04}" for number in range(1, 25)]
_STATES = "SELECT ebn, cancelled_at IS NOT NULL AS cancelled FROM eway_bill"


@dataclass
class _Known:
    """One bill as the clients know it: how often its cancellation was asked for, and whether one
    was acknowledged."""

    bill: dict[str, Any]
    cancellations_sent: int = 0
    cancelled: bool = False

    @property
    def cancelling(self) -> bool:
        return self.cancellations_sent > 0


@dataclass
class MixedLoad:
    """What the clients know together. `done` counts answers by what was asked; `unavailable`
    those that were 503; a wrong answer fails the client that got it."""

    supplier: str
    officer: str
    random: random.Random
    bills: dict[str, _Known] = field(default_factory=dict)
    on_vehicle: dict[str, list[str]] = field(default_factory=dict)
    unsettled: list[dict[str, Any]] = field(default_factory=list)
    done: int = 0
    unavailable: int = 0
    stopping: bool = False

    async def run(self, connection: Connection) -> None:
        """One client, until told to stop."""
        while not self.stopping:
            known = list(self.bills) if self.random.random() < 0.7 else []
            act = self.random.random()
            if len(known) < 10:
                await self._generate(connection)
            elif act < 0.5:
                # Of those changed most recently, most of all.
                await self._read(connection, self.random.choice(known[-60:]))
            elif act < 0.75:
                await self._look(connection, self.random.choice(_VEHICLES))
            else:
                await self._cancel(connection, self.random.choice(known[-60:]))
            self.done += 1

    async def settle(self, connection: Connection) -> None:
        """Learns what became of everything whose answer was that it is not known."""
        for document in self.unsettled:
            reply = await connection.call(self.supplier, "POST", "/v1/eway-bills", document)
            assert reply.status in (201, 409), reply.body
            ebn = reply.body["ebn"]
            bill = (await connection.call(self.officer, "GET", f"/v1/eway-bills/{ebn}")).body
            self._learn(bill)
        self.unsettled.clear()
        for ebn, known in self.bills.items():
            if known.cancelling and not known.cancelled:
                reply = await self._send_cancellation(connection, ebn)
                assert reply.status == 200 or reply.code == "ALREADY_CANCELLED", reply.body
                known.cancelled = True

    async def assert_nothing_lost(self, gateway: GatewayProcess, connection: Connection) -> None:
        """The record says of every bill what its clients know, and so does every read."""
        async with record(gateway) as direct:
            rows = await direct.fetch(_STATES)
        stored = {str(row["ebn"]): row["cancelled"] for row in rows}
        assert stored == {ebn: known.cancelled for ebn, known in self.bills.items()}
        for ebn in self.bills:
            await self._read(connection, ebn)
        for vehicle in _VEHICLES:
            await self._look(connection, vehicle)

    async def _generate(self, connection: Connection) -> None:
        document = todays_document(vehicle_number=self.random.choice(_VEHICLES))
        reply = await connection.call(self.supplier, "POST", "/v1/eway-bills", document)
        if self._is_unavailable(reply):
            self.unsettled.append(document)
            return
        assert reply.status == 201, reply.body
        self._learn(reply.body)

    async def _read(self, connection: Connection, ebn: str) -> None:
        known = self.bills[ebn]
        was_cancelled = known.cancelled
        reply = await connection.call(self.officer, "GET", f"/v1/eway-bills/{ebn}")
        if self._is_unavailable(reply):
            return
        assert reply.status == 200, f"bill {ebn} was acknowledged: {reply.body}"
        assert reply.body["part_a"] == known.bill["part_a"]
        if was_cancelled:
            assert reply.body["status"] == "CANCELLED", f"bill {ebn}: a stale read"
        if not known.cancelling:
            assert reply.body == known.bill

    async def _look(self, connection: Connection, vehicle: str) -> None:
        carried = self.on_vehicle.get(vehicle, [])
        acknowledged = list(carried)
        gone = {ebn for ebn in acknowledged if self.bills[ebn].cancelled}
        path = f"/v1/vehicles/{vehicle}/eway-bills?limit=500"
        reply = await connection.call(self.officer, "GET", path)
        if self._is_unavailable(reply):
            return
        assert reply.status == 200, reply.body
        shown = {bill["ebn"] for bill in reply.body["items"]}
        assert not shown & gone, f"vehicle {vehicle}: a stale read"
        live = {ebn for ebn in acknowledged if not self.bills[ebn].cancelling}
        assert shown >= live, f"vehicle {vehicle}: a bill is missing"

    async def _cancel(self, connection: Connection, ebn: str) -> None:
        known = self.bills[ebn]
        known.cancellations_sent += 1
        reply = await self._send_cancellation(connection, ebn)
        if self._is_unavailable(reply):
            return
        if reply.status == 409:
            assert known.cancellations_sent > 1, "nobody else has asked"
            assert reply.code == "ALREADY_CANCELLED"
        else:
            assert reply.status == 200, reply.body
        known.cancelled = True

    async def _send_cancellation(self, connection: Connection, ebn: str) -> Reply:
        path = f"/v1/eway-bills/{ebn}/cancellation"
        return await connection.call(self.supplier, "POST", path, {"reason": "load"})

    def _learn(self, bill: dict[str, Any]) -> None:
        self.bills[bill["ebn"]] = _Known(bill)
        vehicle = bill["part_b"]["vehicle_number"]
        self.on_vehicle.setdefault(vehicle, []).append(bill["ebn"])

    def _is_unavailable(self, reply: Reply) -> bool:
        if reply.status == 503:
            assert reply.body["retry"]
            self.unavailable += 1
        return reply.status == 503


class Running:
    """A mixed load while it runs."""

    def __init__(self, load: MixedLoad, clients: list[asyncio.Task[None]]) -> None:
        self.load = load
        self._clients = clients

    async def more(self, answers: int) -> None:
        """Waits for that many more answers; a client that failed fails the test at once."""
        goal = self.load.done + answers
        await self.until(lambda: self.load.done >= goal)

    async def until(self, condition: Any) -> None:
        """Waits for a condition while every client goes on."""

        async def holds() -> bool:
            self.raise_failures()
            value = condition()
            return bool(await value if asyncio.iscoroutine(value) else value)

        await until(holds)

    def raise_failures(self) -> None:
        for client in self._clients:
            if client.done():
                client.result()

    async def stop(self) -> None:
        """Raises what a client failed with."""
        self.load.stopping = True
        await asyncio.gather(*self._clients)

    async def abandon(self) -> None:
        """Ends the clients whatever they are doing."""
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)


async def start_mixed_load(
    gateway: GatewayProcess, crowd: list[Connection], seed: int = 20170701
) -> Running:
    """Starts a client on each connection."""
    supplier, officer = await asyncio.to_thread(tokens, gateway, person(SUPPLIER), OFFICER)
    load = MixedLoad(supplier, officer, random.Random(seed))  # noqa: S311 - reproducible
    return Running(load, [asyncio.create_task(load.run(one)) for one in crowd])
