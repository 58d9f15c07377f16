"""What a driver can say by SMS: one frozen struct a message, its keyword and its fields.

The fields of a struct are those of the message, in the order they are typed in.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import ClassVar, Final, NamedTuple

from msgspec import Struct

from validators.change_forms import TransferReason
from validators.money import Paise


class Field(NamedTuple):
    """A field as drivers know it: its name in the manuals, and an example of it."""

    name: str
    example: str


FIELDS: Final[Mapping[str, Field]] = {
    "tran_type": Field("TranType", "OSUP"),
    "supplier_gstin": Field("SuppGSTIN", "27AAPFU0939F1ZV"),
    "recipient_gstin": Field("RecGSTIN", "29AAGCB7383J1Z4"),
    "other_party": Field("RecGSTIN", "29AAGCB7383J1Z4"),
    "place_of_delivery": Field("DelPinCode", "560012"),
    "document_number": Field("InvNo", "546"),
    "document_date": Field("InvDate", "01/04/2018"),
    "value_of_goods": Field("TotalValue", "75000.00"),
    "hsn_code": Field("HSNCode", "1001"),
    "distance_km": Field("ApprDist", "170"),
    "vehicle_number": Field("Vehicle", "KA12AB1234"),
    "ebn": Field("EBN", "171000000144"),
    "reason": Field("ReasonCode", "BRK"),
    "transporter_id": Field("TransporterId", "05AAACG2115R1ZN"),
    "topic": Field("Keyword", "EWBG"),
    "password": Field("OTP", "123456"),
    "gstin": Field("GSTIN", "27AAPFU0939F1ZV"),
}
"""The field of every attribute of every message."""


class TranType(StrEnum):
    """Which way the goods go, seen from the taxpayer, and why."""

    reason_code: int
    """A.7 of INS-06."""

    def __new__(cls, letters: str, reason_code: int) -> "TranType":
        member = str.__new__(cls, letters)
        member._value_ = letters
        member.reason_code = reason_code
        return member

    OSUP = "OSUP", 1
    OEXP = "OEXP", 2
    OJOB = "OJOB", 3
    OSCD = "OSCD", 4
    ORNK = "ORNK", 5
    OFOU = "OFOU", 7
    OEOF = "OEOF", 0
    OLNS = "OLNS", 0
    OOTH = "OOTH", 0
    ISUP = "ISUP", 1
    IIMP = "IIMP", 2
    ISCD = "ISCD", 4
    IJWR = "IJWR", 3
    ISLR = "ISLR", 6
    IEOF = "IEOF", 0
    IFOU = "IFOU", 7
    IOTH = "IOTH", 0

    @property
    def outward(self) -> bool:
        """Whether the goods go from the taxpayer; else they come to it."""
        return self.value[0] == "O"


class ReasonCode(StrEnum):
    """Why the goods go on with another vehicle."""

    transfer_reason: TransferReason

    def __new__(cls, letters: str, transfer_reason: TransferReason) -> "ReasonCode":
        member = str.__new__(cls, letters)
        member._value_ = letters
        member.transfer_reason = transfer_reason
        return member

    FST = "FST", "FIRST_CONVEYANCE"
    BRK = "BRK", "BREAKDOWN"
    TRS = "TRS", "TRANSHIPMENT"
    OTH = "OTH", "OTHER"


class _Keyworded(Struct, frozen=True):
    """What every message has beside its fields."""

    keyword: ClassVar[str]


class GenerateAsTaxpayer(_Keyworded, frozen=True):
    """EWBG: supplier or recipient generates an e-way bill, r1(1)."""

    keyword: ClassVar[str] = "EWBG"
    tran_type: TranType
    other_party: str
    """Of an outward consignment the recipient, as the field is named; of an inward one the
    supplier: the recipient is whoever sends the message."""
    place_of_delivery: str
    document_number: str
    document_date: date
    value_of_goods: Paise
    hsn_code: str
    distance_km: int
    vehicle_number: str


class GenerateAsTransporter(_Keyworded, frozen=True):
    """EWBT: the transporter generates an e-way bill, r1(5)."""

    keyword: ClassVar[str] = "EWBT"
    tran_type: TranType
    supplier_gstin: str
    recipient_gstin: str
    place_of_delivery: str
    document_number: str
    document_date: date
    value_of_goods: Paise
    hsn_code: str
    distance_km: int
    vehicle_number: str


class ChangeVehicle(_Keyworded, frozen=True):
    """EWBV: the goods go on with another vehicle, r1(3)."""

    keyword: ClassVar[str] = "EWBV"
    ebn: int
    vehicle_number: str
    reason: ReasonCode


class Cancel(_Keyworded, frozen=True):
    """EWBC: whoever generated the bill cancels it, r1(7)."""

    keyword: ClassVar[str] = "EWBC"
    ebn: int


class Reject(_Keyworded, frozen=True):
    """EWBR: the recipient does not accept the consignment, r1(9)."""

    keyword: ClassVar[str] = "EWBR"
    ebn: int


class Describe(_Keyworded, frozen=True):
    """EWBD: a party asks what has become of the bill."""

    keyword: ClassVar[str] = "EWBD"
    ebn: int


class HandOver(_Keyworded, frozen=True):
    """EWBX: the bill passes to another transporter, r1(3)."""

    keyword: ClassVar[str] = "EWBX"
    ebn: int
    transporter_id: str


class Help(_Keyworded, frozen=True):
    """HELP: which messages there are or, of one keyword, how that message is typed."""

    keyword: ClassVar[str] = "HELP"
    topic: str | None = None
    """A keyword."""


class Stop(_Keyworded, frozen=True):
    """STOP: this number acts for nobody any more, and nothing more is sent to it."""

    keyword: ClassVar[str] = "STOP"


class Confirm(_Keyworded, frozen=True):
    """CONFIRM: the one-time password that was sent to this number."""

    keyword: ClassVar[str] = "CONFIRM"
    password: str

    def __repr__(self) -> str:
        """Without the password: a log is no place for it."""
        return "Confirm()"


class Use(_Keyworded, frozen=True):
    """USE: for which of its GSTINs the number acts from now on."""

    keyword: ClassVar[str] = "USE"
    gstin: str


class Hindi(_Keyworded, frozen=True):
    """HINDI: answers to this number are in Hindi from now on."""

    keyword: ClassVar[str] = "HINDI"


class English(_Keyworded, frozen=True):
    """ENGLISH: answers to this number are in English from now on."""

    keyword: ClassVar[str] = "ENGLISH"


Generate = GenerateAsTaxpayer | GenerateAsTransporter
Change = ChangeVehicle | Cancel | Reject | HandOver
OfTheNumber = Help | Stop | Confirm | Use | Hindi | English
Message = Generate | Change | Describe | OfTheNumber

MESSAGES: Final[Mapping[str, type[Message]]] = {
    kind.keyword: kind
    for kind in (
        GenerateAsTaxpayer,
        GenerateAsTransporter,
        ChangeVehicle,
        Cancel,
        Reject,
        Describe,
        HandOver,
        Help,
        Stop,
        Confirm,
        Use,
        Hindi,
        English,
    )
}
"""Every message by its keyword, in the order HELP lists them."""


def fields_of(message: "Message | type[Message]") -> tuple[Field, ...]:
    """The fields of a message, in the order they are typed in."""
    return tuple(FIELDS[name] for name in message.__struct_fields__)


def example_of(kind: type[Message]) -> str:
    """An example of a message, as it is typed."""
    return " ".join([kind.keyword, *(field.example for field in fields_of(kind))])


class Misread(NamedTuple):
    """A text that is no message, or a message with a field at fault: the first fault there is.

    `keyword` is None when the keyword is what is wrong, `field` a name in `FIELDS` or None when it
    is no single field; `written` is what stands there, in the plain spelling of `sms.spelling`.
    `code` is a key of `validators.errors.FAULTS`, PASSWORD_FORMAT or OWN_GSTIN.
    """

    keyword: str | None
    field: str | None
    written: str
    code: str
