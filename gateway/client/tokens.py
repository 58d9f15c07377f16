"""The access token of a client: taken when needed, taken anew before it ends."""

import asyncio
import time
from typing import Final

import aiohttp

from gateway.client.credentials import Credentials
from gateway.client.refusals import CallFailed, refusal

_MARGIN_SECONDS: Final = 60.0
"""A token is not used for a request in its last minute."""


class Tokens:
    """The token that all connections share."""

    def __init__(self, session: aiohttp.ClientSession, url: str, credentials: Credentials) -> None:
        self._session = session
        self._url = f"{url}/v1/oauth/token"
        self._credentials = credentials
        self._token: str | None = None
        self._until = 0.0
        self._taking = asyncio.Lock()

    async def token(self) -> str:
        """A token with life in it.

        Raises CallFailed when the credentials are refused, ComeAgain and aiohttp.ClientError
        when it may go better later.
        """
        async with self._taking:
            if self._token is None or time.monotonic() >= self._until:
                await self._take()
            assert self._token is not None  # noqa: S101 - for the type checker
            return self._token

    def forget(self, token: str) -> None:
        """The gateway did not take this token: another is needed."""
        if token == self._token:
            self._token = None

    async def _take(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
        }
        asked = time.monotonic()
        async with self._session.post(self._url, data=form, allow_redirects=False) as response:
            if response.status != 200:
                raise await refusal(response)
            answer = await response.json(content_type=None)
        try:
            self._token = str(answer["access_token"])
            lives = float(answer.get("expires_in", 0))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CallFailed(f"{self._url} does not answer as a gateway does") from error
        self._until = asked + max(lives - _MARGIN_SECONDS, lives / 2)
