"""What every Locust user shares: its process's documents and journal, tokens, and calls whose
answers are judged."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, Final, TypeVar

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
        self._tokens: dict[str, tuple[str, float]] = {}
        self._begins = time.monotonic()

    def wait_time(self) -> float:
        """Until the next task begins: evenly, whatever the last one took."""
        period = 1.0 / getattr(BRIEF.profile.users, self.kind).a_second
        now = time.monotonic()
        self._begins = max(self._begins + period, now)
        return self._begins - now

    def sign_in(self, client: Client) -> None:
        """Gets a new token. The user ends where it is given none."""
        form = {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        }
        told = self.judged("POST", "/v1/oauth/token", judging.token, name="token", data=form)
        if told is None:
            raise StopUser
        self._tokens[client.client_id] = told[0], time.monotonic() + told[1] - _RENEWED_S

    def call(
        self, by: Client, method: str, path: str, judge: Callable[[int, str], T], **how: Any
    ) -> T | None:
        """A judged call with somebody's token."""
        if by.client_id not in self._tokens or time.monotonic() > self._tokens[by.client_id][1]:
            self.sign_in(by)
        headers = {"Authorization": f"Bearer {self._tokens[by.client_id][0]}"}
        return self.judged(method, path, judge, headers=headers | how.pop("headers", {}), **how)

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
