"""The texts in English, each of at most one segment of GSM-7 with its longest values."""

from collections.abc import Mapping
from typing import Final

ENGLISH: Final[Mapping[str, str]] = {
    # Of a bill.
    "generated": "EBN {ebn} dt {generated_at} valid till {valid_until} {vehicle}",
    "vehicle-changed": "EBN {ebn} is now on {vehicle}. Valid till {valid_until}",
    "cancelled": "EBN {ebn} was cancelled at {at}",
    "rejected": "EBN {ebn}: your rejection was recorded at {at}",
    "handed-over": "EBN {ebn} is now with transporter {transporter}. Valid till {valid_until}",
    "described": "EBN {ebn} {status} dt {generated_at} valid till {valid_until} {vehicle}. "
    "Recipient: {acceptance}",
    # A message that could not be read.
    "misread.REQUIRED": "Your message is empty. Example: HELP",
    "misread.TOO_LONG": "Your message is too long and was not read. Example: HELP",
    "misread.NOT_ONE_OF": '"{written}" is not a keyword. Use EWBG EWBT EWBV EWBC EWBR EWBD '
    "EWBX or HELP. Example: HELP EWBG",
    "misread.UNKNOWN_FIELD": '{keyword} not done: "{written}" is a word too many. '
    "Example: {example}",
    "misread.otherwise": "{keyword} not done: the details are not in order. "
    "For its form send HELP {keyword}",
    # A field at fault.
    "fault.REQUIRED": "{keyword} not done: {field} is missing. Example: {example}. "
    "For the whole form send HELP {keyword}",
    "fault.NOT_ONE_OF.TranType": '{keyword} not done: TranType "{written}" is none of OSUP OEXP '
    "OJOB OSCD ORNK OFOU OEOF OLNS OOTH ISUP IIMP ISCD IJWR ISLR IEOF IFOU IOTH",
    "fault.NOT_ONE_OF.ReasonCode": '{keyword} not done: ReasonCode "{written}" is none of FST '
    "(first vehicle) BRK (breakdown) TRS (transhipment) OTH (others)",
    "fault.NOT_ONE_OF.Keyword": '{keyword} not done: "{written}" is not a {field}. Use EWBG EWBT '
    "EWBV EWBC EWBR EWBD EWBX. Example: HELP {example}",
    "fault.GSTIN_FORMAT": '{keyword} not done: {field} "{written}" is not a GSTIN of 15 '
    "characters. Example: {example}",
    "fault.GSTIN_CHECKSUM": '{keyword} not done: {field} "{written}" has a mistake in it, its '
    "last character does not agree. Example: {example}",
    "fault.OWN_GSTIN": "{keyword} not done: {field} is your own GSTIN. For goods that come to you "
    "give the supplier's, or URP. Example: {example}",
    "fault.PIN_FORMAT": '{keyword} not done: {field} "{written}" is not a PIN code of 6 digits. '
    "Example: {example}",
    "fault.DOCUMENT_NUMBER_FORMAT": '{keyword} not done: {field} "{written}" must be 1 to 16 '
    "letters, digits, - or /. Example: {example}",
    "fault.DATE_FORMAT": '{keyword} not done: {field} "{written}" is not a date DD/MM/YYYY. '
    "Example: {example}",
    "fault.DATE_IN_FUTURE": '{keyword} not done: {field} "{written}" is later than today. '
    "Example: {example}",
    "fault.DOCUMENT_TOO_OLD": '{keyword} not done: {field} "{written}" is too long ago for an '
    "e-way bill. Example: {example}",
    "fault.MONEY_FORMAT": '{keyword} not done: {field} "{written}" is not an amount in rupees. '
    "Use no commas. Example: {example}",
    "fault.NOT_POSITIVE": '{keyword} not done: {field} "{written}" must be more than 0. '
    "Example: {example}",
    "fault.OUT_OF_RANGE.TotalValue": '{keyword} not done: {field} "{written}" must be at most '
    "{most}. Example: {example}",
    "fault.HSN_FORMAT": '{keyword} not done: {field} "{written}" is not an HSN code of 4, 6 or 8 '
    "digits. Example: {example}",
    "fault.WRONG_TYPE": '{keyword} not done: {field} "{written}" is not a whole number of km. '
    "Example: {example}",
    "fault.OUT_OF_RANGE.ApprDist": '{keyword} not done: {field} "{written}" must be 1 to {most} '
    "km. Example: {example}",
    "fault.VEHICLE_FORMAT": '{keyword} not done: {field} "{written}" is not a vehicle number. '
    "Example: {example}",
    "fault.EBN_FORMAT": '{keyword} not done: {field} "{written}" is not an EBN of 12 digits. '
    "Example: {example}",
    "fault.PASSWORD_FORMAT": "{keyword} not done: {field} must be 6 digits and nothing more. "
    "Example: CONFIRM {example}",
    "fault.otherwise": '{keyword} not done: {field} "{written}" is wrong. Example: {example}',
    # A refusal.
    "refused.OVERLOADED": "{subject} not done: the service is busy. Please send it again in a few "
    "minutes",
    "refused.ROLE_NOT_PERMITTED": "{subject} not done: your registration does not allow it",
    "refused.IDEMPOTENCY_KEY_REUSED": "{subject} not done: it came under the number of another "
    "message. Please send it again",
    "refused.INVALID_DOCUMENT": "{subject} not done: the details are not in order. Send HELP",
    "refused.EWAY_BILL_NOT_FOUND": "{subject} not done: there is no such e-way bill among yours",
    "refused.NOT_A_PARTY": "{subject} not done: you are not a party to it",
    "refused.NOT_THE_GENERATOR": "{subject} not done: only whoever generated the e-way bill may "
    "do this",
    "refused.NOT_THE_RECIPIENT": "{subject} not done: only the registered recipient may do this",
    "refused.NOT_THE_TRANSPORTER": "{subject} not done: only the transporter may do this",
    "refused.DOCUMENT_ALREADY_HAS_EWAY_BILL": "{subject} not done: this document has an e-way bill "
    "already",
    "refused.DOCUMENT_ALREADY_HAS_EWAY_BILL.named": "{subject} not done: this document has an "
    "e-way bill already, EBN {named}",
    "refused.DOCUMENT_ALREADY_HAS_PART_A": "{subject} not done: Part A of this document waits for "
    "its transporter",
    "refused.DOCUMENT_ALREADY_HAS_PART_A.named": "{subject} not done: Part A of this document, "
    "{named}, waits for its transporter",
    "refused.ALREADY_CANCELLED": "{subject} not done: the e-way bill is cancelled",
    "refused.ALREADY_RENEWED": "{subject} not done: the e-way bill was renewed by another",
    "refused.ALREADY_RENEWED.named": "{subject} not done: the e-way bill was renewed as EBN "
    "{named}",
    "refused.ALREADY_VERIFIED_IN_TRANSIT": "{subject} not done: the e-way bill was verified on the "
    "road and cannot be cancelled any more",
    "refused.CANCELLATION_WINDOW_CLOSED": "{subject} not done: the time for cancellation is over",
    "refused.ALREADY_ANSWERED": "{subject} not done: the recipient has answered already",
    "refused.DEEMED_ACCEPTED": "{subject} not done: the time to answer is over and the e-way bill "
    "is deemed accepted",
    "refused.EXPIRED": "{subject} not done: the e-way bill is not valid any more",
    "refused.NOT_BY_ROAD": "{subject} not done: the goods do not go by road",
    "refused.SAME_VEHICLE": "{subject} not done: the goods are on this vehicle already",
    "refused.SAME_TRANSPORTER": "{subject} not done: the e-way bill is this transporter's already",
    "refused.TOO_MANY_CHANGES": "{subject} not done: the e-way bill has been changed too often",
    "refused.RFID_TAG_REQUIRED": "{subject} not done: the vehicle needs an RFID tag, registered "
    "before",
    "refused.CHANGED_MEANWHILE": "{subject} not done: it was changed by another at this moment. "
    "Please send it again",
    "refused.RECORD_UNAVAILABLE": "{subject} not done: the service is down. Please send it again "
    "in a few minutes",
    "refused.OUTCOME_UNKNOWN": "{subject}: it is not known if it was done. Please send it again, "
    "it will not be done twice",
    "refused.INTERNAL_ERROR": "{subject} not done: the service failed. Please send it again in a "
    "few minutes",
    # Help.
    "help": "EWBG EWBT generate, EWBV vehicle, EWBC cancel, EWBR reject, EWBD details, EWBX "
    "transporter, CONFIRM, USE, HINDI, ENGLISH, STOP. For one of them: HELP EWBG",
    "help.EWBG": "EWBG TranType RecGSTIN DelPinCode InvNo InvDate TotalValue HSNCode ApprDist "
    "Vehicle. TranType OSUP, InvDate 01/04/2018, TotalValue 75000.00",
    "help.EWBT": "EWBT TranType SuppGSTIN RecGSTIN DelPinCode InvNo InvDate TotalValue HSNCode "
    "ApprDist Vehicle. TranType OSUP, InvDate 01/04/2018",
    "help.EWBV": "To change the vehicle: EWBV EBN Vehicle ReasonCode (FST BRK TRS OTH). Example: "
    "EWBV 171000000144 KA12AB1234 BRK",
    "help.EWBC": "To cancel your e-way bill: EWBC EBN. Example: EWBC 171000000144",
    "help.EWBR": "To reject goods sent to you: EWBR EBN. Example: EWBR 171000000144",
    "help.EWBD": "To ask about an e-way bill: EWBD EBN. Example: EWBD 171000000144",
    "help.EWBX": "To hand over to another transporter: EWBX EBN TransporterId. Example: "
    "EWBX 171000000144 05AAACG2115R1ZN",
    "help.HELP": "HELP lists the messages. HELP and a keyword shows one. Example: HELP EWBG",
    "help.STOP": "STOP ends e-way bills by SMS for this number. Example: STOP",
    "help.CONFIRM": "To confirm this number send the OTP you got: CONFIRM OTP. Example: "
    "CONFIRM 123456",
    "help.USE": "If this number serves several GSTINs, choose one: USE GSTIN. Example: "
    "USE 27AAPFU0939F1ZV",
    "help.HINDI": "To get answers in Hindi: HINDI. Example: HINDI",
    "help.ENGLISH": "To get answers in English: ENGLISH. Example: ENGLISH",
    # Of the number itself.
    "stranger": "This number is not registered for e-way bills by SMS. Please ask your company to "
    "register it",
    "confirmed-to-choose": "This number is confirmed for {gstin} too. It serves several GSTINs: "
    "choose one with USE and the GSTIN, e.g. USE {gstin}",
    "confirmed": "This number is confirmed for GSTIN {gstin}. Send HELP for the messages, STOP to "
    "end",
    "wrong-password": "Wrong OTP. Tries left: {tries}. Example: CONFIRM 123456",
    "no-password": "No OTP is awaited from this number. If it is not registered, please have it "
    "registered",
    "password-used-up": "Wrong OTP too often. Please have this number registered again to get a "
    "new OTP",
    "password-expired": "The OTP is too old. Please have this number registered again to get a "
    "new OTP",
    "stopped": "E-way bills by SMS are stopped for this number. To start again, have it "
    "registered again",
    "choose-gstin": "Not done: choose first for which GSTIN. Send USE and one of {gstins}",
    "acting-for": "This number now acts for GSTIN {gstin}",
    "language": "Answers are in English from now on. Hindi: send HINDI",
    "too-many": "Too many messages from this number. Nothing was done. Please wait and send again "
    "later",
    "too-late": "Your message came too late: nothing was done now. Please send it again if it is "
    "still wanted",
    # To those who did not ask.
    "one-time-password": "{password} is the OTP to use this number for e-way bills of GSTIN "
    "{gstin}. Send CONFIRM {password}. Tell it to nobody",
    "supplier-told": "EBN {ebn} dt {generated_at} was generated by {by} for your goods: document "
    "{document}, Rs {value}, vehicle {vehicle}",
    "generated-against-you": "E-way bill against you by {by}: doc {document}, Rs {value}. To "
    "reject send EWBR {ebn} by {until}, else deemed accepted",
    "expires-soon": "EBN {ebn} on {vehicle} is valid only till {valid_until}. Renew it in time if "
    "the goods will not arrive",
}
"""Each by its name; what stands in braces is filled in."""
