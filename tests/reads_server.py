"""A gateway's side of an RFID reader, small: POST /v1/rfid/reads over real HTTP, broken at will."""

import asyncio
import re
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.bulk_server import CLIENT, Broken, Json, problem

READS_MAX = 5000
BODY_BYTES_MAX = 1024 * 1024


@dataclass
class ReadsServer:
    """What the server has seen, and what it is to do wrong. Shared with the test's thread."""

    refuse: Callable[[Json], Json | None] = lambda _: None
    """The answer to a read that is not counted."""
    refuse_calls: deque[Response] = field(default_factory=deque)
    """Answers to the next calls as a whole."""
    lose_answers: int = 0
    """So many next calls are taken, and their connection broken instead of answered."""
    away: bool = False
    """Every call is answered 503."""
    hold: bool = False
    """Calls are taken, and answered when `release` is set."""
    reads_max: int = READS_MAX
    """More in one call are too large."""

    counted: dict[str, Json] = field(default_factory=dict)
    """The reads by their id: each counts once."""
    received: Counter[str] = field(default_factory=Counter)
    """How often each id came."""
    calls: list[list[str]] = field(default_factory=list)
    """The ids of each call that was read, whatever was answered."""
    malformed: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    tokens_given: int = 0
    release: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/oauth/token", self._token, methods=["POST"]),
                Route("/v1/rfid/reads", self._reads, methods=["POST"]),
            ]
        )

    def begin_anew(self) -> None:
        """Forgets what it has seen and is to do, for another test; it stays where it is."""
        vars(self).update(vars(ReadsServer(url=self.url)))

    @property
    def tags(self) -> list[str]:
        """The tags that were counted, one a read, sorted."""
        return sorted(str(read["tag"]) for read in self.counted.values())

    async def _token(self, request: Request) -> Response:
        form = {name: value[0] for name, value in parse_qs((await request.body()).decode()).items()}
        if form != {**CLIENT, "grant_type": "client_credentials"}:
            return problem(401, "INVALID_CLIENT", "The client id or the secret is wrong")
        self.tokens_given += 1
        token = f"token-{self.tokens_given}"
        self.tokens.add(token)
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": 1800})

    async def _reads(self, request: Request) -> Response:
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return problem(401, "UNAUTHENTICATED", "another token")
        if self.away:
            return problem(503, "OVERLOADED", "later", **{"Retry-After": "0"})
        body = await request.body()
        document = await request.json()
        reads = document["reads"]
        if document.keys() != {"reads"} or request.headers["content-type"] != "application/json":
            self.malformed.append(str(document))
        self.calls.append([read["read_id"] for read in reads])
        if self.refuse_calls:
            return self.refuse_calls.popleft()
        if len(body) > BODY_BYTES_MAX or not 1 <= len(reads) <= self.reads_max:
            return problem(413, "BODY_TOO_LARGE", "too many")
        answers = [self._answer(read) for read in reads]
        if self.lose_answers:
            self.lose_answers -= 1
            raise Broken
        if self.hold:
            await asyncio.to_thread(self.release.wait)
        return JSONResponse({"reads": answers})

    def _answer(self, read: Json) -> Json:
        self._check(read)
        read_id = read["read_id"]
        self.received[read_id] += 1
        if refused := self.refuse(read):
            return {"read_id": read_id, **refused}
        before = self.counted.setdefault(read_id, read)
        if before != read:
            self.malformed.append(f"{read_id} is another read than before")
        return {
            "read_id": read_id,
            "status": 200 if self.received[read_id] > 1 else 201,
            "decision": "PASS",
            "reasons": [],
            "vehicle_number": "KA12AB1234",
            "verified": [],
        }

    def _check(self, read: Json) -> None:
        """What the contract says of a read's form."""
        at = datetime.fromisoformat(read["read_at"])
        sound = (
            read.keys() == {"read_id", "tag", "read_at"}
            and re.fullmatch(r"[!-~]{1,64}", read["read_id"])
            and re.fullmatch(r"([0-9A-F]{4}){4,31}", read["tag"])
            and at.utcoffset() == timedelta(0)
        )
        if not sound:
            self.malformed.append(str(read))
