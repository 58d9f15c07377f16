"""What a form states for an exemption: its shape, its contradictions, and how it is kept."""

import json

import msgspec
import pytest

from tests.unit.test_validators_ins06 import encoded, faults_of, line, sound
from validators.forms import read_form
from validators.ins06 import GoodsLine, Ins06
from validators.money import decode_hook, encode_hook

CART = {"non_motorised": True}

SOUND: list[dict[str, object]] = [
    {"goods": [line(conditions=["FRESH", "NOT_UHT"]), line(conditions=[]), line(conditions=None)]},
    {"exemption": None},
    {"exemption": {}},
    {"exemption": {"non_motorised": False, "customs_movement": None, "conditions": None}},
    {"exemption": {"conditions": ["PAPPAD"]}},
    {"exemption": {"customs_movement": {"from": "AIRPORT", "to": "CFS"}}, "goods": [line()]},
    {"exemption": CART, "vehicle_number": None},
    # A country boat has no motor either.
    {
        "exemption": CART,
        "vehicle_number": None,
        "mode": "VESSEL",
        "transport_document_number": "BL-1",
    },
]


@pytest.mark.parametrize("changes", SOUND, ids=lambda changes: json.dumps(changes)[:60])
def test_sound_statements(changes: dict[str, object]) -> None:
    assert faults_of(sound(**changes)) == []


FAULTY: list[tuple[dict[str, object], str, str]] = [
    ({"goods": [line(conditions=["FRESH", "fresh"])]}, "/goods/0/conditions/1", "NOT_ONE_OF"),
    ({"goods": [line(conditions=["FRESH", "FRESH"])]}, "/goods/0/conditions/1", "DOUBLED"),
    ({"goods": [line(conditions=["FRESH"] * 99)]}, "/goods/0/conditions", "TOO_MANY"),
    ({"goods": [line(conditions=["FRESH", {}])]}, "/goods/0/conditions/1", "WRONG_TYPE"),
    ({"goods": [line(conditions="FRESH")]}, "/goods/0/conditions", "WRONG_TYPE"),
    ({"exemption": []}, "/exemption", "WRONG_TYPE"),
    ({"exemption": {"motor": False}}, "/exemption/motor", "UNKNOWN_FIELD"),
    ({"exemption": {"conditions": "FRESH"}}, "/exemption/conditions", "WRONG_TYPE"),
    ({"exemption": {"conditions": ["X"]}}, "/exemption/conditions/0", "NOT_ONE_OF"),
    (
        {"exemption": {"conditions": []}, "goods": [line()]},
        "/exemption/conditions",
        "STATED_WITH_GOODS",
    ),
    ({"exemption": {"non_motorised": 1}}, "/exemption/non_motorised", "WRONG_TYPE"),
    ({"exemption": CART}, "/vehicle_number", "NON_MOTORISED"),
    (
        {
            "exemption": CART,
            "mode": "RAIL",
            "vehicle_number": None,
            "transport_document_number": "RR-1",
        },
        "/mode",
        "NON_MOTORISED",
    ),
    (
        {"exemption": {"customs_movement": {"to": "CFS"}}},
        "/exemption/customs_movement/from",
        "REQUIRED",
    ),
    (
        {"exemption": {"customs_movement": {"from": "ICD", "to": "CFS"}}},
        "/exemption/customs_movement/from",
        "NOT_ONE_OF",
    ),
    (
        {"exemption": {"customs_movement": {"from": "PORT", "to": "PORT"}}},
        "/exemption/customs_movement/to",
        "NOT_ONE_OF",
    ),
    (
        {"exemption": {"customs_movement": {"from": "PORT", "to": "ICD", "origin": "PORT"}}},
        "/exemption/customs_movement/origin",
        "UNKNOWN_FIELD",
    ),
]


@pytest.mark.parametrize(("changes", "pointer", "code"), FAULTY)
def test_one_fault(changes: dict[str, object], pointer: str, code: str) -> None:
    assert faults_of(sound(**changes)) == [(pointer, code)]


@pytest.mark.parametrize(
    ("exemption", "expected"),
    [
        (CART, []),
        ({"non_motorised": False}, [("/vehicle_number", "CONVEYANCE_REQUIRED")]),
        ({}, [("/vehicle_number", "CONVEYANCE_REQUIRED")]),
        # What cannot be read is a fault already; it does not make another.
        ([], [("/exemption", "WRONG_TYPE")]),
        ({"non_motorised": 1}, [("/exemption/non_motorised", "WRONG_TYPE")]),
    ],
)
def test_only_a_conveyance_without_a_motor_needs_no_number(
    exemption: object, expected: list[tuple[str, str]]
) -> None:
    """r1(12)(b): there is no Part B to furnish."""
    assert faults_of(sound(vehicle_number=None, exemption=exemption)) == expected


def test_wrong_types_say_what_was_expected() -> None:
    exemption = {"non_motorised": "no", "conditions": ["FRESH", None]}
    _, shape = read_form(encoded(sound(exemption=exemption)), Ins06)
    assert [each.detail for each in shape] == [
        "non_motorised must be a boolean, not a string",
        "1 must be a string, not null",
    ]


@pytest.mark.parametrize("conditions", [{}, {"conditions": ["FRESH"]}, {"conditions": ["BYGONE"]}])
def test_a_line_is_kept_as_it_was_stated(conditions: dict[str, object]) -> None:
    """Lines from before conditions were known, and conditions no longer known, stay readable."""
    kept = json.dumps(line(**conditions), separators=(",", ":")).encode()
    read = msgspec.json.decode(kept, type=GoodsLine, dec_hook=decode_hook)
    assert msgspec.json.encode(read, enc_hook=encode_hook) == kept
