"""What holds a document: an e-way bill, or a Part A that waits; said to those who may know it."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from ingest.database import Connection
from ingest.queries import SQL
from ingest.records import bill_of
from validators.authority import Person, is_party
from validators.errors import Refusal
from validators.eway_bill import DocumentKey
from validators.identifiers import part_a_reference

Asked = tuple[DocumentKey, Person, datetime]
"""A document that somebody asked for at an instant."""


async def why_refused(connection: Connection, asked: Sequence[Asked]) -> tuple[list[Refusal], bool]:
    """Why each document was refused: what holds it, named to those who may read that. And whether
    some were held by a Part A that had lapsed when they were asked for: those are free now."""
    holders = await _holders(connection, asked)
    lapsed = [
        (row["reference"], asked[position][2])
        for position, row in holders.items()
        if row["reference"] and row["lapses_at"] < asked[position][2]
    ]
    if lapsed:
        await connection.execute(SQL["give_up_lapsed_parts_a"], *zip(*lapsed, strict=True))
    whys = [_why(holders.get(position), person) for position, (_, person, _) in enumerate(asked)]
    return whys, bool(lapsed)


async def _holders(connection: Connection, asked: Sequence[Asked]) -> dict[int, asyncpg.Record]:
    rows = await connection.fetch(
        SQL["holders_of_documents"],
        [document.financial_year for document, _, _ in asked],
        [document.digest for document, _, _ in asked],
    )
    return {row["position"] - 1: row for row in rows}


def _why(row: asyncpg.Record | None, person: Person) -> Refusal:
    if row is None:
        return Refusal("CHANGED_MEANWHILE", "what held the document ended at this moment")
    if row["reference"]:
        if person.id not in row["part_a_parties"]:
            return Refusal("DOCUMENT_ALREADY_HAS_PART_A")
        return Refusal(
            "DOCUMENT_ALREADY_HAS_PART_A", part_a_reference=part_a_reference(row["reference"])
        )
    bill = bill_of(row) if row["ebn"] else None
    if bill and is_party(person, bill):
        return Refusal(
            "DOCUMENT_ALREADY_HAS_EWAY_BILL",
            f"e-way bill {bill.ebn} was generated for this document",
            ebn=str(bill.ebn),
        )
    return Refusal("DOCUMENT_ALREADY_HAS_EWAY_BILL")
