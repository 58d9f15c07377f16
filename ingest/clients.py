"""Clients and their secrets: enrolment, and the check of a secret against its scrypt hash."""

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ingest import limits
from ingest.batching import Turns
from ingest.database import Database
from ingest.queries import SQL
from validators.authority import TRADERS, Person, Role
from validators.errors import Refusal
from validators.identifiers import gstin_fault, text_fault
from validators.notification import CLASS_CHARACTERS_MAX

is_client_id: Final = re.compile(r"[a-z0-9-]{1,64}").fullmatch
_SCRYPT_COST: Final = {"n": 2**14, "r": 8, "p": 1}
_NOBODY: Final = "scrypt$AAAAAAAAAAAAAAAAAAAAAA==$" + base64.b64encode(bytes(32)).decode()
"""Checked when the client is unknown, so that an unknown id takes as long as a wrong secret."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Whom a new client is for, as `gateway enrol` takes it."""

    role: Role
    id: str
    state: str | None = None
    place: str | None = None
    mobile: str | None = None
    """Where an operator reaches the person. One that sends e-way bills by SMS is registered by
    its taxpayer (docs/sms-numbers.md)."""
    person_class: str | None = None
    sources: Sequence[str] = ()
    """The networks an SMS provider delivers from, none: any."""


class EnrolmentError(ValueError):
    """The person cannot be enrolled as described."""


def hash_secret(secret: str, salt: bytes) -> str:
    """The scrypt hash of a secret, with its salt, as stored."""
    digest = hashlib.scrypt(secret.encode(), salt=salt, **_SCRYPT_COST)
    return f"scrypt${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def secret_matches(secret: str, stored: str) -> bool:
    """Whether a secret is the one hashed, in a time that does not tell how nearly."""
    salt = base64.b64decode(stored.split("$")[1])
    return hmac.compare_digest(hash_secret(secret, salt), stored)


async def enrol(database: Database, wanted: Enrolment, at: datetime) -> tuple[str, str]:
    """Enrols a client for a person and answers (client_id, client_secret); the secret is kept only
    as a hash, but for an SMS provider's, which also signs. Raises EnrolmentError when what the role
    needs is missing or wrong."""
    if wanted.role in TRADERS and (code := gstin_fault(wanted.id)):
        raise EnrolmentError(f"--id {wanted.id!r}: {code}: a {wanted.role} needs a GSTIN")
    if wanted.role in (Role.OFFICER, Role.READER) and not wanted.state:
        raise EnrolmentError(f"a {wanted.role} needs --state")
    if wanted.role is Role.READER and not wanted.place:
        raise EnrolmentError("a reader needs --place")
    if wanted.person_class is not None:
        if wanted.role is not Role.TRANSPORTER:
            raise EnrolmentError("--class is of a transporter")
        if code := text_fault(wanted.person_class, CLASS_CHARACTERS_MAX):
            raise EnrolmentError(f"--class: {code}")
    _require_sources(wanted)
    client_id, secret = f"{wanted.role}-{secrets.token_hex(6)}", secrets.token_urlsafe(32)
    secret_hash = await asyncio.to_thread(hash_secret, secret, secrets.token_bytes(16))
    async with database.connection() as connection, connection.transaction():
        await connection.execute(
            SQL["enrol_client"],
            client_id,
            secret_hash,
            wanted.role,
            wanted.id,
            wanted.state,
            wanted.place,
            wanted.mobile,
            wanted.person_class,
            at,
        )
        if wanted.role is Role.SMS_PROVIDER:
            await connection.execute(SQL["enrol_sms_provider"], client_id, secret, wanted.sources)
    return client_id, secret


def _require_sources(wanted: Enrolment) -> None:
    if wanted.sources and wanted.role is not Role.SMS_PROVIDER:
        raise EnrolmentError("--source is of an sms-provider")
    for source in wanted.sources:
        try:
            ipaddress.ip_network(source)
        except ValueError as error:
            raise EnrolmentError(f"--source: {error}") from error


class Clients:
    """Checks client secrets, a few at a time: each costs memory and tens of milliseconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns = Turns(
            limits.SECRET_CHECKS_AT_ONCE,
            limits.SECRET_CHECKS_WAITING_MAX,
            "TOO_MANY_TOKEN_REQUESTS",
        )

    async def authenticate(self, client_id: str, secret: str) -> Person:
        """The person a client belongs to. Raises Refusal INVALID_CLIENT, TOO_MANY_TOKEN_REQUESTS
        or RECORD_UNAVAILABLE."""
        if not is_client_id(client_id):
            raise Refusal("INVALID_CLIENT")
        async with self._turns:
            rows = await self._database.fetch("client_by_id", client_id)
            stored = rows[0]["secret_hash"] if rows else _NOBODY
            matches = await asyncio.to_thread(secret_matches, secret, stored)
        if not rows or not matches:
            raise Refusal("INVALID_CLIENT")
        (row,) = rows
        return Person(client_id, Role(row["role"]), row["person_id"], row["state"], row["place"])


async def signing_keys(database: Database) -> dict[str, bytes]:
    """The keys tokens are signed with, newest first. Every worker of every machine on one record
    shares them, so a token of one is good at all."""
    return {row["key_id"]: row["secret"] for row in await database.fetch("signing_keys")}
