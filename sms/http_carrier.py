"""A carrier that is an aggregator's HTTP API: one POST of JSON a message."""

from types import TracebackType

from msgspec import Struct

from sms.carrier import Outgoing


class HttpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an aggregator takes messages. Raises ValueError that names the field; its printed form
    leaves the secret out."""

    url: str
    secret: str
    unencrypted: bool = False
    """Allows `http:` as well: for a proxy on this machine that adds TLS."""


class HttpCarrier:
    """Sends through an aggregator; an asynchronous context manager."""

    def __init__(self, settings: HttpSettings, header: str, entity_id: str) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> "HttpCarrier":
        raise NotImplementedError

    async def __aexit__(
        self, kind: type[BaseException] | None, _: object, __: TracebackType | None
    ) -> None:
        raise NotImplementedError

    async def send(self, message: Outgoing) -> str:
        """As `sms.carrier.Carrier` says."""
        raise NotImplementedError
