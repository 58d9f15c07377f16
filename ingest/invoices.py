"""Use case: uploading invoices for a reference number, r2(2), one by one or by the thousand.

An invoice number is claimed first, then the invoices whose numbers were free are copied in: the
claim's primary key is the arbiter between uploads, and nothing else has to be looked up. Whoever
comes second is answered with the first upload, or told which fields differ.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from ingest import limits
from ingest.batching import Batcher, Turns, others_turn
from ingest.database import Connection
from ingest.invoice_document import pack
from ingest.invoice_writes import NewInvoice, Uploaded, write, write_slice
from ingest.numbers import Numbers
from ingest.recording import Recorder, SpoiltError, Written
from ingest.replay import Answered, Claim, Request, StoredAnswer, claim_all
from validators.authority import Person
from validators.calendar import india_date, month_code
from validators.errors import Fault, Refusal, invalid_document
from validators.inv1 import Inv1, encode, read_further, read_plainly
from validators.inv1_at_a_glance import seems_sound
from validators.inv1_faults import examine_invoice
from validators.invoice import key_of, require_may_upload

_ID_UNUSED: Final = frozenset({"INVOICE_DIFFERS", "INVOICE_ARCHIVED"})
"""Refusals after which an id is as good as new. Else what is sent again and again would use up the
month's."""


class _Single(NamedTuple):
    """An upload of one, with the claim that keeps its answer."""

    invoice: NewInvoice
    render: Callable[[Uploaded], StoredAnswer]
    claim: Claim | None


def prepared(
    person: Person, form: Inv1, shape: Sequence[Fault], at: datetime, today: date
) -> NewInvoice:
    """What a form becomes when it is uploaded at an instant; `today` is the date in India then.
    `shape` are the faults found while reading it. Raises Refusal INVALID_DOCUMENT with every fault,
    or NOT_A_PARTY."""
    if faults := examine_invoice(form, shape, today):
        raise invalid_document(faults)
    return _new(person, form, encode(form), at)


def prepared_line(person: Person, line: bytes, at: datetime, today: date) -> NewInvoice:
    """As `prepared`, what a line of an upload becomes."""
    plainly = read_plainly(line)
    if plainly is None or not seems_sound(*plainly, today):
        return prepared(person, *read_further(line, plainly), at, today)
    return _new(person, *plainly, at)


def _new(person: Person, form: Inv1, document: bytes, at: datetime) -> NewInvoice:
    require_may_upload(person, form)
    key = key_of(form)
    period = month_code(form.document_date)
    return NewInvoice(key, key.irn, at, period, document, pack(document))


class Invoices:
    """Takes invoices for HTTP, singly and in bulk."""

    def __init__(self, recorder: Recorder, numbers: Numbers) -> None:
        self._recorder = recorder
        self._numbers = numbers
        self._in_bulk = Turns(
            limits.BULK_WRITES_AT_ONCE, limits.BULK_WRITES_WAITING_MAX, "OVERLOADED"
        )
        self._singles: Batcher[_Single, StoredAnswer] = Batcher(
            self._commit_singles,
            batch_max=limits.BATCH_INVOICES_MAX,
            waiting_max=limits.WAITING_INVOICES_MAX,
            lanes=limits.WRITE_LANES,
            apart=lambda single: (single.claim.identity,) if single.claim else (),
        )

    async def upload(self, request: Request, form: Inv1, shape: Sequence[Fault]) -> StoredAnswer:
        """Uploads one invoice with its neighbours; it is durable on return. Raises Refusal as
        `prepared`, INVOICE_DIFFERS with every field that does, INVOICE_ARCHIVED, OVERLOADED or
        that of the record; AlreadyAnsweredError as `generate`."""
        new = prepared(request.person, form, shape, request.at, india_date(request.at))
        return await self._singles.submit(_Single(new, request.render, request.claim))

    async def upload_lines(
        self, person: Person, lines: Sequence[bytes], at: datetime
    ) -> list[Uploaded | Exception]:
        """Uploads the invoices of lines, sound ones in one transaction: durable on return. One
        answer a line, in order; none spoils the others. Raises nothing of a line's making."""
        answers: list[Any] = []
        today = india_date(at)
        for position, line in enumerate(lines, 1):
            try:
                answers.append(prepared_line(person, line, at, today))
            except Refusal as refusal:
                answers.append(refusal)
            except Exception as error:  # It is this one's answer; its neighbours are sound.
                answers.append(error)
            if others_turn(position, line):
                await asyncio.sleep(0)
        new = [answer for answer in answers if isinstance(answer, NewInvoice)]
        try:
            async with self._in_bulk:
                stored = await self._store(new) if new else []
        except Refusal as refusal:
            stored = [refusal] * len(new)
        if len(new) == len(answers):
            return [*stored]
        following = iter(stored)
        return [next(following) if isinstance(one, NewInvoice) else one for one in answers]

    @property
    def waiting(self) -> int:
        """How many single uploads wait for a transaction."""
        return self._singles.waiting

    @property
    def slices_waiting(self) -> int:
        """How many slices of uploads wait for their turn to be stored."""
        return self._in_bulk.waiting

    async def close(self) -> None:
        """Waits until everything accepted is committed."""
        await self._singles.close()

    async def _store(self, new: Sequence[NewInvoice]) -> Sequence[Any]:
        ids = await self._numbers.take_many(new[0].uploaded_at, len(new))
        stored = await self._recorder.record(list(zip(ids, new, strict=True)), _write_lines)
        for number, one in zip(ids, stored, strict=True):
            if _left_unused(one):
                self._numbers.give_back(number)
        return stored

    async def _commit_singles(self, batch: list[_Single]) -> Sequence[StoredAnswer | Exception]:
        ids = await self._numbers.take_many(batch[0].invoice.uploaded_at, len(batch))
        recorded = await self._recorder.record(
            list(zip(ids, batch, strict=True)),
            _write_singles,
            more=lambda: self._singles.waiting > 0,
        )
        answers: list[StoredAnswer | Exception] = []
        for number, one in zip(ids, recorded, strict=True):
            uploaded, answer = one if isinstance(one, tuple) else (one, one)
            if _left_unused(uploaded):
                self._numbers.give_back(number)
            answers.append(answer)
        return answers


def _left_unused(outcome: Uploaded | Exception) -> bool:
    """Whether the id taken for an invoice certainly names none."""
    if isinstance(outcome, Refusal):
        return outcome.problem.code in _ID_UNUSED
    return isinstance(outcome, Uploaded) and not outcome.created


async def _write_lines(
    connection: Connection, batch: Sequence[tuple[int, NewInvoice]]
) -> Written[Uploaded | Refusal]:
    return Written(await write_slice(connection, batch))


async def _write_singles(
    connection: Connection, batch: Sequence[tuple[int, _Single]]
) -> Written[tuple[Uploaded | Refusal, StoredAnswer | Refusal]]:
    invoices = [(number, single.invoice) for number, single in batch]
    uploaded = await write(connection, invoices, with_documents=True)
    answers = [
        one if isinstance(one, Refusal) else single.render(one)
        for (_, single), one in zip(batch, uploaded, strict=True)
    ]
    kept = [
        Answered(single.claim, answer)
        for (_, single), answer in zip(batch, answers, strict=True)
        if isinstance(answer, StoredAnswer)
    ]
    for lost in await claim_all(connection, kept):
        if lost is not None:
            # Its invoice was just stored, which the key forbids: nothing of this may stay.
            raise lost if len(batch) == 1 else SpoiltError(str(lost))
    return Written(list(zip(uploaded, answers, strict=True)))
