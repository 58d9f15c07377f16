"""E-way bills: generated, read, and asked for by a checkpoint."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from loadtest.ordinary.access import Checkpoint, Session, Trader
from loadtest.ordinary.fields import DocumentNumber, Gstin, Hsn, Party, Pin, Words, financial_year
from loadtest.ordinary.tables import EwayBill, RfidTag

router: Final = APIRouter()

_DAYS: Final = ((100, 1), (300, 3), (500, 5), (1000, 10))
"""r1(8): below so many kilometres, so many days."""
_DAYS_BEYOND: Final = 15
_BILLS_SHOWN: Final = 100
_INDIA: Final = timedelta(hours=5, minutes=30)


class Consignment(BaseModel):
    """FORM GST INS-06, Parts A and B."""

    model_config = ConfigDict(extra="forbid")

    supplier_gstin: Party
    recipient_gstin: Party
    place_of_dispatch: Pin
    place_of_delivery: Pin
    document_type: Literal["INVOICE", "BILL_OF_SUPPLY", "CHALLAN", "BILL_OF_ENTRY"]
    document_number: DocumentNumber
    document_date: date
    value_of_goods: Annotated[Decimal, Field(gt=0, max_digits=15, decimal_places=2)]
    hsn_code: Hsn
    reason_code: Annotated[int, Field(ge=0, le=8)]
    transport_document_number: Words | None = None
    mode: Literal["ROAD", "RAIL", "AIR", "VESSEL"]
    distance_km: Annotated[int, Field(ge=1, le=4000)]
    vehicle_number: Annotated[
        str, StringConstraints(pattern=r"^[A-Z]{2}[0-9]{2}[A-Z]{1,2}[0-9]{4}$")
    ]
    transporter_id: Gstin | None = None
    irn: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class Bill(BaseModel):
    """An e-way bill as its parties see it."""

    model_config = ConfigDict(from_attributes=True)

    ebn: int
    status: str
    generated_by: str
    generated_at: datetime
    valid_until: datetime
    supplier_gstin: str
    recipient_gstin: str
    place_of_dispatch: str
    place_of_delivery: str
    document_type: str
    document_number: str
    document_date: date
    value_of_goods: Decimal
    hsn_code: str
    reason_code: int
    transport_document_number: str | None
    mode: str
    distance_km: int
    vehicle_number: str
    transporter_id: str | None
    irn: str | None


class BillOnVehicle(BaseModel):
    """What a checkpoint sees of a bill."""

    model_config = ConfigDict(from_attributes=True)

    ebn: int
    status: str
    generated_at: datetime
    valid_until: datetime
    hsn_code: str
    value_of_goods: Decimal
    place_of_dispatch: str
    place_of_delivery: str


class Judgement(BaseModel):
    """Whether a vehicle may pass, and its live bills, newest first."""

    decision: Literal["PASS", "STOP"]
    vehicle_number: str | None
    items: list[BillOnVehicle]


@router.post("/v1/eway-bills", status_code=201, response_model=Bill)
async def generate(form: Consignment, trader: Trader, session: Session) -> EwayBill:
    """One bill a document, on disk when it is answered."""
    if trader.sub not in (form.supplier_gstin, form.recipient_gstin, form.transporter_id):
        raise HTTPException(403, "not a party of this consignment")
    at = datetime.now(UTC)
    if form.document_date > (at + _INDIA).date():
        raise HTTPException(422, "document_date is in the future")
    bill = EwayBill(
        **form.model_dump(),
        status="ACTIVE",
        generated_by=trader.sub,
        generated_at=at,
        valid_until=at + timedelta(days=_days(form.distance_km)),
        financial_year=financial_year(form.document_date),
    )
    try:
        async with session.begin():
            session.add(bill)
    except IntegrityError as error:
        raise HTTPException(409, "the document has an e-way bill already") from error
    return bill


@router.get("/v1/eway-bills/{ebn}", response_model=Bill)
async def read(ebn: int, trader: Trader, session: Session) -> EwayBill:
    """For the parties of the bill only."""
    bill = await session.get(EwayBill, ebn)
    if bill is None or trader.sub not in (
        bill.supplier_gstin,
        bill.recipient_gstin,
        bill.transporter_id,
    ):
        raise HTTPException(404, "no such e-way bill")
    return bill


@router.get("/v1/rfid/tags/{tag}/eway-bills")
async def judge(tag: str, checkpoint: Checkpoint, session: Session) -> Judgement:
    """By the vehicle the tag is on."""
    live = (
        select(RfidTag.vehicle_number, EwayBill)
        .join(EwayBill, EwayBill.vehicle_number == RfidTag.vehicle_number)
        .where(RfidTag.tag == tag, EwayBill.status == "ACTIVE")
        .where(EwayBill.valid_until >= datetime.now(UTC))
        .order_by(EwayBill.ebn.desc())
        .limit(_BILLS_SHOWN)
    )
    rows = (await session.execute(live)).all()
    return Judgement(
        decision="PASS" if rows else "STOP",
        vehicle_number=rows[0][0] if rows else None,
        items=[BillOnVehicle.model_validate(bill) for _, bill in rows],
    )


def _days(distance_km: int) -> int:
    return next((days for below, days in _DAYS if distance_km < below), _DAYS_BEYOND)
