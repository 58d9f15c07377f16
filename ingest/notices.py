"""Notices that a registered number wants of e-way bills: generated against it, about to expire.

They are owed in the transaction that generates the bill, and by one statement more only while
anybody wants any.
"""

from collections.abc import Sequence

from ingest.database import Connection, Database
from validators.eway_bill import EwayBill


class Notices:
    """Whether anybody wants notices, as one worker knows it, and the way to owe them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wanted = False

    async def refresh(self) -> None:
        """Looks whether anybody wants notices. Raises Refusal RECORD_UNAVAILABLE."""
        raise NotImplementedError

    async def keep(self) -> None:
        """Refreshes once a second, until cancelled. Of a bill within a second after the first
        number asked for notices, none may be owed."""
        raise NotImplementedError

    async def owe(self, connection: Connection, bills: Sequence[EwayBill]) -> None:
        """Owes what is wanted of bills that are stored in this transaction, r1(9)."""
        raise NotImplementedError
