"""The error catalogue: every refusal the gateway can answer, as data.

`PROBLEMS` is in order of precedence: where several refusals would be true of one request, the
one listed first is the one answered. Codes are stable; clients branch on them.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec


class Problem(NamedTuple):
    """One kind of refusal: its stable code, HTTP status, title, and whether a retry may succeed."""

    code: str
    status: int
    title: str
    retry: bool = False


PROBLEMS: Final[Mapping[str, Problem]] = {
    problem.code: problem
    for problem in (
        # The service itself.
        Problem("OVERLOADED", 503, "The gateway is at its limit; nothing was done", retry=True),
        Problem("TOO_MANY_TOKEN_REQUESTS", 429, "Too many token requests at once", retry=True),
        Problem(
            "TOO_MANY_PASSWORDS", 429, "Too many one-time passwords were asked for", retry=True
        ),
        Problem("TOO_MANY_MESSAGES", 429, "More messages than are taken from you", retry=True),
        # The request as HTTP.
        Problem("NO_SUCH_RESOURCE", 404, "There is nothing at this path"),
        Problem("METHOD_NOT_ALLOWED", 405, "This path does not answer this method"),
        Problem("INVALID_CLIENT", 401, "The client id or the client secret is wrong"),
        Problem("INVALID_SIGNATURE", 401, "The signature is not that of this delivery"),
        Problem("SOURCE_NOT_ALLOWED", 403, "You do not deliver from this address"),
        Problem("UNSUPPORTED_GRANT_TYPE", 400, "Only client_credentials is granted"),
        Problem("UNAUTHENTICATED", 401, "A valid bearer token is needed"),
        Problem("ROLE_NOT_PERMITTED", 403, "This call is not for your role"),
        Problem("IDEMPOTENCY_KEY_NOT_TAKEN", 422, "This call takes no Idempotency-Key"),
        Problem("UNSUPPORTED_MEDIA_TYPE", 415, "The body must be of another media type"),
        Problem("UNSUPPORTED_CONTENT_ENCODING", 415, "Bodies may be plain, gzip or zstd"),
        Problem("BODY_TOO_LARGE", 413, "The body is larger than this call accepts"),
        Problem("MALFORMED_BODY", 400, "The body could not be decoded"),
        Problem("MALFORMED_JSON", 400, "The body is not JSON"),
        Problem("INVALID_IDEMPOTENCY_KEY", 422, "The Idempotency-Key is not usable"),
        Problem("IDEMPOTENCY_KEY_REUSED", 422, "The Idempotency-Key was used for another request"),
        Problem("INVALID_QUERY", 422, "The query parameters are wrong"),
        # The document and who sends it.
        Problem("INVALID_DOCUMENT", 422, "The document has faults"),
        Problem("EWAY_BILL_NOT_FOUND", 404, "There is no such e-way bill among yours"),
        Problem("PART_A_NOT_FOUND", 404, "There is no such Part A among yours"),
        Problem("CONSOLIDATED_NOT_FOUND", 404, "There is no such consolidated bill among yours"),
        Problem("INSPECTION_NOT_FOUND", 404, "There is no such inspection"),
        Problem("INVOICE_NOT_FOUND", 404, "There is no such invoice among yours"),
        Problem("TAG_NOT_FOUND", 404, "There is no such RFID tag among yours"),
        Problem("SMS_NUMBER_NOT_FOUND", 404, "There is no such mobile number among yours"),
        Problem("NOT_A_PARTY", 403, "You are not a party to this document"),
        Problem("NOT_THE_GENERATOR", 403, "Only whoever generated the e-way bill may do this"),
        Problem("NOT_THE_RECIPIENT", 403, "Only the recipient may do this"),
        Problem("NOT_THE_TRANSPORTER", 403, "Only the transporter may do this"),
        Problem("NOT_THE_FURNISHER", 403, "Only whoever furnished Part A may do this"),
        Problem("NOT_THE_INSPECTOR", 403, "Only the officer who recorded Part A may do this"),
        # The state of the rules.
        Problem("NOTIFICATION_EXISTS", 409, "There is a notification of this number already"),
        # The state of an RFID tag.
        Problem("TAG_OF_ANOTHER", 409, "The RFID tag is on a vehicle of another transporter"),
        # The state of a mobile number that sends e-way bills by SMS.
        Problem("SMS_NUMBER_ALREADY_CONFIRMED", 409, "The mobile number is confirmed already"),
        Problem("TOO_MANY_SMS_NUMBERS", 409, "Two mobile numbers are registered already"),
        Problem("NO_PASSWORD_AWAITED", 409, "No one-time password is awaited of this number"),
        Problem("PASSWORD_SPENT", 409, "The one-time password was tried too often"),
        Problem("PASSWORD_EXPIRED", 409, "The one-time password is not good any more"),
        Problem("WRONG_PASSWORD", 409, "The one-time password is another"),
        # The state of the document and of its Part A.
        Problem("DOCUMENT_ALREADY_HAS_EWAY_BILL", 409, "The document has an e-way bill already"),
        Problem(
            "DOCUMENT_ALREADY_HAS_PART_A", 409, "The document's Part A waits for a transporter"
        ),
        Problem("PART_A_COMPLETED", 409, "The Part A has become an e-way bill"),
        Problem("PART_A_WITHDRAWN", 409, "The Part A was withdrawn"),
        Problem("PART_A_LAPSED", 409, "The Part A has lapsed"),
        # The state of the invoice.
        Problem("INVOICE_DIFFERS", 409, "Another invoice of this number was uploaded before"),
        Problem("INVOICE_ARCHIVED", 409, "The invoice of this number was uploaded and archived"),
        # The state of the e-way bill.
        Problem("ALREADY_CANCELLED", 409, "The e-way bill is cancelled"),
        Problem("ALREADY_RENEWED", 409, "The e-way bill was renewed by another"),
        Problem("ALREADY_VERIFIED_IN_TRANSIT", 409, "The e-way bill was verified in transit"),
        Problem("CANCELLATION_WINDOW_CLOSED", 409, "The time for cancellation is over"),
        Problem("ALREADY_ANSWERED", 409, "The recipient has answered already"),
        Problem("DEEMED_ACCEPTED", 409, "The time to answer is over: deemed accepted"),
        Problem("EXPIRED", 409, "The e-way bill is not valid any more"),
        Problem("RENEWAL_WINDOW_NOT_OPEN", 409, "It is too early to renew the e-way bill"),
        Problem("RENEWAL_WINDOW_CLOSED", 409, "The time for renewal is over"),
        Problem("NOT_BY_ROAD", 409, "The goods do not go by road"),
        Problem("RENEWAL_LIMIT_REACHED", 409, "The longest total validity is used up"),
        Problem("SAME_VEHICLE", 409, "The goods are on this vehicle already"),
        Problem("SAME_TRANSPORTER", 409, "The e-way bill is this transporter's already"),
        Problem("TOO_MANY_CHANGES", 409, "The e-way bill has changed hands or vehicles too often"),
        Problem("ALREADY_VERIFIED_IN_STATE", 409, "Physically verified in this State already"),
        Problem("RFID_TAG_REQUIRED", 409, "The vehicle needs an RFID tag, mapped before"),
        Problem("CHANGED_MEANWHILE", 409, "The e-way bill changed at this moment", retry=True),
        # The state of an inspection.
        Problem("FINAL_REPORT_EXISTS", 409, "The inspection has another final report already"),
        # The state of a read of an RFID tag.
        Problem("READ_ID_REUSED", 409, "Another read was counted under this read_id"),
        # The record.
        Problem("RECORD_UNAVAILABLE", 503, "The record cannot be reached", retry=True),
        Problem("OUTCOME_UNKNOWN", 503, "It is not known whether this was recorded", retry=True),
        Problem("INTERNAL_ERROR", 500, "The gateway failed", retry=True),
    )
}


FAULTS: Final[Mapping[str, str]] = {
    "REQUIRED": "is required",
    "UNKNOWN_FIELD": "is not a field of this form",
    "DUPLICATE_KEY": "is given more than once",
    "WRONG_TYPE": "has the wrong type",
    "CONTROL_CHARACTER": "contains a control character",
    "EMPTY": "must not be empty",
    "TOO_LONG": "is too long",
    "TOO_MANY": "has too many entries",
    "DOUBLED": "is in the list already",
    "NOT_ONE_OF": "is not one of the allowed values",
    "OUT_OF_RANGE": "is outside the allowed range",
    "GSTIN_FORMAT": "is not a GSTIN (state code, PAN, entity, Z, check character)",
    "GSTIN_CHECKSUM": "has a wrong check character",
    "PIN_FORMAT": "is not a PIN code: 6 digits, the first not 0",
    "HSN_FORMAT": "is not an HSN code: 4, 6 or 8 digits",
    "DOCUMENT_NUMBER_FORMAT": "must be 1 to 16 of A-Z a-z 0-9 - /",
    "DATE_FORMAT": "is not a date YYYY-MM-DD",
    "PERIOD_FORMAT": "is not a month YYYY-MM",
    "BEFORE_GST": "is before 1 July 2017, when GST began",
    "DATE_IN_FUTURE": "is in the future (Asia/Kolkata)",
    "DOCUMENT_TOO_OLD": "is too long ago for an e-way bill (Asia/Kolkata)",
    "INSTANT_FORMAT": "is not an RFC 3339 instant with an offset",
    "MONEY_FORMAT": "is not an amount in rupees with at most two decimals",
    "DECIMAL_FORMAT": "is not a decimal number with at most three decimals",
    "DOES_NOT_ADD_UP": "is not what the other amounts make it",
    "IGST_BESIDE_CGST_SGST": "cannot be on a line with CGST or SGST",
    "NOT_INTER_STATE": "is for supplies between States, or out of India",
    "INTER_STATE": "is for supplies within a State: between States it is IGST",
    "HALVES_DIFFER": "must come with the other of CGST and SGST at the same rate",
    "REGISTERED_RECIPIENT": "must not be given: a supply of this type is to the unregistered",
    "UNREGISTERED_RECIPIENT": "is required: a supply of this type is to a registered person",
    "DIFFERS": "is not what was uploaded first",
    "NOT_POSITIVE": "must be more than zero",
    "VEHICLE_FORMAT": "is not a vehicle number such as KA12AB1234",
    "CONVEYANCE_REQUIRED": "is required: by road, Part B names the vehicle",
    "NON_MOTORISED": "contradicts a non-motorised conveyance",
    "TRANSPORT_DOCUMENT_REQUIRED": "is required by rail, air or vessel",
    "EBN_FORMAT": "is not an e-way bill number: 12 digits, the first not 0",
    "EBN_UNKNOWN": "names no e-way bill that you may know of",
    "IN_THE_FUTURE": "is in the future",
    "TOO_EARLY": "is before what it must follow",
    "NOT_DETAINED": "is only for a vehicle that was detained",
    "DETENTION_TOO_SHORT": "makes it thirty minutes or less: only more is reported",
    "STATED_WITH_GOODS": "must be stated with each line of goods when there is a list of them",
    "TAG_FORMAT": "is not a tag: 16 to 124 hexadecimal digits, four to a word, not all of them 0",
    "MESSAGE_ID_FORMAT": "must be 1 to 128 visible ASCII characters",
    "READ_ID_FORMAT": "must be 1 to 64 visible ASCII characters",
    "READ_TOO_OLD": "is longer ago than a read may be when it is sent",
    "READ_AHEAD": "is further ahead than a reader's clock may be",
    "IRN_FORMAT": "is not an IRN: 64 lower-case hexadecimal characters",
    "IRN_UNKNOWN": "names no invoice that you may know of",
    "IRN_EXPIRED": "is no longer good: invoices are for a while after their upload",
    "DIFFERS_FROM_INVOICE": "is not what the invoice of this irn says",
    "NOT_YOUR_TRANSPORT": "is not transported by you",
    "NOT_ACTIVE": "is not valid now",
    "OFF_THE_ROAD": "does not go by road",
    "ON_ANOTHER_VEHICLE": "is on another vehicle",
    "INCOMPLETE": "is needed together with the other",
    "CURSOR_FORMAT": "is not a cursor this list gave out",
    "CONTACT_INCOMPLETE": "needs a mobile number or an e-mail address",
    "MOBILE_FORMAT": "is not an Indian mobile number of 10 digits",
    "PASSWORD_FORMAT": "is not a one-time password: 6 digits",
    "EMAIL_FORMAT": "is not an e-mail address",
    "HSN_PREFIX_FORMAT": "is not the beginning of HSN codes: 2, 4, 6 or 8 digits",
    "STATE_FORMAT": "is not the code of a State: two digits",
    "NOT_OF_THIS_KIND": "does not belong to a notification of this kind",
    "IN_THE_PAST": "lies in the past: what was generated already is not changed",
    "NOT_AFTER_ITS_BEGINNING": "must be later than effective_from",
}


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with one field of a document.

    `pointer` is an RFC 6901 JSON Pointer into the document as sent (for query parameters, into
    the query as an object); `code` is a key of `FAULTS`.
    """

    pointer: str
    code: str
    detail: str


def fault(pointer: str, code: str, detail: str | None = None) -> Fault:
    """A `Fault` whose detail reads as a sentence; `detail` overrides the catalogue's words."""
    subject = pointer.rpartition("/")[2] or "the document"
    return Fault(pointer, code, f"{subject} {detail or FAULTS[code]}")


class Refusal(Exception):
    """A request refused for a reason in the catalogue.

    `members` are further members of the problem body (for instance the EBN that already exists);
    `faults` are all the faults of the document, when the document is what is wrong;
    `retry_after_seconds` is known where it is long.
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        faults: tuple[Fault, ...] = (),
        retry_after_seconds: int | None = None,
        **members: str | int,
    ) -> None:
        self.problem = PROBLEMS[code]
        self.detail = detail or self.problem.title
        self.faults = faults
        self.retry_after_seconds = retry_after_seconds
        self.members = members
        super().__init__(code, self.detail)


def invalid_document(faults: Sequence[Fault]) -> Refusal:
    """The refusal of a document with all its faults."""
    detail = f"{len(faults)} fault{'s' if len(faults) > 1 else ''} in the document"
    return Refusal("INVALID_DOCUMENT", detail, faults=tuple(faults))
