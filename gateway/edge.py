"""The outermost layer: gives every request its id, and finds who answers it or says nobody does."""

import secrets
from collections.abc import Mapping
from itertools import count

from starlette.exceptions import HTTPException
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.operation import refused, send_answer
from validators.errors import Refusal


class Edge:
    """Plain ASGI middleware around the router."""

    def __init__(self, router: Router, exact: Mapping[tuple[str, str], ASGIApp]) -> None:
        self._router = router
        # A path without parameters need not be searched for among the routes.
        self._exact = exact
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
        app = self._exact.get((scope["method"], scope["path"]), self._router)
        try:
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
        methods: set[str] = set()
        for route in self._router.routes:
            if isinstance(route, Route) and route.methods and route.path_regex.match(path):
                methods |= route.methods
        return ", ".join(sorted(methods))
