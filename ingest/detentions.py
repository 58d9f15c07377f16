"""Use cases of a detention reported by a transporter: FORM GST INS-09, r5."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from ingest.lookups import Lookups
from ingest.rare_writes import NewRow, RareWrites
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS, Person, require_role
from validators.detention import (
    Detention,
    Ins09,
    examine,
    reported,
    require_may_list,
    require_transporter,
)
from validators.errors import Fault, invalid_document
from validators.rulebook import Rulebook

_BEYOND_EVERY_ID: Final = 2**63 - 1


class Detentions:
    """Records and lists detentions."""

    def __init__(
        self, writes: RareWrites, lookups: Lookups, rulebook: Callable[[datetime], Rulebook]
    ) -> None:
        self._writes = writes
        self._lookups = lookups
        self._rulebook = rulebook

    async def record(self, request: Request, form: Ins09, faults: Sequence[Fault]) -> StoredAnswer:
        """Records a detention, r5. Raises Refusal ROLE_NOT_PERMITTED, INVALID_DOCUMENT,
        EWAY_BILL_NOT_FOUND, NOT_THE_TRANSPORTER and those of `RareWrites.add`."""
        person, at, render, claim = request
        require_role(person, TRADERS)
        if found := [*faults, *examine(form, at, self._rulebook(at))]:
            raise invalid_document(found)
        require_transporter(person, await self._lookups.bill(int(form.ebn), at))

        def report(number: int) -> NewRow:
            detention = reported(form, detention_id=number, by=person.id, at=at)
            # The fields of a detention are the parameters of `record_detention`, in their order.
            row = [getattr(detention, name) for name in Detention.__struct_fields__]
            return NewRow(row, render(detention), claim)

        return await self._writes.add("next_detention_number", "record_detention", report)

    async def page(
        self, person: Person, ebn: int, *, before: int | None, at: datetime, count: int
    ) -> Sequence[Detention]:
        """At most `count` detentions reported of a bill, newest first, to officers and to its
        transporter. Raises Refusal EWAY_BILL_NOT_FOUND, NOT_THE_TRANSPORTER, OVERLOADED or
        RECORD_UNAVAILABLE."""
        require_may_list(person, await self._lookups.bill(ebn, at))
        rows = await self._writes.fetch(
            "detentions_of_bill", ebn, before or _BEYOND_EVERY_ID, count
        )
        return [Detention(**row) for row in rows]
