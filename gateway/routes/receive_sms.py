"""GET and POST /sms/inbound: an aggregator delivers a message, and is answered the reply to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from gateway.client_credentials import client_credentials
from gateway.http import FORM, JSON, Answer, Call, form_fields
from gateway.operation import Operation
from gateway.replaying import is_key
from gateway.services import Services
from ingest import sms_limits
from ingest.sms_providers import Provider
from sms.conversation import Inbound
from validators.authority import Role, require_role
from validators.errors import Fault, Refusal, fault, invalid_document
from validators.forms import read_json, read_query

_TEXT: Final = b"text/plain; charset=utf-8"
_REFUSALS: Final = (
    "INVALID_CLIENT",
    "INVALID_SIGNATURE",
    "SOURCE_NOT_ALLOWED",
    "UNAUTHENTICATED",
    "ROLE_NOT_PERMITTED",
    "TOO_MANY_MESSAGES",
    "INVALID_DOCUMENT",
    "IDEMPOTENCY_KEY_REUSED",
    "OVERLOADED",
    "RECORD_UNAVAILABLE",
    "OUTCOME_UNKNOWN",
)
_DESCRIPTION: Final = (
    "By HTTP Basic, or `client_id` and `client_secret` among the fields; by the headers "
    "`X-Client-Id` and `X-Signature` (HMAC-SHA256 of the body as it is before any content "
    "encoding, of a GET the query string, under the client secret, in hexadecimal); or by a bearer "
    "token. What an aggregator sends beside these fields is passed over. Answers the reply, which "
    "may be empty, once what the message does is on disk; the same `message_id` again, for 72 "
    "hours, is answered the same and does nothing. 429 and 503: deliver it again."
)


class InboundSms(Struct, kw_only=True, rename={"sender": "from"}):
    """A message as an aggregator delivers it."""

    sender: Annotated[str, Meta(description="Mobile number", examples=["919876543210"])]
    text: Annotated[str, Meta(examples=["EWBC 212000000001"])]
    message_id: Annotated[
        str,
        Meta(description="1 to 128 visible ASCII characters: the aggregator's id of the message"),
    ]
    received_at: (
        Annotated[
            datetime,
            Meta(
                tz=True,
                description="When the aggregator took it; more than 12 hours ago is too late",
            ),
        ]
        | None
    ) = None
    client_id: str | None = None
    client_secret: str | None = None


_FIELDS: Final = frozenset(InboundSms.__struct_encode_fields__)


def operations(services: Services) -> Sequence[Operation]:
    """The operations, served by these services."""

    async def receive(call: Call, fields: Mapping[str, Any], signed: bytes) -> Answer:
        provider = await _provider(services, call, fields, signed)
        client = call.scope.get("client")
        provider.require_source(client[0] if client else "")
        form, faults = read_query(
            {name: value for name, value in fields.items() if name in _FIELDS}, InboundSms
        )
        if faults := [*faults, *_examine(form)]:
            raise invalid_document(faults)
        inbound = Inbound(
            carrier=provider.person.client_id,
            message_id=form.message_id,
            sender=form.sender,
            text=form.text,
            at=call.at,
            sent_at=form.received_at,
            is_awaited=True,
        )
        said = await services.sms.conversation.answer(inbound)
        if said is None:
            return Answer(200, b"", _TEXT)
        # By the name of its template whoever sends it finds the id it is registered under (DLT).
        return Answer(200, said.text.encode(), _TEXT, ((b"x-template", said.template.encode()),))

    async def posted(call: Call) -> Answer:
        media_type = call.require_media_type(FORM, JSON)
        body = await call.body(media_type, sms_limits.BODY_BYTES_MAX)
        return await receive(call, _JSON_OR_FORM[media_type](body), body)

    async def got(call: Call) -> Answer:
        return await receive(call, call.query(), call.scope["query_string"])

    return [
        Operation(
            method="POST",
            path="/sms/inbound",
            summary="Deliver a message",
            description=_DESCRIPTION,
            endpoint=posted,
            whole=False,
            roles=None,
            request=InboundSms,
            request_types=(FORM, JSON),
            answers=((200, None),),
            answer_type=b"text/plain",
            refusals=_REFUSALS,
        ),
        Operation(
            method="GET",
            path="/sms/inbound",
            summary="Deliver a message, as some aggregators do",
            description=_DESCRIPTION,
            endpoint=got,
            whole=False,
            roles=None,
            query=InboundSms,
            answers=((200, None),),
            answer_type=b"text/plain",
            refusals=(*_REFUSALS, "INVALID_QUERY"),
        ),
    ]


async def _provider(
    services: Services, call: Call, fields: Mapping[str, Any], signed: bytes
) -> Provider:
    """Who delivers. Raises Refusal INVALID_CLIENT, INVALID_SIGNATURE, UNAUTHENTICATED,
    ROLE_NOT_PERMITTED or RECORD_UNAVAILABLE."""
    authorization = call.headers.get(b"authorization")
    if authorization is not None and authorization[:7].lower() == b"bearer ":
        person = services.tokens.person_of(authorization, call.at)
        require_role(person, frozenset({Role.SMS_PROVIDER}))
        return await services.sms.providers.of(person.client_id)
    signature = call.headers.get(b"x-signature")
    if signature is not None:
        provider = await services.sms.providers.of(
            call.headers.get(b"x-client-id", b"").decode("latin-1")
        )
        if not provider.signed(signed, signature.decode("latin-1")):
            raise Refusal("INVALID_SIGNATURE")
        return provider
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    client_id, secret = client_credentials(authorization, texts)
    provider = await services.sms.providers.of(client_id)
    if not provider.knows(secret):
        raise Refusal("INVALID_CLIENT")
    return provider


def _json_fields(body: bytes) -> Mapping[str, Any]:
    document, doubled = read_json(body)
    if doubled:
        raise Refusal("MALFORMED_BODY", faults=tuple(doubled))
    if not isinstance(document, dict):
        raise Refusal("MALFORMED_BODY", "a JSON object is needed")
    # Some aggregators write numbers as numbers.
    return {name: str(value) if type(value) is int else value for name, value in document.items()}


_JSON_OR_FORM: Final = {FORM: form_fields, JSON: _json_fields}


def _examine(form: InboundSms) -> list[Fault]:
    if isinstance(form.message_id, str) and not is_key(form.message_id.encode()):
        return [fault("/message_id", "MESSAGE_ID_FORMAT")]
    return []
