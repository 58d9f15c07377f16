"""POST /v1/rfid/reads: what a reader has read at its checkpoint, by the thousand, r3(2)."""

import asyncio

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.read_views import ReadsAnswer, read_answer
from gateway.services import Services
from gateway.views import encode
from ingest import limits
from validators.authority import READERS
from validators.errors import Refusal
from validators.reads import ReadsForm, SentRead, read_reads


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def count(call: Call) -> Answer:
        if b"idempotency-key" in call.headers:
            words = "each read is safe to send again by its read_id"
            raise Refusal("IDEMPOTENCY_KEY_NOT_TAKEN", words)
        body = await call.body()
        sent: list[SentRead] = []
        for one in read_reads(body, limits.RFID_READS_MAX):
            sent.append(one)
            if len(sent) % limits.RFID_READS_IN_ONE_GO == 0:
                await asyncio.sleep(0)
        outcomes = await services.reads.count(call.caller, sent, call.at)
        answers = [read_answer(one, became) for one, became in zip(sent, outcomes, strict=True)]
        return Answer(200, encode(ReadsAnswer(answers)))

    return Operation(
        method="POST",
        path="/v1/rfid/reads",
        summary="Count what a reader has read",
        description="Each read is judged by the clock of its read_at and verifies in transit every "
        "e-way bill that was valid on the conveyance then: from now on those cannot be cancelled. "
        "It is on record before it is answered, and safe to send again: 201 counted, 200 counted "
        "before, 409 READ_ID_REUSED, 422 INVALID_DOCUMENT with its faults, 503 to be sent again. "
        "What is wrong with one read does not stop the others.",
        endpoint=count,
        roles=READERS,
        request=ReadsForm,
        answers=((200, ReadsAnswer),),
        refusals=("IDEMPOTENCY_KEY_NOT_TAKEN", "INVALID_DOCUMENT"),
        keyed=False,
    )
