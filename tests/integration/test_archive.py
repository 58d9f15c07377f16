"""Old invoices leave the record for a file; their numbers stay taken, r2(2)."""

import json
import os
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.archive import ArchiveError, archive_invoices
from loadtest.invoices import invoices
from tests.documents import SUPPLIER, person
from tests.gateway_in_process import Gateway, TestClock

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

WHO = person(SUPPLIER)
UPLOADED = datetime(2026, 11, 21, 8, 35, 9, 123456, tzinfo=UTC)
KEPT_FROM = datetime(2026, 12, 1, tzinfo=UTC)
OLD_ENOUGH = KEPT_FROM + timedelta(days=30)


async def upload(gateway: Gateway, prefix: str, count: int = 3) -> list[dict[str, Any]]:
    body = b"\n".join(invoices(9, SUPPLIER, count, prefix=prefix))
    answer = await gateway.call(
        WHO,
        "POST",
        "/v1/invoices/bulk",
        content=body,
        headers={"Content-Type": "application/x-ndjson"},
    )
    return [json.loads(line) for line in answer.text.splitlines()]


async def archive(gateway: Gateway, directory: Path, at: datetime) -> list[tuple[str, int]]:
    database = gateway.services.database
    return [
        (done.partition, done.invoices)
        async for done in archive_invoices(database, date(2026, 12, 1), directory, at)
    ]


def lines_of(file: Path) -> list[dict[str, Any]]:
    with zstd.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


async def test_a_month_leaves_for_a_file_that_says_all_of_it(
    gateway: Gateway, clock: TestClock, tmp_path: Path
) -> None:
    clock.now = UPLOADED
    first = await upload(gateway, "OLD")
    clock.now = KEPT_FROM
    kept = await upload(gateway, "NEW")

    archived = await archive(gateway, tmp_path, OLD_ENOUGH)

    assert archived == [("invoice_2026_11_0000", 3)]
    # As they lie in the record: slices of one upload are stored side by side.
    written = lines_of(tmp_path / "invoice_2026_11_0000.ndjson.zst")
    written.sort(key=lambda line: str(line["document_number"]))
    assert [line["irn"] for line in written] == [line["irn"] for line in first[:3]]
    assert [line["document_number"] for line in written] == [
        f"OLD{number:08}" for number in (1, 2, 3)
    ]
    assert {datetime.fromisoformat(line["uploaded_at"]) for line in written} == {UPLOADED}
    for line in first[:3]:
        gone = await gateway.call(WHO, "GET", f"/v1/invoices/{line['irn']}")
        assert gone.json()["code"] == "INVOICE_NOT_FOUND"
    for line in kept[:3]:
        there = await gateway.call(WHO, "GET", f"/v1/invoices/{line['irn']}")
        assert there.status_code == 200

    again = await upload(gateway, "OLD")
    assert [line["code"] for line in again[:3]] == ["INVOICE_ARCHIVED"] * 3
    assert await archive(gateway, tmp_path, OLD_ENOUGH) == []


async def test_nothing_leaves_whose_reference_number_may_be_good(
    gateway: Gateway, clock: TestClock, tmp_path: Path
) -> None:
    clock.now = KEPT_FROM - timedelta(microseconds=1)
    await upload(gateway, "LAST")
    with pytest.raises(ArchiveError, match="not yet"):
        await archive(gateway, tmp_path, OLD_ENOUGH - timedelta(microseconds=1))
    assert await archive(gateway, tmp_path, OLD_ENOUGH) == [("invoice_2026_11_0000", 3)]


async def test_an_archive_that_broke_off_is_made_again(
    gateway: Gateway, clock: TestClock, tmp_path: Path
) -> None:
    clock.now = UPLOADED
    await upload(gateway, "OLD")
    # What a crash before the partition left may have put there.
    (tmp_path / "invoice_2026_11_0000.ndjson.unfinished").write_bytes(b"half")
    (tmp_path / "invoice_2026_11_0000.ndjson.zst").write_bytes(b"of another time")

    assert await archive(gateway, tmp_path, OLD_ENOUGH) == [("invoice_2026_11_0000", 3)]
    assert len(lines_of(tmp_path / "invoice_2026_11_0000.ndjson.zst")) == 3
    assert os.listdir(tmp_path) == ["invoice_2026_11_0000.ndjson.zst"]
