"""POST /v1/eway-bills/requirement over HTTP, and bills generated under an exemption."""

from typing import Any

import pytest

from tests.documents import OFFICER, READER, STRANGER, SUPPLIER, document, person
from tests.gateway_in_process import Gateway
from validators.authority import Person, Role

PATH = "/v1/eway-bills/requirement"
BY = person(SUPPLIER)
UNBRANDED = "NOT_IN_BRANDED_UNIT_CONTAINER"


async def _ask(gateway: Gateway, **changes: Any) -> dict[str, Any]:
    answer = await gateway.call(BY, "POST", PATH, json=document(**changes))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_the_answer_is_explained_by_clause_and_item(gateway: Gateway) -> None:
    rice = {"hsn_code": "1006", "description": "rice", "value": "70000.00"}
    pappad = {
        "hsn_code": "1905",
        "description": "pappad",
        "value": "5000",
        "conditions": ["PAPPAD"],
    }
    assert await _ask(gateway, hsn_code="1006", goods=[rice, pappad]) == {
        "required": True,
        "clause": "1(1)",
        "explanation": "Required: Rs 75000.00 is more than Rs 50000.00, and goods of Annexure 1 "
        "exempt only a consignment of nothing else.",
        "threshold": "50000.00",
        "rulebook": "2017-06",
        "items": [
            {
                "index": 0,
                "hsn_code": "1006",
                "exempt": False,
                "annexure_1_item": 11,
                "description": "Cereals, other than in branded unit containers",
                "missing_conditions": [UNBRANDED],
            },
            {
                "index": 1,
                "hsn_code": "1905",
                "exempt": True,
                "annexure_1_item": 23,
                "description": "Pappad",
                "missing_conditions": [],
            },
        ],
        "carry_instead": [],
    }
    told = await _ask(gateway, hsn_code="1006", goods=[rice | {"conditions": [UNBRANDED]}, pappad])
    assert (told["required"], told["clause"]) == (False, "1(12)(a)")


@pytest.mark.parametrize(
    ("value", "required", "clause"),
    [("50000.00", False, "1(1) first proviso"), ("50000.01", True, "1(1)")],
)
async def test_the_threshold_to_the_paisa(
    gateway: Gateway, value: str, required: bool, clause: str
) -> None:
    told = await _ask(gateway, value_of_goods=value)
    assert (told["required"], told["clause"]) == (required, clause)
    assert told["items"] == [
        {
            "index": 0,
            "hsn_code": "7215",
            "exempt": False,
            "annexure_1_item": None,
            "description": None,
            "missing_conditions": [],
        }
    ]


async def test_the_conveyance_may_be_unknown_yet(gateway: Gateway) -> None:
    for unknown in (
        {"vehicle_number": ..., "transporter_id": ...},
        {"mode": "RAIL", "transport_document_number": ...},
    ):
        assert (await _ask(gateway, **unknown))["required"] is True
        refused = await gateway.generate(BY, document(**unknown))
        assert refused.status_code == 422


async def test_nothing_is_written_and_a_document_may_be_asked_about_again(gateway: Gateway) -> None:
    sent, headers = document(), {"Idempotency-Key": "k"}
    for changed in ({}, {"distance_km": 1}, {}):
        answer = await gateway.call(BY, "POST", PATH, json=sent | changed, headers=headers)
        assert answer.status_code == 200
        assert "idempotency-replayed" not in answer.headers
    assert (await gateway.call(BY, "GET", "/v1/eway-bills")).json()["items"] == []
    generated = await gateway.generate(BY, sent, headers=headers)
    assert (generated.status_code, generated.headers.get("idempotency-replayed")) == (201, None)
    assert (await gateway.call(BY, "POST", PATH, json=sent)).status_code == 200


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (BY, 200),
        (person(STRANGER), 200),
        (person(STRANGER, Role.TRANSPORTER), 200),
        (OFFICER, 200),
        (READER, 403),
        (Person("client-of-operator", Role.OPERATOR, "operator"), 403),
        (None, 401),
    ],
)
async def test_who_may_ask(gateway: Gateway, who: Person | None, status: int) -> None:
    answer = await gateway.call(who, "POST", PATH, json=document())
    assert answer.status_code == status


async def test_the_path_is_its_own(gateway: Gateway) -> None:
    """`requirement` is no e-way bill number that could not be found: as OpenAPI has it, a path
    without parameters is matched before one with them."""
    for method in ("GET", "HEAD", "DELETE", "PUT"):
        answer = await gateway.call(BY, method, PATH)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert (await gateway.call(BY, "POST", f"{PATH}/cancellation", json={})).status_code == 404


async def test_faults_are_all_told_at_once(gateway: Gateway) -> None:
    goods = [
        {"hsn_code": "1006", "description": "rice", "value": 1, "conditions": [UNBRANDED, "X"]},
        {"hsn_code": "1", "description": "rice", "value": 1, "conditions": ["FRESH", "FRESH"]},
    ]
    exemption = {"non_motorised": True, "conditions": ["FRESH"], "customs_movement": {"from": "X"}}
    answer = await gateway.call(
        BY, "POST", PATH, json=document(goods=goods, exemption=exemption, distance_km=0)
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_DOCUMENT")
    assert {(each["pointer"], each["code"]) for each in answer.json()["errors"]} == {
        ("/distance_km", "OUT_OF_RANGE"),
        ("/goods/0/conditions/1", "NOT_ONE_OF"),
        ("/goods/1/conditions/1", "DOUBLED"),
        ("/goods/1/hsn_code", "HSN_FORMAT"),
        ("/exemption/conditions", "STATED_WITH_GOODS"),
        ("/exemption/customs_movement/from", "NOT_ONE_OF"),
        ("/exemption/customs_movement/to", "REQUIRED"),
        ("/vehicle_number", "NON_MOTORISED"),
    }


async def test_a_bill_that_is_not_required_is_generated_at_one_s_option(gateway: Gateway) -> None:
    cart = document(vehicle_number=..., exemption={"non_motorised": True})
    bill = (await gateway.generate(BY, cart)).json()
    assert bill["requirement"] == {"required": False, "clause": "1(12)(b)"}
    assert bill["part_b"] is None
    port = {"customs_movement": {"from": "AIR_CARGO_COMPLEX", "to": "CFS"}}
    bill = (await gateway.generate(BY, document(exemption=port))).json()
    assert bill["requirement"] == {"required": False, "clause": "1(12)(c)"}


async def test_stated_conditions_are_kept_with_their_line(gateway: Gateway) -> None:
    rice = {"hsn_code": "1006", "description": "rice", "value": "70000.00"}
    goods = [rice | {"conditions": [UNBRANDED]}, rice]
    sent = document(hsn_code="1006", goods=goods)
    bill = (await gateway.generate(BY, sent)).json()
    assert bill["part_a"]["goods"] == goods
    await gateway.until_hot()
    for _ in range(2):  # From the record, then from hot state.
        read = await gateway.call(BY, "GET", f"/v1/eway-bills/{bill['ebn']}")
        assert read.json() == bill
