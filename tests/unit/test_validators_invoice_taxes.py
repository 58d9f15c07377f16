"""Which taxes a line of an invoice may bear, and who must be registered."""

from decimal import Decimal
from typing import Any

import pytest

from tests.invoices import UIN, faults_of, intra_invoice, intra_line, invoice, line, party

HALF = {"rate": "9", "amount": "6750.00"}
NONE = {"rate": "0", "amount": "0.00"}
TAXES: list[tuple[str, dict[str, Any], dict[str, Any], list[tuple[str, str]]]] = [
    ("inter-State", {}, {}, []),
    ("within a State", {"billed_to": party("27"), "shipped_to": ...},
     {}, [("igst", "NOT_INTER_STATE")]),
    ("within, of nothing", {"billed_to": party("27"), "shipped_to": ...},
     {"igst": NONE, "cgst": HALF, "sgst": HALF}, []),
    ("shipped out of the State", {"billed_to": party("27")}, {}, []),
    ("billed out of it", {"shipped_to": party("27")}, {}, []),
    ("shipped out of it, local", {"billed_to": party("27")},
     {"igst": ..., "cgst": HALF, "sgst": HALF}, []),
    ("inter-State, local", {}, {"igst": ..., "cgst": HALF, "sgst": HALF},
     [("cgst", "INTER_STATE")]),
    ("inter-State, half", {}, {"igst": ..., "sgst": HALF}, [("sgst", "INTER_STATE")]),
    ("both", {}, {"cgst": HALF, "sgst": HALF}, [("igst", "IGST_BESIDE_CGST_SGST")]),
    ("both, one half", {}, {"sgst": HALF}, [("igst", "IGST_BESIDE_CGST_SGST")]),
    ("beside nothing", {}, {"cgst": NONE, "sgst": NONE}, []),
    ("one half", {"billed_to": party("27"), "shipped_to": ...},
     {"igst": ..., "cgst": HALF}, [("cgst", "HALVES_DIFFER")]),
    ("the other", {"billed_to": party("27"), "shipped_to": ...},
     {"igst": ..., "sgst": HALF}, [("sgst", "HALVES_DIFFER")]),
    ("unlike", {"billed_to": party("27"), "shipped_to": ...},
     {"igst": ..., "cgst": HALF, "sgst": {"rate": "6", "amount": "4500.00"}},
     [("cgst", "HALVES_DIFFER")]),
    ("alike in another spelling", {"billed_to": party("27"), "shipped_to": ...},
     {"igst": ..., "cgst": HALF, "sgst": {"rate": 9.0, "amount": 6750}}, []),
    ("none at all", {}, {"igst": ...}, []),
    ("to an SEZ of the State", {"supply_type": "SEZ", "billed_to": party("27"), "shipped_to": ...},
     {}, []),
    ("to an SEZ, local", {"supply_type": "SEZ", "billed_to": party("27"), "shipped_to": ...},
     {"igst": ..., "cgst": HALF, "sgst": HALF}, [("cgst", "INTER_STATE")]),
    ("out of India", {"supply_type": "EXPORT", "billed_to": party("96", None)}, {}, []),
    ("out of India from a port", {"supply_type": "EXPORT", "billed_to": party("96", None),
     "shipped_to": party("27", None)}, {}, []),
    ("out of India, local", {"supply_type": "EXPORT", "billed_to": party("96", None),
     "shipped_to": party("27", None)}, {"igst": ..., "cgst": HALF, "sgst": HALF},
     [("cgst", "INTER_STATE")]),
    ("deemed export", {"supply_type": "DEEMED_EXPORT", "billed_to": party("27"),
     "shipped_to": ...}, {"igst": ..., "cgst": HALF, "sgst": HALF}, []),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "taxes", "found"), [one[1:] for one in TAXES],
                         ids=[one[0] for one in TAXES])  # fmt: skip
def test_which_taxes_a_line_may_bear(
    changes: dict[str, Any], taxes: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    sent = invoice(lines=[line(**taxes)], **changes)
    borne = [one for one in taxes.values() if one is not ...]
    igst = [] if "igst" in taxes else [line()["igst"]]
    total = sum(Decimal(str(one["amount"])) for one in (*borne, *igst))
    sent["total_value"] = f"{Decimal('75620.50') + total:.2f}"
    assert faults_of(sent) == [(f"/lines/0/{name}", code) for name, code in found]


@pytest.mark.parametrize("gstin", [None, "URP", ...])
def test_who_must_be_registered(gstin: Any) -> None:
    nobody = party(gstin=gstin)
    for kind in ("B2B", "SEZ", "DEEMED_EXPORT"):
        assert faults_of(invoice(supply_type=kind, billed_to=nobody)) == [
            ("/billed_to/gstin", "UNREGISTERED_RECIPIENT")
        ]
    for kind in ("B2C", "REVERSE_CHARGE", "ECOMMERCE_TCS", "EXPORT"):
        assert faults_of(invoice(supply_type=kind, billed_to=nobody)) == []


@pytest.mark.parametrize("gstin", [party()["gstin"], UIN])
def test_who_must_not_be(gstin: str) -> None:
    somebody = party(gstin=gstin)
    assert faults_of(invoice(supply_type="B2C", billed_to=somebody)) == [
        ("/billed_to/gstin", "REGISTERED_RECIPIENT")
    ]
    assert faults_of(invoice(billed_to=somebody)) == []


def test_states_that_are_not_known_are_not_held_against_the_taxes() -> None:
    for changes in ({"billed_to": party("2")}, {"supplier": ...}, {"supply_type": "B2X"}):
        faults = faults_of(intra_invoice(**changes))
        assert len(faults) == 1, faults


def test_an_intra_line_is_sound_where_it_should_be() -> None:
    assert faults_of(invoice(lines=[intra_line()], billed_to=party("27"))) == []
