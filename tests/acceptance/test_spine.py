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
