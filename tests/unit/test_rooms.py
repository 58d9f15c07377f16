"""The rooms of the project: who may import whom, what stays pure, how long a file may be."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ARROWS = {
    "validators": set[str](),
    "ingest": {"validators"},
    "sms": {"ingest", "validators"},
    "gateway": {"sms", "ingest", "validators"},
    "loadtest": set[str](),
}
PROJECT = ARROWS.keys() | {"tests"}
PURE = {
    "abc",
    "base64",
    "binascii",
    "bisect",
    "collections",
    "contextlib",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "itertools",
    "json",
    "math",
    "msgspec",
    "operator",
    "re",
    "statistics",
    "string",
    "struct",
    "types",
    "typing",
    "unicodedata",
}
"""What decides and cannot do I/O, read a clock or draw lots. (`zoneinfo` reads files.)"""
IMPURE_NAMES = {"open", "print", "input", "eval", "exec", "compile", "__import__", "breakpoint"}
CLOCKS = {"now", "utcnow", "today", "monotonic", "perf_counter", "time_ns", "localtime", "gmtime"}
LINES_MAX = 300
PURE_IN_SMS = (
    "alphabets.py",
    "forms.py",
    "grammar.py",
    "messages.py",
    "spelling.py",
    "wording/*.py",
)
"""What is typed, what it means and what is said, of the room of SMS: it decides and does no I/O."""
WORDS_THAT_NAME_NOTHING = {"util", "utils", "helper", "helpers", "manager", "common", "misc"}


def files_of(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(tree: ast.AST) -> Iterator[str]:
    """The top packages a module imports anywhere in it; "." for a relative import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." if node.level else str(node.module).partition(".")[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if called in ("__import__", "import_module") and node.args:
                named = node.args[0]
                yield str(getattr(named, "value", called)).partition(".")[0]


def impure(tree: ast.AST) -> Iterator[str]:
    """The names in a module that read a clock or do I/O."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS:
            yield f"{node.lineno}: .{node.attr}"
        elif isinstance(node, ast.Name) and node.id in IMPURE_NAMES:
            yield f"{node.lineno}: {node.id}"


def found_in(room: str) -> dict[str, set[str]]:
    return {str(path.relative_to(ROOT)): set(imported(tree_of(path))) for path in files_of(room)}


def test_imported_sees_each_way_to_import() -> None:
    source = (
        "import os.path, json\nfrom ingest.store import Store\nfrom . import x\n"
        "def f():\n import time\n importlib.import_module('sms.text')\n"
    )
    assert set(imported(ast.parse(source))) == {"os", "json", "ingest", ".", "time", "sms"}


def test_impure_sees_clocks_and_files() -> None:
    source = "a = datetime.now(UTC)\nread = date.today\nopen('x')\ntoday = at.date()\n"
    assert sorted(impure(ast.parse(source))) == ["1: .now", "2: .today", "3: open"]


@pytest.mark.parametrize("room", ARROWS)
def test_arrows(room: str) -> None:
    allowed = ARROWS[room] | {room}
    against = {
        path: names & PROJECT - allowed
        for path, names in found_in(room).items()
        if names & PROJECT - allowed
    }
    assert against == {}


def test_the_rooms_are_where_this_test_looks() -> None:
    assert found_in("validators").keys() >= {"validators/ins06.py", "validators/errors.py"}


def test_validators_import_only_what_is_pure() -> None:
    against = {
        path: names - PURE - {"validators"}
        for path, names in found_in("validators").items()
        if names - PURE - {"validators"}
    }
    assert against == {}
    assert PURE - {"msgspec"} <= sys.stdlib_module_names


@pytest.mark.parametrize("path", files_of("validators"), ids=lambda path: path.name)
def test_validators_read_no_clock_and_no_file(path: Path) -> None:
    assert list(impure(tree_of(path))) == []


def test_what_is_said_by_sms_is_decided_without_a_clock_or_a_file() -> None:
    paths = [path for name in PURE_IN_SMS for path in sorted((ROOT / "sms").glob(name))]
    assert len(paths) > len(PURE_IN_SMS)
    for path in paths:
        tree = tree_of(path)
        assert set(imported(tree)) - PURE - {"sms", "validators"} == set(), path.name
        assert list(impure(tree)) == [], path.name


@pytest.mark.parametrize("room", ARROWS)
def test_no_file_is_long(room: str) -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in files_of(room)
    }
    assert {path: lines for path, lines in lengths.items() if lines > LINES_MAX} == {}


@pytest.mark.parametrize("room", ARROWS)
def test_names_say_what_a_module_is(room: str) -> None:
    against = [
        str(path.relative_to(ROOT))
        for path in files_of(room)
        for part in path.relative_to(ROOT).with_suffix("").parts
        if WORDS_THAT_NAME_NOTHING & set(part.split("_"))
    ]
    assert against == []
