"""What every Locust user shares: its process's documents, journal and tokens, and calls whose
answers are judged."""

import time
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, Final, TypeVar

from gevent.lock import Semaphore
from locust import FastHttpUser
from locust.exception import StopUser

from loadtest.day import judging
from loadtest.day.brief import Brief, Client, directory_told, read_brief
from loadtest.day.documents import Series
from loadtest.day.journal import Journal

T = TypeVar("T")
BRIEF: Final[Brief] = read_brief(directory_told())
_RENEWED_S: Final = 300.0
"""Before a token runs out."""
_HTTP_FAILED: Final = 500
_TOKENS: Final[dict[str, tuple[str, float]]] = {}
"""By client id: as a program with many connections, a process keeps one token for all."""
_SIGNING_IN: Final[defaultdict[str, Semaphore]] = defaultdict(Semaphore)


@cache
def series() -> Series:
    """This process's; first asked for by a user, and so after Locust has forked."""
    return Series()


@cache
def journal() -> Journal:
    """This process's."""
    return Journal(directory_told(), series().name)


class Caller(FastHttpUser):
    """Somebody with a client, or with several."""

    abstract = True
    host = BRIEF.address
    network_timeout: float = 60.0
    connection_timeout: float = 60.0
    kind: ClassVar[str]
    """Its name in the profile."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._begins = time.monotonic()

    def wait_time(self) -> float:
        """Until the next task begins: evenly, whatever the last one took."""
        period = 1.0 / getattr(BRIEF.profile.users, self.kind).a_second
        now = time.monotonic()
        self._begins = max(self._begins + period, now)
        return self._begins - now

    def sign_in(self, client: Client) -> None:
        """Gets a new token, which every user of this process goes on with."""
        form = {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        }
        if told := self.judged("POST", "/v1/oauth/token", judging.token, name="token", data=form):
            _TOKENS[client.client_id] = told[0], time.monotonic() + told[1] - _RENEWED_S

    def call(
        self, by: Client, method: str, path: str, judge: Callable[[int, str], T], **how: Any
    ) -> T | None:
        """A judged call with somebody's token. Ends the user where there is none to be had."""
        headers = {"Authorization": f"Bearer {self._token(by)}"}
        return self.judged(method, path, judge, headers=headers | how.pop("headers", {}), **how)

    def _token(self, client: Client) -> str:
        # One of all users asks for it: hashing a secret takes the gateway longer than a bill.
        with _SIGNING_IN[client.client_id]:
            token, until = _TOKENS.get(client.client_id, ("", 0.0))
            if time.monotonic() < until:
                return token
            self.sign_in(client)
            if client.client_id not in _TOKENS:
                raise StopUser
            return _TOKENS[client.client_id][0]

    def judged(
        self,
        method: str,
        path: str,
        judge: Callable[[int, str], T],
        *,
        changes: str | None = None,
        **how: Any,
    ) -> T | None:
        """What a judge reads in the answer; None, and a failure in the report, where it is wrong.
        `changes` is the EBN whose state nobody knows if no answer says what became of it."""
        known = False
        try:
            with self.client.request(method, path, catch_response=True, **how) as answer:
                known = 0 < answer.status_code < _HTTP_FAILED
                try:
                    told = judging.judged(judge, answer.status_code, answer.text or "")
                except judging.Wrong as wrong:
                    answer.failure(str(wrong))
                    return None
                answer.success()
                return told
        finally:
            # Also where Locust ends the user meanwhile.
            if changes and not known:
                journal().changed("unsure", changes)
