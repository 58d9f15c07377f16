"""Who a caller is, and what follows from it. A client belongs to exactly one person."""

from enum import StrEnum
from typing import Final

from msgspec import Struct

from validators.errors import Refusal
from validators.eway_bill import EwayBill
from validators.ins06 import Ins06


class Role(StrEnum):
    """The kinds of person a client may belong to."""

    TAXPAYER = "taxpayer"
    TRANSPORTER = "transporter"
    OFFICER = "officer"
    READER = "reader"
    SMS_PROVIDER = "sms-provider"
    COMMISSIONER = "commissioner"
    OPERATOR = "operator"


TRADERS: Final = frozenset({Role.TAXPAYER, Role.TRANSPORTER})
OFFICERS: Final = frozenset({Role.OFFICER})
READERS: Final = frozenset({Role.READER})
COMMISSIONERS: Final = frozenset({Role.COMMISSIONER})
OPERATORS: Final = frozenset({Role.OPERATOR})
TAG_UNMAPPERS: Final = TRADERS | {Role.OPERATOR}
TAG_READERS: Final = TRADERS | {Role.OFFICER, Role.OPERATOR}


class Person(Struct, frozen=True):
    """An authenticated person. `id` is the GSTIN or transporter id of a trader, else the id it was
    enrolled under; `client_id` is the credential it used."""

    client_id: str
    role: Role
    id: str
    state: str | None = None
    place: str | None = None


def require_role(person: Person, allowed: frozenset[Role]) -> None:
    """Raises Refusal ROLE_NOT_PERMITTED unless the person's role is among those allowed."""
    if person.role not in allowed:
        raise Refusal("ROLE_NOT_PERMITTED", f"this call is not for the role {person.role}")


def require_may_generate(person: Person, form: Ins06) -> None:
    """r1(1), r1(5): the supplier, the recipient or the named transporter may generate, the last
    also where neither of the others is registered, r1(1) second proviso. For an unregistered
    supplier it is the recipient, r1(1) Explanation 1; off the road only consignor or consignee,
    r1(1) Explanation 2. Raises Refusal ROLE_NOT_PERMITTED or NOT_A_PARTY."""
    require_role(person, TRADERS)
    if person.id in (form.supplier_gstin, form.recipient_gstin):
        return
    if person.id != form.transporter_id:
        raise Refusal(
            "NOT_A_PARTY", "you are neither supplier, recipient nor transporter of this document"
        )
    if form.mode != "ROAD":
        raise Refusal(
            "NOT_A_PARTY", "by rail, air or vessel only the consignor or the consignee may furnish"
        )


def is_party(person: Person, bill: EwayBill) -> bool:
    """Whether a trader is the supplier, recipient, present transporter or generator of a
    bill."""
    return person.role in TRADERS and person.id in (
        bill.part_a.supplier_gstin,
        bill.part_a.recipient_gstin,
        bill.transporter_id,
        bill.generated_by,
    )


def require_party(person: Person, bill: EwayBill | None) -> EwayBill:
    """A bill that is a person's to know. Raises Refusal EWAY_BILL_NOT_FOUND: nobody else learns it
    exists."""
    if bill is None or not is_party(person, bill):
        raise Refusal("EWAY_BILL_NOT_FOUND")
    return bill


def is_transporter(person: Person, bill: EwayBill) -> bool:
    """Whether a trader is the present transporter of a bill or, where it has none, carries the
    goods itself."""
    return person.role in TRADERS and person.id == bill.carrier


def may_see_on_vehicle(person: Person, bill: EwayBill) -> bool:
    """Whether a bill is shown to whoever asks what a vehicle carries: officers see all, a trader
    those it transports."""
    return person.role is Role.OFFICER or is_transporter(person, bill)


def may_read(person: Person, bill: EwayBill) -> bool:
    """r1(2), r1(6), r1(9), r3(1): the parties and every proper officer, of any State, r1(11);
    nobody else learns it exists."""
    return person.role is Role.OFFICER or is_party(person, bill)
