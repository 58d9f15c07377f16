"""The files of an upload: what it reads, what it keeps, and what it leaves to be mended."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.upload.answers import AnswersFile
from gateway.upload.documents import FileRefused, Kind, Outcome, outcome
from gateway.upload.ndjson import NdjsonDocuments
from gateway.upload.progress import Progress
from gateway.upload.refused import reason, write_refused
from gateway.upload.source import Source, open_source
from ingest.limits import BULK_LINE_BYTES_MAX

URL = "http://127.0.0.1:8000"


@pytest.fixture
def source(tmp_path: Path) -> Source:
    path = tmp_path / "sales.ndjson"
    path.write_text("".join(f'{{"supplier": {{}}, "n": {number}}}\n' for number in range(1, 101)))
    return open_source(path, None)


def opened(
    source: Source, *, url: str = URL, client_id: str = "c-1", again: bool = False
) -> AnswersFile:
    path = source.path.with_name("answers")
    return AnswersFile(path, source, url, client_id, again=again)


def taken(line: int) -> dict[str, Any]:
    return {"line": line, "status": 201, "irn": "x"}


def test_answers_are_known_again(source: Source) -> None:
    with opened(source) as answers:
        for line in (3, 1, 100):
            answers.add(taken(line))
        answers.add({"line": 2, "status": 422})
    with opened(source) as answers:
        assert [line for line in range(1, 120) if answers.answered(line)] == [1, 2, 3, 100]
        assert answers.counts == {Outcome.CREATED: 3, Outcome.EXISTING: 0, Outcome.REFUSED: 1}
        assert (answers.total, answers.added) == (4, 0)
        assert list(answers.refusals()) == [{"line": 2, "status": 422}]


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_torn_end_is_cut_off(source: Source, cut: int) -> None:
    with opened(source) as answers:
        answers.add(taken(1))
        answers.add(taken(2))
        path = answers.path
    path.write_bytes(path.read_bytes()[:-cut])
    with opened(source) as answers:
        assert answers.total == (1 if cut <= 34 else 0)
        answers.add(taken(50))
    with opened(source) as answers:
        assert answers.answered(50)
        assert not answers.answered(2)


def test_a_file_torn_in_its_first_line_begins_anew(source: Source) -> None:
    with opened(source) as answers:
        path = answers.path
    path.write_bytes(path.read_bytes()[:20])
    with opened(source) as answers:
        assert answers.total == 0
        answers.add(taken(1))
    with opened(source) as answers:
        assert answers.total == 1


def test_what_a_power_cut_leaves_is_cut_off(source: Source) -> None:
    with opened(source) as answers:
        answers.add(taken(1))
        path = answers.path
    with path.open("ab") as file:
        file.write(b"\0" * 300 + b"\n" + b"\0" * 10)
    with opened(source) as answers:
        assert answers.total == 1
        answers.add(taken(2))
    with opened(source) as answers:
        assert answers.total == 2


def test_answers_to_something_else_are_refused(source: Source, tmp_path: Path) -> None:
    with opened(source) as answers:
        answers.add(taken(1))
    with pytest.raises(FileRefused, match=r"another gateway.*--again"):
        opened(source, url="http://other")
    edited = source.path.read_text().replace('"n": 50', '"n": 05')
    source.path.write_text(edited)
    changed = open_source(source.path, None)
    assert changed.size_bytes == source.size_bytes
    with pytest.raises(FileRefused, match="another content"):
        opened(changed)
    with opened(changed, again=True) as answers:
        assert answers.total == 0
    assert (tmp_path / "answers.before1").exists()
    (tmp_path / "answers").write_text("notes")
    with pytest.raises(FileRefused, match="not an answers file"):
        opened(changed)
    assert (tmp_path / "answers").read_text() == "notes"


def test_one_upload_at_a_time(source: Source) -> None:
    with opened(source), pytest.raises(FileRefused, match="another upload"):
        opened(source)


def test_the_answers_to_ten_million_lines_are_known_in_little(source: Source) -> None:
    with opened(source) as answers:
        answers.add(taken(10_000_000))
        assert answers.answered(10_000_000)
        assert not answers.answered(9_999_999)
        assert not answers.answered(10**9)


def test_refused_lines_are_as_they_were(source: Source) -> None:
    raw = source.path.read_bytes().splitlines(keepends=True)
    with opened(source) as answers:
        for line in (70, 3, 100):
            answers.add({"line": line, "status": 422, "code": "INVALID_DOCUMENT", "detail": "no"})
        answers.add(taken(4))
        answers.flush()
        write_refused(source, answers)
        lines = source.path.with_name("sales.ndjson.refused.ndjson")
        assert lines.read_bytes() == raw[2] + raw[69] + raw[99]
        # One refusal more; what was written before is its beginning, but nothing mended is lost.
        lines.write_bytes(raw[2].upper())
        answers.add({"line": 5, "status": 409, "code": "CONFLICT"})
        answers.flush()
        write_refused(source, answers)
    assert lines.with_name(f"{lines.name}.before1").read_bytes() == raw[2].upper()
    assert lines.read_bytes() == raw[2] + raw[4] + raw[69] + raw[99]
    text = source.path.with_name("sales.ndjson.refused.txt").read_text().splitlines()
    assert text == [
        "line 3: INVALID_DOCUMENT: no",
        "line 5: CONFLICT",
        "line 70: INVALID_DOCUMENT: no",
        "line 100: INVALID_DOCUMENT: no",
    ]


def test_refused_rows_of_utf_16_are_in_utf_8_with_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "bills.csv"
    path.write_text("irn\tdistance_km\t\r\nabc\t350\r\n₹\tfar\r\n", encoding="utf-16")
    source = open_source(path, Kind.EWAY_BILLS)
    with opened(source) as answers:
        for reading in source.documents.readings(lambda *_: False):
            if reading.document.unreadable:
                answers.add(reading.document.own_answer())
        answers.flush()
        write_refused(source, answers)
    assert path.with_name("bills.csv.refused.csv").read_bytes().decode("utf-8-sig") == (
        "irn\tdistance_km\t\trefused_line\trefused_reason\r\n"
        "₹\tfar\t\t3\tline 3, column 2 distance_km: 'far' is not a number: "
        "write it as 100000.00\r\n"
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": 422, "code": "C", "errors": [{"pointer": "/a", "detail": "is no\nb"},
                                                 {"pointer": "", "code": "D"}]}, "/a is no b; D"),
        ({"status": 409, "code": "C", "detail": "d"}, "C: d"),
        ({"status": 413}, "413"),
        ({"status": 422, "code": "CSV_UNREADABLE", "detail": "line 1: x", "client_side": True,
          "errors": [{"line": 1, "detail": "x"}]}, "line 1: x"),
    ],
)  # fmt: skip
def test_reasons_for_a_person(answer: dict[str, Any], words: str) -> None:
    assert reason(answer) == words


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 201}, Outcome.CREATED),
        ({"status": 200}, Outcome.EXISTING),
        ({"status": 409, "code": "DOCUMENT_ALREADY_HAS_EWAY_BILL", "ebn": "1"}, Outcome.EXISTING),
        ({"status": 409, "code": "DOCUMENT_ALREADY_HAS_EWAY_BILL"}, Outcome.REFUSED),
        ({"status": 409, "code": "DOCUMENT_ALREADY_HAS_PART_A", "part_a_reference": "1"},
         Outcome.EXISTING),
        ({"status": 409, "code": "CONFLICT", "ebn": "1"}, Outcome.REFUSED),
        ({"status": 409}, Outcome.REFUSED),
        ({"status": 400}, Outcome.REFUSED),
        ({"status": 429}, Outcome.TO_SEND_AGAIN),
        ({"status": 500}, Outcome.TO_SEND_AGAIN),
        ({"status": 503}, Outcome.TO_SEND_AGAIN),
    ],
)  # fmt: skip
def test_what_answers_say(answer: dict[str, Any], said: Outcome) -> None:
    assert outcome(answer) is said


def test_a_line_too_long_is_not_read_into_memory_but_answered(tmp_path: Path) -> None:
    path = tmp_path / "sales.ndjson"
    long = b'{"a": "' + b"x" * (3 * BULK_LINE_BYTES_MAX) + b'"}\n'
    exact = b'"' + b"x" * (BULK_LINE_BYTES_MAX - 2) + b'"\n'
    path.write_bytes(b'{"supplier":1}\n' + long + exact + b"{}")
    documents = [each.document for each in NdjsonDocuments(path).readings(lambda *_: False)]
    assert [document.line for document in documents] == [1, 2, 3, 4]
    assert documents[1].own_answer()["code"] == "LINE_TOO_LONG"
    assert len(documents[2].body) == BULK_LINE_BYTES_MAX
    assert documents[3].body == b"{}"


def test_kinds_are_told_by_the_first_document(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for first, kind in (
        ({"lines": [], "document_number": "A"}, Kind.INVOICES),
        ({"reason_code": 1}, Kind.EWAY_BILLS),
        ({"document_number": "A"}, None),
        ({"reason_code": 1, "supplier": {}}, None),
    ):
        path.write_text("\n  \n" + json.dumps(first) + "\n")
        if kind:
            assert open_source(path, None).kind is kind
        else:
            with pytest.raises(FileRefused, match="--kind"):
                open_source(path, None)
        assert open_source(path, Kind.EWAY_BILLS).kind is Kind.EWAY_BILLS


def test_lines_are_counted_with_or_without_a_last_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for text, lines in (("{}", 1), ("{}\n", 1), ("{}\n{}", 2), ("", 0)):
        path.write_text(text)
        assert open_source(path, Kind.INVOICES).lines == lines
    with pytest.raises(FileRefused, match="not a file"):
        open_source(tmp_path, None)


def test_without_a_terminal_a_plain_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    progress = Progress(1_000_000)
    progress.skip(200_000)
    now[0] += 29
    progress.advance(1000, 0)
    assert capsys.readouterr().err == ""
    now[0] += 1
    progress.advance(299_000, 2)
    progress.close(finished=False)
    assert capsys.readouterr().err == (
        "500,000 of 1,000,000 lines, 10,000 a second, 1 min left, 2 refused\n"
    )
