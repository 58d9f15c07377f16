"""Whether an e-way bill is required, clause by clause: r1(1), r1(12)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_validators_ins06 import NOON, RULEBOOK, SUPPLIER, encoded, sound
from validators.annexure_1 import CONDITIONS, find
from validators.eway_bill import generated
from validators.forms import read_form
from validators.ins06 import Ins06, examine, normalise
from validators.requirement import Requirement, explanation, requirement

UNBRANDED = "NOT_IN_BRANDED_UNIT_CONTAINER"
BY_VALUE, AT_OPTION = (True, "1(1)"), (False, "1(1) first proviso")
GOODS, CART, CUSTOMS = (False, "1(12)(a)"), (False, "1(12)(b)"), (False, "1(12)(c)")
PORT_TO_ICD = {"customs_movement": {"from": "PORT", "to": "ICD"}}


def form_of(**changes: object) -> Ins06:
    form, faults = read_form(encoded(sound(**changes)), Ins06)
    assert faults == []
    normalise(form)
    return form


def line(hsn_code: str, *conditions: str) -> dict[str, object]:
    goods: dict[str, object] = {"hsn_code": hsn_code, "description": "goods", "value": "30000.00"}
    return goods | {"conditions": list(conditions)} if conditions else goods


def stated_of(**changes: object) -> Requirement:
    return requirement(form_of(**changes), RULEBOOK)


CLAUSES: list[tuple[dict[str, object], tuple[bool, str]]] = [
    ({}, BY_VALUE),
    ({"value_of_goods": "50000.00"}, AT_OPTION),
    ({"value_of_goods": "50000.01"}, BY_VALUE),
    ({"exemption": {}}, BY_VALUE),
    ({"exemption": None}, BY_VALUE),
    ({"exemption": {"non_motorised": False, "customs_movement": None}}, BY_VALUE),
    # Goods.
    ({"hsn_code": "0407"}, GOODS),
    ({"hsn_code": "0407", "value_of_goods": "9999999999999.99"}, GOODS),
    ({"hsn_code": "0407", "value_of_goods": "50000.00"}, GOODS),
    ({"hsn_code": "1006"}, BY_VALUE),
    ({"hsn_code": "1006", "value_of_goods": "50000.00"}, AT_OPTION),
    ({"hsn_code": "1006", "exemption": {"conditions": []}}, BY_VALUE),
    ({"hsn_code": "1006", "exemption": {"conditions": [UNBRANDED]}}, GOODS),
    ({"hsn_code": "1006", "exemption": {"conditions": ["FRESH"]}}, BY_VALUE),
    ({"hsn_code": "7215", "exemption": {"conditions": [UNBRANDED]}}, BY_VALUE),
    # Lists of goods.
    ({"hsn_code": "0407", "goods": [line("0407")]}, GOODS),
    ({"hsn_code": "1006", "goods": [line("1006")]}, BY_VALUE),
    ({"hsn_code": "1006", "goods": [line("1006", UNBRANDED), line("0407")]}, GOODS),
    ({"hsn_code": "1006", "goods": [line("10063020", UNBRANDED)]}, GOODS),
    ({"hsn_code": "10063020", "goods": [line("1006", UNBRANDED)]}, GOODS),
    ({"hsn_code": "0407", "goods": [line("0407"), line("1006")]}, BY_VALUE),
    ({"hsn_code": "0407", "goods": [line("0407"), line("7215")]}, BY_VALUE),
    # The document's own code is of no line: it names goods besides.
    ({"hsn_code": "7215", "goods": [line("0407")]}, BY_VALUE),
    ({"hsn_code": "0101", "goods": [line("0407")]}, GOODS),
    ({"hsn_code": "1006", "goods": [line("0407")]}, BY_VALUE),
    # A mixed consignment counts whole.
    (
        {
            "hsn_code": "7215",
            "value_of_goods": "50000.01",
            "goods": [line("7215") | {"value": "0.01"}, line("0407") | {"value": "50000.00"}],
        },
        BY_VALUE,
    ),
    (
        {"hsn_code": "7215", "value_of_goods": "50000.00", "goods": [line("7215"), line("0407")]},
        AT_OPTION,
    ),
    # Conveyance and customs.
    ({"vehicle_number": None, "exemption": {"non_motorised": True}}, CART),
    ({"vehicle_number": None, "exemption": {"non_motorised": True}, "value_of_goods": 1}, CART),
    ({"exemption": PORT_TO_ICD}, CUSTOMS),
    ({"exemption": PORT_TO_ICD, "value_of_goods": "50000.00"}, CUSTOMS),
    # The first that applies is named.
    ({"vehicle_number": None, "exemption": PORT_TO_ICD | {"non_motorised": True}}, CART),
    ({"hsn_code": "0407", "exemption": PORT_TO_ICD}, GOODS),
    ({"hsn_code": "0407", "vehicle_number": None, "exemption": {"non_motorised": True}}, GOODS),
]


@pytest.mark.parametrize(("changes", "expected"), CLAUSES)
def test_the_clause(changes: dict[str, object], expected: tuple[bool, str]) -> None:
    form = form_of(**changes)
    assert examine(form, NOON.date(), RULEBOOK) == []
    stated = requirement(form, RULEBOOK)
    assert (stated.required, stated.clause) == expected
    sentence = explanation(stated, form, RULEBOOK)
    assert sentence.startswith("Required: " if expected[0] else "Not required: ")
    assert sentence.endswith(".")


@pytest.mark.parametrize(("changes", "expected"), CLAUSES)
def test_a_bill_may_be_generated_all_the_same(
    changes: dict[str, object], expected: tuple[bool, str]
) -> None:
    bill = generated(form_of(**changes), ebn=1, generated_by="x", at=NOON, rulebook=RULEBOOK)
    assert (bill.required, bill.clause) == expected


@pytest.mark.parametrize("reason_code", range(8))
@pytest.mark.parametrize("supplier", [SUPPLIER, "URP"])
def test_the_reason_of_transport_changes_nothing(reason_code: int, supplier: str) -> None:
    """r1(1): a supply, something other than a supply, an inward supply of the unregistered."""
    for value, expected in (("50000.00", AT_OPTION), ("50000.01", BY_VALUE)):
        form = form_of(reason_code=reason_code, supplier_gstin=supplier, value_of_goods=value)
        assert examine(form, NOON.date(), RULEBOOK) == []
        stated = requirement(form, RULEBOOK)
        assert (stated.required, stated.clause) == expected


@pytest.mark.parametrize("origin", ["PORT", "AIRPORT", "AIR_CARGO_COMPLEX", "LAND_CUSTOMS_STATION"])
@pytest.mark.parametrize("to", ["ICD", "CFS"])
def test_every_way_to_customs(origin: str, to: str) -> None:
    form = form_of(exemption={"customs_movement": {"from": origin, "to": to}})
    stated = requirement(form, RULEBOOK)
    assert (stated.required, stated.clause) == CUSTOMS
    sentence = explanation(stated, form, RULEBOOK)
    assert origin.replace("_", " ").lower() in sentence
    assert {"ICD": "inland container depot", "CFS": "container freight station"}[to] in sentence


def test_the_lines_explain_the_answer() -> None:
    goods = [line("0407"), line("1006"), line("7215", "PAPPAD"), line("2710", "SOLD_UNDER_PDS")]
    form = form_of(hsn_code="8471", goods=goods)
    stated = requirement(form, RULEBOOK)
    found = [
        (each.index, each.hsn_code, each.exempt, each.item and each.item.number,
         each.missing_conditions)
        for each in stated.items
    ]  # fmt: skip
    assert found == [
        (0, "0407", True, 5, ()),
        (1, "1006", False, 11, (UNBRANDED,)),
        (2, "7215", False, None, ()),
        (3, "2710", True, 14, ()),
        (None, "8471", False, None, ()),
    ]
    assert explanation(stated, form, RULEBOOK) == (
        "Required: Rs 75000.00 is more than Rs 50000.00, and goods of Annexure 1 exempt only a "
        "consignment of nothing else."
    )


def test_the_only_line_is_the_document_s_own_code() -> None:
    (only,) = stated_of(hsn_code="1006").items
    assert (only.index, only.hsn_code, only.missing_conditions) == (0, "1006", (UNBRANDED,))


CODES = ["0401", "0407", "1006", "1905", "2710", "3304", "4907", "6703", "7113", "7215", "9803"]
LINES = st.builds(
    lambda code, conditions: line(code, *sorted(conditions)),
    st.sampled_from(CODES),
    st.sets(st.sampled_from(sorted(CONDITIONS))),
)


@given(
    st.lists(LINES, min_size=1, max_size=6),
    st.builds(line, st.sampled_from(["7215", "1006", "0403", "1905", "4401"])),
    st.integers(0, 6),
)
def test_a_line_that_is_not_exempt_never_makes_a_consignment_exempt(
    lines: list[dict[str, object]], more: dict[str, object], position: int
) -> None:
    before = stated_of(hsn_code=lines[0]["hsn_code"], goods=lines)
    lines_after = [*lines[:position], more, *lines[position:]]
    after = stated_of(hsn_code=lines[0]["hsn_code"], goods=lines_after)
    assert (after.required, after.clause) == BY_VALUE
    assert before.required or before.clause == "1(12)(a)"
    assert (before.clause == "1(12)(a)") == all(each.exempt for each in before.items)


@given(
    st.from_regex(r"[0-9]{4}([0-9]{2}){0,2}", fullmatch=True),
    st.sets(st.sampled_from(sorted(CONDITIONS))),
    st.sampled_from(sorted(CONDITIONS)),
)
def test_stating_more_never_takes_an_exemption_away(
    hsn_code: str, stated: set[str], more: str
) -> None:
    item, missing = find(hsn_code, tuple(stated))
    if item is not None and not missing:
        item, missing = find(hsn_code, (*stated, more))
        assert item is not None
        assert missing == ()
