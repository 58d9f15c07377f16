"""Use case: generating e-way bills, r1(1), many in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from ingest import limits
from ingest.batching import Batcher
from ingest.database import Connection
from ingest.hot_state import vehicle_key
from ingest.notifications import KnownNotifications, Notifications, OutdatedNotificationsError
from ingest.numbers import Numbers
from ingest.queries import SQL
from ingest.recording import Recorder, Written
from ingest.records import bill_of, new_row
from ingest.replay import Claim, Render, StoredAnswer, claim_all, drop_all, keys_of
from validators.authority import Person, is_party, require_may_generate
from validators.calendar import india_date
from validators.errors import Fault, Refusal, invalid_document
from validators.eway_bill import DocumentKey, EwayBill, document_key, generated
from validators.ins06 import Ins06, examine, hsn_codes, normalise
from validators.notification import extra_days
from validators.rulebook import Rulebook, rulebook_in_force

_NOTHING_STORED: Final = frozenset({"DOCUMENT_ALREADY_HAS_EWAY_BILL", "OVERLOADED"})
"""Refusals after which the number is as good as new. Else a document sent again and again would
use up the month's numbers."""


class _NewBill(NamedTuple):
    bill: EwayBill
    document: DocumentKey
    person: Person
    claim: Claim | None
    answer: StoredAnswer
    notification_version: int
    """The newest notification it was decided by."""


class Generation:
    """Generates e-way bills for HTTP, bulk and SMS alike."""

    def __init__(
        self,
        recorder: Recorder,
        numbers: Numbers,
        notifications: Notifications,
        rulebooks: Sequence[Rulebook],
    ) -> None:
        self._recorder = recorder
        self._numbers = numbers
        self._notifications = notifications
        self._rulebooks = rulebooks
        self._commits: Batcher[_NewBill, StoredAnswer] = Batcher(
            self._commit,
            batch_max=limits.BATCH_BILLS_MAX,
            waiting_max=limits.WAITING_BILLS_MAX,
            lanes=limits.WRITE_LANES,
            apart=keys_of,
        )

    async def generate(
        self,
        person: Person,
        form: Ins06,
        faults: Sequence[Fault],
        *,
        at: datetime,
        render: Render,
        claim: Claim | None = None,
    ) -> StoredAnswer:
        """Generates the bill a form asks for, at the instant `at`; it is durable on return.

        `faults` are those found while reading the form. Raises Refusal ROLE_NOT_PERMITTED,
        INVALID_DOCUMENT with every fault, NOT_A_PARTY, DOCUMENT_ALREADY_HAS_EWAY_BILL,
        IDEMPOTENCY_KEY_REUSED, OVERLOADED or that of the record; AlreadyAnsweredError when the
        claim's key was answered meanwhile.
        """
        rulebook = rulebook_in_force(at, self._rulebooks)
        normalise(form)
        if found := [*faults, *examine(form, india_date(at), rulebook)]:
            raise invalid_document(found)
        require_may_generate(person, form)
        ebn = await self._numbers.take(at)

        async def decide(known: KnownNotifications) -> StoredAnswer:
            extension = extra_days(hsn_codes(form), at, known.notifications)
            bill = generated(
                form,
                ebn=ebn,
                generated_by=person.id,
                at=at,
                rulebook=rulebook,
                extra_days=extension.days,
            )
            document = document_key(bill.part_a, bill.generated_by)
            new = _NewBill(bill, document, person, claim, render(bill), known.version)
            return await self._commits.submit(new)

        try:
            return await self._notifications.decided_by_all(decide)
        except Refusal as refusal:
            if refusal.problem.code in _NOTHING_STORED:
                self._numbers.give_back(ebn)
            raise

    @property
    def waiting(self) -> int:
        """How many bills wait for a transaction."""
        return self._commits.waiting

    async def close(self) -> None:
        """Waits until everything accepted is committed."""
        await self._commits.close()

    async def _commit(self, batch: list[_NewBill]) -> Sequence[StoredAnswer | Exception]:
        return await self._recorder.record(batch, _write, more=lambda: self._commits.waiting > 0)


async def _write(connection: Connection, batch: Sequence[_NewBill]) -> Written[StoredAnswer]:
    lost = await claim_all(connection, batch)
    answers: dict[int, Exception] = {
        new.bill.ebn: why for new, why in zip(batch, lost, strict=True) if why
    }
    # In the order of their documents, so that two transactions never wait in a circle.
    asked = sorted(
        (new for new in batch if new.bill.ebn not in answers), key=lambda new: new.document
    )
    rows = []
    if asked:
        rows = await connection.fetch(
            SQL["generate_eway_bills"], [new_row(new.bill, new.document) for new in asked]
        )
    if rows and any(new.notification_version != rows[0]["notification_version"] for new in asked):
        raise OutdatedNotificationsError
    stored = {row["ebn"] for row in rows}
    refused = [new for new in asked if new.bill.ebn not in stored]
    if refused:
        answers |= await _refusals(connection, refused)
        await drop_all(connection, refused)
    vehicles = {new.bill.vehicle_number for new in asked if new.bill.vehicle_number}
    return Written(
        [answers.get(new.bill.ebn, new.answer) for new in batch],
        rows[0]["hot_epoch"] if rows else None,
        [vehicle_key(vehicle) for vehicle in vehicles],
    )


async def _refusals(connection: Connection, refused: Sequence[_NewBill]) -> dict[int, Exception]:
    """Why each document was refused: the bill it has, named to those who may read it."""
    rows = await connection.fetch(
        SQL["bills_of_documents"],
        [new.document.financial_year for new in refused],
        [new.document.digest for new in refused],
    )
    existing = {row["position"]: row for row in rows}
    answers: dict[int, Exception] = {}
    for position, new in enumerate(refused, 1):
        row = existing.get(position)
        bill = bill_of(row) if row and row["ebn"] else None
        if row is None:
            answers[new.bill.ebn] = Refusal(
                "CHANGED_MEANWHILE", "the document's e-way bill was cancelled at this moment"
            )
        elif bill and is_party(new.person, bill):
            answers[new.bill.ebn] = Refusal(
                "DOCUMENT_ALREADY_HAS_EWAY_BILL",
                f"e-way bill {bill.ebn} was generated for this document",
                ebn=str(bill.ebn),
            )
        else:
            answers[new.bill.ebn] = Refusal("DOCUMENT_ALREADY_HAS_EWAY_BILL")
    return answers
