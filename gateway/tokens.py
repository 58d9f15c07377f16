"""Access tokens: signed JWTs of half an hour, verified without asking the record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import jwt

from ingest import limits
from validators.authority import Person, Role
from validators.errors import Refusal

_ALGORITHM: Final = "HS256"
_ISSUER: Final = "eway-gateway"


class Tokens:
    """Issues and verifies tokens with the record's signing keys, newest first."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = keys
        self._newest = next(iter(keys))
        # Verifying costs tens of microseconds and a client sends one token thousands of times.
        self._remembered: dict[bytes, tuple[Person, float]] = {}

    def issue(self, person: Person, at: datetime) -> str:
        """A token for a person, good for `limits.TOKEN_LIFETIME` from `at`."""
        claims = {
            "iss": _ISSUER,
            "sub": person.client_id,
            "role": person.role,
            "id": person.id,
            "state": person.state,
            "place": person.place,
            "iat": int(at.timestamp()),
            "exp": int((at + limits.TOKEN_LIFETIME).timestamp()),
        }
        headers = {"kid": self._newest}
        return jwt.encode(claims, self._keys[self._newest], _ALGORITHM, headers=headers)

    def person_of(self, authorization: bytes | None, at: datetime) -> Person:
        """The person an Authorization header names. Raises Refusal UNAUTHENTICATED."""
        if authorization is None:
            raise Refusal("UNAUTHENTICATED", "the Authorization header is missing")
        remembered = self._remembered.get(authorization)
        if remembered is None:
            remembered = self._verify(authorization)
            if len(self._remembered) >= limits.TOKENS_REMEMBERED_MAX:
                self._remembered.clear()
            self._remembered[authorization] = remembered
        person, expires_at = remembered
        if at.timestamp() >= expires_at:
            raise Refusal("UNAUTHENTICATED", "the token has expired")
        return person

    def _verify(self, authorization: bytes) -> tuple[Person, float]:
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            raise Refusal("UNAUTHENTICATED", "the Authorization header must say Bearer TOKEN")
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                # Expiry is checked against the gateway's own clock, at every use.
                options={"verify_exp": False, "verify_iat": False, "require": ["exp", "sub"]},
            )
            person = Person(
                claims["sub"], Role(claims["role"]), claims["id"], claims["state"], claims["place"]
            )
            return person, float(claims["exp"])
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError) as error:
            raise Refusal("UNAUTHENTICATED", "the token is not one of this gateway") from error
