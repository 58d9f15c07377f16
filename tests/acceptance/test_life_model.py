"""The whole life of an e-way bill: Hypothesis drives the HTTP API and the model of
`tests.life_model` together, moves the clock to the edges of every window, and compares every
answer.

In CI one seeded round of EXAMPLES lives of STEPS steps. Long, with what it did printed at the end:

    LIFE_MODEL_EXAMPLES=2000 python -m pytest -s tests/acceptance/test_life_model.py

LIFE_MODEL_STEPS sets the steps of a life, LIFE_MODEL_SEED the first round's seed,
LIFE_MODEL_SHRINKS=0 shows a disagreement as it was met. Every round of EXAMPLES lives has a gateway
and a database of its own, since the clock only ever goes forward.
"""

import ast
import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.life_driver import STATISTICS, Driver, gateway_in_thread
from tests.life_lives import STATUSES, Lives
from tests.life_people import DOCUMENTS, NAMES, RIGHT, TRADERS

EXAMPLES = 120
LONG = int(os.environ.get("LIFE_MODEL_EXAMPLES", "0"))
STEPS = int(os.environ.get("LIFE_MODEL_STEPS", "30"))
SEED = int(os.environ.get("LIFE_MODEL_SEED", "0"))
SHRINKS = os.environ.get("LIFE_MODEL_SHRINKS", "1") == "1"
ROUNDS = range(SEED, SEED + max(1, -(-LONG // EXAMPLES)))

MICROSECOND = timedelta(microseconds=1)
SMALL = (MICROSECOND, timedelta(minutes=1), timedelta(hours=1), timedelta(hours=7),
         timedelta(hours=25), timedelta(days=2))  # fmt: skip
INDEX = st.integers(0, 5)
WHO = st.sampled_from((RIGHT,) * 14 + (*TRADERS, "officer 29"))
OFFICER = st.sampled_from(("officer 29",) * 4 + ("officer 27", "officer 27", "supplier", "reader"))
VEHICLE = st.integers(0, 2)
KM = st.sampled_from((1, 99, 100, 299, 300, 499, 500, 999, 1000))
DECISION = st.sampled_from(("ACCEPTED", "REJECTED"))


# Moves whose windows close.
EDGES = ("cancel", "accept", "transfer", "hand_over", "renew", "complete", "withdraw")


def _step(needs: str = "", **drawn: Any) -> Callable[[Callable[..., None]], Any]:
    """A rule that is counted, and is there only while there is something to do it to."""

    def decorate(function: Callable[..., None]) -> Any:
        @wraps(function)
        def counted(self: "LifeMachine", **values: Any) -> None:
            STATISTICS[f"step {function.__name__}"] += 1
            function(self, **values)

        def possible(self: "LifeMachine") -> bool:
            return not needs or bool(getattr(self.lives.life, needs))

        return precondition(possible)(rule(**drawn)(counted))  # type: ignore[no-untyped-call]

    return decorate


class LifeMachine(RuleBasedStateMachine):
    """One example: fresh persons and vehicles, so that examples do not see each other."""

    driver: ClassVar[Driver]

    def __init__(self) -> None:
        super().__init__()
        STATISTICS["runs"] += 1
        self.lives = Lives(self.driver)

    @initialize(documents=st.lists(DOCUMENTS, min_size=1, max_size=3))
    def first(self, documents: list[dict[str, Any]]) -> None:
        for document in documents:
            self.lives.generate(RIGHT, document | {"vehicle": 0, "again": None})

    @_step(who=WHO, document=DOCUMENTS)
    def generate(self, who: str, document: dict[str, Any]) -> None:
        self.lives.generate(who, document)

    @_step(document=DOCUMENTS, who=st.sampled_from(("supplier", "recipient")))
    def furnish_part_a(self, document: dict[str, Any], who: str) -> None:
        waits = {who: who, "mode": "ROAD", "vehicle": None, "near": None}
        self.lives.generate(who, document | waits | {"transporter": "carrier"})

    @_step(needs="part_as", who=WHO, index=INDEX, vehicle=VEHICLE)
    def complete_part_a(self, who: str, index: int, vehicle: int) -> None:
        self.lives.complete(who, index, vehicle)

    @_step(needs="part_as", who=WHO, index=INDEX)
    def withdraw_part_a(self, who: str, index: int) -> None:
        self.lives.withdraw(who, index)

    @_step(needs="bills", who=WHO, index=INDEX)
    def cancel(self, who: str, index: int) -> None:
        self.lives.cancel(who, index)

    @_step(needs="bills", who=WHO, index=INDEX, decision=DECISION)
    def accept(self, who: str, index: int, decision: str) -> None:
        self.lives.accept(who, index, decision)

    @_step("bills", who=WHO, index=INDEX, vehicle=VEHICLE)
    def transfer(self, who: str, index: int, vehicle: int) -> None:
        self.lives.transfer(who, index, vehicle)

    @_step(
        "bills",
        who=WHO,
        index=INDEX,
        to=st.sampled_from(("carrier", "second", "supplier")),
    )
    def hand_over(self, who: str, index: int, to: str) -> None:
        self.lives.hand_over(who, index, to)

    @_step("bills", who=WHO, index=INDEX, vehicle=VEHICLE, km=KM)
    def renew(self, who: str, index: int, vehicle: int, km: int) -> None:
        self.lives.renew(who, index, vehicle, km)

    @_step(
        "bills",
        who=OFFICER,
        index=INDEX,
        physical=st.booleans(),
        evasion=st.sampled_from((0, 0, 0, 1)),
    )
    def verify(self, who: str, index: int, physical: bool, evasion: int) -> None:
        self.lives.verify(who, index, physical, bool(evasion))

    @_step(
        "bills",
        who=WHO,
        index=INDEX,
        vehicle=VEHICLE,
        others=st.sampled_from(((), (), (), (0,), (1,), (2, 3))),
    )
    def consolidate(self, who: str, index: int, vehicle: int, others: tuple[int, ...]) -> None:
        self.lives.consolidate(who, index, vehicle, list(others))

    @_step(by=st.sampled_from(SMALL), edge=st.integers(-1, 2), past=st.booleans())
    def wait(self, by: timedelta, edge: int, past: bool) -> None:
        """A while, or until the last instant of one of the next windows to close, or just after."""
        edges = self.lives.life.boundaries(self.driver.clock.now)
        if edge < 0 or not edges:
            self.driver.clock.now += by
        else:
            self.driver.clock.now = edges[min(edge, len(edges) - 1)] + past * MICROSECOND

    @_step(
        needs="bills",
        move=st.sampled_from(EDGES),
        index=INDEX,
        past=st.booleans(),
    )
    def at_the_edge(self, move: str, index: int, past: bool) -> None:
        if move not in ("complete", "withdraw") or self.lives.life.part_as:
            self.lives.at_the_edge(move, index, past * MICROSECOND)

    @_step(
        what=st.sampled_from(("bill", "bill", "Part A", "consolidated", "list", "vehicle", "all")),
        who=st.sampled_from((*NAMES, "reader")),
        index=INDEX,
        role=st.sampled_from(("supplier", "recipient", "transporter")),
        status=st.sampled_from((None, *STATUSES)),
    )
    def look(self, what: str, who: str, index: int, role: str, status: str | None) -> None:
        self.lives.look(what, who, index, role, status)

    def teardown(self) -> None:
        STATISTICS["bills"] += len(self.lives.life.bills)
        STATISTICS["part as"] += len(self.lives.life.part_as)
        STATISTICS["consolidated bills"] += len(self.lives.life.consolidated)
        self.lives.look_at_everything()


@pytest.fixture(scope="module", autouse=True)
def _statistics() -> Iterator[None]:
    """What was done, printed at the end with `-s`."""
    started = time.monotonic()
    yield
    print(f"\nlife model: {time.monotonic() - started:.0f} s")
    for name, count in sorted(STATISTICS.items()):
        print(f"{count:8d} {name}")


@pytest.mark.slow
@pytest.mark.timeout(0 if LONG else 300)
@pytest.mark.parametrize("number", ROUNDS)
def test_the_gateway_agrees_with_the_model(number: int, dsn: str, redis_url: str) -> None:
    how = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        derandomize=not LONG,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink) if SHRINKS else (Phase.generate,),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    with gateway_in_thread(dsn, redis_url) as gateway:
        machine = type("LifeMachine", (LifeMachine,), {"driver": Driver(gateway)})
        run_state_machine_as_test(seed(number)(machine) if LONG else machine, settings=how)


def test_the_model_knows_nothing_of_the_product() -> None:
    for name in ("life_model.py", "life_moves.py"):
        tree = ast.parse((Path(__file__).parents[1] / name).read_text())
        imported = {
            node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
        }
        imported |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        assert not [
            one for one in imported if one.split(".")[0] in ("validators", "ingest", "gateway")
        ]
