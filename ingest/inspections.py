"""Use cases of an inspection of goods in transit: FORM GST INS-08, r4(1)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec

from ingest.database import Connection
from ingest.lookups import Lookups
from ingest.queries import SQL
from ingest.rare_writes import NewRow, RareWrites
from ingest.recording import Written
from ingest.replay import Request, StoredAnswer
from validators.authority import OFFICERS, Person, require_role
from validators.calendar import india_date
from validators.errors import Fault, Refusal, fault, invalid_document
from validators.identifiers import ebn_of
from validators.inspection import (
    Ins08Final,
    Ins08Summary,
    Inspection,
    examine_final,
    examine_summary,
    finalised,
    normalise_summary,
    recorded,
)
from validators.money import Paise, decode_hook, encode_hook
from validators.rulebook import Rulebook

_final: Final = msgspec.json.Decoder(Ins08Final, dec_hook=decode_hook)


class Inspections:
    """Records and reads inspections."""

    def __init__(
        self, writes: RareWrites, lookups: Lookups, rulebook: Callable[[datetime], Rulebook]
    ) -> None:
        self._writes = writes
        self._lookups = lookups
        self._rulebook = rulebook

    async def record(
        self, request: Request, form: Ins08Summary, faults: Sequence[Fault]
    ) -> StoredAnswer:
        """Records Part A of a report, r4(1), however late. Raises Refusal ROLE_NOT_PERMITTED,
        INVALID_DOCUMENT and those of `RareWrites.add`."""
        person, at, render, claim = request
        require_role(person, OFFICERS)
        normalise_summary(form)
        found = [*faults, *examine_summary(form, at)]
        ebn = ebn_of(form.ebn) if isinstance(form.ebn, str) else None
        if ebn is not None and await self._lookups.bill(ebn, at) is None:
            found.append(fault("/ebn", "EBN_UNKNOWN"))
        if found:
            raise invalid_document(found)

        def report(number: int) -> NewRow:
            inspection = recorded(
                form,
                inspection_id=number,
                by=person.id,
                state=person.state,
                at=at,
                rulebook=self._rulebook(at),
            )
            return NewRow(_row(inspection), render(inspection), claim)

        return await self._writes.add("next_inspection_number", "record_inspection", report)

    async def finalise(
        self,
        person: Person,
        inspection_id: int,
        form: Ins08Final,
        faults: Sequence[Fault],
        *,
        at: datetime,
    ) -> Inspection:
        """Records Part B of a report, r4(1), once and however late; the same again answers the
        first. Raises Refusal ROLE_NOT_PERMITTED, INVALID_DOCUMENT, those of
        `inspection.finalised` and of `RareWrites.write`."""
        require_role(person, OFFICERS)
        if found := [*faults, *examine_final(form, india_date(at))]:
            raise invalid_document(found)

        def decide(inspection: Inspection | None) -> Inspection:
            return finalised(inspection, form, by=person.id, at=at)

        async def write(connection: Connection) -> Written[Inspection]:
            before = await _fetch(connection, inspection_id)
            after = decide(before)
            if after is before:
                return Written([after])
            content = msgspec.json.encode(after.final, enc_hook=encode_hook).decode()
            stored = await connection.fetch(SQL["record_final_report"], inspection_id, content, at)
            # If not stored, another came first and has committed: it says what becomes of this one.
            return Written([after if stored else decide(await _fetch(connection, inspection_id))])

        return await self._writes.write(write)

    async def inspection(self, inspection_id: int) -> Inspection:
        """One inspection. Raises Refusal INSPECTION_NOT_FOUND, OVERLOADED or
        RECORD_UNAVAILABLE."""
        rows = await self._writes.fetch("inspection_by_id", inspection_id)
        if not rows:
            raise Refusal("INSPECTION_NOT_FOUND")
        return _inspection_of(rows[0])


async def _fetch(connection: Connection, inspection_id: int) -> Inspection | None:
    row = await connection.fetchrow(SQL["inspection_by_id"], inspection_id)
    return _inspection_of(row) if row else None


def _row(inspection: Inspection) -> tuple[Any, ...]:
    """The parameters of `record_inspection`, in their order."""
    summary = inspection.summary
    return (
        inspection.inspection_id,
        inspection.recorded_by,
        inspection.state,
        inspection.recorded_at,
        inspection.summary_due,
        inspection.final_due,
        summary.officer_name,
        summary.place,
        summary.inspected_at,
        summary.vehicle_number,
        ebn_of(summary.ebn) if summary.ebn else None,
        summary.document_date,
        summary.document_number,
        summary.person_in_charge,
        summary.goods_description,
        summary.declared_quantity,
        summary.declared_value,
        summary.discrepancy,
        summary.detained,
        summary.released_at,
    )


def _inspection_of(row: asyncpg.Record) -> Inspection:
    """The inspection a row of `inspection` says."""
    value = row["declared_value_paise"]
    return Inspection(
        row["inspection_id"],
        row["recorded_by"],
        row["state"],
        row["recorded_at"],
        row["summary_due"],
        row["final_due"],
        Ins08Summary(
            officer_name=row["officer_name"],
            place=row["place"],
            inspected_at=row["inspected_at"],
            vehicle_number=row["vehicle_number"],
            ebn=None if row["ebn"] is None else str(row["ebn"]),
            document_date=row["document_date"],
            document_number=row["document_number"],
            person_in_charge=row["person_in_charge"],
            goods_description=row["goods_description"],
            declared_quantity=row["declared_quantity"],
            declared_value=None if value is None else Paise(value),
            discrepancy=row["discrepancy"],
            detained=row["detained"],
            released_at=row["released_at"],
        ),
        None if row["final"] is None else _final.decode(row["final"]),
        row["final_recorded_at"],
    )
