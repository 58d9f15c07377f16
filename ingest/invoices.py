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
from ingest.invoice_document import pack, unpack
from ingest.invoice_rows import InvoiceRow, copy_invoices
from ingest.numbers import Numbers
from ingest.queries import SQL
from ingest.recording import Recorder, SpoiltError, Written
from ingest.replay import Answered, Claim, Request, StoredAnswer, claim_all
from validators.authority import Person
from validators.calendar import india_date, month_code
from validators.errors import Fault, Refusal, invalid_document
from validators.forms import FAULTS_MAX
from validators.inv1 import Inv1, encode, read_inv1
from validators.inv1_faults import examine_invoice
from validators.invoice import InvoiceKey, differences, key_of, require_may_upload


def irn_head(irn: str) -> bytes:
    """What an invoice is found by: the first eight bytes of its IRN."""
    return bytes.fromhex(irn[:16])


def irn_key(irn: str) -> int:
    """`irn_head` as the integer the record keeps."""
    return int.from_bytes(irn_head(irn), "big", signed=True)


class NewInvoice(NamedTuple):
    """A sound invoice about to be uploaded."""

    key: InvoiceKey
    irn: str
    uploaded_at: datetime
    period: int
    document: bytes
    """The form as normalised, in JSON."""


class Uploaded(NamedTuple):
    """An invoice on record, and whether this upload put it there."""

    irn: str
    uploaded_at: datetime
    document: bytes
    """Empty where nobody asked for it."""
    created: bool


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
    require_may_upload(person, form)
    key = key_of(form)
    return NewInvoice(key, key.irn, at, month_code(form.document_date), encode(form))


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
                answers.append(prepared(person, *read_inv1(line), at, today))
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

    async def _store(self, batch: Sequence[NewInvoice]) -> Sequence[Any]:
        ids = await self._numbers.take_many(batch[0].uploaded_at, len(batch))
        stored = await self._recorder.record(list(zip(ids, batch, strict=True)), _write_lines)
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
    # Of thousands of lines nobody reads what was uploaded first, only that it was.
    return Written(await _write(connection, batch, with_documents=False))


async def _write_singles(
    connection: Connection, batch: Sequence[tuple[int, _Single]]
) -> Written[tuple[Uploaded | Refusal, StoredAnswer | Refusal]]:
    invoices = [(number, single.invoice) for number, single in batch]
    uploaded = await _write(connection, invoices, with_documents=True)
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


async def _write(
    connection: Connection, batch: Sequence[tuple[int, NewInvoice]], *, with_documents: bool
) -> list[Uploaded | Refusal]:
    # In the order of their keys, so that two transactions never wait in a circle.
    ordered = sorted(batch, key=lambda entry: entry[1].key)
    claimed = await connection.fetchval(
        SQL["claim_invoices"],
        [
            (number, new.uploaded_at, new.key[0], new.period, new.key[1], new.key[2])
            for number, new in ordered
        ],
    )
    ours = set(claimed or ())
    fresh = [entry for entry in batch if entry[0] in ours]
    if fresh:
        await copy_invoices(
            connection,
            [
                InvoiceRow(number, irn_head(new.irn), new.uploaded_at, pack(new.document))
                for number, new in fresh
            ],
        )
    answers: dict[int, Uploaded | Refusal] = {
        number: Uploaded(new.irn, new.uploaded_at, new.document, created=True)
        for number, new in fresh
    }
    if len(fresh) < len(batch):
        again = [entry for entry in batch if entry[0] not in ours]
        for first in range(0, len(again), limits.BATCH_INVOICE_READS_MAX):
            some = again[first : first + limits.BATCH_INVOICE_READS_MAX]
            answers |= await _held(connection, some, with_documents=with_documents)
    return [answers[number] for number, _ in batch]


async def _held(
    connection: Connection, again: Sequence[tuple[int, NewInvoice]], *, with_documents: bool
) -> dict[int, Uploaded | Refusal]:
    """What is answered of invoices whose numbers are taken."""
    keys = [new.key for _, new in again]
    rows = await connection.fetch(
        SQL["invoices_claimed"],
        [key.financial_year for key in keys],
        [key.supplier_gstin for key in keys],
        [key.number for key in keys],
    )
    held = {row["position"] - 1: row["invoice_id"] for row in rows}
    found = await connection.fetch(
        SQL["invoices_by_irn"],
        [irn_key(new.irn) for _, new in again],
        min(held.values()),
        max(held.values()),
    )
    firsts = {row["invoice_id"]: row for row in found}
    answers: dict[int, Uploaded | Refusal] = {}
    for position, (number, new) in enumerate(again):
        first = firsts.get(held[position])
        if first is None:
            answers[number] = Refusal("INVOICE_ARCHIVED", irn=new.irn)
            continue
        document = unpack(first["document"])
        one = _again(new, first["uploaded_at"], document)
        if isinstance(one, Uploaded) and not with_documents:
            one = one._replace(document=b"")
        answers[number] = one
        if len(document) >= limits.INVOICE_BYTES_IN_ONE_GO:
            await asyncio.sleep(0)
    return answers


def _again(new: NewInvoice, uploaded_at: datetime, first: bytes) -> Uploaded | Refusal:
    """An invoice sent again, beside what was uploaded first."""
    if first != new.document:
        changed = differences(read_inv1(first)[0], read_inv1(new.document)[0])
        if changed:
            return Refusal("INVOICE_DIFFERS", faults=tuple(changed[:FAULTS_MAX]), irn=new.irn)
    return Uploaded(new.irn, uploaded_at, first, created=False)
