"""POST /v1/invoices/bulk: invoices without number, a line each."""

import logging
from collections.abc import Sequence
from datetime import datetime

from gateway.bulk import BulkEnd, BulkLine, LineAnswer, refused
from gateway.ndjson import NDJSON
from gateway.operation import Operation
from gateway.services import Services
from ingest.invoice_writes import Uploaded
from validators.authority import TRADERS, Person
from validators.errors import Refusal
from validators.inv1 import Inv1

log = logging.getLogger(__name__)


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def take(person: Person, lines: Sequence[bytes], at: datetime) -> Sequence[LineAnswer]:
        return [_answer(one) for one in await services.invoices.upload_lines(person, lines, at)]

    return Operation(
        method="POST",
        path="/v1/invoices/bulk",
        summary="Upload invoices by the thousand",
        description="One document a line, as POST /v1/invoices takes it, in any number; an answer a"
        " line, in order, while the upload still runs. 201 only once it is on disk. A broken "
        "upload is safe to send again: what is there already is answered 200 with the first "
        "upload's number. An answer without its summary is not complete.",
        endpoint=services.bulk.endpoint(take),
        roles=TRADERS,
        request=Inv1,
        request_types=(NDJSON,),
        answers=((200, BulkLine), (200, BulkEnd)),
        refusals=("IDEMPOTENCY_KEY_NOT_TAKEN",),
        answer_type=NDJSON,
        whole=False,
        keyed=False,
    )


def _answer(one: Uploaded | Exception) -> LineAnswer:
    if isinstance(one, Uploaded):
        members = b'"irn":"%b"' % one.irn.encode()
        return LineAnswer(201 if one.created else 200, members, not one.created)
    if isinstance(one, Refusal):
        return refused(one)
    log.error("a line of an upload failed", exc_info=one)
    return refused(Refusal("INTERNAL_ERROR"))
