"""Old invoices leave the record for a file; their numbers stay taken, r2(2)."""

import asyncio
import json
import os
import sys
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ingest import limits
from ingest.archive import ArchiveError, archive_invoices
from loadtest.invoices import invoices
from tests.documents import SUPPLIER, person
from tests.gateway_in_process import Gateway, TestClock
from tests.waiting import until

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

WHO = person(SUPPLIER)
UPLOADED = datetime(2026, 11, 21, 8, 35, 9, 123456, tzinfo=UTC)
KEPT_FROM = datetime(2026, 12, 1, tzinfo=UTC)
OLD_ENOUGH = KEPT_FROM + timedelta(days=30)
NOVEMBER = "invoice_2026_11_0000"
OF_NOVEMBER = f"{NOVEMBER}.ndjson.zst"


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
    gateway: Gateway, clock: TestClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ARCHIVE_INVOICES_AT_ONCE", 2)
    clock.now = UPLOADED
    first = await upload(gateway, "OLD")
    clock.now = KEPT_FROM
    kept = await upload(gateway, "NEW")

    archived = await archive(gateway, tmp_path, OLD_ENOUGH)

    assert archived == [(NOVEMBER, 3)]
    # As they lie in the record: slices of one upload are stored side by side.
    written = lines_of(tmp_path / OF_NOVEMBER)
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
    assert await archive(gateway, tmp_path, OLD_ENOUGH) == [(NOVEMBER, 3)]


async def test_an_archive_that_broke_off_is_made_again(
    gateway: Gateway, clock: TestClock, tmp_path: Path
) -> None:
    clock.now = UPLOADED
    await upload(gateway, "OLD")
    # What a crash before the partition left may have put there.
    (tmp_path / f"{NOVEMBER}.ndjson.unfinished").write_bytes(b"half")
    (tmp_path / OF_NOVEMBER).write_bytes(b"of another time")

    assert await archive(gateway, tmp_path, OLD_ENOUGH) == [(NOVEMBER, 3)]
    assert len(lines_of(tmp_path / OF_NOVEMBER)) == 3
    assert os.listdir(tmp_path) == [OF_NOVEMBER]


async def test_a_directory_is_made_with_those_above_it(
    gateway: Gateway, clock: TestClock, tmp_path: Path
) -> None:
    clock.now = UPLOADED
    await upload(gateway, "OLD")
    directory = tmp_path / "of" / "invoices"
    assert await archive(gateway, directory, OLD_ENOUGH) == [(NOVEMBER, 3)]
    assert os.listdir(directory) == [OF_NOVEMBER]


async def test_one_run_at_a_time(gateway: Gateway, clock: TestClock, tmp_path: Path) -> None:
    clock.now = UPLOADED
    await upload(gateway, "OLD")
    clock.now = KEPT_FROM
    await upload(gateway, "NEW")
    january, at = date(2027, 1, 1), OLD_ENOUGH + timedelta(days=31)
    database = gateway.services.database
    async with aclosing(archive_invoices(database, january, tmp_path, at)) as run:
        assert (await anext(run)).partition == NOVEMBER
        with pytest.raises(ArchiveError, match="already"):
            await archive(gateway, tmp_path, at)
    again = [done async for done in archive_invoices(database, january, tmp_path, at)]
    assert [(done.partition, done.invoices) for done in again] == [("invoice_2026_12_0000", 3)]


async def test_the_file_of_a_partition_that_is_gone_stays_as_it_is(
    gateway: Gateway, clock: TestClock, tmp_path: Path, dsn: str
) -> None:
    clock.now = UPLOADED
    await upload(gateway, "OLD")
    clock.now = KEPT_FROM
    await upload(gateway, "NEW")
    january, at = date(2027, 1, 1), OLD_ENOUGH + timedelta(days=31)
    good = tmp_path / "invoice_2026_12_0000.ndjson.zst"
    good.write_bytes(b"all there is")
    run = archive_invoices(gateway.services.database, january, tmp_path, at)
    async with aclosing(run):
        assert (await anext(run)).partition == NOVEMBER
        connection = await asyncpg.connect(dsn)
        await connection.execute("SELECT drop_invoice_partition('invoice_2026_12_0000')")
        await connection.close()
        assert [done async for done in run] == []
    assert good.read_bytes() == b"all there is"
    assert sorted(os.listdir(tmp_path)) == [OF_NOVEMBER, good.name]


async def test_an_empty_partition_leaves_without_a_file(
    gateway: Gateway, clock: TestClock, tmp_path: Path, dsn: str
) -> None:
    clock.now = UPLOADED
    await upload(gateway, "OLD")
    connection = await asyncpg.connect(dsn)
    await connection.execute("DELETE FROM invoice")
    await connection.close()
    database = gateway.services.database
    (done,) = [
        done async for done in archive_invoices(database, date(2026, 12, 1), tmp_path, OLD_ENOUGH)
    ]
    assert done == (NOVEMBER, 0, None)
    assert os.listdir(tmp_path) == []
    assert await archive(gateway, tmp_path, OLD_ENOUGH) == []


async def test_a_full_disk_takes_nothing(
    gateway: Gateway, clock: TestClock, tmp_path: Path
) -> None:
    clock.now = UPLOADED
    await upload(gateway, "OLD")
    unfinished = tmp_path / f"{NOVEMBER}.ndjson.unfinished"
    unfinished.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        await archive(gateway, tmp_path, OLD_ENOUGH)
    unfinished.unlink()
    assert await archive(gateway, tmp_path, OLD_ENOUGH) == [(NOVEMBER, 3)]


async def test_a_partition_in_use_stays_until_it_is_free(
    gateway: Gateway, clock: TestClock, tmp_path: Path, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = UPLOADED
    await upload(gateway, "OLD")
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE invoice IN ACCESS SHARE MODE")
            with monkeypatch.context() as once:
                once.setattr(limits, "ARCHIVE_TRIES_MAX", 1)
                once.setattr(limits, "ARCHIVE_PAUSE_SECONDS", 0)
                with pytest.raises(ArchiveError, match="in use"):
                    await archive(gateway, tmp_path, OLD_ENOUGH)
            assert len(lines_of(tmp_path / OF_NOVEMBER)) == 3
            os.remove(tmp_path / OF_NOVEMBER)
            run = asyncio.create_task(archive(gateway, tmp_path, OLD_ENOUGH))
            await until((tmp_path / OF_NOVEMBER).exists)
        assert await run == [(NOVEMBER, 3)]
    finally:
        await connection.close()
