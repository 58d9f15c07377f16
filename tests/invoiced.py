"""A sound invoice, and the INS-06 that leaves to it whatever it says."""

import itertools
from typing import Any

from tests.documents import OFFICER, RECIPIENT, SUPPLIER, TRANSPORTER, person
from tests.gateway_in_process import Gateway

_numbers = itertools.count(1)

TOTAL = "88795.00"
"""The total of `invoice`: two lines of 1,250.00 and 74,000.00, with 18 % tax."""


def line(serial: int, **changes: Any) -> dict[str, Any]:
    """A line of 1,250.00 rupees and 18 % tax, between States."""
    return {
        "serial": serial,
        "description": "Binding wire",
        "hsn_code": "721710",
        "quantity": "1",
        "unit": "BDL",
        "unit_price": "1250.00",
        "total": "1250.00",
        "taxable_value": "1250.00",
        "igst": {"rate": "18", "amount": "225.00"},
    } | changes


BARS = {
    "description": "Steel bars",
    "hsn_code": "72151000",
    "unit_price": "74000.00",
    "total": "74000.00",
    "taxable_value": "74000.00",
    "igst": {"rate": "18", "amount": "13320.00"},
}


def place(gstin: str | None = RECIPIENT, **changes: Any) -> dict[str, Any]:
    """A place in Karnataka that is billed or shipped to."""
    return {
        "name": "Kaveri Builders",
        "address": "14 Residency Road, Bengaluru 560025",
        "state_code": "29",
        "gstin": gstin,
    } | changes


def invoice(**changes: Any) -> dict[str, Any]:
    """A sound invoice with a number of its own, changed as told."""
    return {
        "supplier": {
            "gstin": SUPPLIER,
            "legal_name": "Sahyadri Steel Private Limited",
            "address": "7 Dockyard Road, Mumbai 400010",
        },
        "document_number": f"Tax/{next(_numbers)}",
        "document_date": "2026-11-20",
        "supply_type": "B2B",
        "billed_to": place(),
        "lines": [line(1), line(2, **BARS)],
        "total_value": TOTAL,
        "total_in_words": "Rupees eighty-eight thousand seven hundred and ninety-five only",
        "signatory": {"name": "Asha Rao", "designation": "Manager"},
    } | changes


def request(irn: str, **changes: Any) -> dict[str, Any]:
    """What an INS-06 must say beside the invoice, changed as told."""
    return {
        "irn": irn,
        "place_of_delivery": "560025",
        "distance_km": 350,
        "vehicle_number": "KA12AB1234",
        "transporter_id": TRANSPORTER,
    } | changes


def whole(irn: str, billed: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An INS-06 that says all of the invoice itself but for its lines, changed as told."""
    return (
        request(irn)
        | {
            "supplier_gstin": SUPPLIER,
            "recipient_gstin": RECIPIENT,
            "document_number": billed["document_number"],
            "document_date": billed["document_date"],
            "value_of_goods": billed["total_value"],
            "hsn_code": "7215",
            "reason_code": 1,
        }
        | changes
    )


async def uploaded(gateway: Gateway, billed: dict[str, Any] | None = None, **changes: Any) -> str:
    """The IRN of an invoice that its supplier uploads."""
    answer = await gateway.call(
        person(SUPPLIER), "POST", "/v1/invoices", json=billed or invoice(**changes)
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["irn"])


async def bill_read(gateway: Gateway, ebn: str) -> dict[str, Any]:
    """A bill as an officer reads it."""
    answer = await gateway.call(OFFICER, "GET", f"/v1/eway-bills/{ebn}")
    assert answer.status_code == 200
    bill: dict[str, Any] = answer.json()
    return bill
