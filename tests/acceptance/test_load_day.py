"""A short day of everybody, by Locust in several processes: no answer is wrong, the record agrees;
and a record that was tampered with does not."""

import asyncio
import os
from pathlib import Path

import asyncpg
import pytest

from loadtest.day import coherence
from loadtest.day.__main__ import asked, play
from loadtest.day.journal import acknowledged
from loadtest.gateway import serving

PROFILE = """
distances_km = [99, 100, 1000]
persons = { transporters = 1, erps = 1, dealers = 1, lanes = 1, sms_numbers = 50 }
shapes = { steady = [[0, 1], [1, 1]] }

[users]
erp = { weight = 1, a_second = 4, tasks = { burst = 1, again = 1 }, burst_documents = 5 }
lane = { weight = 1, a_second = 9, tasks = { ask = 1, read = 1, stranger = 1 }, lorries = 2 }
sms = { weight = 1, a_second = 9, tasks = { generate = 2, change_vehicle = 1, cancel = 1 } }
dealer = { weight = 1, a_second = 2, tasks = { upload = 1 }, upload_lines = 20 }

[users.transporter]
weight = 2
a_second = 20
tasks = { generate = 3, transfer = 1, cancel = 1, accept = 1, look_up = 1, sign_in_again = 0.1 }
"""
CANCEL = "UPDATE eway_bill SET cancelled_at = now() WHERE ebn = $1"
RESTORE = "UPDATE eway_bill SET cancelled_at = NULL WHERE ebn = $1"
DOUBLE = """
CREATE TEMPORARY TABLE doubled AS SELECT * FROM eway_bill WHERE ebn = $1;
UPDATE doubled SET ebn = 1 + (SELECT max(ebn) FROM eway_bill);
INSERT INTO eway_bill SELECT * FROM doubled
"""
REMOVE = "DELETE FROM eway_bill WHERE ebn = $1"


@pytest.mark.slow
def test_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)
    profile, report = tmp_path / "profile.toml", tmp_path / "report.html"
    profile.write_text(PROFILE)
    run = ("--users", "12", "--seconds", "3", "--processes", "2")
    options = asked([*run, "--profile", str(profile), "--report", str(report)])
    with serving(tmp_path / "gateway", 1) as gateway:
        code = play(gateway, tmp_path, options)
        said = capfd.readouterr().out
        assert code == 0, said
        assert said.endswith("coherent\nno call failed\n")
        told = acknowledged(tmp_path)
        # Two Locust workers, each with its journal, and every kind of change.
        assert len(told.series) == 2
        for change in ("cancelled", "accepted", "verified"):
            assert any(getattr(bill, change) for bill in told.bills.values()), change
        names = ("generate", "SMS EWBG", "SMS EWBV", "conveyances", "read", "upload", "look up")
        written = report.read_text()
        assert [name for name in names if name not in written] == []

        ebn = next(ebn for ebn, bill in told.bills.items() if not bill.cancelled)

        def found(*tampering: str) -> list[str]:
            """What is wrong when a bill has been tampered with behind the gateway."""
            asyncio.run(_tamper(gateway.postgres_dsn, ebn, tampering))
            return asyncio.run(coherence.check(tmp_path)).wrong

        cancelled = found(CANCEL)
        assert f"{ebn} has cancelled True, and False was answered, in PostgreSQL" in cancelled
        # Redis still has it as it was answered.
        assert any(words.startswith(f"{ebn} is told as") for words in cancelled)
        assert found(RESTORE) == []
        assert f"document {told.bills[ebn].document_number} has 2 bills" in found(
            *DOUBLE.split(";")
        )
        assert f"{ebn} was acknowledged and is not in PostgreSQL" in found(REMOVE)


async def _tamper(postgres_dsn: str, ebn: int, statements: tuple[str, ...]) -> None:
    """As somebody with the keys to the record might: past the triggers that guard it."""
    connection = await asyncpg.connect(postgres_dsn)
    try:
        await connection.execute("SET session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement.replace("$1", str(ebn)))
    finally:
        await connection.close()
