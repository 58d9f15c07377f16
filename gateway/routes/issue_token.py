"""POST /v1/oauth/token: an access token for client credentials (RFC 6749, section 4.4)."""

import base64
import binascii
from typing import Final
from urllib.parse import parse_qs, unquote_plus

from msgspec import Struct

from gateway.http import FORM, Answer, Call
from gateway.operation import Operation
from gateway.services import Services
from gateway.views import encode
from ingest import limits
from validators.errors import Refusal


class TokenRequest(Struct, kw_only=True):
    """The form of a token request; credentials may come by HTTP Basic instead."""

    grant_type: str
    client_id: str | None = None
    client_secret: str | None = None


class AccessToken(Struct):
    """A bearer token and the seconds it lasts."""

    access_token: str
    token_type: str
    expires_in: int


_OAUTH_ERRORS: Final = {
    "INVALID_CLIENT": "invalid_client",
    "UNSUPPORTED_GRANT_TYPE": "unsupported_grant_type",
    "MALFORMED_BODY": "invalid_request",
}
"""RFC 6749, section 5.2."""


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def answer(call: Call) -> Answer:
        try:
            return await issue(call)
        except Refusal as refusal:
            # Beside the problem's own members, the one that OAuth clients read.
            if error := _OAUTH_ERRORS.get(refusal.problem.code):
                refusal.members["error"] = error
            raise

    async def issue(call: Call) -> Answer:
        body = await call.body(FORM, limits.TOKEN_REQUEST_BYTES_MAX)
        try:
            fields = parse_qs(
                body.decode("ascii"), errors="strict", max_num_fields=limits.QUERY_FIELDS_MAX
            )
        except ValueError as error:
            raise Refusal("MALFORMED_BODY", str(error)) from error
        if fields.get("grant_type") != ["client_credentials"]:
            raise Refusal("UNSUPPORTED_GRANT_TYPE")
        client_id, secret = _credentials(call, fields)
        person = await services.clients.authenticate(client_id, secret)
        token = AccessToken(
            services.tokens.issue(person, call.at),
            "Bearer",
            int(limits.TOKEN_LIFETIME.total_seconds()),
        )
        return Answer(200, encode(token), headers=((b"cache-control", b"no-store"),))

    return Operation(
        method="POST",
        path="/v1/oauth/token",
        summary="Get an access token",
        endpoint=answer,
        roles=None,
        request=TokenRequest,
        request_type=FORM,
        answers=((200, AccessToken),),
        refusals=("INVALID_CLIENT", "UNSUPPORTED_GRANT_TYPE", "TOO_MANY_TOKEN_REQUESTS"),
    )


def _credentials(call: Call, fields: dict[str, list[str]]) -> tuple[str, str]:
    """The client's id and secret, by HTTP Basic or in the body. Raises Refusal INVALID_CLIENT."""
    authorization = call.headers.get(b"authorization")
    if authorization is None:
        try:
            (client_id,), (secret,) = fields["client_id"], fields["client_secret"]
        except (KeyError, ValueError) as error:
            raise Refusal("INVALID_CLIENT", "client_id and client_secret are needed") from error
        return client_id, secret
    scheme, _, encoded = authorization.partition(b" ")
    try:
        if scheme.lower() != b"basic":
            raise ValueError(scheme)
        written = base64.b64decode(encoded, validate=True).decode()
        quoted_id, colon, quoted_secret = written.partition(":")
        if not colon:
            raise ValueError(written)
    except (binascii.Error, ValueError) as error:
        raise Refusal("INVALID_CLIENT", "the Authorization header is not HTTP Basic") from error
    # RFC 6749, section 2.3.1: both are form-encoded before they are joined.
    return unquote_plus(quoted_id), unquote_plus(quoted_secret)
