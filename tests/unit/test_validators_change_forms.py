"""What is sent to change an e-way bill: a cancellation, or the recipient's answer."""

import pytest

from tests.unit.test_validators_ins06 import encoded
from validators.change_forms import (
    REMARK_CHARACTERS_MAX,
    Acceptance,
    Cancellation,
    examine_acceptance,
    examine_cancellation,
)
from validators.forms import read_form

LONGEST = "\u0915" * REMARK_CHARACTERS_MAX
WORDS = [
    ("not transported", None),
    ("x", None),
    (LONGEST, None),
    (LONGEST + "x", "TOO_LONG"),
    ("", "EMPTY"),
    (" \u00a0", "EMPTY"),
    ("a\x00", "CONTROL_CHARACTER"),
    ("\u202eb", "CONTROL_CHARACTER"),
    (7, "WRONG_TYPE"),
]


def faults_of_cancellation(document: object) -> list[tuple[str, str]]:
    form, shape = read_form(encoded(document), Cancellation)
    return [(each.pointer, each.code) for each in shape + examine_cancellation(form)]


def faults_of_acceptance(document: object) -> list[tuple[str, str]]:
    form, shape = read_form(encoded(document), Acceptance)
    return [(each.pointer, each.code) for each in shape + examine_acceptance(form)]


@pytest.mark.parametrize(("words", "code"), WORDS, ids=lambda value: ascii(value)[:24])
def test_words_of_a_change(words: object, code: str | None) -> None:
    expected = [code] if code else []
    refusal = faults_of_cancellation({"reason": words})
    answer = faults_of_acceptance({"decision": "REJECTED", "remark": words})
    assert refusal == [("/reason", each) for each in expected]
    assert answer == [("/remark", each) for each in expected]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, [("/reason", "REQUIRED")]),
        ({"reason": None}, [("/reason", "WRONG_TYPE")]),
        ({"reason": "x", "by": "me"}, [("/by", "UNKNOWN_FIELD")]),
    ],
)
def test_cancellation(document: object, expected: list[tuple[str, str]]) -> None:
    assert faults_of_cancellation(document) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"decision": "ACCEPTED"}, []),
        ({"decision": "REJECTED", "remark": None}, []),
        ({}, [("/decision", "REQUIRED")]),
        ({"decision": "accepted"}, [("/decision", "NOT_ONE_OF")]),
        ({"decision": "DEEMED_ACCEPTED"}, [("/decision", "NOT_ONE_OF")]),
        ({"decision": True}, [("/decision", "WRONG_TYPE")]),
        ({"decision": "NO", "remark": ""}, [("/decision", "NOT_ONE_OF"), ("/remark", "EMPTY")]),
    ],
)
def test_acceptance(document: object, expected: list[tuple[str, str]]) -> None:
    assert faults_of_acceptance(document) == expected
