"""The error catalogue: every code well formed, known where it is used, and used somewhere."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.unit.test_rooms import ROOT, files_of, tree_of
from validators.errors import FAULTS, PROBLEMS, Refusal, fault

CATALOGUE = ROOT / "validators" / "errors.py"
PROGRAM = [
    path
    for room in ("validators", "ingest", "gateway", "sms")
    for path in files_of(room)
    if path != CATALOGUE
]
UPPER_SNAKE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*").fullmatch
STATUSES = {400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503}


def literal(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def codes_given(tree: ast.AST, function: str, position: int) -> Iterator[str]:
    """The codes written out in calls of a function, by position or as `code=`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if getattr(node.func, "id", getattr(node.func, "attr", None)) != function:
            continue
        given = node.args[position : position + 1]
        given += [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        yield from (code for argument in given if (code := literal(argument)))


def test_codes_given_sees_each_way_to_write_one() -> None:
    tree = ast.parse('fault("/a", "A"); errors.fault(p, code="B"); fault(p, c); Refusal("C")')
    assert list(codes_given(tree, "fault", 1)) == ["A", "B"]
    assert list(codes_given(tree, "Refusal", 0)) == ["C"]


def test_codes_are_unique() -> None:
    """A mapping would silently keep the last of two, so the source is counted."""
    tree = tree_of(CATALOGUE)
    problems = list(codes_given(tree, "Problem", 0))
    faults = [
        code
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if (code := literal(key))
    ]
    assert problems == list(PROBLEMS)
    assert faults == list(FAULTS)
    assert [code for code, count in Counter(problems + faults).items() if count > 1] == []


@pytest.mark.parametrize("code", [*PROBLEMS, *FAULTS])
def test_code_is_upper_snake(code: str) -> None:
    assert UPPER_SNAKE(code)


@pytest.mark.parametrize("code", PROBLEMS)
def test_problem_is_sane(code: str) -> None:
    problem = PROBLEMS[code]
    assert problem.code == code
    assert problem.status in STATUSES
    assert problem.title == problem.title.strip()
    assert not problem.title.endswith(".")
    if problem.status in (429, 503):
        assert problem.retry
    if problem.status < 500 and problem.status not in (409, 429):
        assert not problem.retry


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("IDEMPOTENCY_KEY_REUSED", 422),
        ("DOCUMENT_ALREADY_HAS_EWAY_BILL", 409),
        ("CANCELLATION_WINDOW_CLOSED", 409),
        ("ALREADY_VERIFIED_IN_TRANSIT", 409),
        ("ALREADY_CANCELLED", 409),
        ("DEEMED_ACCEPTED", 409),
        ("ALREADY_ANSWERED", 409),
        ("MALFORMED_JSON", 400),
        ("INVALID_DOCUMENT", 422),
    ],
)
def test_codes_of_the_contract(code: str, status: int) -> None:
    assert PROBLEMS[code].status == status


@pytest.mark.parametrize(
    ("function", "position", "known"), [("Refusal", 0, PROBLEMS), ("fault", 1, FAULTS)]
)
def test_every_code_given_is_in_the_catalogue(
    function: str, position: int, known: dict[str, object]
) -> None:
    given = {code for path in PROGRAM for code in codes_given(tree_of(path), function, position)}
    assert given
    assert given - known.keys() == set()


@pytest.mark.parametrize("known", [PROBLEMS, FAULTS], ids=["PROBLEMS", "FAULTS"])
def test_every_code_of_the_catalogue_is_used(known: dict[str, object]) -> None:
    """A code no program text names cannot be answered: it would be a promise without a keeper."""
    used = {literal(node) for path in PROGRAM for node in ast.walk(tree_of(path))}
    assert sorted(known.keys() - used) == []


@pytest.mark.parametrize(
    ("pointer", "detail"),
    [
        ("/hsn_code", "hsn_code is required"),
        ("/goods/0/value", "value is required"),
        ("", "the document is required"),
    ],
)
def test_detail_of_a_fault_is_a_sentence(pointer: str, detail: str) -> None:
    assert fault(pointer, "REQUIRED").detail == detail


def test_a_refusal_carries_what_the_answer_needs() -> None:
    faults = (fault("/mode", "REQUIRED"),)
    refused = Refusal("INVALID_DOCUMENT", faults=faults, ebn="100000000017")
    assert refused.problem is PROBLEMS["INVALID_DOCUMENT"]
    assert refused.detail == refused.problem.title
    assert (refused.faults, refused.members) == (faults, {"ebn": "100000000017"})
    assert Refusal("INVALID_DOCUMENT", "two faults").detail == "two faults"


@pytest.mark.parametrize("make", [Refusal, lambda code: fault("/a", code)])
def test_a_code_outside_the_catalogue_cannot_be_made(make: type[Refusal]) -> None:
    with pytest.raises(KeyError):
        make("NO_SUCH_CODE")
