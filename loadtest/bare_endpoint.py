"""What a request costs with nothing behind it: Starlette reads the body and answers a constant.

Served by uvicorn exactly as the gateway's workers are, with a listener of its own for each.
`python -m loadtest.bare_endpoint WORKERS` prints its address once it accepts.
"""

import multiprocessing
import signal
import socket
import sys
from multiprocessing.synchronize import Barrier

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_ANSWER = b'{"ebn":"100000000017","status":"ACTIVE"}'


async def answer(request: Request) -> Response:
    """Reads the whole body and answers the same to everybody."""
    await request.body()
    return Response(_ANSWER, status_code=201, media_type="application/json")


app = Starlette(
    routes=[
        Route("/v1/eway-bills", answer, methods=["POST"]),
        Route("/v1/rfid/tags/{tag}/eway-bills", answer),
    ]
)


def _listener(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound


class _Server(uvicorn.Server):
    """uvicorn, meeting the others at a barrier once it accepts."""

    def __init__(self, config: uvicorn.Config, started: Barrier) -> None:
        super().__init__(config)
        self._all_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._all_started.wait()


def _serve(port: int, started: Barrier) -> None:
    config = uvicorn.Config(
        app,
        loop="none",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    uvloop.run(_Server(config, started).serve(sockets=[_listener(port)]))


def main() -> None:
    """Serves on as many processes as asked until stopped."""
    held = _listener(0)
    port = held.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    count = int(sys.argv[1])
    started = context.Barrier(count + 1)
    workers = [
        context.Process(target=_serve, args=(port, started), daemon=True) for _ in range(count)
    ]
    for worker in workers:
        worker.start()
    # An exit by the front door: else the workers would go on without us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    started.wait(30)
    print(f"http://127.0.0.1:{port}", flush=True)
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
