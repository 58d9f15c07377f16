"""One call of `POST /v1/rfid/reads`: a batch of reads, and the gateway's answer to each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, Final

import aiohttp
import orjson

from gateway.client.credentials import Credentials
from gateway.client.refusals import CallFailed, TokenRefused, refusal
from gateway.client.tokens import Tokens
from gateway.reader.reads import Read

_TOO_LARGE: Final = 413
_INVALID: Final = 422
_TOO_MANY: Final = 429
_AHEAD: Final = "READ_AHEAD"


class TooLarge(Exception):
    """The gateway, or what stands before it, does not take so many reads at once."""


class Outcome(Enum):
    """What an answer means for its read."""

    COUNTED = "counted"
    REFUSED = "refused"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Answer:
    """The gateway's answer to one read."""

    read: Read
    status: int
    said: dict[str, Any]
    """All that it says."""

    @property
    def outcome(self) -> Outcome:
        """Whether it is the last word on the read."""
        if self.status < 400:
            return Outcome.COUNTED
        again = self.status == _TOO_MANY or self.status >= 500 or self.said.get("retry") is True
        return Outcome.AGAIN if again or self.ahead else Outcome.REFUSED

    @property
    def reason(self) -> str:
        """Status, code, detail and each fault, as far as it says them."""
        words = [self.said.get(part) for part in ("status", "code", "detail")]
        faults = self.said.get("errors")
        words += [
            f"{fault.get('pointer')} {fault.get('detail')}"
            for fault in (faults if isinstance(faults, list) else ())
            if isinstance(fault, dict)
        ]
        return ": ".join(str(word) for word in words if word)

    @property
    def ahead(self) -> bool:
        """Whether nothing is wrong with the read but that it is too far ahead of the gateway's
        clock, which waiting mends."""
        faults = self.said.get("errors")
        return (
            self.status == _INVALID
            and isinstance(faults, list)
            and bool(faults)
            and all(isinstance(each, dict) and each.get("code") == _AHEAD for each in faults)
        )


class ReadsCall:
    """Sends batches. It knows no read before or after."""

    def __init__(self, session: aiohttp.ClientSession, url: str, credentials: Credentials) -> None:
        self._session = session
        self._url = f"{url}/v1/rfid/reads"
        self._tokens = Tokens(session, url, credentials)
        self.clock_ahead_seconds = 0.0
        """How far this host's clock was ahead of the gateway's at its last answer."""

    async def send(self, batch: Sequence[Read]) -> list[Answer]:
        """The answers, one a read and in their order.

        Whatever it raises, the gateway may have counted the batch. Raises TooLarge, ComeAgain,
        TokenRefused (the next call takes another token), CallFailed, and aiohttp.ClientError,
        OSError or TimeoutError for a connection that broke.
        """
        token = await self._tokens.token()
        try:
            return await self._send(batch, token)
        except (TokenRefused, aiohttp.ClientError, OSError):
            # A gateway that refuses the token may break the connection before it can be heard.
            self._tokens.forget(token)
            raise

    async def _send(self, batch: Sequence[Read], token: str) -> list[Answer]:
        async with self._session.post(
            self._url,
            data=orjson.dumps({"reads": [_written(read) for read in batch]}),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            allow_redirects=False,
        ) as response:
            ahead_seconds = seconds_ahead(datetime.now(UTC), response.headers.get("Date"))
            if ahead_seconds is not None:
                self.clock_ahead_seconds = ahead_seconds
            if response.status == 200:
                return _answers(batch, await response.read(), self._url)
            refused = await refusal(response)
            if response.status == 401:
                raise TokenRefused(str(refused))
            raise TooLarge(str(refused)) if response.status == _TOO_LARGE else refused


def seconds_ahead(at: datetime, written: str | None) -> float | None:
    """How far an instant is ahead of a `Date` of HTTP; None where that is none."""
    try:
        return (at - parsedate_to_datetime(written or "")).total_seconds()
    except (ValueError, TypeError):  # It cannot be read, or says that it is of no zone.
        return None


def _written(read: Read) -> dict[str, str]:
    at = read.read_at.isoformat(timespec="microseconds")
    return {"read_id": read.read_id, "tag": read.tag, "read_at": at}


def _answers(batch: Sequence[Read], body: bytes, url: str) -> list[Answer]:
    """Raises CallFailed when it is not one answer to each read: then none is believed."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        parsed = None
    said = parsed.get("reads") if isinstance(parsed, dict) else None
    if not isinstance(said, list) or len(said) != len(batch):
        raise CallFailed(f"{url} does not answer each of {len(batch)} reads")
    return [_answer(read, each, url) for read, each in zip(batch, said, strict=True)]


def _answer(read: Read, said: object, url: str) -> Answer:
    status = said.get("status") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(status, int):
        raise CallFailed(f"{url} does not answer as a gateway does")
    if said.get("read_id") != read.read_id:
        raise CallFailed(f"{url} answers {said.get('read_id')} where {read.read_id} was due")
    return Answer(read, status, said)
