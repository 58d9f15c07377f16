"""The outermost layer: gives every request its id, and finds who answers it or says nobody does."""

import secrets
from collections.abc import Mapping
from itertools import count
from typing import Final

from starlette.exceptions import HTTPException
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.operation import refused, send_answer
from validators.errors import Refusal

_MET_BY: Final = {"GET": ("GET", "HEAD")}
"""Starlette answers HEAD where GET is served."""


class Edge:
    """Plain ASGI middleware around the router."""

    def __init__(self, router: Router, exact: Mapping[tuple[str, str], ASGIApp]) -> None:
        self._router = router
        # A path without parameters need not be searched for among the routes.
        self._exact = exact
        self._methods: dict[str, set[str]] = {}
        for method, path in exact:
            self._methods.setdefault(path, set()).update(_MET_BY.get(method, (method,)))
        # Unique across workers and restarts, at the cost of one addition a request.
        self._prefix = secrets.token_hex(6)
        self._numbers = count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        request_id = f"{self._prefix}-{next(self._numbers):x}"
        scope["request_id"] = request_id
        scope["app"] = self  # The router then raises for what it does not serve, which we answer.
        method, path = scope["method"], scope["path"]
        app = self._exact.get((method, path), self._router)
        try:
            # As OpenAPI matches paths: what is served without parameters is not also looked up as
            # another path's parameter, which would find no such thing instead of no such method.
            if method not in self._methods.get(path, (method,)):
                raise HTTPException(405)
            await app(scope, receive, send)
        except HTTPException as error:
            if error.status_code == 405:
                answer = refused(Refusal("METHOD_NOT_ALLOWED"), request_id)
                answer.headers = ((b"allow", self._allowed(scope["path"]).encode()),)
            else:
                answer = refused(Refusal("NO_SUCH_RESOURCE"), request_id)
            await send_answer(send, answer, request_id)

    def _allowed(self, path: str) -> str:
        """The methods of a path; a route alone knows only its own."""
        methods = set(self._methods.get(path, ()))
        if methods:
            return ", ".join(sorted(methods))
        for route in self._router.routes:
            if isinstance(route, Route) and route.methods and route.path_regex.match(path):
                methods |= route.methods
        return ", ".join(sorted(methods))
