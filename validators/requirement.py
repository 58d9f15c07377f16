"""Whether an e-way bill is required, by which clause, and why, for each line of goods.

Exemptions are looked at before the value, since r1(12) holds "notwithstanding anything contained in
this rule": goods, conveyance, customs, in the order of its clauses, and the first that applies is
named. Exempt goods exempt only a consignment of nothing else. Of a mixed one the value of the whole
counts, r1(1): its exempt lines are not taken off.
"""

from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Final

from msgspec import Struct

from validators.annexure_1 import Item, find
from validators.exemption import CustomsMovement
from validators.ins06 import Ins06
from validators.money import rupees
from validators.rulebook import Rulebook

REQUIRED_BY_VALUE: Final = "1(1)"
AT_OWN_OPTION: Final = "1(1) first proviso"
EXEMPT_GOODS: Final = "1(12)(a)"
NON_MOTORISED: Final = "1(12)(b)"
CUSTOMS_MOVEMENT: Final = "1(12)(c)"


class GoodsFinding(Struct, frozen=True):
    """Where one line of goods stands in Annexure 1.

    `index` is the line's position among the goods, 0 without a list of goods; None for the
    document's `hsn_code` when no line of the list is of it.
    """

    index: int | None
    hsn_code: str
    item: Item | None
    """The item of Annexure 1 that names the code, if any does."""
    missing_conditions: tuple[str, ...]
    """Of the item, those that were not stated."""

    @property
    def exempt(self) -> bool:
        """Whether the goods are in Annexure 1 with every condition stated, r1(12)(a)."""
        return self.item is not None and not self.missing_conditions


class Requirement(Struct, frozen=True):
    """Whether an e-way bill is required, the clause that says so, and the goods it looked at."""

    required: bool
    clause: str
    items: tuple[GoodsFinding, ...]


def requirement(form: Ins06, rulebook: Rulebook) -> Requirement:
    """r1(1), r1(12): what a sound form needs; at one's option a bill may be generated anyway, r1(1)
    first proviso."""
    items = _goods_findings(form)
    exemption = form.exemption
    if all(map(_is_exempt, items)):
        clause = EXEMPT_GOODS
    elif exemption is not None and exemption.non_motorised:
        clause = NON_MOTORISED
    elif exemption is not None and exemption.customs_movement is not None:
        clause = CUSTOMS_MOVEMENT
    elif form.value_of_goods > rulebook.threshold_paise:
        clause = REQUIRED_BY_VALUE
    else:
        clause = AT_OWN_OPTION
    return Requirement(clause == REQUIRED_BY_VALUE, clause, items)


_is_exempt: Final = attrgetter("exempt")


def explanation(stated: Requirement, form: Ins06, rulebook: Rulebook) -> str:
    """The answer as one sentence for a person."""
    value, threshold = rupees(form.value_of_goods), rupees(rulebook.threshold_paise)
    if stated.clause == EXEMPT_GOODS:
        return "Not required: all goods are in Annexure 1 with its conditions stated."
    if stated.clause == NON_MOTORISED:
        return "Not required: the conveyance is non-motorised."
    if stated.clause == CUSTOMS_MOVEMENT and form.exemption and form.exemption.customs_movement:
        return f"Not required: the goods go {_way(form.exemption.customs_movement)}."
    if stated.clause == REQUIRED_BY_VALUE:
        return f"Required: Rs {value} is more than Rs {threshold}{_however(stated.items)}."
    return f"Not required: Rs {value} is not more than Rs {threshold}."


def _goods_findings(form: Ins06) -> tuple[GoodsFinding, ...]:
    """One for each line. A code of the document that no line is of names goods besides, which are
    not exempt for the lines' sake."""
    if form.goods is None:
        conditions = form.exemption.conditions if form.exemption else None
        return _only_goods(form.hsn_code, tuple(conditions or ()))
    findings = [
        _goods_finding(index, line.hsn_code, line.conditions)
        for index, line in enumerate(form.goods)
    ]
    if not any(same_goods(form.hsn_code, line.hsn_code) for line in form.goods):
        findings.append(_goods_finding(None, form.hsn_code, None))
    return tuple(findings)


@lru_cache(maxsize=4096)  # Few codes make most goods.
def _only_goods(hsn_code: str, conditions: tuple[str, ...]) -> tuple[GoodsFinding, ...]:
    return (_goods_finding(0, hsn_code, conditions),)


def _goods_finding(
    index: int | None, hsn_code: str, conditions: Sequence[str] | None
) -> GoodsFinding:
    item, missing = find(hsn_code, tuple(conditions or ()))
    return GoodsFinding(index, hsn_code, item, missing)


def same_goods(one: str, other: str) -> bool:
    """Whether two HSN codes may be of the same goods: a code of four digits names the goods of
    every longer one that begins with it."""
    return one.startswith(other) or other.startswith(one)


_PLACES: Final = {
    "PORT": "a port",
    "AIRPORT": "an airport",
    "AIR_CARGO_COMPLEX": "an air cargo complex",
    "LAND_CUSTOMS_STATION": "a land customs station",
    "ICD": "an inland container depot",
    "CFS": "a container freight station",
}


def _way(movement: CustomsMovement) -> str:
    origin, destination = _PLACES[movement.origin], _PLACES[movement.destination]
    return f"from {origin} to {destination} for clearance by Customs"


def _however(items: tuple[GoodsFinding, ...]) -> str:
    if not any(item.exempt for item in items):
        return ""
    return ", and goods of Annexure 1 exempt only a consignment of nothing else"
