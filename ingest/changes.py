"""Use cases that change an e-way bill: cancellation, r1(7), and the recipient's answer, r1(9).

Fetch, decide, write: the bill is fetched from hot state, the change decided by a pure function,
and written only if the bill is still at the version it was decided on. Of changes decided on one
version exactly one is written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest import limits
from ingest.batching import Batcher
from ingest.database import Connection
from ingest.hot_state import bill_key
from ingest.lookups import Lookups
from ingest.queries import SQL
from ingest.recording import Recorder, Written
from ingest.records import changed_row
from ingest.replay import Claim, Render, StoredAnswer, claim_all, drop_all, keys_of
from validators.authority import TRADERS, Person, is_party, require_role
from validators.change_forms import (
    Acceptance,
    Cancellation,
    examine_acceptance,
    examine_cancellation,
)
from validators.errors import Fault, Refusal, invalid_document
from validators.eway_bill import (
    Decision,
    DocumentKey,
    EwayBill,
    answered,
    cancelled,
    document_key,
)

Decide = Callable[[EwayBill], EwayBill]
"""The bill after a change; raises Refusal when its state or the person forbids it."""


@dataclass(frozen=True, slots=True)
class _Change:
    bill: EwayBill
    claim: Claim | None
    answer: StoredAnswer


class _OutdatedError(Exception):
    """The bill was changed since it was fetched."""


class Changes:
    """Changes e-way bills for HTTP and SMS alike."""

    def __init__(self, recorder: Recorder, lookups: Lookups) -> None:
        self._recorder = recorder
        self._lookups = lookups
        self._commits: Batcher[_Change, StoredAnswer] = Batcher(
            self._commit,
            batch_max=limits.BATCH_BILLS_MAX,
            waiting_max=limits.WAITING_BILLS_MAX,
            lanes=limits.WRITE_LANES,
            apart=lambda change: (change.bill.ebn, *keys_of(change)),
        )

    async def cancel(
        self,
        person: Person,
        ebn: int,
        form: Cancellation,
        faults: Sequence[Fault],
        *,
        at: datetime,
        render: Render,
        claim: Claim | None = None,
    ) -> StoredAnswer:
        """Cancels a bill, r1(7). Raises Refusal ROLE_NOT_PERMITTED, INVALID_DOCUMENT,
        EWAY_BILL_NOT_FOUND, those of `eway_bill.cancelled`, CHANGED_MEANWHILE, OVERLOADED or that
        of the record."""
        if found := [*faults, *examine_cancellation(form)]:
            raise invalid_document(found)
        return await self._change(
            person,
            ebn,
            lambda bill: cancelled(bill, person.id, at, form.reason),
            at=at,
            render=render,
            claim=claim,
        )

    async def answer(
        self,
        person: Person,
        ebn: int,
        form: Acceptance,
        faults: Sequence[Fault],
        *,
        at: datetime,
        render: Render,
        claim: Claim | None = None,
    ) -> StoredAnswer:
        """Records the recipient's answer, r1(9). Raises as `cancel`, with the refusals of
        `eway_bill.answered`."""
        if found := [*faults, *examine_acceptance(form)]:
            raise invalid_document(found)
        decision = Decision(form.decision)
        return await self._change(
            person,
            ebn,
            lambda bill: answered(bill, person.id, at, decision, form.remark),
            at=at,
            render=render,
            claim=claim,
        )

    @property
    def waiting(self) -> int:
        """How many changes wait for a transaction."""
        return self._commits.waiting

    async def close(self) -> None:
        """Waits until everything accepted is committed."""
        await self._commits.close()

    async def _change(
        self,
        person: Person,
        ebn: int,
        decide: Decide,
        *,
        at: datetime,
        render: Render,
        claim: Claim | None,
    ) -> StoredAnswer:
        require_role(person, TRADERS)
        bill = _own(person, await self._lookups.bill(ebn, at))
        try:
            changed = decide(bill)
            return await self._commits.submit(_Change(changed, claim, render(changed)))
        except _OutdatedError:
            # Somebody else's change came first. If that forbids ours, the reason is ours to know;
            # if not, ours was still decided on a bill that is no longer so: the caller decides.
            decide(_own(person, await self._lookups.recorded_bill(ebn)))
            raise Refusal("CHANGED_MEANWHILE") from None

    async def _commit(self, batch: list[_Change]) -> Sequence[StoredAnswer | Exception]:
        return await self._recorder.record(batch, _write)


def _own(person: Person, bill: EwayBill | None) -> EwayBill:
    if bill is None or not is_party(person, bill):
        raise Refusal("EWAY_BILL_NOT_FOUND")
    return bill


async def _write(connection: Connection, batch: Sequence[_Change]) -> Written[StoredAnswer]:
    lost = await claim_all(connection, batch)
    answers: dict[int, Exception] = {
        change.bill.ebn: why for change, why in zip(batch, lost, strict=True) if why
    }
    # In the order of their numbers, so that two transactions never wait in a circle.
    asked = sorted(
        (change for change in batch if change.bill.ebn not in answers),
        key=lambda change: change.bill.ebn,
    )
    rows = []
    if asked:
        keyed = [(change.bill, _document(change.bill)) for change in asked]
        rows = await connection.fetch(
            SQL["change_eway_bills"], *zip(*(changed_row(*entry) for entry in keyed), strict=True)
        )
    stored = {row["ebn"] for row in rows}
    outdated = [change for change in asked if change.bill.ebn not in stored]
    await drop_all(connection, outdated)
    answers |= {change.bill.ebn: _OutdatedError() for change in outdated}
    return Written(
        [answers.get(change.bill.ebn, change.answer) for change in batch],
        rows[0]["hot_epoch"] if rows else None,
        [bill_key(ebn) for ebn in stored],
    )


def _document(bill: EwayBill) -> DocumentKey:
    return document_key(bill.part_a, bill.generated_by)
