"""What is owed to persons outside, written with what it tells of; the SMS room sends it."""

from collections.abc import Sequence

from ingest.database import Connection
from ingest.queries import SQL
from validators.eway_bill import EwayBill
from validators.identifiers import UNREGISTERED

INFORM_SUPPLIER = "INFORM_SUPPLIER"


async def owe_suppliers(connection: Connection, bills: Sequence[EwayBill]) -> None:
    """r1(6) proviso: an unregistered supplier is told electronically, where a mobile number or an
    e-mail address is known."""
    told = [
        (INFORM_SUPPLIER, bill.ebn, contact.mobile, contact.email, bill.generated_at)
        for bill in bills
        if (contact := bill.part_a.supplier_contact) and bill.part_a.supplier_gstin == UNREGISTERED
    ]
    if told:
        await connection.execute(SQL["owe_messages"], *zip(*told, strict=True))
