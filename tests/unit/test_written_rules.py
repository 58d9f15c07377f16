"""docs/rules.md has every rule in its order; what it names exists, and names the rule as well."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "rules.md"
NOT_YET = "not yet"

SOURCE = """
    r1(1) | r1(1)(i) | r1(1)(ii) | r1(1)(iii) | r1(1)(a) | r1(1)(b) | r1(1) first proviso
    | r1(1) second proviso | r1(1) third proviso | r1(1) Explanation 1 | r1(1) Explanation 2
    | r1(2) | r1(3) | r1(3) proviso | r1(4) | r1(5) | r1(6) | r1(6) proviso
    | r1(7) | r1(7) Facilitation Centre | r1(7) proviso
    | r1(8) | r1(8) first proviso | r1(8) second proviso | r1(8) Explanation
    | r1(9) | r1(10) | r1(11) | r1(12) | r1(12)(a) | r1(12)(b) | r1(12)(c) | r1(12) Explanation
    | r2(1)(a) | r2(1)(b) | r2(2) | r2(3) | r2(4) | r2(5)
    | r3(1) | r3(2) | r3(3) | r3(3) proviso | r4(1) | r4(2) | r5
    | Annexure 1 | Annexure 2
    | INS-06 A.1 | INS-06 A.2 | INS-06 A.3 | INS-06 A.4 | INS-06 A.5 | INS-06 A.6 | INS-06 A.7
    | INS-06 A.8 | INS-06 B | INS-07 | INS-08 Part A | INS-08 Part B | INS-09 | INV-1
    | distance | cancellation | acceptance | value | financial year | expiry
"""
"""The rules, the annexures, the forms and the boundary cases, in the order of their source."""
RULES = [" ".join(label.split()) for label in SOURCE.split("|")]

_CITED = re.compile(
    r"\br[1-5](?:\(\d+\))?(?:\([a-z]+\))?"
    r"(?: (?:first |second |third )?proviso\b| Explanation(?: \d)?| Facilitation Centre)?"
    r"|\bAnnexure \d|\bIN[SV]-\d+"
)
_SUB_RULE = re.compile(r"r\d(?:\(\d+\))?")
_NAMED = re.compile(r"`([\w/.]+\.py)::([\w.]+)`")


class Row(NamedTuple):
    """A row of the table; the places are pairs of file and qualified name."""

    rule: str
    says: str
    where: tuple[tuple[str, str], ...]
    proof: tuple[tuple[str, str], ...]

    @property
    def not_yet(self) -> bool:
        return NOT_YET in self.says.lower()


def rows_of(page: str) -> list[Row]:
    rows = []
    for line in page.splitlines():
        if not line.startswith("|") or line.startswith(("| rule |", "|---")):
            continue
        _, rule, says, where, proof, _ = (cell.strip() for cell in line.split("|"))
        said = " ".join([says, *(re.sub(r"`[^`]*::[^`]*`", "", cell) for cell in (where, proof))])
        rows.append(Row(rule, said, named(where), named(proof)))
    return rows


def named(cell: str) -> tuple[tuple[str, str], ...]:
    return tuple((path, name) for path, name in _NAMED.findall(cell))


class Definition(NamedTuple):
    """A function, method or class: its docstring, with that of its class."""

    docstring: str
    is_test: bool


@cache
def definitions(path: str) -> dict[str, Definition]:
    """What a file defines, by qualified name; nothing if there is no such file."""
    file = ROOT / path
    return dict(_defined(ast.parse(file.read_text()), "", "")) if file.is_file() else {}


def _defined(
    node: ast.Module | ast.ClassDef, prefix: str, above: str
) -> Iterator[tuple[str, Definition]]:
    for each in node.body:
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        docstring = f"{above} {ast.get_docstring(each) or ''}"
        is_class = isinstance(each, ast.ClassDef)
        yield prefix + each.name, Definition(docstring, not is_class and each.name[:5] == "test_")
        if isinstance(each, ast.ClassDef):
            yield from _defined(each, f"{prefix}{each.name}.", docstring)


def cited(text: str) -> set[str]:
    return set(_CITED.findall(" ".join(text.split())))


def is_row(rule: str, rows: list[str]) -> bool:
    """Whether a rule is a row, or has its parts there: r3 is r3(1), r3(2) and r3(3)."""
    part = re.compile(rf"{re.escape(rule)}($|[ (])")
    if rule.endswith("proviso") or "Explanation" in rule:
        return rule in rows
    return any(part.match(row) for row in rows)


def docstrings(path: Path) -> Iterator[str]:
    """Those of module, classes and functions, and those written under an attribute."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Expr(value=ast.Constant(value=str() as text)):
                yield text


ROWS = rows_of(PAGE.read_text())
BUILT = [row for row in ROWS if row.where and row.rule[0] == "r"]


def test_every_rule_is_a_row_in_the_order_of_the_source() -> None:
    assert [row.rule for row in ROWS] == RULES


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_what_a_row_names_exists(row: Row) -> None:
    for path, name in row.where:
        assert path.split("/")[0] in ("validators", "ingest", "gateway", "sms"), path
        assert name in definitions(path), f"{path}::{name}"
    for path, name in row.proof:
        assert path.startswith("tests/"), path
        found = definitions(path).get(name)
        assert found is not None, f"{path}::{name}"
        assert found.is_test, f"{path}::{name}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_a_row_has_a_function_and_a_test_or_says_not_yet(row: Row) -> None:
    assert (row.where and row.proof) or row.not_yet
    assert bool(row.where) == bool(row.proof)


def test_nothing_else_is_written_like_a_place() -> None:
    """A place with a slip in it is not passed over."""
    written = PAGE.read_text().count("::")
    assert written == sum(len(row.where) + len(row.proof) for row in ROWS)


@pytest.mark.parametrize("row", BUILT, ids=lambda row: row.rule)
def test_every_function_of_a_row_names_its_sub_rule(row: Row) -> None:
    sub_rule = _SUB_RULE.match(row.rule)
    assert sub_rule is not None
    of_it = re.compile(rf"{re.escape(sub_rule[0])}($|[ (])")
    for path, name in row.where:
        told = cited(definitions(path)[name].docstring)
        assert any(of_it.match(rule) for rule in told), f"{path}::{name} names {sorted(told)}"


@pytest.mark.parametrize("room", ["validators", "ingest"])
def test_every_rule_a_docstring_names_is_a_row(room: str) -> None:
    texts = {path: list(docstrings(path)) for path in sorted((ROOT / room).rglob("*.py"))}
    found = {(path.name, rule) for path in texts for text in texts[path] for rule in cited(text)}
    assert len(found) > 10
    rules = [row.rule for row in ROWS]
    assert {(name, rule) for name, rule in found if not is_row(rule, rules)} == set()


def test_a_citation_is_read_whole() -> None:
    text = (
        "r3, r1(8) second\n    proviso: INS-06, r1(12)(a). (r1(1) Explanation 2) Annexure 1, r1(7)"
    )
    assert cited(text) == {
        "r3", "r1(8) second proviso", "INS-06", "r1(12)(a)", "r1(1) Explanation 2", "Annexure 1",
        "r1(7)",
    }  # fmt: skip
    for rule in ("r3", "r1", "r5", "INS-06", "r1(12)(a)", "r1(1) Explanation 2"):
        assert is_row(rule, RULES)
    for rule in (
        "r6",
        "r1(13)",
        "r1(7) second proviso",
        "r1(12)(d)",
        "INS-10",
        "r1(1) Explanation",
    ):
        assert not is_row(rule, RULES)
