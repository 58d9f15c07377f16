"""The gateway the model of the life is held against: asked over real HTTP, its answers compared."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx
import uvloop

from tests.gateway_in_process import Gateway, TestClock, gateway_in_process
from tests.life_model import Answer, Bill, Consolidated, PartA, Who
from validators.authority import Person, Role

STATISTICS: Counter[str] = Counter()


class Disagreement(AssertionError):
    """The gateway answered something else than the rules say."""


@contextmanager
def gateway_in_thread(dsn: str, redis_url: str) -> Iterator[Gateway]:
    """A gateway on an event loop of its own, so that a test without one may call it."""
    ready = threading.Event()
    kept: list[Gateway] = []
    failed: list[BaseException] = []
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        stop = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))
        async with gateway_in_process(dsn, redis_url, TestClock()) as gateway:
            kept.append(gateway)
            ready.set()
            await stop.wait()

    def run() -> None:
        try:
            uvloop.run(serve())
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="gateway")
    thread.start()
    ready.wait()
    if failed:
        raise failed[0]
    try:
        yield kept[0]
    finally:
        loop, stop = loops[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=30)


class Driver:
    """Calls as a person, and what must be answered."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.clock = gateway.clock
        self.http = httpx.Client(base_url=gateway.address, timeout=30)
        self.numbers: set[str] = set()
        self._tokens: dict[Who, tuple[datetime, str]] = {}

    def _authorization(self, who: Who) -> str:
        """A token of this very instant: the clock may have leapt over the last one's end."""
        at, token = self._tokens.get(who, (None, ""))
        if at != self.clock.now:
            named = Person(f"client-of-{who.id}", Role(who.role), who.id, who.state, "Attibele")
            token = self.gateway.services.tokens.issue(named, self.clock.now)
            self._tokens[who] = self.clock.now, token
        return f"Bearer {token}"

    def ask(self, move: str, answer: Answer, who: Who, method: str, *call: Any) -> dict[str, Any]:
        """Makes a call and compares what is answered. Raises Disagreement."""
        path, body = call if len(call) == 2 else (*call, None)
        headers = {"Authorization": self._authorization(who)}
        reply = self.http.request(method, path, headers=headers, json=body)
        STATISTICS[f"{move} {answer.status} {answer.code or ''}".rstrip()] += 1
        told = reply.json()
        differences = self._differences(answer, reply.status_code, told)
        if differences:
            STATISTICS["disagreements, those of shrinking included"] += 1
            raise Disagreement(
                f"{move}: {who.role} {who.id} {method} {path} {body} at {self.clock.now}\n"
                f"differs (the model, the gateway): {differences}\nanswered: {told}"
            )
        return told if isinstance(told, dict) else {}

    def _differences(self, answer: Answer, status: int, told: Any) -> dict[str, Any]:
        if (answer.status, answer.code) != (status, told.get("code")):
            return {"answer": ((answer.status, answer.code), (status, told.get("code")))}
        expected, got = dict(answer.fields), {name: told.get(name) for name in answer.fields}
        if answer.faults is not None:
            expected["faults"] = answer.faults
            got["faults"] = {one["pointer"]: one["code"] for one in told.get("errors", ())}
        if answer.shown is not None:
            self._number(answer, told)
            expected |= self._facts(answer.shown)
            got |= seen(answer.shown, told)
        if answer.items is not None:
            expected |= {one.number: self._facts(one) for one in answer.items}
            got |= self._items(answer.items, told)
        return {
            name: (expected.get(name), got.get(name))
            for name in sorted(set(expected) | set(got))
            if expected.get(name) != got.get(name)
        }

    def _facts(self, shown: Bill | PartA | Consolidated) -> dict[str, Any]:
        return shown.facts(self.clock.now)

    def _items(self, expected: list[Any], told: dict[str, Any]) -> dict[str, Any]:
        """Every item under its number; what a lane is not shown is not compared."""
        by_number = {one.number: one for one in expected}
        items: dict[str, Any] = {}
        for item in told["items"]:
            number = item.get("part_a_reference") or item["ebn"]
            if number in items:
                items[f"{number} again"] = item
            elif number not in by_number:
                items[number] = item
            elif "part_a" in item or "part_a_reference" in item:
                items[number] = seen(by_number[number], item)
            elif item["status"] == by_number[number].status(self.clock.now):
                items[number] = self._facts(by_number[number])
        return items

    def _number(self, answer: Answer, told: dict[str, Any]) -> None:
        """Takes the number of what is new: no other may have it."""
        new = answer.shown
        if new is None or new.number or answer.status != 201:
            return
        name = {Bill: "ebn", PartA: "part_a_reference", Consolidated: "number"}[type(new)]
        number = told.get(name)
        if not isinstance(number, str) or number in self.numbers:
            raise Disagreement(f"{name} {number} is none or not new: {told}")
        new.number = number
        self.numbers.add(number)


def instant(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None


def seen(shown: Bill | PartA | Consolidated, told: dict[str, Any]) -> dict[str, Any]:
    """The facts of the model as the gateway tells them."""
    if isinstance(shown, PartA):
        return {
            "part_a_reference": told.get("part_a_reference"),
            "status": told.get("status"),
            "furnished_at": instant(told.get("furnished_at")),
            "lapses_at": instant(told.get("lapses_at")),
            "ebn": told.get("ebn"),
        }
    if isinstance(shown, Consolidated):
        named = ("number", "status", "transporter_id", "vehicle_number")
        return {name: told.get(name) for name in named} | {
            "generated_at": instant(told.get("generated_at")),
            "valid_until": instant(told.get("valid_until")),
            "items": {
                one["ebn"]: (one["status"], instant(one["valid_until"]), one["on_board"])
                for one in told.get("items", ())
            },
        }
    part_b, part_a = told.get("part_b") or {}, told.get("part_a") or {}
    acceptance = told.get("acceptance") or {}
    same = ("ebn", "status", "generated_by", "furnished_by", "transporter_id", "renewed_from",
            "renewed_to", "consolidated_number")  # fmt: skip
    return {name: told.get(name) for name in same} | {
        "generated_at": instant(told.get("generated_at")),
        "valid_until": instant(told.get("valid_until")),
        "required": (told.get("requirement") or {}).get("required"),
        "document_number": part_a.get("document_number"),
        "distance_km": part_a.get("distance_km"),
        "vehicle": part_b.get("vehicle_number"),
        "since": instant(part_b.get("since")),
        "vehicles": [one["vehicle_number"] for one in told.get("conveyances") or ()],
        "hand_overs": [one | {"at": instant(one["at"])} for one in told.get("hand_overs") or ()],
        "acceptance": acceptance.get("status"),
        "acceptance_until": instant(acceptance.get("until")),
        "verified_at": instant(told.get("verified_at")),
    }
