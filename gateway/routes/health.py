"""/healthz, /readyz and /metrics, for whoever operates the gateway."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from gateway.http import Answer, Call
from gateway.metrics import Metrics
from gateway.operation import Operation
from gateway.services import Services
from gateway.views import encode
from validators.errors import Refusal

Reached = Literal["ok", "unreachable"]


class Health(Struct):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Struct):
    """What the gateway stands on. Without Redis answers are slower, never wrong: it stays ready,
    `degraded`. Without PostgreSQL it is not ready."""

    status: Literal["ready", "degraded", "unready"]
    postgres: Reached
    redis: Reached


def operations(services: Services, metrics: Metrics) -> Sequence[Operation]:
    """The operations, served by these services."""

    async def healthz(call: Call) -> Answer:
        return Answer(200, encode(Health("ok")))

    async def readyz(call: Call) -> Answer:
        redis: Reached = "ok" if await services.hot_state.reachable() else "unreachable"
        try:
            await services.database.ping()
        except Refusal:
            return Answer(503, encode(Readiness("unready", "unreachable", redis)))
        if redis == "unreachable":
            return Answer(200, encode(Readiness("degraded", "ok", redis)))
        return Answer(200, encode(Readiness("ready", "ok", redis)))

    async def exposition(call: Call) -> Answer:
        services.publish(metrics)
        return Answer(200, metrics.exposition(), b"text/plain; version=0.0.4; charset=utf-8")

    return (
        Operation(
            method="GET",
            path="/healthz",
            summary="Whether the process answers",
            endpoint=healthz,
            roles=None,
            answers=((200, Health),),
        ),
        Operation(
            method="GET",
            path="/readyz",
            summary="Whether PostgreSQL and Redis answer",
            endpoint=readyz,
            roles=None,
            answers=((200, Readiness), (503, Readiness)),
        ),
        Operation(
            method="GET",
            path="/metrics",
            summary="Metrics for Prometheus",
            endpoint=exposition,
            roles=None,
            answers=((200, None),),
            answer_type=b"text/plain",
        ),
    )
