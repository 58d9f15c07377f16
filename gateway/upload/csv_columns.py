"""The columns of a CSV file: our names, the titles the forms print, and where each one goes."""

import re
from dataclasses import dataclass
from typing import Final

from gateway.upload import csv_cells
from gateway.upload.csv_cells import Reader
from gateway.upload.documents import FileRefused, Kind

IGNORED: Final = ("refused_line", "refused_reason")
"""What a refused-lines file has more than the file it came from."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, the field of the document it fills, how its cells are read."""

    name: str
    path: tuple[str, ...]
    read: Reader
    titles: tuple[str, ...] = ()
    of_line: bool = False
    """Whether it is of a line of goods, and not of the document."""
    required: bool = False


def _column(
    name: str,
    read: Reader,
    *titles: str,
    path: str | None = None,
    line: bool = False,
    required: bool = False,
) -> Column:
    return Column(name, tuple((path or name).split(".")), read, titles, line, required)


def _party(name: str, *sections: str) -> tuple[Column, ...]:
    parts = (
        ("name", csv_cells.text, ("Name",)),
        ("address", csv_cells.text, ("Address",)),
        ("state_code", csv_cells.state_code, ("State (name & code)", "State", "State Code")),
        ("gstin", csv_cells.identifier,
         ("GSTIN/Unique ID/Temp. ID, if available", "GSTIN/Unique ID/Temp. ID",
          "GSTIN/Unique ID", "GSTIN")),
    )  # fmt: skip
    return tuple(
        _column(
            f"{name}_{part}",
            read,
            *(f"{section} {title}" for section in sections for title in titles),
            path=f"{name}.{part}",
        )
        for part, read, titles in parts
    )


def _tax(name: str, *titles: str) -> tuple[Column, ...]:
    return (
        _column(f"{name}_rate", csv_cells.amount, *(f"{title} Rate" for title in titles),
                path=f"{name}.rate", line=True),
        _column(f"{name}_amount", csv_cells.amount,
                *(f"{title} {amount}" for title in titles for amount in ("Amt.", "Amount")),
                path=f"{name}.amount", line=True),
    )  # fmt: skip


_INVOICE: Final = (
    _column("supplier_gstin", csv_cells.identifier, "GSTIN", path="supplier.gstin", required=True),
    _column("supplier_legal_name", csv_cells.text, "Legal Name", path="supplier.legal_name"),
    _column("supplier_trade_name", csv_cells.text, "Trade name, if any", "Trade name",
            path="supplier.trade_name"),
    _column("supplier_address", csv_cells.text, "Address", path="supplier.address"),
    _column("document_number", csv_cells.identifier, "Serial No. of Invoice", "Invoice Number",
            "Invoice No.", required=True),
    _column("document_date", csv_cells.day, "Date of Invoice", "Invoice Date", required=True),
    _column("supply_type", csv_cells.supply_type, "Type of supply", required=True),
    *_party("billed_to", "Details of Recipient (Billed to)", "Recipient", "Billed to"),
    *_party("shipped_to", "Details of Consignee (Shipped to)", "Consignee", "Shipped to"),
    _column("serial", csv_cells.integer, "Sr. No.", line=True),
    _column("description", csv_cells.text, "Description of Goods", line=True, required=True),
    _column("hsn_code", csv_cells.identifier, "HSN", line=True, required=True),
    _column("quantity", csv_cells.amount, "Qty.", line=True, required=True),
    _column("unit", csv_cells.text, line=True),
    _column("unit_price", csv_cells.amount, "Price (per unit)", "Price", line=True),
    _column("total", csv_cells.amount, "Total value", line=True),
    _column("discount", csv_cells.amount, "Discount, if any", line=True),
    _column("taxable_value", csv_cells.amount, line=True, required=True),
    *_tax("cgst", "CGST"),
    *_tax("sgst", "SGST"),
    *_tax("igst", "IGST"),
    *_tax("cess", "Cess"),
    _column("freight", csv_cells.amount),
    _column("insurance", csv_cells.amount),
    _column("packing_forwarding", csv_cells.amount, "Packing and Forwarding Charges etc.",
            "Packing and Forwarding Charges"),
    _column("total_value", csv_cells.amount, "Total Invoice Value (In figure)",
            "Total Invoice Value", required=True),
    _column("total_in_words", csv_cells.text, "Total Invoice Value (In Words)"),
    _column("signatory_name", csv_cells.text, "Name of the Signatory", path="signatory.name"),
    _column("signatory_designation", csv_cells.text, "Designation / Status", "Designation",
            path="signatory.designation"),
)  # fmt: skip

_EWAY_BILL: Final = (
    _column("supplier_gstin", csv_cells.identifier, "GSTIN of Supplier", required=True),
    _column("recipient_gstin", csv_cells.identifier, "GSTIN of Recipient", required=True),
    _column("place_of_dispatch", csv_cells.identifier),
    _column("place_of_delivery", csv_cells.identifier, required=True),
    _column("document_type", csv_cells.word),
    _column("document_number", csv_cells.identifier, "Invoice/Challan Number", required=True),
    _column("document_date", csv_cells.day, "Invoice/Challan Date", required=True),
    _column("value_of_goods", csv_cells.amount, required=True),
    _column("hsn_code", csv_cells.identifier, required=True),
    _column("reason_code", csv_cells.reason_code, "Reason for Transportation", required=True),
    _column("transport_document_number", csv_cells.identifier),
    _column("mode", csv_cells.word, "Mode of Transport"),
    _column("distance_km", csv_cells.integer, "Distance", required=True),
    _column("distance_to_transporter_km", csv_cells.integer),
    _column("over_dimensional", csv_cells.yes_or_no),
    _column("vehicle_number", csv_cells.identifier),
    _column("transporter_id", csv_cells.identifier),
    _column("irn", csv_cells.identifier, "Invoice Reference Number", "Invoice Reference No."),
    _column("supplier_contact_mobile", csv_cells.identifier, path="supplier_contact.mobile"),
    _column("supplier_contact_email", csv_cells.text, path="supplier_contact.email"),
    _column("goods_hsn_code", csv_cells.identifier, path="hsn_code", line=True),
    _column("goods_description", csv_cells.text, path="description", line=True),
    _column("goods_value", csv_cells.amount, path="value", line=True),
)

COLUMNS: Final = {Kind.INVOICES: _INVOICE, Kind.EWAY_BILLS: _EWAY_BILL}
LINES_FIELD: Final = {Kind.INVOICES: "lines", Kind.EWAY_BILLS: "goods"}
"""Where the lines of goods of a document are."""


def plain(title: str) -> str:
    """A title without case, spaces, punctuation and the form's numbering, to compare."""
    words = re.sub(r"[\W_]+", " ", title.casefold()).strip()
    return re.sub(r"^(?:a [0-9] |b (?=vehicle)|[1-6] )", "", words)


def _named(kind: Kind) -> dict[str, Column]:
    named = {plain(title): column for column in COLUMNS[kind] for title in column.titles}
    for column in COLUMNS[kind]:
        named.setdefault(plain(column.name), column)
    return named


_NAMED: Final = {kind: _named(kind) for kind in Kind}
_EXACT: Final = {kind: {column.name: column for column in COLUMNS[kind]} for kind in Kind}


def columns_of(header: list[str], kind: Kind) -> list[Column | None]:
    """The column of each cell of a header; None for one to pass over.

    Raises FileRefused naming the column that is unknown, doubled or missing.
    """
    found: list[Column | None] = []
    written: dict[str, str] = {}
    for number, title in enumerate(header, 1):
        column = _find(title, kind)
        if column is None:
            if title.strip() and plain(title) not in map(plain, IGNORED):
                raise FileRefused(
                    f"header, column {number}: {title.strip()!r} is no column of {kind.title} "
                    "(docs/uploading.md lists them)"
                )
        elif column.name in written:
            raise FileRefused(
                f"header, column {number}: {title.strip()!r} is {column.name}, which "
                f"{written[column.name]!r} is already"
            )
        else:
            written[column.name] = title.strip()
        found.append(column)
    # An invoice that is named by its number says Part A itself, r2(3).
    missing = [
        column
        for column in COLUMNS[kind]
        if column.required and column.name not in written and "irn" not in written
    ]
    if missing:
        names = ", ".join(
            column.name + (f" ({column.titles[0]})" if column.titles else "") for column in missing
        )
        raise FileRefused(f"header: {kind.title} need these columns too: {names}")
    return found


def kind_of(header: list[str]) -> Kind | None:
    """What a header is of: the one kind whose columns it has, or else that it has most of.

    None when that does not tell.
    """
    fitting = [kind for kind in Kind if _fits(header, kind)]
    if fitting:
        return fitting[0] if len(fitting) == 1 else None
    known = {kind: sum(_find(title, kind) is not None for title in header) for kind in Kind}
    best = max(known, key=lambda kind: known[kind])
    return best if list(known.values()).count(known[best]) == 1 else None


def _fits(header: list[str], kind: Kind) -> bool:
    try:
        columns_of(header, kind)
    except FileRefused:
        return False
    return True


def _find(title: str, kind: Kind) -> Column | None:
    # `total_value` is of the invoice, while "Total value" is the form's title of a line's.
    return _EXACT[kind].get(title.strip().casefold()) or _NAMED[kind].get(plain(title))
