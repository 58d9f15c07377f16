"""A client's id and secret as HTTP brings them (RFC 6749, section 2.3.1)."""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote_plus

from validators.errors import Refusal


def client_credentials(authorization: bytes | None, fields: Mapping[str, str]) -> tuple[str, str]:
    """The id and the secret, by HTTP Basic or as `client_id` and `client_secret` among the fields
    of a form. Raises Refusal INVALID_CLIENT."""
    if authorization is None:
        try:
            return fields["client_id"], fields["client_secret"]
        except KeyError as error:
            raise Refusal("INVALID_CLIENT", "client_id and client_secret are needed") from error
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
    # Both are form-encoded before they are joined.
    return unquote_plus(quoted_id), unquote_plus(quoted_secret)
