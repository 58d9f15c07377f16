"""Documents out of CSV: one row each, or rows in succession that are lines of one invoice."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from gateway.upload.csv_cells import CellUnreadable, shown
from gateway.upload.csv_columns import LINES_FIELD, Column, columns_of
from gateway.upload.csv_rows import Row, Sheet, open_sheet
from gateway.upload.documents import Document, Kind, Skip, Unreadable

ROWS_MAX: Final = 5000
"""Rows of one document; what goes on for longer is refused, in pieces of this size."""

FAULTS_MAX: Final = 100
"""As many of a document are reported as the gateway reports."""

_PARTY: Final = re.compile(r"[0-9A-Za-z]{15}|URP").fullmatch

Key = tuple[str, str]
"""Supplier and document number: what makes rows one document."""
_BLANK: Final[Key] = ("", "")


class CsvReading(NamedTuple):
    """A document, and the rows it was written in."""

    document: Document
    rows: list[Row]


@dataclass(slots=True)
class _Group:
    """Rows in succession that are one document."""

    key: Key | None
    rows: list[Row] = field(default_factory=list)
    in_pieces: bool = False
    """Whether the document has more rows than these."""


class CsvDocuments:
    """The documents of a CSV file."""

    def __init__(self, path: Path, encoding: str, kind: Kind) -> None:
        """Raises FileRefused naming what is wrong with the header."""
        self._path = path
        self._encoding = encoding
        self._kind = kind
        with path.open(encoding=encoding, newline="") as file:
            sheet = open_sheet(file)
        self.header = sheet.header
        self.delimiter = sheet.delimiter
        self._columns = columns_of(sheet.header, kind)
        names = [column.name if column else None for column in self._columns]
        self._key_columns = [
            names.index(name) for name in ("supplier_gstin", "document_number") if name in names
        ]
        self._has_lines = any(column is not None and column.of_line for column in self._columns)

    def readings(self, skip: Skip) -> Iterator[CsvReading]:
        """The documents in the order of the file, without those to skip."""
        with self._path.open(encoding=self._encoding, newline="") as file:
            end = 0
            for group in self._groups(open_sheet(file)):
                first, last = group.rows[0], group.rows[-1]
                lines = last.line + last.lines - 1 - end
                end += lines
                if skip(first.line, lines):
                    continue
                yield CsvReading(self._document(group, lines), group.rows)

    def _groups(self, sheet: Sheet) -> Iterator[_Group]:
        group: _Group | None = None
        for row in sheet.rows:
            if row.blank:
                continue
            key = self._key(row)
            if group is None:
                group = _Group(key, [row])
            elif not self._goes_on(group.key, key):
                yield group
                group = _Group(key, [row])
            else:
                # After a row whose document is not known comes a row of perhaps the same one.
                key = _merged(group.key, key)
                if len(group.rows) == ROWS_MAX:
                    group.in_pieces = True
                    yield group
                    group = _Group(key, [], in_pieces=True)
                group.key = key
                group.rows.append(row)
        if group is not None:
            yield group

    def _key(self, row: Row) -> Key | None:
        """Which document a row is of; None when a row that is at fault does not say."""
        cells = [row.cells[at].strip() for at in self._key_columns if at < len(row.cells)]
        supplier, number = cells if len(cells) == 2 else _BLANK
        key = (supplier.upper(), number)
        sound = row.fault is None and not self._surplus(row)
        if sound or (_PARTY(supplier) and number) or (len(cells) == 2 and key == _BLANK):
            return key
        return None

    def _goes_on(self, before: Key | None, key: Key | None) -> bool:
        if not self._has_lines or len(self._key_columns) < 2:
            return False
        if before is None or key is None:
            return True
        return all(new in ("", old) for new, old in zip(key, before, strict=True))

    def _surplus(self, row: Row) -> bool:
        return any(map(str.strip, row.cells[len(self._columns) :]))

    def _document(self, group: _Group, lines: int) -> Document:
        reader = _GroupReader(self._columns, self.header, self.delimiter == ";")
        for row in group.rows:
            if row.fault:
                reader.faults.append(Unreadable(row.line, None, row.fault))
            elif self._surplus(row):
                reader.faults.append(
                    Unreadable(
                        row.line,
                        None,
                        f"has {len(row.cells)} cells, the header {len(self._columns)}: a cell "
                        f"with {shown(self.delimiter)} in it needs quotes",
                    )
                )
            else:
                reader.take(row)
        first = group.rows[0].line
        if group.in_pieces:
            reason = f"is of a document of more than {ROWS_MAX} rows"
            reader.faults.append(Unreadable(first, None, reason))
        if reader.faults:
            return Document(first, lines, b"", tuple(reader.faults[:FAULTS_MAX]))
        document = reader.document
        if reader.goods:
            document[LINES_FIELD[self._kind]] = reader.goods
        return Document(first, lines, orjson.dumps(document))


class _GroupReader:
    """Puts the cells of a document's rows where they belong."""

    def __init__(self, columns: list[Column | None], header: list[str], semicolons: bool) -> None:
        self._columns = columns
        self._header = header
        self._semicolons = semicolons
        self._said: dict[str, tuple[Any, int]] = {}
        self._rows = 0
        self.document: dict[str, Any] = {}
        self.goods: list[dict[str, Any]] = []
        self.faults: list[Unreadable] = []

    def take(self, row: Row) -> None:
        """Reads the next row, appending the faults of its cells."""
        line_of_goods: dict[str, Any] = {}
        faults_before = len(self.faults)
        for number, (column, cell) in enumerate(zip(self._columns, row.cells, strict=False), 1):
            written = cell.strip()
            if not written:
                continue
            title = self._header[number - 1].strip()
            if column is None:
                if not title:
                    reason = f"{shown(written)} is in a column without a name"
                    self.faults.append(Unreadable(row.line, str(number), reason))
                continue
            try:
                value = column.read(written, self._semicolons)
            except CellUnreadable as error:
                self.faults.append(Unreadable(row.line, f"{number} {title}", str(error)))
                continue
            if column.of_line:
                _put(line_of_goods, column.path, value)
            else:
                self._say(row, f"{number} {title}", column, value)
        if line_of_goods:
            self.goods.append(line_of_goods)
        elif self._rows and len(self.faults) == faults_before:
            self.faults.append(
                Unreadable(row.line, None, "is of the document above and has no line of goods")
            )
        self._rows += 1

    def _say(self, row: Row, title: str, column: Column, value: Any) -> None:
        said, line = self._said.setdefault(column.name, (value, row.line))
        if said == value:
            _put(self.document, column.path, value)
            return
        reason = f"{shown(str(value))} contradicts {shown(str(said))} of line {line}"
        self.faults.append(Unreadable(row.line, title, reason))


def _merged(before: Key | None, key: Key | None) -> Key | None:
    if before is None or key is None:
        return key
    return (key[0] or before[0], key[1] or before[1])


def _put(into: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        into = into.setdefault(name, {})
    into[path[-1]] = value
