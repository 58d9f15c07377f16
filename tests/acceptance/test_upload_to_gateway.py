"""`gateway upload` to a gateway: a spreadsheet mended, a long file through kills on both sides."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import uvloop

from gateway.servers.process import until
from gateway.upload.csv_columns import COLUMNS
from gateway.upload.documents import Kind
from loadtest.invoices import invoices
from tests.documents import SUPPLIER
from tests.gateway_processes import (
    BOUND_S,
    REPOSITORY,
    GatewayProcess,
    command_environment,
    gateway_process,
    kill,
    run_command,
)
from validators.inv1 import Inv1, InvoiceLine, Place, Signatory, Supplier

pytestmark = pytest.mark.slow

SHEET = """\
GSTIN;Legal Name;Address;Serial No. of Invoice;Date of Invoice;Type of supply;billed_to_name;\
billed_to_address;billed_to_state_code;billed_to_gstin;serial;Description of Goods;HSN;Qty.;unit;\
Price (per unit);Total value;taxable_value;CGST Rate;CGST Amt.;SGST Rate;SGST Amt.;total_value;\
total_in_words;Name of the Signatory;Designation / Status
{gstin};Umbrella;Mumbai;S/1;20/11/2026;B to B;Pune Traders;Pune;27;{gstin};1;Rods;7215;10;KGS;\
1,00,000.00;10,00,000.00;10,00,000.00;9;90,000.00;9;90,000.00;12,39,000.00;twelve lakh;A Kumar;Head
;;;;;;;;;;2;Bars;7214;1;KGS;50,000.00;50,000.00;50,000.00;9;4,500.00;9;4,500.00;;;;
{gstin};Umbrella;Mumbai;S/2;31/11/2026;B to B;Pune Traders;Pune;27;{gstin};1;Rods;7215;10;KGS;\
1,00,000.00;10,00,000.00;10,00,000.00;9;90,000.00;9;90,000.00;11,80,000.00;eleven;A Kumar;Head
{gstin};Umbrella;Mumbai;S/3;20/11/2026;B to B;Pune Traders;Pune;27;{gstin};1;Rods;721;10;KGS;\
1,00,000.00;10,00,000.00;10,00,000.00;9;90,000.00;9;90,000.00;11,80,000.00;eleven;A Kumar;Head
""".replace("{gstin}", SUPPLIER)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with gateway_process(tmp_path_factory.mktemp("upload") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def credentials(gateway: GatewayProcess) -> Path:
    file = gateway.data_dir.parent / "supplier.json"
    enrolled = run_command(
        "enrol", "taxpayer", "--id", SUPPLIER, "--data-dir", str(gateway.data_dir)
    )
    file.write_text(enrolled.stdout)
    return file


def flags(gateway: GatewayProcess, credentials: Path, file: Path) -> list[str]:
    url = f"http://{gateway.host}:{gateway.port}"
    return ["upload", str(file), "--url", url, "--credentials", str(credentials)]


def answers_of(file: Path) -> list[dict[str, Any]]:
    lines = Path(f"{file}.answers.ndjson").read_text().splitlines()[1:]
    return sorted(map(json.loads, lines), key=lambda answer: int(answer["line"]))


def invoices_on_record(gateway: GatewayProcess, prefix: str) -> int:
    async def count() -> int:
        connection = await asyncpg.connect(gateway.postgres_dsn)
        try:
            return int(
                await connection.fetchval(
                    "SELECT count(*) FROM invoice_claim JOIN invoice USING (invoice_id)"
                    " WHERE number LIKE $1",
                    f"{prefix}%",
                )
            )
        finally:
            await connection.close()

    return uvloop.run(count())


def test_a_spreadsheet_is_sent_mended_and_sent_again(
    gateway: GatewayProcess, credentials: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sales.csv"
    sheet.write_bytes(b"\xef\xbb\xbf" + SHEET.replace("\n", "\r\n").encode())

    first = run_command(*flags(gateway, credentials, sheet))

    assert first.returncode == 3, first.stderr
    answers = answers_of(sheet)
    assert [(answer["line"], answer["status"]) for answer in answers] == [
        (2, 201),
        (4, 422),
        (5, 422),
    ]
    assert "31/11/2026" in answers[1]["detail"]
    assert [fault["pointer"] for fault in answers[2]["errors"]] == ["/lines/0/hsn_code"]

    refused = tmp_path / "sales.csv.refused.csv"
    mended = refused.read_text().replace("31/11/2026", "30/10/2026").replace(";721;", ";7215;")
    refused.write_text(mended)
    second = run_command(*flags(gateway, credentials, refused))

    assert second.returncode == 0, second.stderr
    assert [answer["status"] for answer in answers_of(refused)] == [201, 201]
    assert invoices_on_record(gateway, "S/") == 3


def test_the_sheet_of_the_readme_is_taken(
    gateway: GatewayProcess, credentials: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sales.csv"
    # Under numbers of its own: the other sheet has these.
    sheet.write_text((REPOSITORY / "docs" / "sales.csv").read_text().replace("S/", "R/"))
    done = run_command(*flags(gateway, credentials, sheet))
    assert done.returncode == 0, done.stderr
    assert invoices_on_record(gateway, "R/") == 2


def test_a_long_file_survives_kills_of_its_client_and_of_a_worker(
    gateway: GatewayProcess, credentials: Path, tmp_path: Path
) -> None:
    count = 30_000
    file = tmp_path / "long.ndjson"
    with file.open("wb") as lines:
        lines.writelines(line + b"\n" for line in invoices(31, SUPPLIER, count, prefix="K"))
    journal = Path(f"{file}.answers.ndjson")
    command = [sys.executable, "-m", "gateway", *flags(gateway, credentials, file)]

    def answered() -> int:
        return journal.read_bytes().count(b"\n") - 1 if journal.exists() else 0

    sent = subprocess.Popen(
        [*command, "--connections", "2"], cwd=REPOSITORY, env=command_environment()
    )
    assert until(lambda: answered() > 2000, BOUND_S)
    assert until(kill(gateway.workers[0]), BOUND_S)
    killed_at = answered()
    # The client goes on by itself, with the worker that is left or with the one that follows.
    assert until(lambda: answered() > killed_at + 2000, BOUND_S)
    sent.kill()
    sent.wait()
    before = answered()
    assert before < count

    done = run_command(*flags(gateway, credentials, file))

    assert done.returncode == 0, done.stderr
    answers = answers_of(file)
    assert [answer["line"] for answer in answers] == list(range(1, count + 1))
    assert {answer["status"] for answer in answers} <= {200, 201}
    assert len({answer["irn"] for answer in answers}) == count
    assert invoices_on_record(gateway, "K") == count


def test_the_columns_of_a_sheet_are_the_fields_of_the_form() -> None:
    nested = {"supplier": Supplier, "billed_to": Place, "shipped_to": Place, "signatory": Signatory}
    fields = set(InvoiceLine.__struct_fields__) - {"cgst", "sgst", "igst", "cess"}
    fields |= {
        f"{tax}_{part}" for tax in ("cgst", "sgst", "igst", "cess") for part in ("rate", "amount")
    }
    for name in set(Inv1.__struct_fields__) - {"lines"}:
        part = nested.get(name)
        fields |= {f"{name}_{field}" for field in part.__struct_fields__} if part else {name}
    assert {column.name for column in COLUMNS[Kind.INVOICES]} == fields
