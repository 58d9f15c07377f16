"""Use case: an officer verifies in transit, r3; from the first on a bill cannot be cancelled."""

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from ingest import limits
from ingest.batching import Batcher
from ingest.changes import OutdatedError, store_changes
from ingest.database import Connection
from ingest.generation import Generation
from ingest.lookups import Lookups
from ingest.queries import SQL
from ingest.recording import Recorder, Written
from ingest.replay import Claim, Request, StoredAnswer, claim_all, drop_all, keys_of
from validators.authority import OFFICERS, require_role
from validators.errors import Fault, Refusal, invalid_document
from validators.eway_bill import EwayBill
from validators.life import verified
from validators.verification import Verification, VerificationForm, examine_verification

_ATTEMPTS_MAX: Final = 5


class Verified(NamedTuple):
    """A verification, and the bill as it is after it."""

    verification: Verification
    bill: EwayBill


class _New(NamedTuple):
    verification: Verification
    before: EwayBill
    bill: EwayBill
    claim: Claim | None
    answer: StoredAnswer

    @property
    def bounded(self) -> bool:
        """Whether an earlier physical verification in the State forbids it, r4(2)."""
        return self.verification.physical and self.verification.evasion_information is None

    @property
    def places(self) -> list[str]:
        """What physical verifications in one State have in common: the bill, the vehicle."""
        state = self.verification.state
        subjects = (str(self.bill.chain), self.bill.vehicle_number)
        return [f"{subject} {state}" for subject in subjects if subject]


def _keys(new: _New) -> tuple[Hashable, ...]:
    keys: tuple[Hashable, ...] = (new.bill.ebn, *keys_of(new))
    return (*keys, *new.places) if new.verification.physical else keys


class Verifications:
    """Records what officers verify."""

    def __init__(self, recorder: Recorder, generation: Generation, lookups: Lookups) -> None:
        self._recorder = recorder
        self._generation = generation
        self._lookups = lookups
        self._commits: Batcher[_New, StoredAnswer] = Batcher(
            self._commit,
            batch_max=limits.BATCH_BILLS_MAX,
            waiting_max=limits.WAITING_BILLS_MAX,
            lanes=limits.WRITE_LANES,
            apart=_keys,
        )

    async def verify(
        self, request: Request, ebn: int, form: VerificationForm, faults: Sequence[Fault]
    ) -> StoredAnswer:
        """Records a verification by an officer, r3(1), r3(3); durable on return. A
        change of the bill at the same moment does not stop it: it is decided again on what the bill
        has become.

        Raises Refusal ROLE_NOT_PERMITTED, INVALID_DOCUMENT, EWAY_BILL_NOT_FOUND,
        ALREADY_CANCELLED, ALREADY_RENEWED, ALREADY_VERIFIED_IN_STATE, CHANGED_MEANWHILE,
        OVERLOADED or that of the record.
        """
        person, at, render, claim = request
        require_role(person, OFFICERS)
        if found := [*faults, *examine_verification(form)]:
            raise invalid_document(found)
        number = 0
        bill = await self._lookups.bill(ebn, at)
        for _ in range(_ATTEMPTS_MAX):
            if bill is None:
                raise Refusal("EWAY_BILL_NOT_FOUND")
            after = verified(bill, at)
            number = number or await self._generation.number(at)
            verification = Verification(
                number,
                ebn,
                bill.chain,
                bill.vehicle_number,
                at,
                person.id,
                person.state or "",
                form.place,
                form.result,
                form.remark,
                form.physical,
                form.evasion_information,
                form.approved_by,
            )
            answer = render(Verified(verification, after))
            try:
                return await self._commits.submit(_New(verification, bill, after, claim, answer))
            except OutdatedError:
                bill = await self._lookups.recorded_bill(ebn)
            except Refusal as refusal:
                self._generation.give_back(number, refusal)
                raise
        raise Refusal("CHANGED_MEANWHILE")

    @property
    def waiting(self) -> int:
        """How many verifications wait for a transaction."""
        return self._commits.waiting

    async def close(self) -> None:
        """Waits until everything accepted is committed."""
        await self._commits.close()

    async def _commit(self, batch: list[_New]) -> Sequence[StoredAnswer | Exception]:
        return await self._recorder.record(batch, _write)


async def _write(connection: Connection, batch: Sequence[_New]) -> Written[StoredAnswer]:
    lost = await claim_all(connection, batch)
    answers: dict[int, Exception] = {
        new.bill.ebn: why for new, why in zip(batch, lost, strict=True) if why
    }
    asked = [new for new in batch if new.bill.ebn not in answers]
    await _require_first_in_state(connection, asked, answers)
    allowed = [new for new in asked if new.bill.ebn not in answers]
    first = [(new.before, new.bill) for new in allowed if new.bill is not new.before]
    stored = await store_changes(connection, first)
    for before, bill in first:
        if bill.ebn not in stored.ebns:
            answers[before.ebn] = OutdatedError()
    if due := [new for new in allowed if new.bill.ebn not in answers]:
        rows = await connection.fetch(
            SQL["store_verifications"], *zip(*(_row(new) for new in due), strict=True)
        )
        # The first was guarded by its change; what was verified before may have changed since.
        kept = {row["ebn"] for row in rows}
        answers |= {new.bill.ebn: OutdatedError() for new in due if new.bill.ebn not in kept}
    await drop_all(connection, [new for new in asked if new.bill.ebn in answers])
    return Written(
        [answers.get(new.bill.ebn, new.answer) for new in batch],
        stored.hot_epoch,
        stored.stale_keys,
    )


async def _require_first_in_state(
    connection: Connection, asked: Sequence[_New], answers: dict[int, Exception]
) -> None:
    """r4(2): refuses a second physical verification of a bill, or of its vehicle since the bill
    was put on it, within a State, unless information of evasion is given."""
    physical = [new for new in asked if new.verification.physical]
    if not physical:
        return
    places = sorted({place for new in physical for place in new.places})
    await connection.execute(SQL["lock_physical_verifications"], places)
    for new in physical:
        if not new.bounded:
            continue
        bill = new.bill
        since: datetime = bill.vehicle_since or bill.generated_at
        if await connection.fetchval(
            SQL["physically_verified"],
            bill.chain,
            bill.vehicle_number,
            new.verification.state,
            since,
        ):
            answers[bill.ebn] = Refusal("ALREADY_VERIFIED_IN_STATE")


def _row(new: _New) -> tuple[object, ...]:
    verification = new.verification
    return (
        verification.verification_id,
        verification.ebn,
        verification.first_ebn,
        verification.vehicle_number,
        verification.at,
        verification.by,
        verification.state,
        verification.place,
        verification.result,
        verification.remark,
        verification.physical,
        verification.evasion_information,
        verification.approved_by,
        new.bill.version,
    )
