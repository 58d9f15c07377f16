"""Use cases of Part A apart from Part B, r1(1)(b): furnished by one, completed by another."""

from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from msgspec.structs import replace

from ingest import limits
from ingest.batching import Batcher, Turns
from ingest.changes import OutdatedError
from ingest.database import Connection, Database
from ingest.generation import Generation, NewBill
from ingest.holders import why_refused
from ingest.lookups import Lookups
from ingest.notifications import KnownNotifications
from ingest.numbers import BEYOND_EVERY_NUMBER, first_number_of
from ingest.part_a_from_invoice import PartAFromInvoice
from ingest.queries import SQL
from ingest.rare_writes import RareWrites
from ingest.recording import Recorder, Written
from ingest.records import part_a_of, part_a_row
from ingest.replay import Claim, Request, StoredAnswer, claim_all, drop_all, keys_of
from validators.authority import TRADERS, Person, require_may_generate, require_role
from validators.calendar import india_date
from validators.errors import Fault, Refusal, invalid_document
from validators.eway_bill import DocumentKey, document_key, generated, key_of
from validators.ins06 import Ins06, examine, examine_consignment, hsn_codes, normalise
from validators.notification import extra_days
from validators.part_a import (
    PartB,
    PendingPartA,
    Withdrawal,
    examine_part_b,
    examine_withdrawal,
    may_read_part_a,
    require_completable,
    require_withdrawable,
    waits_for_transporter,
)
from validators.rulebook import RULEBOOKS

_LAPSED_AFTER: Final = max(rulebook.part_a_lapses_after for rulebook in RULEBOOKS)


class _NewPartA(NamedTuple):
    part_a: PendingPartA
    document: DocumentKey
    person: Person
    claim: Claim | None
    answer: StoredAnswer


class PartsA:
    """Takes INS-06 as furnished, whole or Part A alone; and what becomes of Parts A that wait."""

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        generation: Generation,
        lookups: Lookups,
        from_invoice: PartAFromInvoice,
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._generation = generation
        self._lookups = lookups
        self._from_invoice = from_invoice
        self._lists = Turns(limits.LISTS_AT_ONCE, limits.LISTS_WAITING_MAX, "OVERLOADED")
        self._withdrawals = RareWrites(database, recorder)
        self._commits: Batcher[_NewPartA, StoredAnswer] = Batcher(
            self._commit,
            batch_max=limits.BATCH_BILLS_MAX,
            waiting_max=limits.WAITING_BILLS_MAX,
            lanes=limits.WRITE_LANES,
            apart=keys_of,
        )

    def furnish(
        self, request: Request, form: Ins06, faults: Sequence[Fault]
    ) -> Awaitable[StoredAnswer]:
        """Generates the bill a whole form asks for, r1(1)(a), or keeps Part A for the transporter
        it names, r1(1)(b); durable once awaited. What it leaves out is filled from the invoice it
        names, r2(3). Raises as `Generation.generate`."""
        normalise(form)
        if form.irn is not None:
            return self._furnish_from_invoice(request, form, faults)
        return self._furnish(request, form, faults)

    async def _furnish_from_invoice(
        self, request: Request, form: Ins06, faults: Sequence[Fault]
    ) -> StoredAnswer:
        found = await self._from_invoice.fill(request.person, form, faults, request.at)
        return await self._furnish(request, form, found)

    def _furnish(
        self, request: Request, form: Ins06, faults: Sequence[Fault]
    ) -> Awaitable[StoredAnswer]:
        rulebook = self._generation.rulebook(request.at)
        if waits_for_transporter(form, request.person, rulebook):
            return self._keep(request, form, faults)
        return self._generation.generate(request, form, faults)

    async def _keep(self, request: Request, form: Ins06, faults: Sequence[Fault]) -> StoredAnswer:
        person, at, render, claim = request
        rulebook = self._generation.rulebook(at)
        today = india_date(at)
        if found := [*faults, *examine_consignment(form, today, rulebook)]:
            raise invalid_document(found)
        require_may_generate(person, form)
        part_a = PendingPartA(
            reference=await self._generation.number(at),
            furnished_by=person.id,
            furnished_at=at,
            lapses_at=at + rulebook.part_a_lapses_after,
            transporter_id=form.transporter_id or "",
            form=form,
            rulebook=rulebook.version,
        )
        document = document_key(form, person.id)
        new = _NewPartA(part_a, document, person, claim, render(part_a))
        try:
            return await self._commits.submit(new)
        except Refusal as refusal:
            self._generation.give_back(part_a.reference, refusal)
            raise

    async def complete(
        self, request: Request, reference: int, form: PartB, faults: Sequence[Fault]
    ) -> StoredAnswer:
        """Completes a Part A with the conveyance, r1(1)(b), which generates the bill, valid from
        now. Sent again it answers the bill as it is. Raises Refusal ROLE_NOT_PERMITTED,
        INVALID_DOCUMENT, PART_A_NOT_FOUND, those of `part_a.require_completable` or as
        `Generation.generate`."""
        person, at, render, claim = request
        require_role(person, TRADERS)
        if found := [*faults, *examine_part_b(form)]:
            raise invalid_document(found)
        part_a = await self.read(person, reference)
        if answer := await self._completed_so(request, part_a, form):
            return answer
        require_completable(part_a, person.id, at)
        whole = replace(part_a.form, vehicle_number=form.vehicle_number)
        # Sound when it was furnished; since then the document may have become too old.
        rulebook = self._generation.rulebook(at)
        if found := examine(whole, india_date(at), rulebook):
            raise invalid_document(found)
        ebn = await self._generation.number(at)

        def make(known: KnownNotifications) -> NewBill:
            bill = generated(
                whole,
                ebn=ebn,
                generated_by=person.id,
                furnished_by=part_a.furnished_by,
                at=at,
                rulebook=rulebook,
                extra_days=extra_days(hsn_codes(whole), at, known.notifications).days,
            )
            answer = render(bill)
            return NewBill(
                bill, key_of(bill), person, claim, answer, known.version, completes=reference
            )

        try:
            return await self._generation.store(ebn, make)
        except OutdatedError:
            part_a = await self.read(person, reference)
            if answer := await self._completed_so(request, part_a, form):
                return answer
            require_completable(part_a, person.id, at)
            raise Refusal("CHANGED_MEANWHILE") from None

    async def withdraw(
        self, request: Request, reference: int, form: Withdrawal, faults: Sequence[Fault]
    ) -> StoredAnswer:
        """Withdraws a Part A that waits; its document is free again. Raises Refusal
        ROLE_NOT_PERMITTED, INVALID_DOCUMENT, PART_A_NOT_FOUND or those of
        `part_a.require_withdrawable`."""
        person, at, render, claim = request
        require_role(person, TRADERS)
        if found := [*faults, *examine_withdrawal(form)]:
            raise invalid_document(found)
        part_a = await self.read(person, reference)
        require_withdrawable(part_a, person.id, at)
        withdrawn = replace(part_a, withdrawn_at=at)
        document = document_key(part_a.form, person.id)
        item = _NewPartA(withdrawn, document, person, claim, render(withdrawn))

        async def write(connection: Connection) -> Written[StoredAnswer]:
            (lost,) = await claim_all(connection, [item])
            if lost is not None:
                raise lost
            if not await connection.fetch(SQL["withdraw_part_a"], reference, at, form.reason):
                raise OutdatedError
            return Written([item.answer])

        try:
            return await self._withdrawals.write(write)
        except OutdatedError:
            require_withdrawable(await self.read(person, reference), person.id, at)
            raise Refusal("CHANGED_MEANWHILE") from None

    async def read(self, person: Person, reference: int) -> PendingPartA:
        """One Part A of a person's. Raises Refusal PART_A_NOT_FOUND."""
        rows = await self._database.fetch("part_a_by_reference", reference)
        if not rows or not may_read_part_a(person, part_a := part_a_of(rows[0])):
            raise Refusal("PART_A_NOT_FOUND")
        return part_a

    async def waiting_for(
        self, transporter_id: str, at: datetime, after: int, count: int
    ) -> list[PendingPartA]:
        """A page of the Parts A that wait for a transporter at an instant, oldest first."""
        # Whatever was furnished in an earlier month has lapsed: a reference says its month.
        after = max(after, first_number_of(at - _LAPSED_AFTER) - 1)
        async with self._lists:
            rows = await self._database.fetch("parts_a_waiting", transporter_id, at, after, count)
        return [part_a_of(row) for row in rows]

    async def furnished_by(self, person_id: str, before: int, count: int) -> list[PendingPartA]:
        """A page of the Parts A somebody furnished, newest first; `before` 0 is the first page."""
        before = before or BEYOND_EVERY_NUMBER
        async with self._lists:
            rows = await self._database.fetch("parts_a_furnished", person_id, before, count)
        return [part_a_of(row) for row in rows]

    @property
    def waiting(self) -> int:
        """How many Parts A wait for a transaction."""
        return self._commits.waiting

    async def close(self) -> None:
        """Waits until everything accepted is committed."""
        await self._commits.close()

    async def _completed_so(
        self, request: Request, part_a: PendingPartA, form: PartB
    ) -> StoredAnswer | None:
        """The answer to a completion that was made already, by the same person with the same
        conveyance: whoever lost the first answer sends it again."""
        if part_a.ebn is None or request.person.id != part_a.transporter_id:
            return None
        bill = await self._lookups.bill(part_a.ebn, request.at)
        if bill is None or bill.first_vehicle_number != form.vehicle_number:
            return None
        return request.render(bill)._replace(status=200)

    async def _commit(self, batch: list[_NewPartA]) -> Sequence[StoredAnswer | Exception]:
        return await self._recorder.record(batch, _write)


async def _write(connection: Connection, batch: Sequence[_NewPartA]) -> Written[StoredAnswer]:
    lost = await claim_all(connection, batch)
    answers: dict[int, Exception] = {
        new.part_a.reference: why for new, why in zip(batch, lost, strict=True) if why
    }
    # In the order of their documents, so that two transactions never wait in a circle.
    asked = sorted(
        (new for new in batch if new.part_a.reference not in answers), key=lambda new: new.document
    )
    stored = await _store(connection, asked)
    while refused := [new for new in asked if new.part_a.reference not in stored]:
        whys, released = await why_refused(
            connection, [(new.document, new.person, new.part_a.furnished_at) for new in refused]
        )
        if not released:
            answers |= {new.part_a.reference: why for new, why in zip(refused, whys, strict=True)}
            await drop_all(connection, refused)
            break
        stored |= await _store(connection, refused)
    return Written([answers.get(new.part_a.reference, new.answer) for new in batch])


async def _store(connection: Connection, asked: Sequence[_NewPartA]) -> set[int]:
    if not asked:
        return set()
    rows = await connection.fetch(
        SQL["furnish_part_a"],
        *zip(*(part_a_row(new.part_a, new.document) for new in asked), strict=True),
    )
    return {row["reference"] for row in rows}
