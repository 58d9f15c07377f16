"""CSV files: headers, delimiters, rows to documents, and what a bad row costs."""

import csv
import json
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upload.csv_columns import COLUMNS, IGNORED, columns_of, kind_of, plain
from gateway.upload.csv_documents import FAULTS_MAX, ROWS_MAX, CsvDocuments
from gateway.upload.csv_rows import open_sheet
from gateway.upload.documents import FileRefused, Kind
from gateway.upload.source import open_source
from validators.ins06 import GoodsLine, Ins06, SupplierContact

HEADER = (
    "supplier_gstin,document_number,document_date,supply_type,description,hsn_code,quantity,"
    "taxable_value,total_value"
)
GSTIN = "27AAPFU0939F1ZV"


def row(number: str, **cells: str) -> str:
    usual = {"supplier_gstin": GSTIN, "document_number": number, "document_date": "2026-11-21",
             "supply_type": "B2B", "description": "Rods", "hsn_code": "7214", "quantity": "1",
             "taxable_value": "10", "total_value": "10"} | cells  # fmt: skip
    return ",".join(usual.values())


def read(tmp_path: Path, *rows: str, header: str = HEADER) -> list[tuple[int, Any]]:
    """The line of each document, and what it says, or why it cannot be sent."""
    path = tmp_path / "sales.csv"
    path.write_text("\n".join([header, *rows]), newline="")
    documents = CsvDocuments(path, "utf-8", Kind.INVOICES)
    return [
        (document.line, list(map(str, document.unreadable)) or json.loads(document.body))
        for document, _ in documents.readings(lambda *_: False)
    ]


def lines_of(read: list[tuple[int, Any]]) -> list[tuple[int, str | None, int]]:
    return [
        (line, None, len(said))
        if isinstance(said, list)
        else (line, said["document_number"], len(said["lines"]))
        for line, said in read
    ]


def test_rows_in_succession_are_lines_of_one_invoice(tmp_path: Path) -> None:
    blank = row("", supplier_gstin="", document_date="", supply_type="", total_value="")
    found = read(tmp_path, row("A"), row("A"), blank, row("B"), "", ",,,,,,,,", row("A"))
    assert lines_of(found) == [(2, "A", 3), (5, "B", 1), (8, "A", 1)]


def test_a_contradiction_is_of_its_invoice_alone(tmp_path: Path) -> None:
    found = read(tmp_path, row("A"), row("A", document_date="22/11/2026"), row("B"))
    assert found[0] == (
        2,
        ["line 3, column 3 document_date: '2026-11-22' contradicts '2026-11-21' of line 2"],
    )
    assert lines_of(found)[1] == (4, "B", 1)
    same = read(tmp_path, row("A"), row("A", document_date="21/11/2026"))
    assert lines_of(same) == [(2, "A", 2)]


def test_a_row_without_goods_is_no_line(tmp_path: Path) -> None:
    bare = row("A", description="", hsn_code="", quantity="", taxable_value="")
    assert read(tmp_path, row("A"), bare)[0][1] == [
        "line 3: is of the document above and has no line of goods"
    ]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row("B", description='"Rods "hot""'), "written twice"),
        (row("B", description='"Rods'), "quote is not closed"),
        (row("B", description="Rods, hot"), "has 10 cells, the header 9"),
        (row("B", quantity="1E+3"), "column 7 quantity: '1E+3' is a number a spreadsheet"),
    ],
)
def test_a_bad_row_costs_its_own_invoice(tmp_path: Path, bad: str, reason: str) -> None:
    found = read(tmp_path, row("A"), bad, row("C"), row("D"))
    assert lines_of(found) == [(2, "A", 1), (3, None, 1), (4, "C", 1), (5, "D", 1)]
    assert reason in found[1][1][0]
    assert found[1][1][0].startswith("line 3")
    # Its other lines, before and after, are of no use without it.
    found = read(tmp_path, row("A"), row("B"), bad, row("B"), row("C"))
    assert lines_of(found) == [(2, "A", 1), (3, None, 1), (6, "C", 1)]


def test_a_row_that_does_not_tell_its_document_costs_its_neighbours(tmp_path: Path) -> None:
    bad = row("B", supplier_gstin='"Traders "of" steel"')
    found = read(tmp_path, row("A"), row("B"), bad, row("B"), row("C"))
    assert lines_of(found) == [(2, "A", 1), (3, None, 1), (6, "C", 1)]


def test_a_quote_never_closed_does_not_swallow_the_file(tmp_path: Path) -> None:
    many = [row(f"N{number}") for number in range(500)]
    found = read(tmp_path, row("B", description='"Rods'), *many)
    assert lines_of(found)[0] == (2, None, 1)
    assert lines_of(found)[1:] == [(number + 3, f"N{number}", 1) for number in range(500)]


def test_line_ends_within_quotes_count(tmp_path: Path) -> None:
    found = read(tmp_path, row("A", description='"hot\nrolled\r\nrods"'), row("B"))
    assert lines_of(found) == [(2, "A", 1), (5, "B", 1)]
    assert found[0][1]["lines"][0]["description"] == "hot\nrolled\r\nrods"


def test_short_rows_are_blank_at_their_end(tmp_path: Path) -> None:
    found = read(tmp_path, row("A").rsplit(",", 1)[0], row("B") + ",,")
    assert "total_value" not in found[0][1]
    assert lines_of(found) == [(2, "A", 1), (3, "B", 1)]


def test_of_many_faults_a_hundred_are_told(tmp_path: Path) -> None:
    found = read(tmp_path, *([row("A", quantity="many")] * 1000))
    assert [line for line, _ in found] == [2]
    assert len(found[0][1]) == FAULTS_MAX


def test_a_column_without_a_name_may_hold_nothing(tmp_path: Path) -> None:
    found = read(tmp_path, row("A") + ",", row("B") + ",x", header=HEADER + ",")
    assert lines_of(found) == [(2, "A", 1), (3, None, 1)]
    assert found[1][1] == ["line 3, column 10: 'x' is in a column without a name"]


def test_a_document_without_end_is_refused_in_pieces(tmp_path: Path) -> None:
    found = read(tmp_path, *([row("A")] * (ROWS_MAX + 5)), row("B"))
    assert [line for line, said in found] == [2, ROWS_MAX + 2, ROWS_MAX + 7]
    assert "of more than 5000 rows" in found[0][1][0]
    assert "of more than 5000 rows" in found[1][1][0]
    assert lines_of(found)[2][1] == "B"


CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=30
)


class Dialect(NamedTuple):
    delimiter: str
    encoding: str
    line_end: str
    quoting: Literal[0, 1]
    says_its_delimiter: bool


DIALECTS = st.builds(
    Dialect,
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.booleans(),
)


@given(st.lists(CELLS, min_size=1, max_size=5), DIALECTS)
def test_whatever_spreadsheets_write_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, descriptions: list[str], dialect: Dialect
) -> None:
    path = tmp_path_factory.mktemp("csv") / "sales.csv"
    with path.open("w", encoding=dialect.encoding, newline="") as file:
        if dialect.says_its_delimiter:
            file.write(f"sep={dialect.delimiter}{dialect.line_end}")
        writer = csv.writer(
            file,
            delimiter=dialect.delimiter,
            lineterminator=dialect.line_end,
            quoting=dialect.quoting,
        )
        writer.writerow(HEADER.split(","))
        for number, description in enumerate(descriptions):
            sound = row(f"N{number}").split(",")
            writer.writerow([*sound[:4], description, *sound[5:]])
    source = open_source(path, None)
    assert source.kind is Kind.INVOICES
    documents = [reading.document for reading in source.documents.readings(lambda *_: False)]
    assert [document.unreadable for document in documents] == [()] * len(descriptions)
    said = [json.loads(document.body)["lines"][0].get("description") for document in documents]
    assert said == [description.strip() or None for description in descriptions]
    assert sum(document.lines for document in documents) <= source.lines


PRINTED_INV_1 = (
    "1. GSTIN|2. Legal Name|3. Trade name, if any|4. Address|5. Serial No. of Invoice|"
    "6. Date of Invoice|Details of Recipient (Billed to) Name|"
    "Details of Recipient (Billed to) Address|"
    "Details of Recipient (Billed to) State (name & code)|"
    "Details of Recipient (Billed to) GSTIN/Unique ID/Temp. ID, if available|Type of supply \u2013|"
    "Details of Consignee (Shipped to) Name|Details of Consignee (Shipped to) Address|"
    "Details of Consignee (Shipped to) State (name & code)|"
    "Details of Consignee (Shipped to) GSTIN/Unique ID/ Temp. ID, if available|"
    "Sr. No.|Description of Goods|HSN|Qty.|Unit|Price (per unit)|Total value|Discount, if any|"
    "Taxable value|CGST Rate|CGST Amt.|SGST Rate|SGST Amt.|IGST Rate|IGST Amt.|Cess Rate|"
    "Cess Amt.|Freight|Insurance|Packing and Forwarding Charges etc.|"
    "Total Invoice Value (In figure)|Total Invoice Value (In Words)|Name of the Signatory|"
    "Designation / Status"
)
PRINTED_INS_06 = (
    "A.1 GSTIN of Recipient|A.2 Place of Delivery|A.3 Invoice/Challan Number|"
    "A.4 Invoice/Challan Date|A.5 Value of Goods|A.6 HSN Code|A.7 Reason for Transportation|"
    "A.8 Transport Document Number|B. Vehicle Number"
)


def test_the_titles_of_the_forms_are_known() -> None:
    header = PRINTED_INV_1.split("|")
    found = columns_of(header, Kind.INVOICES)
    assert [column.name for column in found if column] == [
        column.name for column in sorted(COLUMNS[Kind.INVOICES], key=found.index)
    ]
    assert kind_of(header) is Kind.INVOICES
    header = ["GSTIN of Supplier", "distance_km", *PRINTED_INS_06.split("|")]
    bill = columns_of(header, Kind.EWAY_BILLS)
    assert [column.name for column in bill if column][2:] == [
        *("recipient_gstin", "place_of_delivery", "document_number", "document_date"),
        *("value_of_goods", "hsn_code", "reason_code", "transport_document_number"),
        "vehicle_number",
    ]
    assert kind_of(header) is Kind.EWAY_BILLS


@pytest.mark.parametrize("kind", Kind)
def test_the_columns_are_documented(kind: Kind) -> None:
    page = (Path(__file__).parents[2] / "docs" / "uploading.md").read_text()
    _, _, table = page.partition(f"### Columns of {kind.title}\n\n")
    rows = [line.split("|") for line in table.partition("\n\n")[0].splitlines()[2:]]
    documented = [(name.strip(" `"), title.strip(), note) for _, name, title, note, _ in rows]
    assert [(name, title) for name, title, _ in documented] == [
        (column.name, column.titles[0] if column.titles else "") for column in COLUMNS[kind]
    ]
    for column, (_, _, note) in zip(COLUMNS[kind], documented, strict=True):
        assert ("needed" in note, "line of goods" in note) == (column.required, column.of_line)


def test_no_title_is_of_two_columns() -> None:
    for kind in Kind:
        titles = [plain(title) for column in COLUMNS[kind] for title in column.titles]
        assert len(titles) == len(set(titles))
    exact = columns_of([*HEADER.split(","), "total", *IGNORED], Kind.INVOICES)
    assert [column.name if column else None for column in exact[-4:]] == [
        *("total_value", "total"),
        *(None, None),
    ]
    with pytest.raises(FileRefused, match="total_value"):
        columns_of(HEADER.replace("total_value", "Total Value").split(","), Kind.INVOICES)


def test_the_columns_of_an_eway_bill_are_the_fields_of_its_form() -> None:
    fields = {field.name: field for field in msgspec.structs.fields(Ins06)}
    goods = {field.name for field in msgspec.structs.fields(GoodsLine)}
    contact = {field.name for field in msgspec.structs.fields(SupplierContact)}
    for column in COLUMNS[Kind.EWAY_BILLS]:
        if column.of_line:
            assert column.path[0] in goods
        elif len(column.path) == 2:
            assert column.path[0] == "supplier_contact"
            assert column.path[1] in contact
        else:
            assert column.required == fields[column.name].required
    plain_fields = {column.path[0] for column in COLUMNS[Kind.EWAY_BILLS] if not column.of_line}
    assert fields.keys() - plain_fields == {"goods", "exemption"}


def test_goods_of_an_eway_bill(tmp_path: Path) -> None:
    path = tmp_path / "bills.csv"
    header = [column.name for column in COLUMNS[Kind.EWAY_BILLS] if column.required]
    usual = [GSTIN, "URP", "560001", "INV-1", "21/11/2026", "75000", "7215", "Supply", "350"]
    goods = [["7215", "Rods", "1,000"], ["7216", "Bars", "2000"]]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*header, "goods_hsn_code", "goods_description", "goods_value"])
        writer.writerows([*usual, *line] for line in goods)
        writer.writerow([*usual[:3], "INV-2", *usual[4:], "", "", ""])
    source = open_source(path, None)
    first, second = (json.loads(each.document.body) for each in source.documents.readings(
        lambda *_: False))  # fmt: skip
    assert first["goods"] == [
        {"hsn_code": "7215", "description": "Rods", "value": "1000"},
        {"hsn_code": "7216", "description": "Bars", "value": "2000"},
    ]
    assert (first["reason_code"], first["distance_km"]) == (1, 350)
    assert "goods" not in second
    msgspec.convert(
        {**second, "value_of_goods": 1}, Ins06, dec_hook=lambda kind, value: kind(value)
    )


def test_rows_without_columns_of_goods_are_bills_each(tmp_path: Path) -> None:
    path = tmp_path / "bills.csv"
    path.write_text("irn,distance_km,vehicle_number\nabc,350,KA12AB1234\nabc,350,KA12AB1235\n")
    source = open_source(path, Kind.EWAY_BILLS)
    assert len(list(source.documents.readings(lambda *_: False))) == 2


def test_the_delimiter_is_what_separates_titles(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("GSTIN;Trade name, if any;Discount, if any;Packing, and, Forwarding, Charges\n")
    with path.open(newline="") as file:
        assert open_sheet(file).delimiter == ";"
