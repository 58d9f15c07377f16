"""Persons, vehicles and documents of one example of the state machine."""

import itertools

from hypothesis import strategies as st

from tests.life_model import URP, Who

RIGHT = "the right one"
TRADERS = ("supplier", "recipient", "carrier", "second", "stranger")
NAMES = (*TRADERS, "officer 29", "officer 27")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_serials = itertools.count(1)

DOCUMENTS = st.fixed_dictionaries(
    {
        "supplier": st.sampled_from(("supplier",) * 5 + (URP,)),
        "recipient": st.sampled_from(("recipient",) * 5 + (URP,)),
        "transporter": st.sampled_from(
            ("carrier", "carrier", "carrier", "second", "supplier", "recipient", None)
        ),
        "mode": st.sampled_from(("ROAD",) * 6 + ("RAIL", "AIR")),
        "vehicle": st.sampled_from((0, 0, 0, 1, 2, None, None)),
        "near": st.sampled_from((None, None, None, 9, 10)),
        "distance_km": st.sampled_from((1, 99, 100, 299, 300, 499, 500, 999, 1000)),
        "value": st.sampled_from(("50000.00", "50000.01", "75000.00", "1.00")),
        "type": st.sampled_from(("INVOICE", "INVOICE", "CHALLAN")),
        "again": st.sampled_from((None, None, None, 0, 1, 2)),
    }
)


def gstin(state: str, serial: int, entity: int) -> str:
    """A GSTIN of its own for every serial and entity, with its check character (mod 36)."""
    tens, units = divmod(serial, 10_000)
    first, second = divmod(tens, 26)
    letters = f"{chr(65 + first % 26)}{chr(65 + second)}"
    body = f"{state}A{letters}CM{units:04d}{chr(65 + entity)}1Z"
    total = 0
    for place, character in enumerate(body):
        quotient, remainder = divmod(_ALPHABET.index(character) * (1 + place % 2), 36)
        total += quotient + remainder
    return body + _ALPHABET[-total % 36]


def fresh() -> tuple[dict[str, Who], list[str]]:
    """Persons by name and vehicles nobody had before."""
    serial = next(_serials)
    roles = ("taxpayer", "taxpayer", "transporter", "transporter", "taxpayer")
    people = {
        name: Who(role, gstin(state, serial, entity))
        for entity, (name, role, state) in enumerate(
            zip(TRADERS, roles, ("27", "29", "05", "24", "33"), strict=True)
        )
    }
    people |= {f"officer {one}": Who("officer", f"off-{one}", one) for one in ("29", "27")}
    people["reader"] = Who("reader", "LANE-7", "29")
    tens, units = divmod(serial, 10_000)
    return people, [f"MH{tens % 100:02d}A{letter}{units:04d}" for letter in "ABC"]
