"""A carrier that is an aggregator's HTTP API: one POST of JSON a message."""

from types import TracebackType
from typing import Final

import aiohttp
import msgspec
from msgspec import Struct

from ingest import sms_limits
from sms.carrier import Outgoing, PermanentFailure, TemporaryFailure
from sms.settings import HttpSettings

_ABOUT_US: Final = (401, 403, 404, 405, 407, 408, 425, 429)
"""Statuses that do not refuse this message: the settings are wrong, or it is too much."""


class _Body(Struct):
    to: str
    text: str
    header: str
    entity_id: str
    template_id: str | None
    reference: str


class _Taken(Struct):
    message_id: str | int = ""


class HttpCarrier:
    """Sends through an aggregator. It is an asynchronous context manager, and a
    `sms.carrier.Carrier` within."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings

    async def __aenter__(self) -> "HttpCarrier":
        self._session = aiohttp.ClientSession(
            headers={
                "Authorization": f"Bearer {self._settings.secret}",
                "Content-Type": "application/json",
            },
            timeout=aiohttp.ClientTimeout(total=sms_limits.HTTP_SECONDS_MAX),
            connector=aiohttp.TCPConnector(
                limit=sms_limits.REPLIES_AT_ONCE + 2 * sms_limits.OTHERS_AT_ONCE
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def send(self, message: Outgoing) -> str:
        """As `Carrier.send`. What the aggregator says beside its status and the message's id is
        not repeated: it may hold the text."""
        body = _Body(
            message.international,
            message.text,
            message.header,
            message.entity_id,
            message.template_id,
            message.reference,
        )
        try:
            async with self._session.post(
                self._settings.url,
                data=msgspec.json.encode(body),
                headers={"Idempotency-Key": message.reference},
                allow_redirects=False,
            ) as answer:
                _require_taken(answer.status)
                return await _id_of(answer)
        except TimeoutError:
            raise TemporaryFailure("the aggregator did not answer in time") from None
        except aiohttp.ClientError as error:
            raise TemporaryFailure(f"the aggregator: {type(error).__name__}") from None


def _require_taken(status: int) -> None:
    if 200 <= status < 300:
        return
    said = f"the aggregator answered {status}"
    if 400 <= status < 500 and status not in _ABOUT_US:
        raise PermanentFailure(said)
    raise TemporaryFailure(said)


async def _id_of(answer: aiohttp.ClientResponse) -> str:
    """The id an answer names; "" where it names none: the message was taken all the same."""
    body = b""
    try:
        async for part in answer.content.iter_chunked(sms_limits.ANSWER_BYTES_MAX):
            body += part
            if len(body) > sms_limits.ANSWER_BYTES_MAX:
                return ""
        return str(msgspec.json.decode(body, type=_Taken).message_id)
    except (TimeoutError, aiohttp.ClientError, msgspec.DecodeError, UnicodeDecodeError):
        return ""
