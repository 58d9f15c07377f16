"""docs/sms-messages.md has every message, field, code and text as the code has it."""

import ast
from pathlib import Path

from sms.messages import MESSAGES, TranType, example_of, fields_of
from sms.spelling import TEXT_CHARACTERS_MAX
from sms.wording.english import ENGLISH
from sms.wording.hindi import HINDI
from sms.wording.said import SEPTETS_MAX, UNITS_MAX

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sms-messages.md").read_text(encoding="utf-8")


def table(first_heading: str) -> list[list[str]]:
    """The rows of the table whose first column is headed so, as their cells."""
    lines = PAGE.splitlines()
    begin = next(at for at, line in enumerate(lines) if line.startswith(f"| {first_heading} |"))
    rows = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line[1:-1].split("|")])
    return rows


def test_every_message_has_its_row() -> None:
    expected = []
    for keyword, kind in MESSAGES.items():
        names = [field.name for field in fields_of(kind)]
        if keyword == "HELP":
            names = [f"[{name}]" for name in names]
        expected.append([f"`{' '.join([keyword, *names])}`", f"`{example_of(kind)}`"])
    assert [row[:2] for row in table("message")] == expected


def test_every_message_has_its_test() -> None:
    for row, keyword in zip(table("message"), MESSAGES, strict=True):
        path, _, name = row[4].strip("`").partition("::")
        functions = {
            node.name: ast.get_source_segment((ROOT / path).read_text(encoding="utf-8"), node)
            for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef)
        }
        assert name == f"test_{keyword.lower()}"
        assert "understood(" in (functions[name] or "")


def test_every_answer_named_is_a_text() -> None:
    answers = [name.strip("` ") for row in table("message") for name in row[3].split(",")]
    assert set(answers) <= ENGLISH.keys()
    assert len(answers) >= len(MESSAGES)


def test_every_field_has_its_row() -> None:
    fields = [field for kind in MESSAGES.values() for field in fields_of(kind)]
    expected = [[field.name, f"`{field.example}`"] for field in dict.fromkeys(fields)]
    assert [row[:2] for row in table("field")] == expected


def test_every_tran_type_has_its_row() -> None:
    expected = [[each.value, str(each.reason_code)] for each in TranType]
    assert [[row[0], row[2]] for row in table("code")] == expected


def test_every_text_has_its_row() -> None:
    expected = [[f"`{name}`", ENGLISH[name], HINDI[name]] for name in ENGLISH]
    assert table("name") == expected


def test_the_limits_are_those_of_the_code() -> None:
    assert f"more than {TEXT_CHARACTERS_MAX} characters" in PAGE
    assert f"at most {SEPTETS_MAX} septets" in PAGE
    assert f"at most {UNITS_MAX} units" in PAGE
