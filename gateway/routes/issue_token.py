"""POST /v1/oauth/token: an access token for client credentials (RFC 6749, section 4.4)."""

from typing import Final

from msgspec import Struct

from gateway.client_credentials import client_credentials
from gateway.http import FORM, Answer, Call, form_fields
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
        fields = form_fields(body)
        if fields.get("grant_type") != "client_credentials":
            raise Refusal("UNSUPPORTED_GRANT_TYPE")
        client_id, secret = client_credentials(call.headers.get(b"authorization"), fields)
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
        request_types=(FORM,),
        answers=((200, AccessToken),),
        refusals=("INVALID_CLIENT", "UNSUPPORTED_GRANT_TYPE", "TOO_MANY_TOKEN_REQUESTS"),
    )
