"""Reports of inspections (INS-08) and detentions (INS-09), just before the test clock's start."""

from typing import Any

INSPECTIONS, DETENTIONS = "/v1/inspections", "/v1/detentions"


def summary(**changes: Any) -> dict[str, Any]:
    """A sound Part A of INS-08; a change to `...` removes the field."""
    return _changed(
        {
            "officer_name": "K. Rao",
            "place": "Attibele check post",
            "inspected_at": "2026-11-21T14:00:00+05:30",
            "vehicle_number": "KA12AB1234",
            "document_date": "2026-11-20",
            "document_number": "INV/2026/000123",
            "person_in_charge": "S. Kumar",
            "goods_description": "Iron bars",
            "declared_quantity": "120 bundles",
            "declared_value": "75000.00",
            "discrepancy": "40 bundles more than declared",
            "detained": True,
            "released_at": "2026-11-21T14:05:00+05:30",
        },
        changes,
    )


def final(**changes: Any) -> dict[str, Any]:
    """A sound Part B of INS-08; a change to `...` removes the field."""
    return _changed(
        {
            "actual_quantity": "160 bundles",
            "actual_value": "100000.00",
            "tax_payable": heads(integrated="4500.00"),
            "penalty_payable": heads(integrated="4500.00"),
            "notice": {"date": "2026-11-21", "number": "KA/29/77"},
            "findings": "40 bundles were not on the invoice",
        },
        changes,
    )


def heads(**changes: str) -> dict[str, str]:
    """An amount under each head of tax."""
    return {"integrated": "0.00", "central": "0.00", "state": "0.00", "cess": "0.00"} | changes


def detention(ebn: str, /, **changes: Any) -> dict[str, Any]:
    """A sound INS-09; a change to `...` removes the field."""
    return _changed(
        {
            "ebn": ebn,
            "place": "Near Attibele",
            "detained_from": "2026-11-21T12:00:00+05:30",
            "detained_until": "2026-11-21T13:00:00+05:30",
            "officer_name": "K. Rao",
        },
        changes,
    )


def _changed(sound: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (sound | changes).items() if value is not ...}
