"""An invoice on record: its reference number, who may do what with it, what makes it another."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.documents import OFFICER, OTHER, RECIPIENT, STRANGER, SUPPLIER, TRANSPORTER, person
from tests.invoices import SHIPPED_TO, invoice, line, party, read
from validators.authority import Role
from validators.errors import Refusal
from validators.invoice import differences, key_of, may_read, require_may_upload

# SHA-256 of supplier, financial year, INV and number, as sha256sum counts it.
REFERENCES = [
    ("INV/26/1", "2026-04-01", "e9808b4790392fc5a4c8bf06926ba3b21f4f44e654720a20faffe33d22f49b38"),
    ("INV/26/1", "2026-11-20", "e9808b4790392fc5a4c8bf06926ba3b21f4f44e654720a20faffe33d22f49b38"),
    ("inv/26/1", "2026-11-20", "e9808b4790392fc5a4c8bf06926ba3b21f4f44e654720a20faffe33d22f49b38"),
    ("INV/26/1", "2026-03-31", "836954e05a31174c971e1c2d7218e76f303075bc3849c94f3e5ccc0a61bad78f"),
    ("INV/26/1", "2025-04-01", "836954e05a31174c971e1c2d7218e76f303075bc3849c94f3e5ccc0a61bad78f"),
    ("a", "2017-07-01", "2498e5ccc69186a2287c443d12ebf5110e469aa39d7518dcca8ae67d38e49c18"),
    ("A", "2018-03-31", "2498e5ccc69186a2287c443d12ebf5110e469aa39d7518dcca8ae67d38e49c18"),
]


@pytest.mark.parametrize(("number", "day", "irn"), REFERENCES)
def test_the_reference_number(number: str, day: str, irn: str) -> None:
    form = read(invoice(document_number=number, document_date=day))
    assert key_of(form).irn == irn


def test_nothing_else_changes_the_reference_number() -> None:
    first = invoice(document_number="1")
    other = invoice(
        document_number="1", lines=[line(), line(serial=2)], total_value="177620.50",
        billed_to=party("07"), supply_type="ECOMMERCE_TCS",
    )  # fmt: skip
    assert key_of(read(first)) == key_of(read(other))
    of_another = deepcopy(first)
    of_another["supplier"]["gstin"] = RECIPIENT
    assert key_of(read(first)).irn != key_of(read(of_another)).irn


def test_only_its_supplier_uploads_it() -> None:
    form = read(invoice())
    require_may_upload(person(SUPPLIER), form)
    require_may_upload(person(SUPPLIER, Role.TRANSPORTER), form)
    for one in (RECIPIENT, SHIPPED_TO, TRANSPORTER):
        with pytest.raises(Refusal, match="NOT_A_PARTY"):
            require_may_upload(person(one), form)


def test_who_reads_it() -> None:
    form = read(invoice())
    for one in (SUPPLIER, RECIPIENT, SHIPPED_TO):
        assert may_read(person(one), form)
    assert may_read(OFFICER, form)
    for one in (TRANSPORTER, OTHER):
        assert not may_read(person(one), form)
    alone = read(invoice(supply_type="B2C", billed_to=party(gstin=None), shipped_to=...))
    assert may_read(person(SUPPLIER), alone)
    assert not may_read(person(RECIPIENT), alone)
    assert not may_read(person(STRANGER), alone)


def _set(*path: Any) -> Callable[[dict[str, Any]], None]:
    *above, last, written = path

    def change(document: dict[str, Any]) -> None:
        owner: Any = document
        for name in above:
            owner = owner[name]
        if written is ...:
            del owner[last]
        else:
            owner[last] = written

    return change


SAME = {
    "spelt as a number": _set("total_value", 89120.5),
    "one decimal": _set("total_value", "89120.5"),
    "leading zeros": _set("freight", "000500.00"),
    "nothing given": _set("packing_forwarding", ...),
    "nothing is null": _set("packing_forwarding", None),
    "a rate of two decimals": _set("lines", 0, "igst", "rate", "18.00"),
    "a rate as a number": _set("lines", 0, "igst", "rate", 18),
    "a quantity of three": _set("lines", 0, "quantity", "10.000"),
    "a tax of nothing": _set("lines", 0, "cess", {"rate": "0.0", "amount": "0"}),
    "no tax": _set("lines", 0, "cgst", None),
    "smaller letters": _set("document_number", "a/1"),
    "a smaller GSTIN": _set("billed_to", "gstin", RECIPIENT.lower()),
}
OTHER_CONTENT: dict[str, tuple[Callable[[dict[str, Any]], None], list[str]]] = {
    "a date of the year": (_set("document_date", "2026-11-19"), ["/document_date"]),
    "a type": (_set("supply_type", "ECOMMERCE_TCS"), ["/supply_type"]),
    "a name": (_set("supplier", "legal_name", "Umbrella"), ["/supplier/legal_name"]),
    "no trade name": (_set("supplier", "trade_name", ...), ["/supplier/trade_name"]),
    "a State": (_set("billed_to", "state_code", "07"), ["/billed_to/state_code"]),
    "not shipped on": (_set("shipped_to", ...), ["/shipped_to"]),
    "words": (_set("total_in_words", "Rupees"), ["/total_in_words"]),
    "who signed": (_set("signatory", "name", "B. Kumar"), ["/signatory/name"]),
    "a paisa within the rupee": (_set("total_value", "89120.51"), ["/total_value"]),
    "a line's words": (_set("lines", 0, "description", "Rods"), ["/lines/0/description"]),
    "its number": (_set("lines", 0, "serial", 2), ["/lines/0/serial"]),
    "its unit": (_set("lines", 0, "unit", "MTS"), ["/lines/0/unit"]),
    "a tax": (_set("lines", 0, "igst", "amount", "13500.40"), ["/lines/0/igst/amount"]),
    "another tax": (
        _set("lines", 0, "cess", {"rate": "0.001", "amount": "0.75"}), ["/lines/0/cess"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_the_same_however_it_is_written(change: Callable[[dict[str, Any]], None]) -> None:
    first = invoice(document_number="A/1")
    again = deepcopy(first)
    change(again)
    assert differences(read(first), read(again)) == []
    assert differences(read(again), read(first)) == []


@pytest.mark.parametrize(("change", "pointers"), OTHER_CONTENT.values(), ids=OTHER_CONTENT)
def test_which_fields_differ(change: Callable[[dict[str, Any]], None], pointers: list[str]) -> None:
    first = invoice(document_number="A/1")
    again = deepcopy(first)
    change(again)
    found = differences(read(first), read(again))
    assert [one.pointer for one in found] == pointers
    assert {one.code for one in found} == {"DIFFERS"}
    assert [one.pointer for one in differences(read(again), read(first))] == pointers


def test_shipped_to_whom_it_is_billed() -> None:
    bare = invoice(shipped_to=...)
    named = bare | {"shipped_to": deepcopy(bare["billed_to"])}
    assert differences(read(bare), read(named)) == differences(read(named), read(bare)) == []
    moved = deepcopy(bare)
    moved["billed_to"]["name"] = "Bharat"
    found = differences(read(bare), read(moved))
    assert [one.pointer for one in found] == ["/billed_to/name"]


def test_unregistered_is_so_however_it_is_said() -> None:
    first = invoice(supply_type="B2C", billed_to=party(gstin=None), shipped_to=party(gstin=...))
    again = first | {"billed_to": party(gstin="URP"), "shipped_to": party(gstin="urp")}
    assert differences(read(first), read(again)) == []


def test_lines_more_or_fewer_differ_as_a_list() -> None:
    first = invoice()
    again = first | {"lines": [line(), line(serial=2)], "total_value": "177620.50"}
    found = [one.pointer for one in differences(read(first), read(again))]
    assert found == ["/lines", "/total_value"]
