"""FORM GST INV-1 documents for tests: one sound, changed as told, and random sound ones.

Whatever is counted here is counted with Decimal, another way than the gateway counts.
"""

import itertools
import json
from datetime import date
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from random import Random
from typing import Any, Final

from tests.documents import RECIPIENT, SUPPLIER
from validators.inv1 import Inv1, read_inv1
from validators.inv1_faults import examine_invoice

INVOICES: Final = "/v1/invoices"
SHIPPED_TO: Final = "24AAACC1206D1ZM"
UIN: Final = "0717UNO00157UNO"

TODAY: Final = date(2026, 11, 21)

_NOTHING: Final = Decimal(0)
_TAXES: Final = ("cgst", "sgst", "igst", "cess")
_numbers = itertools.count(1)


def line(**changes: Any) -> dict[str, Any]:
    """A sound line of an inter-State supply, Rs 75,000 and 18 per cent, changed as told; a change
    to `...` removes the member."""
    sound: dict[str, Any] = {
        "serial": 1,
        "description": "Mild steel rods",
        "hsn_code": "7215",
        "quantity": "10",
        "unit": "TNE",
        "unit_price": "7600.00",
        "total": "76000.00",
        "discount": "1000.00",
        "taxable_value": "75000.00",
        "igst": {"rate": "18", "amount": "13500.00"},
    } | changes
    return {name: value for name, value in sound.items() if value is not ...}


def intra_line(**changes: Any) -> dict[str, Any]:
    """As `line`, of a supply within a State."""
    half = {"rate": "9", "amount": "6750.00"}
    return line(**{"igst": ..., "cgst": half, "sgst": half} | changes)


def party(state: str = "29", gstin: Any = RECIPIENT, **changes: Any) -> dict[str, Any]:
    """Whom goods are billed or shipped to."""
    sound = {
        "name": "Bharat Traders",
        "address": "45 Residency Road, Bengaluru 560025",
        "state_code": state,
        "gstin": gstin,
    } | changes
    return {name: value for name, value in sound.items() if value is not ...}


def invoice(**changes: Any) -> dict[str, Any]:
    """A sound INV-1 with a document number of its own, changed as told; a change to `...` removes
    the member."""
    sound: dict[str, Any] = {
        "supplier": {
            "gstin": SUPPLIER,
            "legal_name": "Umbrella Steel Private Limited",
            "trade_name": "Umbrella Steel",
            "address": "12 Mill Road, Mumbai 400001",
        },
        "document_number": f"INV/26/{next(_numbers)}",
        "document_date": "2026-11-20",
        "supply_type": "B2B",
        "billed_to": party(),
        "shipped_to": party("24", SHIPPED_TO, name="Bharat Traders, depot"),
        "lines": [line()],
        "freight": "500.00",
        "insurance": "120.50",
        "packing_forwarding": "0.00",
        "total_value": "89120.50",
        "total_in_words": "Rupees eighty-nine thousand one hundred twenty and fifty paise only",
        "signatory": {"name": "A. Kumar", "designation": "Manager"},
    } | changes
    return {name: value for name, value in sound.items() if value is not ...}


def intra_invoice(**changes: Any) -> dict[str, Any]:
    """As `invoice`, within Maharashtra."""
    within = {"billed_to": party("27"), "shipped_to": ..., "lines": [intra_line()]}
    return invoice(**within | changes)


def read(document: dict[str, Any] | bytes, today: date = TODAY) -> Inv1:
    """The form a sound document becomes."""
    form, shape = read_inv1(_body(document))
    assert examine_invoice(form, shape, today) == []
    return form


def faults_of(document: dict[str, Any] | bytes, today: date = TODAY) -> list[tuple[str, str]]:
    """Pointer and code of everything wrong with a document."""
    form, shape = read_inv1(_body(document))
    return [(one.pointer, one.code) for one in examine_invoice(form, shape, today)]


def _body(document: dict[str, Any] | bytes) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def random_invoice(random: Random, supply_type: str = "B2B") -> dict[str, Any]:
    """A sound invoice: every amount is the exact one, rounded to a paisa up or down at random."""
    inter = random.random() < 0.5
    lines = [_random_line(random, serial, inter) for serial in range(1, random.randint(2, 6))]
    charges = {
        name: _written(random, _paise(random, 10**7))
        for name in ("freight", "insurance", "packing_forwarding")
        if random.random() < 0.4
    }
    value = sum(Decimal(one["taxable_value"]) for one in lines) + _NOTHING
    value += sum(map(Decimal, charges.values()))
    taxes = _NOTHING
    for one in lines:
        taxes += sum(Decimal(one[name]["amount"]) for name in _TAXES if name in one)
    left_out = supply_type == "REVERSE_CHARGE" and random.random() < 0.5
    state = random.choice(("29", "07")) if inter else "27"
    depot = party(state, random.choice((None, "URP", RECIPIENT)))
    return invoice(
        supply_type=supply_type,
        billed_to=party(state),
        shipped_to=random.choice((..., None, depot)),
        lines=lines,
        **dict.fromkeys(("freight", "insurance", "packing_forwarding"), ...) | charges,
        total_value=_written(random, value if left_out else value + taxes),
    )


def _random_line(random: Random, serial: int, inter: bool) -> dict[str, Any]:
    quantity = Decimal(random.randint(1, 10**6)).scaleb(-random.choice((0, 0, 1, 2, 3)))
    price = _paise(random, 10**7)
    total = _rounded(random, quantity * price)
    discount = min(_paise(random, 10**5), total) if random.random() < 0.3 else Decimal(0)
    taxable = total - discount
    halves = Decimal(random.choice(("0", "0.125", "1.5", "2.5", "6", "9", "14")))
    taxes = {"igst": 2 * halves} if inter else {"cgst": halves, "sgst": halves}
    if random.random() < 0.2:
        taxes["cess"] = Decimal(random.choice(("1", "12.5", "204", "0.333")))
    written = {}
    for name, rate in taxes.items():
        amount = _rounded(random, taxable * rate / 100)
        written[name] = {"rate": str(rate), "amount": _written(random, amount)}
    return (
        line(
            serial=serial,
            quantity=str(quantity),
            unit_price=_written(random, price),
            total=_written(random, total),
            discount=_written(random, discount) if discount else random.choice((..., "0", 0)),
            taxable_value=_written(random, taxable),
            igst=...,
        )
        | written
    )


def _paise(random: Random, most: int) -> Decimal:
    return Decimal(random.randint(0, most)).scaleb(-2)


def _rounded(random: Random, exact: Decimal) -> Decimal:
    return exact.quantize(Decimal("0.01"), random.choice((ROUND_DOWN, ROUND_UP)))


def _written(random: Random, amount: Decimal) -> str:
    """An amount in one of its spellings."""
    text = f"{amount:.2f}"
    return random.choice((text, text, text.rstrip("0").rstrip(".")))
