"""Rows of PostgreSQL and values of Redis: e-way bills both ways, Parts A as rows."""

from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec

from validators.eway_bill import DocumentKey, EwayBill, HandOver, Move, PartA, key_of
from validators.ins06 import GoodsLine, Ins06, SupplierContact
from validators.lane import Stay
from validators.money import decode_hook, encode_hook
from validators.part_a import PendingPartA

LAYOUT: Final = 4
"""Rises with every change to the fields of EwayBill, PartA, Stay or what they hold, so that after
an upgrade no values are read that an older version left and that would be misunderstood. Workers of
two versions do not run together: each drops the keys of its own layout only."""


_encoder: Final = msgspec.msgpack.Encoder(enc_hook=encode_hook)
_decoder: Final = msgspec.msgpack.Decoder(EwayBill, dec_hook=decode_hook)
_goods: Final = msgspec.json.Decoder(list[GoodsLine], dec_hook=decode_hook)
_form: Final = msgspec.json.Decoder(Ins06, dec_hook=decode_hook)
_contact: Final = msgspec.json.Decoder(SupplierContact)
_moves: Final = msgspec.json.Decoder(tuple[Move, ...])
_hand_overs: Final = msgspec.json.Decoder(tuple[HandOver, ...])


def hot_value(bill: EwayBill) -> bytes:
    """The bill as Redis keeps it."""
    return _encoder.encode(bill)


def bill_of_hot_value(value: bytes) -> EwayBill:
    """The bill a value of Redis says."""
    return _decoder.decode(value)


def _json(value: object) -> str | None:
    return (
        None
        if value is None or value == ()
        else msgspec.json.encode(value, enc_hook=encode_hook).decode()
    )


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def new_row(bill: EwayBill, document: DocumentKey) -> tuple[Any, ...]:
    """A `new_eway_bill` of the record; its instants are seconds since 1970."""
    part_a = bill.part_a
    return (
        bill.ebn,
        bill.rulebook,
        bill.generated_by,
        bill.generated_at.timestamp(),
        bill.valid_until.timestamp(),
        _seconds(bill.acceptance_until),
        bill.required,
        bill.clause,
        part_a.supplier_gstin,
        part_a.recipient_gstin,
        part_a.place_of_dispatch,
        part_a.place_of_delivery,
        part_a.document_type,
        part_a.document_number,
        part_a.document_date,
        part_a.value_paise,
        part_a.hsn_code,
        part_a.reason_code,
        part_a.transport_document_number,
        part_a.mode,
        part_a.distance_km,
        part_a.distance_to_transporter_km,
        part_a.transporter_id,
        _json(part_a.goods),
        _json(part_a.supplier_contact),
        bill.vehicle_number,
        _seconds(bill.vehicle_since),
        document.financial_year,
        document.digest,
        bill.furnished_by,
        bill.over_dimensional,
        bill.renewed_from,
        _seconds(bill.first_generated_at),
        bill.first_ebn,
        _seconds(bill.verified_at),
        bytes.fromhex(part_a.irn) if part_a.irn else None,
    )


def changed_row(bill: EwayBill, before: EwayBill) -> tuple[Any, ...]:
    """A `changed_eway_bill` of the record."""
    document = key_of(bill)
    return (
        bill.ebn,
        bill.version,
        bill.cancelled_at,
        bill.cancelled_by,
        bill.cancellation_reason,
        bill.decision,
        bill.decided_at,
        bill.decision_remark,
        bill.verified_at,
        bill.renewed_to,
        bill.renewed_at,
        bill.vehicle_number,
        bill.vehicle_since,
        bill.handed_to,
        bill.consolidated_number,
        _json(bill.moves),
        _json(bill.hand_overs),
        before.vehicle_number,
        document.financial_year,
        document.digest,
        before.on_vehicle_since,
    )


def bill_of(row: asyncpg.Record) -> EwayBill:
    """The bill a row of `eway_bill` says."""
    return EwayBill(
        row["ebn"],
        row["version"],
        row["rulebook"],
        row["generated_by"],
        row["generated_at"],
        row["valid_until"],
        row["acceptance_until"],
        row["required"],
        row["clause"],
        PartA(
            row["supplier_gstin"],
            row["recipient_gstin"],
            row["place_of_dispatch"],
            row["place_of_delivery"],
            row["document_type"],
            row["document_number"],
            row["document_date"],
            row["value_paise"],
            row["hsn_code"],
            row["reason_code"],
            row["transport_document_number"],
            row["mode"],
            row["distance_km"],
            row["distance_to_transporter_km"],
            row["transporter_id"],
            _goods.decode(row["goods"]) if row["goods"] else None,
            _contact.decode(row["supplier_contact"]) if row["supplier_contact"] else None,
            row["irn"].hex() if row["irn"] else None,
        ),
        row["vehicle_number"],
        row["vehicle_since"],
        row["cancelled_at"],
        row["cancelled_by"],
        row["cancellation_reason"],
        row["decision"],
        row["decided_at"],
        row["decision_remark"],
        row["verified_at"],
        row["furnished_by"],
        row["over_dimensional"],
        row["renewed_from"],
        row["first_generated_at"],
        row["first_ebn"],
        row["renewed_to"],
        row["renewed_at"],
        row["handed_to"],
        row["consolidated_number"],
        _moves.decode(row["moves"]) if row["moves"] else (),
        _hand_overs.decode(row["hand_overs"]) if row["hand_overs"] else (),
    )


def stay_of_row(row: asyncpg.Record) -> Stay:
    """The stay a row of `stays_on_vehicles` says."""
    return Stay(
        row["ebn"],
        row["since"],
        row["until"],
        row["valid_until"],
        row["cancelled_at"],
        row["renewed_at"],
        row["renewed_to"],
        row["verified"],
        row["consolidated_number"],
        row["hsn_code"],
        row["value_paise"],
        row["place_of_dispatch"],
        row["place_of_delivery"],
    )


def part_a_row(part_a: PendingPartA, document: DocumentKey) -> tuple[Any, ...]:
    """The parameters of `furnish_part_a` for one Part A, in their order."""
    return (
        part_a.reference,
        part_a.furnished_by,
        part_a.furnished_at,
        part_a.lapses_at,
        part_a.transporter_id,
        msgspec.json.encode(part_a.form, enc_hook=encode_hook).decode(),
        part_a.rulebook,
        document.financial_year,
        document.digest,
    )


def part_a_of(row: asyncpg.Record) -> PendingPartA:
    """The Part A a row of `part_a` says."""
    return PendingPartA(
        row["reference"],
        row["furnished_by"],
        row["furnished_at"],
        row["lapses_at"],
        row["transporter_id"],
        _form.decode(row["form"]),
        row["rulebook"],
        row["ebn"],
        row["withdrawn_at"],
        row["given_up_at"],
    )
