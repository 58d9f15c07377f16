"""The journals of a load test, and what disagrees with them."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from loadtest.day.journal import Expected, Journal, acknowledged
from loadtest.day.states import State, disagreements
from tests.documents import RECIPIENT, SUPPLIER, document

AT = datetime.fromisoformat("2026-11-22T15:28:09.123456+05:30")
UNTIL = AT + timedelta(days=5)
EBN = 212000000001


def generated(journal: Journal, ebn: int) -> None:
    sent = document(document_number=f"INV/{ebn}")
    journal.generated(str(ebn), sent, SUPPLIER, AT.isoformat(), UNTIL.isoformat())


def expected(**changes: object) -> Expected:
    told = {
        "ebn": EBN,
        "by": SUPPLIER,
        "supplier": SUPPLIER,
        "document_number": f"INV/{EBN}",
        "value_of_goods": "75000.00",
        "distance_km": 350,
        "vehicle": "KA12AB1234",
        "generated_at": AT.isoformat(),
        "valid_until": UNTIL.isoformat(),
    }
    return Expected(**told | changes)  # type: ignore[arg-type]


ROW = State(
    SUPPLIER,
    f"INV/{EBN}",
    "75000.00",
    350,
    SUPPLIER,
    AT,
    UNTIL,
    "KA12AB1234",
    "ACTIVE",
    accepted=False,
    verified=False,
)


def test_what_several_processes_wrote_is_read_together(tmp_path: Path) -> None:
    one, two = Journal(tmp_path, "ONE"), Journal(tmp_path, "TWO")
    for journal, ebns in ((one, (EBN, EBN + 1)), (two, (EBN + 2, EBN + 3))):
        for ebn in ebns:
            generated(journal, ebn)
    one.changed("moved", str(EBN), vehicle="KA05AB0001")
    one.changed("moved", str(EBN), vehicle="KA05AB0002")
    one.changed("cancelled", str(EBN))
    one.changed("accepted", str(EBN + 1))
    two.changed("verified", str(EBN + 2))
    two.changed("unsure", str(EBN + 3))
    found = acknowledged(tmp_path)
    assert found.series == ["ONE", "TWO"]
    assert found.twice == []
    assert found.bills == {
        EBN: expected(vehicle="KA05AB0002", cancelled=True),
        EBN + 1: expected(ebn=EBN + 1, document_number=f"INV/{EBN + 1}", accepted=True),
        EBN + 2: expected(ebn=EBN + 2, document_number=f"INV/{EBN + 2}", verified=True),
        EBN + 3: expected(ebn=EBN + 3, document_number=f"INV/{EBN + 3}", unsure=True),
    }


def test_a_number_of_two_bills_is_found(tmp_path: Path) -> None:
    for name in ("ONE", "TWO"):
        generated(Journal(tmp_path, name), EBN)
    assert acknowledged(tmp_path).twice == [EBN]


def test_no_process_writes_into_the_journal_of_another(tmp_path: Path) -> None:
    Journal(tmp_path, "ONE")
    with pytest.raises(FileExistsError):
        Journal(tmp_path, "ONE")


def test_a_row_that_agrees() -> None:
    assert list(disagreements(expected(), ROW)) == []
    assert list(disagreements(expected(generated_at=None, valid_until=None), ROW)) == []
    assert list(disagreements(expected(), ROW._replace(status="EXPIRED"))) == []


FIXED: dict[str, Any] = {
    "supplier": RECIPIENT,
    "document_number": "INV/2",
    "value_of_goods": "75000.01",
    "distance_km": 351,
    "by": RECIPIENT,
    "generated_at": AT + timedelta(microseconds=1),
    "valid_until": UNTIL + timedelta(microseconds=1),
}
STATE: dict[str, Any] = {"vehicle": None, "status": "CANCELLED", "accepted": True, "verified": True}


@pytest.mark.parametrize("field", [*FIXED, *STATE])
def test_a_row_that_disagrees(field: str) -> None:
    other = ROW._replace(**{field: (FIXED | STATE)[field]})
    assert list(disagreements(expected(), other))
    # Of a bill a change of which was not answered nobody knows the state, but all the rest.
    assert bool(list(disagreements(expected(unsure=True), other))) == (field in FIXED)


@pytest.mark.parametrize("change", ["cancelled", "accepted", "verified"])
def test_a_change_that_is_lost(change: str) -> None:
    assert list(disagreements(expected(**{change: True}), ROW))


def test_a_validity_is_that_of_the_rule_even_where_it_was_told_so() -> None:
    later = UNTIL + timedelta(days=1)
    told = expected(valid_until=later.isoformat())
    assert list(disagreements(told, ROW._replace(valid_until=later)))
