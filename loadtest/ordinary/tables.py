"""The tables, with indexes like those the gateway keeps."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Identity, LargeBinary, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

FIRST_EBN: Final = 100_000_000_001


class Base(DeclarativeBase):
    """Of every table."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own convention
        datetime: DateTime(timezone=True),
        Decimal: Numeric(15, 2),
    }


class EwayBill(Base):
    """An e-way bill; a document has one at most."""

    __tablename__ = "eway_bill"
    __table_args__ = (
        UniqueConstraint("supplier_gstin", "financial_year", "document_type", "document_number"),
    )

    ebn: Mapped[int] = mapped_column(BigInteger, Identity(start=FIRST_EBN), primary_key=True)
    status: Mapped[str]
    generated_by: Mapped[str]
    generated_at: Mapped[datetime]
    valid_until: Mapped[datetime]
    financial_year: Mapped[int]
    supplier_gstin: Mapped[str]
    recipient_gstin: Mapped[str] = mapped_column(index=True)
    place_of_dispatch: Mapped[str]
    place_of_delivery: Mapped[str]
    document_type: Mapped[str]
    document_number: Mapped[str]
    document_date: Mapped[date]
    value_of_goods: Mapped[Decimal]
    hsn_code: Mapped[str]
    reason_code: Mapped[int]
    transport_document_number: Mapped[str | None]
    mode: Mapped[str]
    distance_km: Mapped[int]
    vehicle_number: Mapped[str] = mapped_column(index=True)
    transporter_id: Mapped[str | None] = mapped_column(index=True)
    irn: Mapped[str | None]


class RfidTag(Base):
    """A tag and the vehicle it is on."""

    __tablename__ = "rfid_tag"

    tag: Mapped[str] = mapped_column(primary_key=True)
    vehicle_number: Mapped[str] = mapped_column(index=True)


class Invoice(Base):
    """An invoice, found by its reference number; a supplier uses a number once a year."""

    __tablename__ = "invoice"
    __table_args__ = (UniqueConstraint("supplier_gstin", "financial_year", "document_number"),)

    irn: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    uploaded_at: Mapped[datetime]
    supplier_gstin: Mapped[str]
    financial_year: Mapped[int]
    document_number: Mapped[str]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
