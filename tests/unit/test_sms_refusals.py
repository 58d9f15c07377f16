"""Every refusal and every fault that a message can meet is answered, in both languages."""

import pytest

from sms.grammar import read
from sms.messages import MESSAGES, Message, Misread, example_of, fields_of
from sms.wording.refusals import misread, refused
from sms.wording.said import TEMPLATES, WRITTEN_CHARACTERS_MAX, Said, fits
from validators.errors import FAULTS, PROBLEMS, Refusal, fault
from validators.rulebook import DISTANCE_KM_MAX
from validators.sms_number import Language

ENGLISH = Language.ENGLISH
LANGUAGES = pytest.mark.parametrize("language", Language)
MET = {
    "INVALID_DOCUMENT", "OVERLOADED", "ROLE_NOT_PERMITTED", "IDEMPOTENCY_KEY_REUSED",
    "EWAY_BILL_NOT_FOUND", "NOT_A_PARTY", "NOT_THE_GENERATOR", "NOT_THE_RECIPIENT",
    "NOT_THE_TRANSPORTER", "DOCUMENT_ALREADY_HAS_EWAY_BILL", "DOCUMENT_ALREADY_HAS_PART_A",
    "ALREADY_CANCELLED", "ALREADY_RENEWED", "ALREADY_VERIFIED_IN_TRANSIT",
    "CANCELLATION_WINDOW_CLOSED", "ALREADY_ANSWERED", "DEEMED_ACCEPTED", "EXPIRED", "NOT_BY_ROAD",
    "SAME_VEHICLE", "SAME_TRANSPORTER", "TOO_MANY_CHANGES", "RFID_TAG_REQUIRED",
    "CHANGED_MEANWHILE", "RECORD_UNAVAILABLE", "OUTCOME_UNKNOWN", "INTERNAL_ERROR",
}  # fmt: skip
NEVER_MET = {
    # Of HTTP, of credentials and of calls that are made over HTTP only.
    "TOO_MANY_TOKEN_REQUESTS", "NO_SUCH_RESOURCE", "METHOD_NOT_ALLOWED", "INVALID_CLIENT",
    "UNSUPPORTED_GRANT_TYPE", "UNAUTHENTICATED", "IDEMPOTENCY_KEY_NOT_TAKEN",
    "UNSUPPORTED_MEDIA_TYPE", "UNSUPPORTED_CONTENT_ENCODING", "BODY_TOO_LARGE", "MALFORMED_BODY",
    "MALFORMED_JSON", "INVALID_IDEMPOTENCY_KEY", "INVALID_QUERY",
    # Of deliveries and of numbers, told to whoever delivers or registers them.
    "TOO_MANY_MESSAGES", "TOO_MANY_PASSWORDS", "INVALID_SIGNATURE", "SOURCE_NOT_ALLOWED",
    "SMS_NUMBER_NOT_FOUND", "SMS_NUMBER_ALREADY_CONFIRMED", "TOO_MANY_SMS_NUMBERS",
    "WRONG_PASSWORD", "NO_PASSWORD_AWAITED", "PASSWORD_SPENT", "PASSWORD_EXPIRED",
    # Of Parts A, invoices, consolidated bills, tags, reads, reports, notifications, renewals.
    "PART_A_NOT_FOUND", "CONSOLIDATED_NOT_FOUND", "INSPECTION_NOT_FOUND", "INVOICE_NOT_FOUND",
    "TAG_NOT_FOUND", "NOT_THE_FURNISHER", "NOT_THE_INSPECTOR", "NOTIFICATION_EXISTS",
    "TAG_OF_ANOTHER", "PART_A_COMPLETED", "PART_A_WITHDRAWN", "PART_A_LAPSED", "INVOICE_DIFFERS",
    "INVOICE_ARCHIVED", "RENEWAL_WINDOW_NOT_OPEN", "RENEWAL_WINDOW_CLOSED",
    "RENEWAL_LIMIT_REACHED", "ALREADY_VERIFIED_IN_STATE", "FINAL_REPORT_EXISTS", "READ_ID_REUSED",
}  # fmt: skip


def test_every_refusal_a_message_can_meet_has_its_text() -> None:
    assert PROBLEMS.keys() == MET | NEVER_MET
    texts = {name.split(".")[1] for name in TEMPLATES[ENGLISH] if name.startswith("refused.")}
    assert texts == MET


def message_of(text: str) -> Message:
    message = read(text)
    assert not isinstance(message, Misread)
    return message


EVERY_MESSAGE = [message_of(example_of(kind)) for kind in MESSAGES.values()]


@pytest.mark.parametrize("code", PROBLEMS)
@LANGUAGES
def test_every_refusal_of_every_message_is_answered(code: str, language: Language) -> None:
    for message in EVERY_MESSAGE:
        answer = refused(message, Refusal(code), language)
        known = code if code in MET else "INTERNAL_ERROR"
        assert answer.template == f"refused.{known}.{language}"
        assert answer.text.startswith(message.keyword)
        assert fits(answer.text, language)


def test_a_refusal_says_which_message_it_is_about() -> None:
    def told(text: str) -> str:
        return refused(message_of(text), Refusal("OVERLOADED"), ENGLISH).text.partition(" not ")[0]

    assert told(example_of(MESSAGES["EWBG"])) == "EWBG 546"
    assert told(example_of(MESSAGES["EWBV"])) == "EWBV 171000000144"
    assert told("STOP") == "STOP"
    assert told("CONFIRM 123456") == "CONFIRM"


NAMED = [
    ("DOCUMENT_ALREADY_HAS_EWAY_BILL", {"ebn": "171000000145"}),
    ("DOCUMENT_ALREADY_HAS_PART_A", {"part_a_reference": "PA171000000145"}),
    ("ALREADY_RENEWED", {"renewed_to": "171000000145"}),
]


@pytest.mark.parametrize(("code", "members"), NAMED)
@LANGUAGES
def test_a_refusal_names_what_is_in_the_way(
    code: str, members: dict[str, str], language: Language
) -> None:
    refusal = Refusal(code)
    refusal.members.update(members)
    answer = refused(message_of("EWBC 171000000144"), refusal, language)
    assert answer.template == f"refused.{code}.named.{language}"
    assert answer.text.endswith((*members.values(), "प्रतीक्षा में है", "transporter"))
    assert next(iter(members.values())) in answer.text


def test_a_member_that_has_no_place_in_the_text_is_left_out() -> None:
    answer = refused(message_of("EWBC 171000000144"), Refusal("EXPIRED", ebn="1"), ENGLISH)
    assert answer.template == "refused.EXPIRED.en"


def test_a_document_with_faults_is_answered_with_the_first() -> None:
    message = message_of(example_of(MESSAGES["EWBG"]))
    faults = (fault("/distance_km", "OUT_OF_RANGE"), fault("/hsn_code", "HSN_FORMAT"))
    answer = refused(message, Refusal("INVALID_DOCUMENT", faults=faults), ENGLISH)
    assert answer == Said(
        "fault.OUT_OF_RANGE.ApprDist.en",
        f'EWBG not done: ApprDist "170" must be 1 to {DISTANCE_KM_MAX} km. Example: 170',
    )


FAULTS_OF_FIELDS = [
    (kind.keyword, field.name, field.example)
    for kind in MESSAGES.values()
    for field in fields_of(kind)
]


@pytest.mark.parametrize("code", [*FAULTS, "PASSWORD_FORMAT", "OWN_GSTIN"])
@LANGUAGES
def test_every_fault_of_every_field_names_it_with_an_example(code: str, language: Language) -> None:
    for keyword, field, example in FAULTS_OF_FIELDS:
        answer = misread(Misread(keyword, field, "?", code), language)
        assert fits(answer.text, language)
        if answer.template.count(".") > 2 and "Keyword" in answer.template:
            assert "HELP EWBG" in answer.text
        else:
            assert field in answer.text
            assert example in answer.text or "NOT_ONE_OF" in answer.template


@LANGUAGES
def test_a_list_of_codes_is_the_example(language: Language) -> None:
    tran_type = misread(Misread("EWBG", "TranType", "X", "NOT_ONE_OF"), language).text
    assert "OSUP OEXP OJOB OSCD ORNK OFOU OEOF OLNS OOTH ISUP IIMP ISCD IJWR ISLR" in tran_type
    reason = misread(Misread("EWBV", "ReasonCode", "X", "NOT_ONE_OF"), language).text
    assert all(each in reason for each in ("FST", "BRK", "TRS", "OTH"))


@LANGUAGES
def test_of_what_was_written_30_characters_are_said_back(language: Language) -> None:
    whole = misread(Misread(None, None, "X" * 30, "NOT_ONE_OF"), language).text
    cut = misread(Misread(None, None, "X" * 31, "NOT_ONE_OF"), language).text
    assert f'"{"X" * 30}"' in whole
    assert f'"{"X" * 28}.."' in cut


@LANGUAGES
def test_the_example_of_a_message_is_no_longer_than_a_variable_may_be(language: Language) -> None:
    """And it is what may be sent as it stands."""
    for keyword in MESSAGES:
        said = misread(Misread(keyword, None, "X", "UNKNOWN_FIELD"), language).text
        example = said.rpartition(": ")[2]
        assert len(example) <= WRITTEN_CHARACTERS_MAX
        assert not isinstance(read(example), Misread)
        assert keyword in example
