"""Plain uvicorn on several processes, with the settings of the gateway's own workers: httptools,
uvloop, and a listener of its own for each (SO_REUSEPORT), so that connections are spread evenly."""

import multiprocessing
import signal
import socket
import sys
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from typing import Final

import uvicorn
import uvloop
from starlette.types import ASGIApp

_START_SECONDS_MAX: Final = 60.0


def serve(make: Callable[[], ASGIApp], workers: int) -> None:
    """Serves on so many processes until SIGTERM, each with an application it makes for itself;
    prints the address once all accept. `make` must be importable by name."""
    held = _listener(0)
    port = held.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    started = context.Barrier(workers + 1)
    processes = [
        context.Process(target=_serve, args=(make, port, started), daemon=True)
        for _ in range(workers)
    ]
    # An exit by the front door, before there is anybody: else the workers would go on without us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    for process in processes:
        process.start()
    started.wait(_START_SECONDS_MAX)
    print(f"http://127.0.0.1:{port}", flush=True)
    for process in processes:
        process.join()


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


def _serve(make: Callable[[], ASGIApp], port: int, started: Barrier) -> None:
    config = uvicorn.Config(
        make(),
        loop="none",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
    )
    uvloop.run(_Server(config, started).serve(sockets=[_listener(port)]))
