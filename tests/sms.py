"""Aggregators as tests see them, and the messages they deliver."""

import hashlib
import hmac
import itertools
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import httpx

from ingest.clients import Enrolment, enrol
from tests.gateway_in_process import Gateway
from tests.owed import registered
from tests.sms_numbers import MOBILE
from validators.authority import Role

INBOUND: Final = "/sms/inbound"
_ids: Final = (f"message-{number}" for number in itertools.count(1))


class Aggregator:
    """One that delivers to a gateway, with its client id and secret."""

    def __init__(self, gateway: Gateway, client_id: str, secret: str) -> None:
        self.gateway = gateway
        self.client_id = client_id
        self.secret = secret

    @classmethod
    async def enrolled(cls, gateway: Gateway, *sources: str) -> "Aggregator":
        """A new one, that delivers from these networks or from anywhere."""
        wanted = Enrolment(Role.SMS_PROVIDER, "Aggregator", sources=sources)
        return cls(gateway, *await enrol(gateway.services.database, wanted, gateway.clock()))

    async def deliver(
        self, text: str, sender: str = MOBILE, message_id: str | None = None, **more: Any
    ) -> httpx.Response:
        """Delivers a message as a form, with HTTP Basic."""
        return await self.gateway.http.post(
            INBOUND,
            data=fields(text, sender, message_id) | more,
            auth=(self.client_id, self.secret),
        )

    async def said(self, text: str, sender: str = MOBILE, message_id: str | None = None) -> str:
        """What a message is answered."""
        answer = await self.deliver(text, sender, message_id)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert ("x-template" in answer.headers) == bool(answer.text)
        return answer.text

    def signature(self, content: bytes) -> str:
        """Of what is delivered."""
        return hmac.new(self.secret.encode(), content, hashlib.sha256).hexdigest()


def fields(text: str, sender: str = MOBILE, message_id: str | None = None) -> dict[str, str]:
    """A message as an aggregator writes it, under an id of its own unless one is named."""
    return {"from": sender, "text": text, "message_id": message_id or next(_ids)}


async def lay_in_numbers(dsn: str, gstin: str, mobiles: list[str]) -> None:
    """Confirmed numbers straight into the record, where no test's clock runs: the passwords of a
    real gateway go to telephones. A GSTIN has two at most."""
    connection = await asyncpg.connect(dsn)
    try:
        for slot, mobile in enumerate(mobiles, start=1):
            await registered(connection, gstin, datetime.now(UTC), mobile=mobile, slot=slot)
            await connection.execute(
                "INSERT INTO sms_number (mobile, language, acts_for) VALUES ($1, 'en', $2)",
                mobile,
                gstin,
            )
    finally:
        await connection.close()
