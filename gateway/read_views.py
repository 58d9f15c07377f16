"""What is answered to a reader of each of its reads, and what officers are shown of them."""

from datetime import datetime
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from ingest.read_counting import Counted
from ingest.reads import Outcome
from validators.calendar import INDIA
from validators.errors import Fault, Refusal
from validators.reads import CountedRead, SentRead

VERIFIED_TOLD_MAX: Final = 50


class ReadAnswer(Struct):
    """What became of one read. 201: it was counted now; 200: it was counted before, and this is
    what was answered then; else why it was not counted. `verified` names the first fifty bills that
    it verified in transit, `bills` says how many there were; `not_verified` the first fifty that
    were valid when it was read and had been cancelled when it came in."""

    read_id: str | None
    """Null where it could not be read."""
    status: int
    decision: str | UnsetType = UNSET
    reasons: list[str] | UnsetType = UNSET
    vehicle_number: str | UnsetType | None = UNSET
    verified: list[str] | UnsetType = UNSET
    bills: int | UnsetType = UNSET
    not_verified: list[str] | UnsetType = UNSET
    code: str | UnsetType = UNSET
    detail: str | UnsetType = UNSET
    retry: bool | UnsetType = UNSET
    errors: list[Fault] | UnsetType = UNSET


class ReadsAnswer(Struct):
    """One answer a read, in the order they were sent."""

    reads: list[ReadAnswer]


class ReadView(Struct):
    """A read as it was counted: by whom, where, when, and with which result. `ebns` are the e-way
    bills it verified in transit, `not_verified` those it could not: valid when it was read, and
    cancelled when it came in."""

    read_id: str
    reader: str
    state: str
    place: str
    tag: str
    vehicle_number: str | None
    read_at: datetime
    received_at: datetime
    decision: str
    reasons: list[str]
    ebns: list[str]
    not_verified: list[str]


class ReadList(Struct):
    """A page of reads; `next_cursor` asks for the next, null at the end."""

    items: list[ReadView]
    next_cursor: str | None


def read_answer(sent: SentRead, outcome: Outcome) -> ReadAnswer:
    """The answer to one read."""
    if isinstance(outcome, Counted):
        read = outcome.read
        return ReadAnswer(
            read.read_id,
            201 if outcome.created else 200,
            read.decision,
            list(read.reasons),
            read.vehicle_number,
            [str(ebn) for ebn in read.ebns[:VERIFIED_TOLD_MAX]],
            len(read.ebns),
            [str(ebn) for ebn in read.not_verified[:VERIFIED_TOLD_MAX]],
        )
    return _refused(sent, outcome)


def _refused(sent: SentRead, refusal: Refusal) -> ReadAnswer:
    problem = refusal.problem
    answer = ReadAnswer(sent.read_id, problem.status, code=problem.code, detail=refusal.detail)
    if problem.retry:
        answer.retry = True
    if refusal.faults:
        answer.errors = list(refusal.faults)
    return answer


def read_view(read: CountedRead) -> ReadView:
    """A read; instants are shown on India's clock."""
    return ReadView(
        read.read_id,
        read.reader_id,
        read.state,
        read.place,
        read.tag,
        read.vehicle_number,
        read.read_at.astimezone(INDIA),
        read.received_at.astimezone(INDIA),
        read.decision,
        list(read.reasons),
        [str(ebn) for ebn in read.ebns],
        [str(ebn) for ebn in read.not_verified],
    )
