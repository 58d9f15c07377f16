"""The outermost layer: gives every request its id, and finds who answers it or says nobody does."""

import re
import secrets
from collections.abc import Iterable
from itertools import count
from typing import Any, Final, NamedTuple

from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from gateway.operation import OperationRoute, refused, send_answer
from validators.errors import Refusal


class Served(NamedTuple):
    """A path, and who answers which method of it."""

    matches: re.Pattern[str]
    methods: dict[str, OperationRoute]


class Edge:
    """The gateway as an ASGI application. A server that has a whole request in hand may ask it for
    the operation instead (`gateway/protocol.py`)."""

    def __init__(self, routes: Iterable[OperationRoute]) -> None:
        self._paths: dict[str, Served] = {}
        for route in routes:
            method, path = route.key
            served = self._paths.setdefault(path, Served(compile_path(path)[0], {}))
            served.methods[method] = route
            if method == "GET":
                served.methods["HEAD"] = route
        # Looked through in order, the busiest first.
        self._patterns = [served for path, served in self._paths.items() if "{" in path]
        # Unique across workers and restarts, at the cost of one addition a request.
        self._prefix = secrets.token_hex(6)
        self._numbers = count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = scope["request_id"] = self.request_id()
        served, scope["path_params"] = self._find(scope["path"])
        route = served.methods.get(scope["method"])
        if route is not None:
            await route(scope, receive, send)
            return
        answer = refused(
            Refusal("METHOD_NOT_ALLOWED" if served.methods else "NO_SUCH_RESOURCE"), request_id
        )
        if served.methods:
            answer.headers = ((b"allow", ", ".join(sorted(served.methods)).encode()),)
        await send_answer(send, answer, request_id)

    def request_id(self) -> str:
        """An id for one more request, never given before."""
        return f"{self._prefix}-{next(self._numbers):x}"

    def route(self, method: str, path: str) -> tuple[OperationRoute | None, dict[str, Any]]:
        """Who answers a method of a path, and the parameters that the path says."""
        served, parameters = self._find(path)
        return served.methods.get(method), parameters

    def _find(self, path: str) -> tuple[Served, dict[str, Any]]:
        # As OpenAPI matches paths: what is served without parameters is not also looked up as
        # another path's parameter, which would find no such thing instead of no such method.
        if (served := self._paths.get(path)) is not None and "{" not in path:
            return served, {}
        for served in self._patterns:
            if found := served.matches.match(path):
                return served, found.groupdict()
        return _NOBODY, {}


_NOBODY: Final = Served(re.compile("(?!)"), {})
