"""A CSV file as rows with their line numbers; a row that cannot be read costs only itself."""

import csv
from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple, TextIO

from gateway.upload.csv_columns import COLUMNS, plain
from gateway.upload.documents import FileRefused

DELIMITERS: Final = (",", ";", "\t")
LINE_CHARACTERS_MAX: Final = 1024 * 1024
ROW_LINES_MAX: Final = 100
"""A quoted cell may hold line ends; one that is never closed must not swallow the file."""

_KNOWN: Final = {
    plain(title)
    for columns in COLUMNS.values()
    for column in columns
    for title in (column.name, *column.titles)
}


class Row(NamedTuple):
    """One row: where it begins, how many lines it takes, and its cells.

    A row with a fault has the cells that could be made out of its first line.
    """

    line: int
    lines: int
    cells: list[str]
    fault: str | None = None

    @property
    def blank(self) -> bool:
        return self.fault is None and not any(map(str.strip, self.cells))


class Sheet(NamedTuple):
    """A CSV file that has been opened: its header, and its rows to come."""

    header: list[str]
    delimiter: str
    rows: Iterator[Row]


def open_sheet(file: TextIO) -> Sheet:
    """Reads the header. The file must have been opened with `newline=""`.

    Raises FileRefused when there is no header to be read.
    """
    lines = _Lines(file)
    first = next(lines, "")
    delimiter = None
    if first.lower().startswith("sep=") and first[4:5] in DELIMITERS:  # Excel's own way to say it.
        delimiter = first[4]
        first = next(lines, "")
    delimiter = delimiter or _delimiter(first)
    lines.give_back()
    rows = _rows(lines, delimiter)
    header = next(rows, None)
    if header is None or header.blank:
        raise FileRefused("the file has no header: its first line must name the columns")
    if header.fault:
        raise FileRefused(f"line {header.line}: the header cannot be read: {header.fault}")
    return Sheet(header.cells, delimiter, rows)


def _delimiter(header: str) -> str:
    """What separates most of the titles we know."""

    def known(delimiter: str) -> int:
        return sum(plain(title) in _KNOWN for title in _leniently(header, delimiter))

    return max(DELIMITERS, key=known)


class _Lines(Iterator[str]):
    """The lines of a file, of which the last ones taken can be given back."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._given_back: deque[str] = deque()
        self.taken: list[str] = []
        self.line = 1
        """The number of the first line taken."""

    def __next__(self) -> str:
        if len(self.taken) == ROW_LINES_MAX:
            raise csv.Error("a quote is not closed")
        line = self._given_back.popleft() if self._given_back else self._read()
        self.taken.append(line)
        return line

    def _read(self) -> str:
        line = self._file.readline(LINE_CHARACTERS_MAX)
        if len(line) == LINE_CHARACTERS_MAX:
            number = self.line + len(self.taken)
            raise FileRefused(f"line {number} is longer than {LINE_CHARACTERS_MAX} characters")
        if not line:
            raise StopIteration
        return line

    def pass_on(self) -> None:
        """What was taken is done with."""
        self.line += len(self.taken)
        self.taken.clear()

    def give_back(self, keep: int | None = None) -> None:
        """Gives back what was taken: all but the first `keep`, or only the last."""
        keep = len(self.taken) - 1 if keep is None else keep
        self._given_back.extendleft(reversed(self.taken[max(keep, 0) :]))
        del self.taken[max(keep, 0) :]
        self.pass_on()


def _rows(lines: _Lines, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            first, line = lines.taken[0], lines.line
            lines.give_back(keep=1)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            yield Row(line, 1, _leniently(first, delimiter), _reason(error))
        else:
            row = Row(lines.line, len(lines.taken), cells)
            lines.pass_on()
            yield row


def _leniently(line: str, delimiter: str) -> list[str]:
    """The cells of one line, whatever its quotes."""
    if not line:
        return []
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter))
    except csv.Error:
        return line.rstrip("\r\n").split(delimiter)


def _reason(error: csv.Error) -> str:
    said = str(error)
    if "expected after" in said:
        return "a quote is not closed, or one within the cell is not written twice"
    if "unexpected end" in said or "field larger" in said or "not closed" in said:
        return "a quote is not closed"
    return said
