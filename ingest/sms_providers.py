"""Aggregators that deliver messages: what their deliveries are known by."""

import hmac
import ipaddress
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ingest import limits, sms_limits
from ingest.batching import Batcher
from ingest.clients import is_client_id
from ingest.database import Database
from validators.authority import Person, Role
from validators.errors import Refusal

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Provider:
    """An aggregator: the secret it shares with us, and the networks it delivers from, none: any."""

    person: Person
    secret: bytes
    sources: Sequence[_Network]

    def require_source(self, address: str) -> None:
        """Raises Refusal SOURCE_NOT_ALLOWED unless the provider delivers from an address."""
        if not self.sources:
            return
        try:
            caller = ipaddress.ip_address(address)
        except ValueError as error:  # A proxy said something else.
            raise Refusal("SOURCE_NOT_ALLOWED") from error
        if isinstance(caller, ipaddress.IPv6Address) and caller.ipv4_mapped:
            caller = caller.ipv4_mapped  # So a listener on :: sees those that come by IPv4.
        if not any(caller in network for network in self.sources):
            raise Refusal("SOURCE_NOT_ALLOWED")

    def knows(self, secret: str) -> bool:
        """Whether a secret is the shared one, in a time that does not tell how nearly."""
        return hmac.compare_digest(secret.encode(), self.secret)

    def signed(self, content: bytes, signature: str) -> bool:
        """Whether a signature is the HMAC-SHA256 of a content under the shared secret, in
        hexadecimal."""
        expected = hmac.digest(self.secret, content, "sha256").hex()
        return hmac.compare_digest(expected.encode(), signature.lower().encode())


class SmsProviders:
    """The enrolled aggregators, asked of the record now and then: each delivers all the time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[float, Provider]] = {}
        self._asked: Batcher[str, Provider | None] = Batcher(
            self._read,
            batch_max=limits.BATCH_READS_MAX,
            waiting_max=limits.WAITING_READS_MAX,
            lanes=1,
        )

    async def of(self, client_id: str) -> Provider:
        """An aggregator by its client id. Raises Refusal INVALID_CLIENT, OVERLOADED or
        RECORD_UNAVAILABLE."""
        until, known = self._known.get(client_id, (0.0, None))
        if known is not None and time.monotonic() < until:
            return known
        provider = await self._asked.submit(client_id) if is_client_id(client_id) else None
        if provider is None:
            raise Refusal("INVALID_CLIENT")
        self._known[client_id] = (
            time.monotonic() + sms_limits.PROVIDER_KNOWN_SECONDS,
            provider,
        )
        return provider

    async def _read(self, client_ids: list[str]) -> Sequence[Provider | None]:
        rows = await self._database.fetch("sms_providers", client_ids)
        found = {
            row["client_id"]: Provider(
                Person(
                    row["client_id"],
                    Role(row["role"]),
                    row["person_id"],
                    row["state"],
                    row["place"],
                ),
                row["secret"].encode(),
                [ipaddress.ip_network(source) for source in row["sources"]],
            )
            for row in rows
        }
        return [found.get(client_id) for client_id in client_ids]
