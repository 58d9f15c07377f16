"""POST /v1/eway-bills/requirement: is an e-way bill required, by which clause, r1(1), r1(12)."""

from msgspec import Struct

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.services import Services
from gateway.views import encode
from validators.authority import TRADERS, Role
from validators.calendar import india_date
from validators.errors import invalid_document
from validators.forms import read_form
from validators.identifiers import states_of
from validators.ins06 import SUPPLY, Ins06, examine_consignment, normalise
from validators.money import rupees
from validators.notification import carry_instead
from validators.requirement import GoodsFinding, explanation, requirement
from validators.rulebook import rulebook_in_force


class GoodsFindingView(Struct):
    """Where one line of goods stands in Annexure 1. `index` is its position among the goods, 0
    without a list of goods, null for an `hsn_code` of the document that no line is of."""

    index: int | None
    hsn_code: str
    exempt: bool
    annexure_1_item: int | None
    description: str | None
    missing_conditions: list[str]


class RequirementStatement(Struct):
    """Whether an e-way bill is required, by which clause of which rulebook, and why."""

    required: bool
    clause: str
    explanation: str
    threshold: str
    rulebook: str
    items: list[GoodsFindingView]
    carry_instead: list[str]
    """Documents of which one may be carried in its place between these States, r2(5)."""


def _view(finding: GoodsFinding) -> GoodsFindingView:
    return GoodsFindingView(
        finding.index,
        finding.hsn_code,
        finding.exempt,
        finding.item.number if finding.item else None,
        finding.item.description if finding.item else None,
        list(finding.missing_conditions),
    )


def operation(services: Services) -> Operation:
    """The operation. The answer follows from the form, the instant and the rulebooks."""

    async def state(call: Call) -> Answer:
        form, faults = read_form(await call.body(), Ins06)
        rulebook = rulebook_in_force(call.at, services.rulebooks)
        normalise(form)
        if form.irn is not None:
            faults = await services.part_a_from_invoice.fill(call.caller, form, faults, call.at)
        if found := [*faults, *examine_consignment(form, india_date(call.at), rulebook)]:
            raise invalid_document(found)
        stated = requirement(form, rulebook)
        # Asked anew: what another worker was told a moment ago counts.
        known = await services.notifications.refresh()
        instead = carry_instead(
            states_of(form.supplier_gstin, form.recipient_gstin),
            call.at,
            known.notifications,
            by_way_of_supply=form.reason_code == SUPPLY,
        )
        view = RequirementStatement(
            stated.required,
            stated.clause,
            explanation(stated, form, rulebook),
            rupees(rulebook.threshold_paise),
            rulebook.version,
            [_view(each) for each in stated.items],
            sorted(instead),
        )
        return Answer(200, encode(view))

    return Operation(
        method="POST",
        path="/v1/eway-bills/requirement",
        summary="Ask whether an e-way bill is required",
        description="The same body as generation; the conveyance may be unknown yet. Names the "
        "clause, and for each line of goods the item of Annexure 1 and the conditions still to be "
        "stated. Nothing is written, so anybody's document may be asked about, and there is no "
        "Idempotency-Key.",
        endpoint=state,
        roles=TRADERS | {Role.OFFICER},
        request=Ins06,
        answers=((200, RequirementStatement),),
        refusals=("INVALID_DOCUMENT",),
        keyed=False,
    )
