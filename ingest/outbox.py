"""What is owed to persons outside, written in the transaction of what it tells of, r1(6) proviso.

Whoever sends it (`sms/`) words it; only a reply is kept as it was worded.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from ingest import sms_limits
from ingest.database import Connection
from ingest.queries import SQL
from validators.eway_bill import EwayBill
from validators.identifiers import UNREGISTERED

REPLY = "REPLY"
INFORM_SUPPLIER = "INFORM_SUPPLIER"
ONE_TIME_PASSWORD = "ONE_TIME_PASSWORD"  # noqa: S105
"""Made when it is sent: see `ingest.sms_numbers.SmsNumbers.new_password`."""


class Line(StrEnum):
    """By which line a message goes: none waits behind one that can wait longer."""

    PASSWORDS = "passwords"
    REPLIES = "replies"
    OTHERS = "others"


class Owed(NamedTuple):
    """A message owed: not sent before `due_at`, pointless after `expires_at`.

    It is about a bill, or in a taxpayer's name, or it is a reply, with the claim it answers.
    """

    kind: str
    created_at: datetime
    due_at: datetime
    expires_at: datetime
    mobile: str | None
    email: str | None = None
    ebn: int | None = None
    gstin: str | None = None
    reply: bytes | None = None
    answers: tuple[str, str] | None = None


async def owe(connection: Connection, owed: Sequence[Owed]) -> None:
    """Keeps messages to be sent, inside the transaction of what they tell of."""
    if not owed:
        return
    rows = [
        (
            message.kind,
            message.mobile,
            message.email,
            message.ebn,
            message.gstin,
            message.reply,
            *(message.answers or (None, None)),
            message.created_at,
            message.due_at,
            message.expires_at,
        )
        for message in owed
    ]
    await connection.execute(SQL["owe_messages"], *zip(*rows, strict=True))


async def owe_suppliers(connection: Connection, bills: Sequence[EwayBill]) -> None:
    """r1(6) proviso: an unregistered supplier is told electronically, where a mobile number or an
    e-mail address is known."""
    told = [
        Owed(
            INFORM_SUPPLIER,
            created_at=bill.generated_at,
            due_at=bill.generated_at,
            expires_at=bill.generated_at + sms_limits.INFORMED_WITHIN,
            mobile=contact.mobile,
            email=contact.email,
            ebn=bill.ebn,
        )
        for bill in bills
        if (contact := bill.part_a.supplier_contact) and bill.part_a.supplier_gstin == UNREGISTERED
    ]
    await owe(connection, told)


async def take_back_replies(connection: Connection, answers: Sequence[tuple[str, str]]) -> None:
    """Replies to what was refused after all are not sent, by the claims they answer."""
    if answers:
        await connection.execute(SQL["take_back_replies"], *zip(*answers, strict=True))
