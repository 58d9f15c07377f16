"""What README and docs name exists: files, tests, commands, settings, metrics, limits."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.client import arguments as client
from gateway.settings import Settings, variable
from validators.errors import PROBLEMS

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
TEXTS = {page.name: page.read_text() for page in PAGES}
EVERYTHING = "\n".join(TEXTS.values())
SOURCES = "\n".join(
    file.read_text()
    for room in ("validators", "ingest", "sms", "gateway", "loadtest")
    for file in (ROOT / room).rglob("*")
    if file.suffix in (".py", ".sql", ".lua")
)


@pytest.mark.parametrize("page", TEXTS)
def test_links_lead_somewhere(page: str) -> None:
    folder = ROOT if page in ("README.md", "CHANGELOG.md") else ROOT / "docs"
    links = re.findall(r"\]\((?!http)([^)#]+)", TEXTS[page])
    assert [link for link in links if not (folder / link).exists()] == []


def test_paths_exist() -> None:
    named = set(re.findall(r"[`( ]((?:docs|validators|ingest|gateway|sms|loadtest|tests)/[\w./-]*)",
                           EVERYTHING))  # fmt: skip
    missing = {path for path in named if not (ROOT / path.rstrip(".,")).exists()}
    assert named
    assert missing == set()


def test_commands_exist(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = re.findall(r"^    ([a-z-]+)", capsys.readouterr().out, re.MULTILINE)
    named = set(re.findall(r"(?:\./run|`gateway) ([a-z-]+)", EVERYTHING))
    assert named - {*commands, "check", "load", "bench"} == set()
    assert {"serve", "check", "enrol", "demo", "rebuild-hot-state"} <= named


def test_every_setting_is_documented_and_no_other() -> None:
    named = set(re.findall(r"GATEWAY_[A-Z_]+", EVERYTHING))
    of_clients = {client.URL, client.CLIENT_ID, client.CLIENT_SECRET}
    assert named == {variable(field.name) for field in fields(Settings)} | of_clients


def test_codes_and_metrics_exist() -> None:
    metrics = set(re.findall(r"gateway_[a-z_]+", EVERYTHING))
    assert {name for name in metrics if name.removesuffix("_total") not in SOURCES} == set()
    codes = set(re.findall(r"\b[A-Z]{3,}(?:_[A-Z]{2,})+\b", EVERYTHING))
    codes -= set(re.findall(r"GATEWAY_[A-Z_]+|LIFE_MODEL_[A-Z]+|SO_REUSEPORT", EVERYTHING))
    assert {code for code in codes if code not in PROBLEMS and code not in SOURCES} == set()


def test_the_rules_named_in_the_first_column_of_invariants_have_their_test() -> None:
    rows = [line for line in TEXTS["invariants.md"].splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) == 27
    assert all("`tests/" in row for row in rows)
