"""INS-06 documents and persons for tests."""

import itertools
from datetime import datetime
from typing import Any

from validators.authority import Person, Role

SUPPLIER = "27AAPFU0939F1ZV"
RECIPIENT = "29AAGCB7383J1Z4"
TRANSPORTER = "05AAACG2115R1ZN"
STRANGER = "24AAACC1206D1ZM"
OTHER = "05AAACG2140A1ZL"

_numbers = itertools.count(1)


def document(**changes: Any) -> dict[str, Any]:
    """A sound INS-06 by road with a document number of its own, changed as told; a change to
    `...` removes the field."""
    sound: dict[str, Any] = {
        "supplier_gstin": SUPPLIER,
        "recipient_gstin": RECIPIENT,
        "place_of_dispatch": "400001",
        "place_of_delivery": "560001",
        "document_type": "INVOICE",
        "document_number": f"INV/{next(_numbers)}",
        "document_date": "2026-11-20",
        "value_of_goods": "75000.00",
        "hsn_code": "7215",
        "reason_code": 1,
        "transport_document_number": "GR-998877",
        "mode": "ROAD",
        "distance_km": 350,
        "vehicle_number": "KA12AB1234",
        "transporter_id": TRANSPORTER,
        "irn": None,
    } | changes
    return {name: value for name, value in sound.items() if value is not ...}


def person(gstin: str, role: Role = Role.TAXPAYER) -> Person:
    """A person with a client of its own."""
    return Person(f"client-of-{gstin}", role, gstin)


def notification(begins: datetime, /, **changes: Any) -> dict[str, Any]:
    """A sound notification that extends the validity of milk by two days, changed as told; a change
    to `...` removes the member."""
    sound: dict[str, Any] = {
        "number": f"{next(_numbers)}/2026",
        "kind": "EXTENSION",
        "effective_from": begins.isoformat(),
        "effective_until": None,
        "title": "Milk and cream: two days more",
        "hsn_prefixes": ["0401"],
        "additional_days": 2,
    } | changes
    return {name: value for name, value in sound.items() if value is not ...}


OFFICER = Person("client-of-officer", Role.OFFICER, "KA-1001", "29")
COMMISSIONER = Person("client-of-commissioner", Role.COMMISSIONER, "COMMISSIONER")
READER = Person("client-of-reader", Role.READER, "LANE-7", "29", "Attibele")
