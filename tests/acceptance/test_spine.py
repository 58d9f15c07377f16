"""The spine through HTTP: generate, read, list, cancel, accept, and who may."""

from tests.documents import OFFICER, RECIPIENT, STRANGER, SUPPLIER, document, person
from tests.gateway_in_process import Gateway


async def test_a_bill_is_generated_read_and_listed(gateway: Gateway) -> None:
    supplier, recipient = person(SUPPLIER), person(RECIPIENT)
    answer = await gateway.generate(supplier, document())
    assert answer.status_code == 201
    bill = answer.json()
    assert len(bill["ebn"]) == 12
    for who in (supplier, recipient, OFFICER):
        read = await gateway.call(who, "GET", f"/v1/eway-bills/{bill['ebn']}")
        assert read.status_code == 200
        assert read.json() == bill
    unseen = await gateway.call(person(STRANGER), "GET", f"/v1/eway-bills/{bill['ebn']}")
    assert unseen.status_code == 404
    listed = await gateway.call(recipient, "GET", "/v1/eway-bills?role=recipient")
    assert listed.json() == {"items": [bill], "next_cursor": None}


async def test_spellings_are_brought_to_one(gateway: Gateway) -> None:
    written = document(
        supplier_gstin=SUPPLIER.lower(), recipient_gstin=RECIPIENT.lower(), mode=...,
        document_type=..., vehicle_number="ka 12 ab 1234", value_of_goods=75000.5,
    )  # fmt: skip
    bill = (await gateway.generate(person(SUPPLIER), written)).json()
    part_a = bill["part_a"]
    assert (part_a["supplier_gstin"], part_a["recipient_gstin"]) == (SUPPLIER, RECIPIENT)
    assert (part_a["mode"], part_a["document_type"]) == ("ROAD", "INVOICE")
    assert (bill["part_b"]["vehicle_number"], part_a["value_of_goods"]) == (
        "KA12AB1234",
        "75000.50",
    )


async def test_part_b_may_be_left_out_below_ten_km_to_the_transporter(gateway: Gateway) -> None:
    near = document(vehicle_number=..., distance_to_transporter_km=9)
    far = document(vehicle_number=..., distance_to_transporter_km=10)
    answer = await gateway.generate(person(SUPPLIER), near)
    assert (answer.status_code, answer.json()["part_b"]) == (201, None)
    waits = await gateway.generate(person(SUPPLIER), far)
    assert (waits.status_code, waits.json()["status"]) == (201, "PART_A_ONLY")
    alone = document(vehicle_number=..., transporter_id=...)
    refused = await gateway.generate(person(SUPPLIER), alone)
    (fault,) = refused.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/vehicle_number", "CONVEYANCE_REQUIRED")


async def test_text_beyond_the_basic_plane_is_kept(gateway: Gateway) -> None:
    text = "𠀋 🌾 बासमती 􏿿 é"
    goods = [{"hsn_code": "1006", "description": text, "value": "1.00"}]
    answer = await gateway.generate(person(SUPPLIER), document(goods=goods))
    read = await gateway.call(person(RECIPIENT), "GET", f"/v1/eway-bills/{answer.json()['ebn']}")
    assert read.json()["part_a"]["goods"] == goods
