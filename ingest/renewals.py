"""Use case: renewal, r1(8) second proviso: another bill goes on from one that cannot make it."""

from collections.abc import Sequence

from ingest.changes import OutdatedError
from ingest.generation import Generation, NewBill
from ingest.lookups import Lookups
from ingest.notifications import KnownNotifications
from ingest.replay import Request, StoredAnswer
from validators.authority import TRADERS, require_party, require_role
from validators.change_forms import Renewal, examine_renewal
from validators.errors import Fault, Refusal, invalid_document
from validators.eway_bill import key_of
from validators.ins06 import hsn_codes
from validators.life import renewal, renewed, require_renewable
from validators.notification import extra_days


class Renewals:
    """Renews e-way bills."""

    def __init__(self, generation: Generation, lookups: Lookups) -> None:
        self._generation = generation
        self._lookups = lookups

    async def renew(
        self, request: Request, ebn: int, form: Renewal, faults: Sequence[Fault]
    ) -> StoredAnswer:
        """Generates the bill that goes on from another, r1(8) second proviso, and ends that one, in
        one transaction.

        Raises Refusal ROLE_NOT_PERMITTED, INVALID_DOCUMENT, EWAY_BILL_NOT_FOUND, those of
        `life.require_renewable` and `life.renewal`, CHANGED_MEANWHILE, OVERLOADED or that of the
        record.
        """
        person, at, render, claim = request
        require_role(person, TRADERS)
        if found := [*faults, *examine_renewal(form)]:
            raise invalid_document(found)
        before = require_party(person, await self._lookups.bill(ebn, at))
        require_renewable(before, person.id, at)
        number = await self._generation.number(at)
        ends = (before, renewed(before, at, number))
        goods = hsn_codes(before.part_a)

        def make(known: KnownNotifications) -> NewBill:
            bill = renewal(
                before,
                ebn=number,
                by=person.id,
                at=at,
                rulebook=self._generation.rulebook(at),
                vehicle_number=form.vehicle_number,
                distance_km=form.distance_km,
                extra_days=extra_days(goods, at, known.notifications).days,
            )
            answer = render(bill)
            return NewBill(bill, key_of(bill), person, claim, answer, known.version, ends=ends)

        try:
            return await self._generation.store(number, make)
        except OutdatedError:
            changed = require_party(person, await self._lookups.recorded_bill(ebn))
            require_renewable(changed, person.id, at)
            raise Refusal("CHANGED_MEANWHILE") from None
