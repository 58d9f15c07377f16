"""Notices that registered numbers want of e-way bills: generated against them, about to expire.

They are owed in the transaction that generates the bill, by a statement that runs only while
anybody wants any.
"""

import asyncio
import logging
from collections.abc import Sequence

from ingest import sms_limits
from ingest.database import Connection, Database
from ingest.queries import SQL
from validators.errors import Refusal
from validators.eway_bill import EwayBill

log = logging.getLogger(__name__)


class Notices:
    """Whether anybody wants notices, as one worker knows it, and the way to owe them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wanted = False

    async def refresh(self) -> None:
        """Looks whether anybody wants notices. Raises Refusal RECORD_UNAVAILABLE."""
        (row,) = await self._database.fetch("notices_wanted")
        self._wanted = row["wanted"]

    async def keep(self) -> None:
        """Refreshes once a second, until cancelled. For up to a second after the first number asked
        for notices its bills may go without."""
        while True:
            await asyncio.sleep(sms_limits.NOTICES_SECONDS)
            try:
                await self.refresh()
            except Refusal as refusal:
                log.debug("not known whether notices are wanted: %r", refusal)
            except Exception:
                log.exception("not known whether notices are wanted")

    async def owe(self, connection: Connection, bills: Sequence[EwayBill]) -> None:
        """Owes what is wanted of new bills, inside the transaction that stores them: to the
        recipient that it may accept or reject, r1(9), unless it generated the bill itself; to
        whoever carries that the bill will expire, r1(8)."""
        if not self._wanted or not bills:
            return
        rows = [
            (
                bill.ebn,
                bill.part_a.recipient_gstin if _is_answered_by_another(bill) else None,
                bill.carrier,
                bill.generated_at,
                bill.acceptance_until,
                bill.valid_until,
            )
            for bill in bills
        ]
        await connection.execute(
            SQL["owe_notices"], *zip(*rows, strict=True), sms_limits.EXPIRES_SOON
        )

    async def owe_new_carriers(
        self, connection: Connection, changes: Sequence[tuple[EwayBill, EwayBill]]
    ) -> None:
        """As `owe`, of stored changes, each with the bill before: to a carrier the bill was handed
        to, r1(3)."""
        if not self._wanted:
            return
        handed = [bill for before, bill in changes if bill.carrier != before.carrier]
        if handed:
            rows = [
                (bill.ebn, None, bill.carrier, bill.hand_overs[-1].at, None, bill.valid_until)
                for bill in handed
            ]
            await connection.execute(
                SQL["owe_notices"], *zip(*rows, strict=True), sms_limits.EXPIRES_SOON
            )


def _is_answered_by_another(bill: EwayBill) -> bool:
    return bill.acceptance_until is not None and (bill.part_a.recipient_gstin != bill.generated_by)
