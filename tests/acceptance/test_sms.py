"""A driver's messages over an aggregator: what each does, who may, once each, and what is said."""

import asyncio
import re
from datetime import timedelta
from typing import Any, Final

import pytest

from ingest import sms_limits
from sms.alphabets import segments, septets
from tests.documents import OTHER, RECIPIENT, STRANGER, SUPPLIER, TRANSPORTER, person
from tests.gateway_in_process import Gateway
from tests.sms import Aggregator
from tests.sms_numbers import MOBILE, register, registered, sent_password
from validators.authority import Person, Role

BILLS: Final = "/v1/eway-bills"
BY, TO, VIA = person(SUPPLIER), person(RECIPIENT), person(TRANSPORTER, Role.TRANSPORTER)
ANOTHER: Final = "9123456780"
SOUND: Final = f"EWBG OSUP {RECIPIENT} 560012 546 20/11/2026 75000.00 1001 170 KA12AB1234"
MICROSECOND: Final = timedelta(microseconds=1)


@pytest.fixture
async def driver(gateway: Gateway) -> Aggregator:
    """An aggregator, and the supplier's number registered."""
    await registered(gateway, BY)
    return await Aggregator.enrolled(gateway)


async def _generated(driver: Aggregator, text: str = SOUND, sender: str = MOBILE) -> str:
    said = await driver.said(text, sender)
    found = re.match(r"EBN (\d{12}) ", said)
    assert found, said
    return found[1]


async def _bill(gateway: Gateway, ebn: str, who: Person = BY) -> dict[str, Any]:
    answer = await gateway.call(who, "GET", f"{BILLS}/{ebn}")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


async def _count(gateway: Gateway, who: Person = BY) -> int:
    answer = await gateway.call(who, "GET", BILLS, params={"limit": "500"})
    return len(answer.json()["items"])


async def test_a_bill_is_generated(gateway: Gateway, driver: Aggregator) -> None:
    """r1(1): by the same use case as over HTTP, of the instant the message came."""
    answer = await driver.deliver(SOUND)
    said, ebn = answer.text, answer.text[4:16]
    assert answer.headers["x-template"] == "generated.en"
    # 8:35:09 in UTC.
    assert said == f"EBN {ebn} dt 21/11/2026 14:05 valid till 24/11/2026 14:05 KA12AB1234"
    bill = await _bill(gateway, ebn)
    assert gateway.clock.at(bill["generated_at"]) == gateway.clock.now
    assert (bill["status"], bill["generated_by"]) == ("ACTIVE", SUPPLIER)
    part_a = bill["part_a"]
    assert {
        "supplier_gstin": SUPPLIER,
        "recipient_gstin": RECIPIENT,
        "place_of_delivery": "560012",
        "document_type": "INVOICE",
        "document_number": "546",
        "document_date": "2026-11-20",
        "value_of_goods": "75000.00",
        "hsn_code": "1001",
        "reason_code": 1,
        "mode": "ROAD",
        "distance_km": 170,
    }.items() <= part_a.items()
    assert bill["part_b"]["vehicle_number"] == "KA12AB1234"


async def test_goods_come_in(gateway: Gateway, driver: Aggregator) -> None:
    """Of an inward message the field names the other party; r1(1) Explanation 1 if it is URP."""
    ebn = await _generated(driver, SOUND.replace("OSUP", "ISLR"))
    part_a = (await _bill(gateway, ebn))["part_a"]
    assert (part_a["supplier_gstin"], part_a["recipient_gstin"]) == (RECIPIENT, SUPPLIER)
    assert part_a["reason_code"] == 6
    ebn = await _generated(driver, SOUND.replace("OSUP", "ISUP").replace(RECIPIENT, "URP"))
    part_a = (await _bill(gateway, ebn))["part_a"]
    assert (part_a["supplier_gstin"], part_a["recipient_gstin"]) == ("URP", SUPPLIER)


async def test_a_transporter_generates(gateway: Gateway) -> None:
    """r1(5)."""
    await registered(gateway, VIA)
    driver = await Aggregator.enrolled(gateway)
    text = SOUND.replace("EWBG OSUP", f"EWBT OSUP {SUPPLIER}")
    bill = await _bill(gateway, await _generated(driver, text))
    assert (bill["generated_by"], bill["part_a"]["transporter_id"]) == (TRANSPORTER, TRANSPORTER)
    assert bill["part_a"]["supplier_gstin"] == SUPPLIER


async def test_the_life_of_a_bill(gateway: Gateway, driver: Aggregator) -> None:
    """r1(3), r1(7): another vehicle, another transporter, its details, its end."""
    ebn = await _generated(driver)
    gateway.clock.advance(hours=1)
    assert "KA13CD5678" in await driver.said(f"EWBV {ebn} KA13CD5678 BRK")
    conveyance = (await _bill(gateway, ebn))["part_b"]
    assert conveyance["vehicle_number"] == "KA13CD5678"
    assert TRANSPORTER in await driver.said(f"EWBX {ebn} {TRANSPORTER}")
    assert (await _bill(gateway, ebn, VIA))["transporter_id"] == TRANSPORTER
    described = await driver.said(f"EWBD {ebn}")
    assert "ACTIVE" in described
    assert "KA13CD5678" in described
    assert ebn in await driver.said(f"EWBC {ebn}")
    assert (await _bill(gateway, ebn))["status"] == "CANCELLED"
    assert "CANCELLED" in await driver.said(f"EWBD {ebn}")


async def test_the_recipient_rejects(gateway: Gateway, driver: Aggregator) -> None:
    """r1(9), r1(10)."""
    await registered(gateway, TO, ANOTHER)
    ebn = await _generated(driver)
    assert ebn in await driver.said(f"EWBR {ebn}", ANOTHER)
    assert (await _bill(gateway, ebn))["acceptance"]["status"] == "REJECTED"


@pytest.mark.parametrize(("late", "status"), [(0, "CANCELLED"), (1, "ACTIVE")])
async def test_a_bill_is_cancelled_until_a_day_has_passed(
    gateway: Gateway, driver: Aggregator, late: int, status: str
) -> None:
    """r1(7): by the gateway's clock, to the microsecond, whenever the aggregator took it."""
    ebn = await _generated(driver)
    gateway.clock.advance(hours=24)
    gateway.clock.now += late * MICROSECOND
    taken_at = gateway.clock.now - timedelta(hours=1)
    answer = await driver.deliver(f"EWBC {ebn}", received_at=taken_at.isoformat())
    assert answer.status_code == 200
    assert (await _bill(gateway, ebn))["status"] == status


WRONG: Final = [
    ("TranType", "OSUP", "SALE", "OSUP OEXP"),
    ("RecGSTIN", RECIPIENT, "29AAGCB7383J1Z5", "Example: 29AAGCB7383J1Z4"),
    ("RecGSTIN", RECIPIENT, "BANGALORE", "Example: 29AAGCB7383J1Z4"),
    ("DelPinCode", "560012", "056001", "Example: 560012"),
    ("InvNo", " 546 ", " 54_6 ", "Example: 546"),
    ("InvDate", "20/11/2026", "11/20/2026", "Example: 01/04/2018"),
    ("InvDate", "20/11/2026", "22/11/2026", "Example: 01/04/2018"),
    ("TotalValue", "75000.00", "75,000.00", "Example: 75000.00"),
    ("TotalValue", "75000.00", "0", "Example: 75000.00"),
    ("HSNCode", "1001", "101", "Example: 1001"),
    ("ApprDist", "170", "4001", "Example: 170"),
    ("ApprDist", "170", "170KM", "Example: 170"),
    ("Vehicle", "KA12AB1234", "1234", "Example: KA12AB1234"),
    ("Vehicle", " KA12AB1234", "", "Example: KA12AB1234"),
]


@pytest.mark.parametrize("wrong", WRONG)
async def test_each_wrong_field_is_named_with_an_example(
    gateway: Gateway, driver: Aggregator, wrong: tuple[str, str, str, str]
) -> None:
    field, right, written, example = wrong
    said = await driver.said(SOUND.replace(right, written))
    assert field in said
    assert example in said
    assert (septets(said) or 999) <= 160
    assert await _count(gateway) == 0
    # As it says, so it is taken.
    await _generated(driver)


async def test_delivered_twice_a_message_acts_once(gateway: Gateway, driver: Aggregator) -> None:
    first = await driver.said(SOUND, message_id="m-1")
    gateway.clock.advance(minutes=30)
    assert await driver.said(SOUND, message_id="m-1") == first
    at_once = await asyncio.gather(
        *(driver.said(SOUND.replace("546", "547"), message_id="m-2") for _ in range(8))
    )
    assert len(set(at_once)) == 1
    assert await _count(gateway) == 2
    # A refusal, and what is said of nothing done, as well.
    for text, message_id in ((SOUND, "m-3"), ("EWBQ", "m-4"), ("HELP", "m-5")):
        said = await driver.said(text, message_id=message_id)
        assert said not in ("", first)
        assert await driver.said(text, message_id=message_id) == said
    # After the state has changed, too.
    assert first[4:16] in await driver.said(f"EWBC {first[4:16]}")
    assert await driver.said(SOUND, message_id="m-1") == first


@pytest.mark.parametrize(("later", "same"), [(0, True), (1, False)])
async def test_a_message_is_known_for_three_days(
    gateway: Gateway, driver: Aggregator, later: int, same: bool
) -> None:
    english = await driver.said("HELP", message_id="m-1")
    hindi = await driver.said("HINDI")
    gateway.clock.now += sms_limits.KNOWN_FOR + later * MICROSECOND
    again = await driver.said("HELP", message_id="m-1")
    assert (again == english) is same
    assert septets(hindi) is None
    assert (septets(again) is None) is not same


async def test_another_aggregator_has_ids_of_its_own(gateway: Gateway, driver: Aggregator) -> None:
    other = await Aggregator.enrolled(gateway)
    first = await driver.said(SOUND, message_id="m-1")
    assert await other.said(SOUND.replace("546", "547"), message_id="m-1") != first
    assert await _count(gateway) == 2


async def test_one_id_is_of_one_message(gateway: Gateway, driver: Aggregator) -> None:
    await driver.said(SOUND, message_id="m-1")
    for text, sender in ((SOUND.replace("546", "547"), MOBILE), (SOUND, ANOTHER)):
        answer = await driver.deliver(text, sender, "m-1")
        assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
        assert "message_id" in answer.json()["detail"]
    assert await _count(gateway) == 1


async def test_the_document_has_a_bill_already(gateway: Gateway, driver: Aggregator) -> None:
    """Whoever lost the reply and types it anew learns the number."""
    ebn = await _generated(driver)
    assert ebn in await driver.said(SOUND)
    assert await _count(gateway) == 1


async def test_a_stranger_is_told_once_a_day(gateway: Gateway, driver: Aggregator) -> None:
    """Nothing of GSTINs or bills: the same whatever it asks, and nothing is done."""
    ebn = await _generated(driver)
    told = await driver.said(f"EWBC {ebn}", ANOTHER, "m-1")
    assert told != ""
    assert not re.search(r"\d", told)
    assert await driver.said(f"EWBC {ebn}", ANOTHER, "m-1") == told
    for text in ("HELP", f"EWBD {ebn}", SOUND, "CONFIRM 123456", "STOP", f"USE {SUPPLIER}"):
        assert await driver.said(text, ANOTHER) == ""
    gateway.clock.advance(hours=24)
    assert await driver.said("HELP", ANOTHER) == ""
    gateway.clock.now += MICROSECOND
    assert await driver.said("HELP", ANOTHER) == told
    assert (await _bill(gateway, ebn))["status"] == "ACTIVE"


async def test_a_strangers_flood_is_answered_once(gateway: Gateway, driver: Aggregator) -> None:
    said = await asyncio.gather(*(driver.said(SOUND, ANOTHER) for _ in range(50)))
    assert sorted(said)[:-1] == [""] * 49
    assert await _count(gateway) == 0


@pytest.mark.parametrize("text", ["EWBC {}", "EWBD {}", "EWBR {}", "EWBV {} KA13CD5678 BRK"])
async def test_a_bill_of_others_is_as_one_that_is_not(
    gateway: Gateway, driver: Aggregator, text: str
) -> None:
    ebn = await _generated(driver)
    await registered(gateway, person(STRANGER), ANOTHER)
    of_others = await driver.said(text.format(ebn), ANOTHER)
    of_nobody = await driver.said(text.format("999000000001"), ANOTHER)
    assert of_others.replace(ebn, "999000000001") == of_nobody
    bill = await _bill(gateway, ebn)
    assert (bill["status"], bill["part_b"]["vehicle_number"]) == ("ACTIVE", "KA12AB1234")


async def test_who_is_no_party_generates_nothing(gateway: Gateway, driver: Aggregator) -> None:
    """A transporter's message names whoever it likes; it is the transporter itself all the same."""
    await registered(gateway, person(OTHER, Role.TRANSPORTER), ANOTHER)
    text = SOUND.replace("EWBG OSUP", f"EWBT OSUP {SUPPLIER}")
    ebn = await _generated(driver, text, ANOTHER)
    bill = await _bill(gateway, ebn)
    assert bill["generated_by"] == OTHER
    assert "not done" in await driver.said(f"EWBC {ebn}")
    assert (await _bill(gateway, ebn))["status"] == "ACTIVE"


async def test_a_number_of_two_gstins_chooses(gateway: Gateway, driver: Aggregator) -> None:
    await registered(gateway, TO)
    asked = await driver.said(SOUND)
    assert SUPPLIER in asked
    assert RECIPIENT in asked
    assert STRANGER not in await driver.said(f"USE {STRANGER}")
    assert await _count(gateway) == 0
    assert SUPPLIER in await driver.said(f"USE {SUPPLIER}")
    ebn = await _generated(driver)
    assert (await _bill(gateway, ebn))["generated_by"] == SUPPLIER
    assert RECIPIENT in await driver.said(f"use {RECIPIENT.lower()}")
    assert ebn in await driver.said(f"EWBR {ebn}")
    assert (await _bill(gateway, ebn))["acceptance"]["status"] == "REJECTED"


async def test_a_number_that_says_stop_is_a_stranger(gateway: Gateway, driver: Aggregator) -> None:
    assert await driver.said("stop") != ""
    assert re.match(r"EBN", await driver.said(SOUND)) is None
    assert await _count(gateway) == 0
    await registered(gateway, BY)
    await _generated(driver)


async def test_a_number_is_answered_in_its_language(gateway: Gateway, driver: Aggregator) -> None:
    hindi = await driver.said("HINDI")
    assert septets(hindi) is None
    ebn = await _generated(driver, SOUND)
    described = await driver.said(f"EWBD {ebn}")
    assert septets(described) is None
    assert ebn in described
    for text in ("HELP", "HELP EWBG", "EWBQ", SOUND, "EWBC 999000000001", f"EWBC {ebn}"):
        said = await driver.said(text)
        assert septets(said) is None
        assert len(segments(said)) <= 2
    assert septets(await driver.said("english")) is not None


async def test_who_sends_too_much_is_told_once(gateway: Gateway, driver: Aggregator) -> None:
    helped = await driver.said("HELP")
    for _ in range(sms_limits.OF_A_NUMBER_AT_ONCE - 1):
        assert await driver.said("HELP") == helped
    told = await driver.said(SOUND, message_id="m-1")
    assert told not in ("", helped)
    assert await driver.said(SOUND) == ""
    assert await driver.said(SOUND, message_id="m-1") == told
    assert await _count(gateway) == 0
    gateway.clock.now += sms_limits.OF_A_NUMBER_EVERY - MICROSECOND
    assert await driver.said(SOUND) == ""
    gateway.clock.now += MICROSECOND
    await _generated(driver)
    # Nobody else was kept out.
    await registered(gateway, TO, ANOTHER)
    assert await driver.said("HELP", ANOTHER) == helped


async def test_a_message_counts_once_however_often_it_is_delivered(
    gateway: Gateway, driver: Aggregator
) -> None:
    """As often as the carrier has to, until it is answered."""
    async with gateway.services.database.connection() as connection:
        await connection.execute("ALTER TABLE eway_bill RENAME TO away")
        for _ in range(sms_limits.OF_A_NUMBER_AT_ONCE + 1):
            assert (await driver.deliver(SOUND, message_id="m-1")).status_code == 500
        await connection.execute("ALTER TABLE away RENAME TO eway_bill")
    assert (await driver.said(SOUND, message_id="m-1")).startswith("EBN ")
    helped = await driver.said("HELP")
    for _ in range(sms_limits.OF_A_NUMBER_AT_ONCE - 2):
        assert await driver.said("HELP") == helped
    assert await driver.said("HELP") not in ("", helped)


async def test_what_a_number_may_say_before_it_is_confirmed(gateway: Gateway) -> None:
    driver = await Aggregator.enrolled(gateway)
    await register(gateway, BY)
    assert "6 digits" in await driver.said("CONFIRM 12345")
    assert septets(await driver.said("HINDI")) is None
    assert septets(await driver.said("ENGLISH")) is not None
    password = await sent_password(gateway, BY)
    assert SUPPLIER in await driver.said(f"CONFIRM {password}")
    # Typed once more it must not read as if the number were not registered.
    assert "If it is not registered" in await driver.said(f"CONFIRM {password}")
    # All else is for those who are confirmed.
    await register(gateway, TO, ANOTHER)
    told = await driver.said(SOUND, ANOTHER)
    assert "not registered" in told
    for text in ("EWBQ", "HELP", f"USE {RECIPIENT}", SOUND):
        assert await driver.said(text, ANOTHER) == ""
    # Whoever did not ask for passwords stops them.
    assert "stopped" in await driver.said("STOP", ANOTHER)
    password_made = await gateway.services.sms.numbers.new_password(
        RECIPIENT, ANOTHER, gateway.clock()
    )
    assert password_made is None


async def test_whoever_has_sent_too_much_may_stop(gateway: Gateway, driver: Aggregator) -> None:
    for _ in range(sms_limits.OF_A_NUMBER_AT_ONCE + 2):
        await driver.said("HELP")
    assert "stopped" in await driver.said("STOP")
    assert "not registered" in await driver.said("HELP")


async def test_an_aggregator_that_delivers_too_much_delivers_again(
    gateway: Gateway, driver: Aggregator
) -> None:
    other = await Aggregator.enrolled(gateway)
    at_once = sms_limits.OF_A_CARRIER_AT_ONCE
    answers = [await driver.deliver("HELP", "AD-VERIFY") for _ in range(at_once + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    last = answers[-1]
    assert (last.status_code, last.json()["code"]) == (429, "TOO_MANY_MESSAGES")
    assert int(last.headers["retry-after"]) >= 1
    assert (await other.deliver("HELP")).status_code == 200


@pytest.mark.parametrize(("late", "done"), [(0, True), (1, False)])
async def test_a_message_that_was_on_its_way_for_too_long(
    gateway: Gateway, driver: Aggregator, late: int, done: bool
) -> None:
    sent_at = gateway.clock.now
    gateway.clock.now += sms_limits.ON_ITS_WAY_MAX + late * MICROSECOND
    answer = await driver.deliver(SOUND, received_at=sent_at.isoformat())
    assert answer.text.startswith("EBN 2") is done
    assert await _count(gateway) == (1 if done else 0)


CRAFTED: Final = [
    "EWBC 1\r\nINFO forged line",
    "EWBV \x1b[2J\x00 \u202eKA12AB1234 BRK",
    "😀" * 200,
    "{document_number} %s {0} \\x00",
    "EWBG " + "A" * 5000,
    "\u0000",
    "\u202e" * 70,
    "",
]


@pytest.mark.parametrize("text", CRAFTED)
async def test_a_crafted_text_breaks_neither_reply_nor_log(
    gateway: Gateway, driver: Aggregator, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    for language in ("ENGLISH", "HINDI"):
        await driver.said(language)
        said = await driver.said(text)
        assert said != ""
        assert said.isprintable()
        assert len(segments(said)) <= 2
    assert not any("\n" in record.getMessage() for record in caplog.records)
    assert not any(len(text) > 3 and text in record.getMessage() for record in caplog.records)
