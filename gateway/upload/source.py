"""The user's file: what it holds, whether it can be read, and by what it is known again."""

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from gateway.upload.csv_columns import kind_of
from gateway.upload.csv_documents import CsvDocuments
from gateway.upload.csv_rows import open_sheet
from gateway.upload.documents import FileRefused, Kind
from gateway.upload.ndjson import NdjsonDocuments
from ingest.limits import BULK_LINE_BYTES_MAX

_CHUNK_BYTES: Final = 1024 * 1024
_HEAD_BYTES: Final = 8

_NOT_TEXT: Final = {
    b"PK\x03\x04": "is an Excel or ZIP file: save it as CSV",
    b"\xd0\xcf\x11\xe0": "is an Excel workbook: save it as CSV",
    b"\x1f\x8b": "is compressed: unpack it",
    b"(\xb5/\xfd": "is compressed: unpack it",
}


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be sent."""

    path: Path
    kind: Kind
    documents: CsvDocuments | NdjsonDocuments
    encoding: str | None
    """Of a CSV file; None for NDJSON."""
    size_bytes: int
    sha256: str
    lines: int


def open_source(path: Path, kind: Kind | None) -> Source:
    """Looks at a file, all of it once.

    Raises FileRefused when it cannot be sent as it is, or when `kind` is None and what it holds
    cannot be told.
    """
    if not path.is_file():
        raise FileRefused(f"{path} is not a file")
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        for signature, what in _NOT_TEXT.items():
            if head.startswith(signature):
                raise FileRefused(f"{path} {what}")
        file.seek(0)
        first = file.readline(BULK_LINE_BYTES_MAX).removeprefix(codecs.BOM_UTF8)
        while first.isspace():
            first = file.readline(BULK_LINE_BYTES_MAX)
    if first.lstrip().startswith(b"["):
        raise FileRefused(f"{path} is a JSON array: write one document a line, without brackets")
    if not first or first.lstrip().startswith(b"{"):
        size, sha256, lines = _look_through(path, None)
        if first:
            kind = kind or _kind_of_document(path, first)
        if kind is None:
            raise FileRefused(f"{path} is empty")
        return Source(path, kind, NdjsonDocuments(path), None, size, sha256, lines)
    encoding = _encoding(head)
    if encoding == "utf-16" and first.decode(encoding, "ignore").lstrip().startswith(("{", "[")):
        raise FileRefused(f"{path} is JSON in UTF-16: save it as UTF-8")
    size, sha256, lines = _look_through(path, encoding)
    try:
        kind = kind or _kind_of_sheet(path, encoding)
        documents = CsvDocuments(path, encoding, kind)
    except FileRefused as refused:
        raise FileRefused(f"{path}: {refused}") from refused
    return Source(path, kind, documents, encoding, size, sha256, lines)


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"


def _look_through(path: Path, encoding: str | None) -> tuple[int, str, int]:
    """The size, digest and lines of a file, whose text must be of the encoding if one is given."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder(encoding)() if encoding else None
    size = lines = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            lines += chunk.count(b"\n")
            if decoder is not None:
                _decode(path, decoder, chunk)
        if decoder is not None:
            _decode(path, decoder, b"", final=True)
        if size:
            file.seek(-1, 2)
            lines += file.read() != b"\n"
    return size, digest.hexdigest(), lines


def _decode(
    path: Path, decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False
) -> None:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        raise FileRefused(_undecodable(path, error)) from error


def _undecodable(path: Path, error: UnicodeDecodeError) -> str:
    if error.encoding.startswith("utf-8"):
        with path.open("rb") as file:
            number = 0
            while line := file.readline(BULK_LINE_BYTES_MAX):
                number += 1
                try:
                    line.decode()
                except UnicodeDecodeError as here:
                    column = len(line[: here.start].decode()) + 1
                    return (
                        f"{path}: line {number}, character {column}: byte "
                        f"0x{line[here.start]:02X} is not UTF-8; save the file as CSV UTF-8"
                    )
    return f"{path}: is not {error.encoding}: {error.reason}; save the file as CSV UTF-8"


_OF_INVOICE: Final = {"lines", "supplier", "billed_to", "supply_type"}
_OF_EWAY_BILL: Final = {"recipient_gstin", "value_of_goods", "reason_code", "distance_km"}


def _kind_of_document(path: Path, line: bytes) -> Kind:
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if line.strip() == b"{":
            raise FileRefused(
                f"{path}: line 1: a document must be on one line, and its end is not here"
            ) from error
        document = None
    fields = set(document) if isinstance(document, dict) else set()
    invoice, eway_bill = bool(fields & _OF_INVOICE), bool(fields & _OF_EWAY_BILL)
    if invoice == eway_bill:
        raise FileRefused(
            f"{path}: its first document does not tell what it is: say --kind invoices or "
            "--kind eway-bills"
        )
    return Kind.INVOICES if invoice else Kind.EWAY_BILLS


def _kind_of_sheet(path: Path, encoding: str) -> Kind:
    with path.open(encoding=encoding, newline="") as file:
        header = open_sheet(file).header
    kind = kind_of(header)
    if kind is None:
        raise FileRefused(
            "its header does not tell what it is: say --kind invoices or --kind eway-bills"
        )
    return kind
