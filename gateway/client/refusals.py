"""A whole request that the gateway refused: whether to come again, and what to tell a person."""

from typing import Final

import aiohttp
import orjson

_PROBLEM_BYTES_MAX: Final = 64 * 1024
_PAUSE_SECONDS_MAX: Final = 300.0


class CallFailed(RuntimeError):
    """The gateway refuses the call, or does not answer as a gateway does: the same again fails."""


class ComeAgain(Exception):
    """The gateway cannot answer now. `pause_seconds` is what it asks for, None if it does not."""

    def __init__(self, words: str, pause_seconds: float | None) -> None:
        super().__init__(words)
        self.pause_seconds = pause_seconds


class TokenRefused(Exception):
    """The gateway does not take the access token any more."""


async def refusal(response: aiohttp.ClientResponse) -> Exception:
    """What to raise for an answer that is not a success."""
    words = f"{response.url} answers {response.status}"
    if moved := response.headers.get("Location"):
        words = f"{words} and names {moved}: say that with --url"
    if said := _problem(await response.content.read(_PROBLEM_BYTES_MAX)):
        words = f"{words}: {said}"
    if response.status == 429 or response.status >= 500:
        return ComeAgain(words, _pause_seconds(response.headers.get("Retry-After")))
    return CallFailed(words)


def _problem(body: bytes) -> str:
    """RFC 9457: the code and the detail."""
    try:
        problem = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(problem, dict):
        return ""
    parts = (problem.get("code"), problem.get("detail") or problem.get("title"))
    return ": ".join(str(part) for part in parts if part)


def _pause_seconds(written: str | None) -> float | None:
    try:
        return min(max(float(written or ""), 0.0), _PAUSE_SECONDS_MAX)
    except ValueError:
        return None
