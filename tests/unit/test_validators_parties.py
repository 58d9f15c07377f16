"""Who may do what with an e-way bill, and which document belongs to whom."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.test_validators_ins06 import RECIPIENT, SUPPLIER, TRANSPORTER
from tests.unit.test_validators_life import OFF_ROAD, STRANGER, bill_of, code_of, form_of
from validators.authority import (
    Person,
    Role,
    is_party,
    may_read,
    may_see_on_vehicle,
    require_may_generate,
    require_role,
)
from validators.errors import Refusal
from validators.eway_bill import DocumentKey, document_key


def person(role: Role, identity: str) -> Person:
    return Person(client_id="c", role=role, id=identity)


@pytest.mark.parametrize(
    ("role", "identity", "party", "reads"),
    [
        (Role.TAXPAYER, SUPPLIER, True, True),
        (Role.TAXPAYER, RECIPIENT, True, True),
        (Role.TRANSPORTER, TRANSPORTER, True, True),
        (Role.TAXPAYER, STRANGER, False, False),
        (Role.TRANSPORTER, STRANGER, False, False),
        (Role.OFFICER, "officer-1", False, True),
        (Role.OFFICER, SUPPLIER, False, True),
        (Role.READER, "reader-1", False, False),
        (Role.READER, SUPPLIER, False, False),
        (Role.SMS_PROVIDER, SUPPLIER, False, False),
        (Role.COMMISSIONER, SUPPLIER, False, False),
        (Role.OPERATOR, SUPPLIER, False, False),
    ],
)
def test_who_may_read(role: Role, identity: str, party: bool, reads: bool) -> None:
    bill = bill_of()
    assert is_party(person(role, identity), bill) is party
    assert may_read(person(role, identity), bill) is reads


@pytest.mark.parametrize(
    ("role", "identity", "sees"),
    [
        (Role.TRANSPORTER, TRANSPORTER, True),
        (Role.TAXPAYER, TRANSPORTER, True),
        (Role.OFFICER, "officer-1", True),
        (Role.READER, "reader-1", False),
        (Role.TAXPAYER, SUPPLIER, False),
        (Role.TAXPAYER, RECIPIENT, False),
        (Role.TRANSPORTER, STRANGER, False),
        (Role.SMS_PROVIDER, TRANSPORTER, False),
        (Role.COMMISSIONER, TRANSPORTER, False),
        (Role.OPERATOR, TRANSPORTER, False),
    ],
)
def test_who_may_see_what_a_vehicle_carries(role: Role, identity: str, sees: bool) -> None:
    assert may_see_on_vehicle(person(role, identity), bill_of()) is sees


def test_the_generator_is_a_party_whatever_part_a_says() -> None:
    bill = bill_of(by=STRANGER)
    assert may_read(person(Role.TRANSPORTER, STRANGER), bill)


UNREGISTERED = {"supplier_gstin": "URP", "supplier_contact": {"mobile": "9876543210"}}


@pytest.mark.parametrize(
    ("role", "identity", "changes", "code"),
    [
        (Role.TAXPAYER, SUPPLIER, {}, None),
        (Role.TAXPAYER, RECIPIENT, {}, None),
        (Role.TRANSPORTER, TRANSPORTER, {}, None),
        (Role.TRANSPORTER, TRANSPORTER, {"value_of_goods": "1.00"}, None),
        (Role.TAXPAYER, STRANGER, {}, "NOT_A_PARTY"),
        (Role.TRANSPORTER, STRANGER, {}, "NOT_A_PARTY"),
        (Role.TRANSPORTER, STRANGER, {"transporter_id": None}, "NOT_A_PARTY"),
        (Role.TAXPAYER, SUPPLIER, OFF_ROAD, None),
        (Role.TAXPAYER, RECIPIENT, OFF_ROAD, None),
        (Role.TRANSPORTER, TRANSPORTER, OFF_ROAD, "NOT_A_PARTY"),
        (Role.TRANSPORTER, SUPPLIER, OFF_ROAD | {"transporter_id": SUPPLIER}, None),
        (Role.TAXPAYER, RECIPIENT, UNREGISTERED, None),
        (Role.TRANSPORTER, TRANSPORTER, UNREGISTERED, None),
        (Role.TAXPAYER, SUPPLIER, UNREGISTERED, "NOT_A_PARTY"),
        (Role.TAXPAYER, SUPPLIER, {"recipient_gstin": "URP"}, None),
        (Role.TAXPAYER, RECIPIENT, {"recipient_gstin": "URP"}, "NOT_A_PARTY"),
        *(
            (role, SUPPLIER, {}, "ROLE_NOT_PERMITTED")
            for role in Role
            if role not in (Role.TAXPAYER, Role.TRANSPORTER)
        ),
    ],
)
def test_who_may_generate(
    role: Role, identity: str, changes: dict[str, object], code: str | None
) -> None:
    try:
        require_may_generate(person(role, identity), form_of(**changes))
        refused_with = None
    except Refusal as refused:
        refused_with = refused.problem.code
    assert refused_with == code


def test_role_is_asked_before_anything_else() -> None:
    require_role(person(Role.OFFICER, "o"), frozenset({Role.OFFICER, Role.READER}))
    with pytest.raises(Refusal) as refused:
        require_may_generate(person(Role.OFFICER, STRANGER), form_of())
    assert code_of(refused) == "ROLE_NOT_PERMITTED"


def key_of(by: str = SUPPLIER, **changes: object) -> DocumentKey:
    return document_key(bill_of(by=by, **changes).part_a, by)


@pytest.mark.parametrize(
    "changes",
    [
        {"document_number": "inv/2026/000123"},
        {"document_type": "INVOICE"},
        {"document_date": "2026-04-01"},
        {"recipient_gstin": "URP", "value_of_goods": "1.00", "hsn_code": "8471"},
        {"by": TRANSPORTER},
        {"by": RECIPIENT},
    ],
)
def test_the_same_document(changes: dict[str, str]) -> None:
    assert key_of(**changes) == key_of()


@pytest.mark.parametrize(
    "changes",
    [
        {"document_number": "INV/2026/000124"},
        {"document_number": "INV/2026-000123"},
        {"document_type": "BILL_OF_SUPPLY"},
        {"document_type": "CHALLAN"},
        {"document_type": "BILL_OF_ENTRY"},
        {"document_date": "2026-03-31"},
        {"supplier_gstin": STRANGER},
        {"supplier_gstin": "URP"},
    ],
)
def test_another_document(changes: dict[str, str]) -> None:
    assert key_of(**changes) != key_of()


def test_a_number_of_31_march_and_1_april_is_two_documents() -> None:
    before, after = key_of(document_date="2026-03-31"), key_of(document_date="2026-04-01")
    assert (before.financial_year, after.financial_year) == (2025, 2026)
    assert before != after
    assert before == key_of(document_date="2025-04-01")


def test_an_unregistered_supplier_is_keyed_by_who_generates() -> None:
    by_recipient = key_of(supplier_gstin="URP", by=RECIPIENT)
    assert by_recipient == key_of(supplier_gstin="URP", by=RECIPIENT)
    assert by_recipient != key_of(supplier_gstin="URP", by=TRANSPORTER)
    assert by_recipient != key_of(supplier_gstin=RECIPIENT, by=RECIPIENT)


NUMBERS = st.text("aAbB1/-", min_size=1, max_size=3)


@settings(deadline=None)
@given(NUMBERS, NUMBERS)
def test_keys_are_equal_exactly_when_the_numbers_are(one: str, other: str) -> None:
    same = one.upper() == other.upper()
    assert (key_of(document_number=one) == key_of(document_number=other)) is same
    assert len(key_of(document_number=one).digest) == 16
