"""POST /v1/eway-bills/bulk: e-way bills without number, a line each."""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Final

from gateway.bulk import BulkEnd, BulkLine, LineAnswer, refused
from gateway.ndjson import NDJSON
from gateway.operation import Operation
from gateway.services import Services
from ingest import limits
from ingest.batching import others_turn
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS, Person
from validators.errors import Refusal
from validators.eway_bill import EwayBill
from validators.forms import read_form
from validators.identifiers import part_a_reference
from validators.ins06 import Ins06
from validators.part_a import PendingPartA

log = logging.getLogger(__name__)

_THERE_ALREADY: Final = frozenset({"DOCUMENT_ALREADY_HAS_EWAY_BILL", "DOCUMENT_ALREADY_HAS_PART_A"})


def operation(services: Services) -> Operation:
    """The operation, served by these services."""
    in_flight = asyncio.Semaphore(limits.BULK_BILLS_IN_FLIGHT_MAX)

    async def take(person: Person, lines: Sequence[bytes], at: datetime) -> Sequence[LineAnswer]:
        answers = []
        async with asyncio.TaskGroup() as group:
            for position, line in enumerate(lines, 1):
                await in_flight.acquire()
                answer = group.create_task(_taken(services, person, line, at))
                answer.add_done_callback(lambda _: in_flight.release())
                answers.append(answer)
                if others_turn(position, line):
                    await asyncio.sleep(0)
        return [answer.result() for answer in answers]

    return Operation(
        method="POST",
        path="/v1/eway-bills/bulk",
        summary="Generate e-way bills by the thousand",
        description="One document a line, as POST /v1/eway-bills takes it, in any number; an answer"
        " a line, in order, while the upload still runs. 201 only once it is on disk, with the "
        "bill's number, or the reference of a Part A alone. A broken upload is safe to send again: "
        "a document that has its bill already is 409 with the number, and counts as existing. "
        "An answer without its summary is not complete.",
        endpoint=services.bulk.endpoint(take),
        roles=TRADERS,
        request=Ins06,
        request_types=(NDJSON,),
        answers=((200, BulkLine), (200, BulkEnd)),
        refusals=("IDEMPOTENCY_KEY_NOT_TAKEN",),
        answer_type=NDJSON,
        whole=False,
        keyed=False,
    )


async def _taken(services: Services, person: Person, line: bytes, at: datetime) -> LineAnswer:
    try:
        stored = await _when_there_is_room(services, Request(person, at, _rendered), line)
    except Refusal as refusal:
        there = refusal.problem.code in _THERE_ALREADY and bool(refusal.members)
        return refused(refusal, existing=there)
    except Exception:
        log.exception("a line of an upload failed")
        return refused(Refusal("INTERNAL_ERROR"))
    return LineAnswer(stored.status, stored.body)


async def _when_there_is_room(services: Services, request: Request, line: bytes) -> StoredAnswer:
    """Furnishes a line's document. Where single requests fill the queue it waits: who uploads can
    be kept waiting, and has no better moment to send the line again."""
    while True:
        try:
            return await _furnished(services, request, line)
        except Refusal as refusal:
            if refusal.problem.code != "OVERLOADED":
                raise
        await asyncio.sleep(limits.BULK_PAUSE_SECONDS)


def _furnished(services: Services, request: Request, line: bytes) -> Awaitable[StoredAnswer]:
    form, faults = read_form(line, Ins06)
    return services.parts_a.furnish(request, form, faults)


def _rendered(furnished: EwayBill | PendingPartA) -> StoredAnswer:
    if isinstance(furnished, PendingPartA):
        reference = part_a_reference(furnished.reference)
        return StoredAnswer(201, b'"part_a_reference":"%b"' % reference.encode())
    return StoredAnswer(201, b'"ebn":"%d"' % furnished.ebn)
