"""Every message in turn: how it is typed, what it means, what is answered. Home of their bills."""

from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from sms.forms import (
    cancellation_of,
    ins06_of,
    new_transporter_of,
    rejection_of,
    transfer_of,
)
from sms.grammar import read, written
from sms.messages import (
    Cancel,
    ChangeVehicle,
    Confirm,
    Describe,
    English,
    Generate,
    GenerateAsTaxpayer,
    GenerateAsTransporter,
    HandOver,
    Help,
    Hindi,
    Message,
    ReasonCode,
    Reject,
    Stop,
    TranType,
    Use,
)
from sms.wording import bills, numbers
from sms.wording.said import Said
from tests.documents import RECIPIENT, SUPPLIER, TRANSPORTER
from validators.change_forms import (
    Transfer,
    examine_acceptance,
    examine_cancellation,
    examine_new_transporter,
    examine_transfer,
)
from validators.eway_bill import Decision, EwayBill, generated
from validators.ins06 import Ins06, examine
from validators.life import answered, cancelled, handed_over, moved
from validators.money import Paise
from validators.rulebook import rulebook_of
from validators.sms_number import Language

AT = datetime(2018, 4, 1, 4, 50, tzinfo=UTC)
"""10:20 in India."""
HOUR = timedelta(hours=1)
EBN = 171_000_000_144
RULEBOOK = rulebook_of("2017-06")
ENGLISH, HINDI = Language.ENGLISH, Language.HINDI

EWBG = f"EWBG OSUP {RECIPIENT} 560012 546 01/04/2018 75000.00 1001 170 KA12AB1234"
EWBT = f"EWBT OSUP {SUPPLIER} {RECIPIENT} 560012 546 01/04/2018 75000.00 1001 170 KA12AB1234"


def understood(text: str, message: Message) -> None:
    assert read(text) == message
    assert written(message) == text


def form_of(text: str, sender: str) -> Ins06:
    """The form of a message to generate, without a fault on the day of `AT`."""
    message = read(text)
    assert isinstance(message, Generate)
    form = ins06_of(message, sender)
    assert isinstance(form, Ins06)
    assert examine(form, AT.date(), RULEBOOK) == []
    return form


def bill_of(text: str, sender: str) -> EwayBill:
    form = form_of(text, sender)
    return generated(form, ebn=EBN, generated_by=sender, at=AT, rulebook=RULEBOOK)


def both(english: Said, hindi: Said, name: str) -> tuple[str, str]:
    assert (english.template, hindi.template) == (f"{name}.en", f"{name}.hi")
    return english.text, hindi.text


BILL = bill_of(EWBG, SUPPLIER)


def test_ewbg() -> None:
    understood(
        EWBG,
        GenerateAsTaxpayer(
            tran_type=TranType.OSUP,
            other_party=RECIPIENT,
            place_of_delivery="560012",
            document_number="546",
            document_date=date(2018, 4, 1),
            value_of_goods=Paise(7_500_000),
            hsn_code="1001",
            distance_km=170,
            vehicle_number="KA12AB1234",
        ),
    )
    assert form_of(EWBG, SUPPLIER) == Ins06(
        supplier_gstin=SUPPLIER,
        recipient_gstin=RECIPIENT,
        place_of_delivery="560012",
        document_type="INVOICE",
        document_number="546",
        document_date=date(2018, 4, 1),
        value_of_goods=Paise(7_500_000),
        hsn_code="1001",
        reason_code=1,
        mode="ROAD",
        distance_km=170,
        vehicle_number="KA12AB1234",
    )
    said = both(bills.generated(BILL, ENGLISH), bills.generated(BILL, HINDI), "generated")
    assert said == (
        "EBN 171000000144 dt 01/04/2018 10:20 valid till 04/04/2018 10:20 KA12AB1234",
        "EBN 171000000144 दिनांक 01/04/2018 10:20, 04/04/2018 10:20 तक वैध, KA12AB1234",
    )


def test_ewbg_as_the_manuals_print_it() -> None:
    message = read("EWBG OSUP 29AABCX0892K1ZT 560012 546 01/04/2018 75000.00 1001 170 KA12AB1234")
    assert isinstance(message, GenerateAsTaxpayer)
    assert message.other_party == "29AABCX0892K1ZT"


def test_ewbt() -> None:
    understood(
        EWBT,
        GenerateAsTransporter(
            tran_type=TranType.OSUP,
            supplier_gstin=SUPPLIER,
            recipient_gstin=RECIPIENT,
            place_of_delivery="560012",
            document_number="546",
            document_date=date(2018, 4, 1),
            value_of_goods=Paise(7_500_000),
            hsn_code="1001",
            distance_km=170,
            vehicle_number="KA12AB1234",
        ),
    )
    form = form_of(EWBT, TRANSPORTER)
    assert (form.supplier_gstin, form.recipient_gstin) == (SUPPLIER, RECIPIENT)
    assert form.transporter_id == TRANSPORTER
    inward = form_of(EWBT.replace("OSUP", "ISUP"), TRANSPORTER)
    assert (inward.supplier_gstin, inward.recipient_gstin) == (SUPPLIER, RECIPIENT)
    assert "valid till 04/04/2018 10:20" in bills.generated(BILL, ENGLISH).text


def test_ewbv() -> None:
    message = ChangeVehicle(EBN, "KA01CD5678", ReasonCode.BRK)
    understood("EWBV 171000000144 KA01CD5678 BRK", message)
    form = transfer_of(message)
    assert form == Transfer(vehicle_number="KA01CD5678", reason="BREAKDOWN", place="by SMS")
    assert examine_transfer(form) == []
    bill = moved(
        BILL,
        SUPPLIER,
        AT + HOUR,
        vehicle_number=form.vehicle_number,
        reason=form.reason,
        place=form.place,
    )
    assert both(
        bills.vehicle_changed(bill, ENGLISH), bills.vehicle_changed(bill, HINDI), "vehicle-changed"
    ) == (
        "EBN 171000000144 is now on KA01CD5678. Valid till 04/04/2018 10:20",
        "EBN 171000000144 अब वाहन KA01CD5678 पर है, 04/04/2018 10:20 तक वैध",
    )


def test_ewbc() -> None:
    message = Cancel(EBN)
    understood("EWBC 171000000144", message)
    form = cancellation_of(message)
    assert form.reason == "by SMS"
    assert examine_cancellation(form) == []
    bill = cancelled(BILL, SUPPLIER, AT + HOUR, form.reason)
    assert both(bills.cancelled(bill, ENGLISH), bills.cancelled(bill, HINDI), "cancelled") == (
        "EBN 171000000144 was cancelled at 01/04/2018 11:20",
        "EBN 171000000144 01/04/2018 11:20 को रद्द किया गया",
    )


def test_ewbr() -> None:
    message = Reject(EBN)
    understood("EWBR 171000000144", message)
    form = rejection_of(message)
    assert (form.decision, form.remark) == ("REJECTED", "by SMS")
    assert examine_acceptance(form) == []
    bill = answered(BILL, RECIPIENT, AT + HOUR, Decision.REJECTED, form.remark)
    assert both(bills.rejected(bill, ENGLISH), bills.rejected(bill, HINDI), "rejected") == (
        "EBN 171000000144: your rejection was recorded at 01/04/2018 11:20",
        "EBN 171000000144: आपकी अस्वीकृति 01/04/2018 11:20 को दर्ज की गई",
    )


def described(bill: EwayBill, at: datetime) -> tuple[str, str]:
    said = bills.described(bill, at, ENGLISH), bills.described(bill, at, HINDI)
    return both(*said, "described")


def test_ewbd() -> None:
    understood("EWBD 171000000144", Describe(EBN))
    assert described(BILL, AT) == (
        "EBN 171000000144 ACTIVE dt 01/04/2018 10:20 valid till 04/04/2018 10:20 KA12AB1234. "
        "Recipient: has not answered",
        "EBN 171000000144 वैध, दिनांक 01/04/2018 10:20, 04/04/2018 10:20 तक वैध, KA12AB1234, "
        "प्राप्तकर्ता: उत्तर नहीं",
    )


def test_ewbd_at_the_instants_where_the_clock_decides() -> None:
    a_moment = timedelta(microseconds=1)
    assert BILL.acceptance_until == BILL.valid_until == AT + timedelta(days=3)
    last, after = described(BILL, BILL.valid_until), described(BILL, BILL.valid_until + a_moment)
    assert (" ACTIVE " in last[0], "has not answered" in last[0]) == (True, True)
    assert (" EXPIRED " in after[0], "deemed accepted" in after[0]) == (True, True)
    assert ("वैध, दिनांक" in last[1], "उत्तर नहीं" in last[1]) == (True, True)
    assert ("समाप्त," in after[1], "स्वीकृत माना" in after[1]) == (True, True)


def test_ewbd_of_what_has_become_of_it() -> None:
    rejected = answered(BILL, RECIPIENT, AT, Decision.REJECTED, None)
    accepted = answered(BILL, RECIPIENT, AT, Decision.ACCEPTED, None)
    assert described(rejected, AT)[0].endswith("Recipient: REJECTED")
    assert described(accepted, AT)[1].endswith("प्राप्तकर्ता: स्वीकृत")
    ended = cancelled(BILL, SUPPLIER, AT, "no")
    assert " CANCELLED " in described(ended, AT)[0]
    assert described(ended, AT)[0].endswith("Recipient: -")
    assert " रद्द, " in described(ended, AT)[1]
    renewed = replace(BILL, renewed_to=EBN + 1)
    assert " RENEWED " in described(renewed, AT)[0]
    assert " नवीनीकृत, " in described(renewed, AT)[1]
    off_the_road = replace(BILL, vehicle_number=None)
    assert "04/04/2018 10:20 -. Recipient" in described(off_the_road, AT)[0]


def test_ewbx() -> None:
    message = HandOver(EBN, TRANSPORTER)
    understood(f"EWBX 171000000144 {TRANSPORTER}", message)
    form = new_transporter_of(message)
    assert form.transporter_id == TRANSPORTER
    assert examine_new_transporter(form) == []
    bill = handed_over(BILL, SUPPLIER, AT + HOUR, form.transporter_id)
    assert both(
        bills.handed_over(bill, ENGLISH), bills.handed_over(bill, HINDI), "handed-over"
    ) == (
        f"EBN 171000000144 is now with transporter {TRANSPORTER}. Valid till 04/04/2018 10:20",
        f"EBN 171000000144 अब ट्रांसपोर्टर {TRANSPORTER} के पास है, 04/04/2018 10:20 तक वैध",
    )


def test_help() -> None:
    understood("HELP", Help())
    understood("HELP EWBV", Help("EWBV"))
    english, hindi = both(numbers.helped(Help(), ENGLISH), numbers.helped(Help(), HINDI), "help")
    for keyword in ("EWBG", "EWBT", "EWBV", "EWBC", "EWBR", "EWBD", "EWBX", "USE", "STOP", "HELP"):
        assert keyword in english
        assert keyword in hindi
    of_one = numbers.helped(Help("EWBV"), ENGLISH)
    assert of_one.template == "help.EWBV.en"
    assert "EWBV EBN Vehicle ReasonCode" in of_one.text


def test_stop() -> None:
    understood("STOP", Stop())
    said = both(numbers.stopped(ENGLISH), numbers.stopped(HINDI), "stopped")
    assert said[0].startswith("E-way bills by SMS are stopped for this number.")


def test_confirm() -> None:
    understood("CONFIRM 012345", Confirm("012345"))
    said = numbers.confirmed(SUPPLIER, ENGLISH), numbers.confirmed(SUPPLIER, HINDI)
    assert all(SUPPLIER in text for text in both(*said, "confirmed"))
    wrong = numbers.wrong_password(4, ENGLISH), numbers.wrong_password(4, HINDI)
    assert both(*wrong, "wrong-password") == (
        "Wrong OTP. Tries left: 4. Example: CONFIRM 123456",
        "OTP गलत है। शेष प्रयास: 4। उदाहरण: CONFIRM 123456",
    )


def test_use() -> None:
    understood(f"USE {SUPPLIER}", Use(SUPPLIER))
    said = numbers.acting_for(SUPPLIER, ENGLISH), numbers.acting_for(SUPPLIER, HINDI)
    assert all(SUPPLIER in text for text in both(*said, "acting-for"))
    several = [SUPPLIER, RECIPIENT, TRANSPORTER]
    asked = numbers.choose_gstin(several, ENGLISH), numbers.choose_gstin(several, HINDI)
    assert all(" ".join(several) in text for text in both(*asked, "choose-gstin"))


def test_hindi() -> None:
    understood("HINDI", Hindi())
    assert numbers.language_chosen(HINDI).text == ("अब से उत्तर हिंदी में मिलेंगे। English: ENGLISH भेजें")


def test_english() -> None:
    understood("ENGLISH", English())
    assert numbers.language_chosen(ENGLISH).text == (
        "Answers are in English from now on. Hindi: send HINDI"
    )
