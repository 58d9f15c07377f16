"""What a request costs with nothing behind it: Starlette reads the body and answers a constant of
40 bytes, whatever the real answer's size. `python -m loadtest.bench.bare WORKERS` serves it."""

import sys
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from loadtest.plain_workers import serve

_ANSWER: Final = b'{"ebn":"100000000017","status":"ACTIVE"}'


async def _take(request: Request) -> Response:
    await request.body()
    return Response(_ANSWER, status_code=201, media_type="application/json")


async def _tell(request: Request) -> Response:
    return Response(_ANSWER, media_type="application/json")


def application() -> Starlette:
    """Every path that is measured, answered the same to everybody."""
    return Starlette(
        routes=[
            Route("/v1/eway-bills", _take, methods=["POST"]),
            Route("/v1/eway-bills/{ebn}", _tell),
            Route("/v1/rfid/tags/{tag}/eway-bills", _tell),
            Route("/v1/invoices/batch", _take, methods=["POST"]),
            Route("/sms/inbound", _take, methods=["POST"]),
        ]
    )


if __name__ == "__main__":
    serve(application, int(sys.argv[1]))
