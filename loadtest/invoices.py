"""Invoices as businesses write them: random, sound to the paisa, the same for the same seed.

The words are invented anew for every seed, so that no dictionary has learned them.
"""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

_SYLLABLES = [
    first + last for first in "bdghjklmnprstvy" for last in ("a", "e", "i", "o", "an", "u")
]
_KINDS = ("Private Limited", "Limited", "LLP", "and Company", "and Sons")
_STREETS = ("Road", "Street", "Nagar", "Marg", "Industrial Estate")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def gstin(random: Random, state: str) -> str:
    """A GSTIN of a State with a right check character."""
    letters = "".join(random.choices(_ALPHABET[10:], k=5))
    stem = f"{state}{letters}{random.randrange(10_000):04}{random.choice(_ALPHABET[10:])}1Z"
    total = 0
    for position, character in enumerate(stem):
        quotient, remainder = divmod(_ALPHABET.index(character) * (1 + position % 2), 36)
        total += quotient + remainder
    return stem + _ALPHABET[-total % 36]


def invoices(
    seed: int, supplier: str, count: int, *, lines: int = 3, prefix: str = "S"
) -> Iterator[bytes]:
    """Invoices of a supplier, each as a line of JSON without its end; numbered from 1 on."""
    random = Random(f"{seed}{supplier}")  # noqa: S311 - not a secret
    words = ["".join(random.choices(_SYLLABLES, k=random.randrange(2, 5))) for _ in range(400)]
    customers = [_customer(random, words) for _ in range(min(count, 500))]
    issuer = _party(random, words)
    for number in range(1, count + 1):
        invoice = _invoice(
            random, words, supplier, issuer, customer=random.choice(customers), lines=lines
        )
        invoice["document_number"] = f"{prefix}{number:08}"
        yield json.dumps(invoice, separators=(",", ":")).encode()


def _party(random: Random, words: list[str]) -> dict[str, str]:
    name, trade, street, town = (random.choice(words).title() for _ in range(4))
    return {
        "name": f"{name} {trade} {random.choice(_KINDS)}",
        "address": f"{random.randrange(1, 900)} {street} {random.choice(_STREETS)}, {town} "
        f"{random.randrange(110_000, 860_000)}",
    }


def _customer(random: Random, words: list[str]) -> dict[str, str]:
    state = random.choice(("07", "09", "19", "24", "27", "27", "27", "29", "33", "36"))
    return {**_party(random, words), "state_code": state, "gstin": gstin(random, state)}


def _invoice(
    random: Random,
    words: list[str],
    supplier: str,
    issuer: dict[str, str],
    *,
    customer: dict[str, str],
    lines: int,
) -> dict[str, Any]:
    total = 0
    written = []
    for serial in range(1, lines + 1):
        line, worth = _line(random, words, serial, inter=customer["state_code"] != supplier[:2])
        written.append(line)
        total += worth
    freight = random.choice((0, 0, 0, 25_000, 118_000))
    return {
        "supplier": {
            "gstin": supplier,
            "legal_name": issuer["name"],
            "address": issuer["address"],
        },
        "document_number": "",
        "document_date": f"2026-11-{random.randrange(1, 21):02}",
        "supply_type": "B2B",
        "billed_to": customer,
        "shipped_to": customer,
        "lines": written,
        "freight": _rupees(freight),
        "total_value": _rupees(total + freight),
        "total_in_words": f"Rupees {' '.join(random.choices(words, k=8))} only",
        "signatory": {"name": random.choice(words).title(), "designation": "Manager"},
    }


def _line(
    random: Random, words: list[str], serial: int, *, inter: bool
) -> tuple[dict[str, Any], int]:
    quantity, price = random.randrange(1, 800), random.randrange(1_000, 900_000)
    total = quantity * price
    discount = total // 100 * random.choice((0, 0, 2, 5))
    taxable = total - discount
    halves = random.choice((5, 12, 18, 28))
    line = {
        "serial": serial,
        "description": " ".join(random.choices(words, k=3)),
        "hsn_code": f"{random.randrange(1001, 9999)}{random.choice(('', '10', '2090'))}",
        "quantity": str(quantity),
        "unit": random.choice(("NOS", "KGS", "MTR", "BOX", "LTR")),
        "unit_price": _rupees(price),
        "total": _rupees(total),
        "discount": _rupees(discount),
        "taxable_value": _rupees(taxable),
    }
    if inter:
        tax = (taxable * halves + 50) // 100
        return line | {"igst": {"rate": str(halves), "amount": _rupees(tax)}}, taxable + tax
    half = (taxable * halves + 100) // 200
    one = {"rate": f"{halves / 2:g}", "amount": _rupees(half)}
    return line | {"cgst": one, "sgst": one}, taxable + 2 * half


def _rupees(paise: int) -> str:
    return f"{paise // 100}.{paise % 100:02}"
