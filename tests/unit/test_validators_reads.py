"""Reads of RFID tags as they are sent: what is taken, what is refused, and never its neighbours."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validators.errors import Refusal
from validators.reads import READ_FAULTS_MAX, SentRead, examine_read, read_reads

MOST = 5000
TAG = "E2801160600002054CC2096F"
SOUND = {"read_id": "a-1", "tag": TAG, "read_at": "2026-11-21T14:05:09.123456+05:30"}
AT = datetime(2026, 11, 21, 8, 35, 9, 123456, tzinfo=UTC)
OLDEST, NEWEST = AT - timedelta(hours=72), AT + timedelta(minutes=5)
MICROSECOND = timedelta(microseconds=1)
OBJECT = json.dumps(SOUND)
TOO_LONG = "9" * 5000
"""A number no decoder takes."""

# A read that is wrong, as JSON, and its faults.
WRONG: tuple[tuple[str, list[tuple[str, str]]], ...] = (
    ("5", [("", "WRONG_TYPE")]),
    ("null", [("", "WRONG_TYPE")]),
    ("[]", [("", "WRONG_TYPE")]),
    (f"[{OBJECT}]", [("", "WRONG_TYPE")]),
    ("{}", [("/read_id", "REQUIRED"), ("/tag", "REQUIRED"), ("/read_at", "REQUIRED")]),
    (json.dumps(SOUND | {"lane": 1}), [("/lane", "UNKNOWN_FIELD")]),
    (json.dumps(SOUND | {"read_id": 1}), [("/read_id", "WRONG_TYPE")]),
    (json.dumps(SOUND | {"tag": None}), [("/tag", "WRONG_TYPE")]),
    (json.dumps(SOUND | {"read_at": 1795250109}), [("/read_at", "WRONG_TYPE")]),
    (json.dumps(SOUND | {"read_at": "2026-11-21T08:35:09"}), [("/read_at", "INSTANT_FORMAT")]),
    (json.dumps(SOUND | {"read_at": "21-11-2026"}), [("/read_at", "INSTANT_FORMAT")]),
    (f'{{"tag": "{TAG}",' + OBJECT[1:], [("/tag", "DUPLICATE_KEY")]),
    ('{"t\\u0061g": "1",' + OBJECT[1:], [("/tag", "DUPLICATE_KEY")]),
    (json.dumps(SOUND | {"read_id": ""}), [("/read_id", "READ_ID_FORMAT")]),
    (json.dumps(SOUND | {"read_id": "a" * 65}), [("/read_id", "READ_ID_FORMAT")]),
    (json.dumps(SOUND | {"read_id": "a b"}), [("/read_id", "READ_ID_FORMAT")]),
    (json.dumps(SOUND | {"read_id": "a\n"}), [("/read_id", "READ_ID_FORMAT")]),
    (json.dumps(SOUND | {"read_id": "é"}), [("/read_id", "READ_ID_FORMAT")]),
    (json.dumps(SOUND | {"tag": ""}), [("/tag", "TAG_FORMAT")]),
    (json.dumps(SOUND | {"tag": "0" * 24}), [("/tag", "TAG_FORMAT")]),
    (json.dumps(SOUND | {"tag": "E28011606000020"}), [("/tag", "TAG_FORMAT")]),
    (
        json.dumps({"read_id": "", "tag": "?", "read_at": "2001-01-01T00:00:00Z"}),
        [("/read_id", "READ_ID_FORMAT"), ("/tag", "TAG_FORMAT"), ("/read_at", "READ_TOO_OLD")],
    ),
)
# A body that is not one list of reads, and its faults; no faults: it is not JSON.
NO_LIST: tuple[tuple[str, list[tuple[str, str]]], ...] = (
    ("", []),
    ('{"reads": [', []),
    ('{"reads": [' * 50_000, []),
    ('{"reads": [' + "[" * 50_000 + "]" * 50_000 + "]}", []),
    ('{"reads": ["\\ud800"]}', []),
    ("null", [("", "WRONG_TYPE")]),
    (f"[{OBJECT}]", [("", "WRONG_TYPE")]),
    (OBJECT, [("/read_id", "UNKNOWN_FIELD"), ("/tag", "UNKNOWN_FIELD"),
              ("/read_at", "UNKNOWN_FIELD"), ("/reads", "REQUIRED")]),
    ("{}", [("/reads", "REQUIRED")]),
    ('{"reads": null}', [("/reads", "WRONG_TYPE")]),
    (f'{{"reads": {OBJECT}}}', [("/reads", "WRONG_TYPE")]),
    ('{"reads": []}', [("/reads", "EMPTY")]),
    (f'{{"reads": [{OBJECT}], "lane": 7}}', [("/lane", "UNKNOWN_FIELD")]),
    (f'{{"reads": [{OBJECT}], "reads": [{OBJECT}]}}', [("/reads", "DUPLICATE_KEY")]),
    ('{"re\\u0061ds": [], "reads": 7}', [("/reads", "DUPLICATE_KEY"), ("/reads", "WRONG_TYPE")]),
    ('{"lane": "reads", "reads": 7}',
     [("/lane", "UNKNOWN_FIELD"), ("/reads", "WRONG_TYPE")]),
    ('{"reads": {"reads": 1}, "lane": {"reads": 2}}',
     [("/lane", "UNKNOWN_FIELD"), ("/reads", "WRONG_TYPE")]),
    ('[1, ', []),
    ('7', [("", "WRONG_TYPE")]),
    (' "reads"', [("", "WRONG_TYPE")]),
    ('{"reads": true}', [("/reads", "WRONG_TYPE")]),
    ('{"reads": 1.5}', [("/reads", "WRONG_TYPE")]),
    ('{"reads": [], "l/ne": 7, "reads": []}',
     [("/l~1ne", "UNKNOWN_FIELD"), ("/reads", "DUPLICATE_KEY"), ("/reads", "EMPTY")]),
)  # fmt: skip


def body(*reads: str) -> bytes:
    return f'{{"reads": [{",".join(reads)}]}}'.encode()


def faults(sent: SentRead) -> list[tuple[str, str]]:
    found = [*sent.faults, *examine_read(sent.form, OLDEST, NEWEST)]
    return [(fault.pointer, fault.code) for fault in found]


@pytest.mark.parametrize(("wrong", "expected"), WRONG)
def test_a_wrong_read_is_told_all_and_its_neighbours_are_sound(
    wrong: str, expected: list[tuple[str, str]]
) -> None:
    first, read, last = read_reads(body(OBJECT, wrong, OBJECT), MOST)
    assert faults(read) == expected
    for neighbour in (first, last):
        assert faults(neighbour) == []
        assert (neighbour.read_id, neighbour.form.tag) == ("a-1", TAG)
        assert neighbour.form.read_at == AT
    unreadable = {"/read_id", ""} & {pointer for pointer, _ in expected}
    assert read.read_id == (None if unreadable else "a-1")


@pytest.mark.parametrize(("sent", "expected"), NO_LIST)
def test_what_is_no_list_of_reads_is_refused_as_a_whole(
    sent: str, expected: list[tuple[str, str]]
) -> None:
    with pytest.raises(Refusal) as refused:
        list(read_reads(sent.encode(), MOST))
    assert refused.value.problem.code == ("INVALID_DOCUMENT" if expected else "MALFORMED_JSON")
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == expected


@pytest.mark.parametrize("spelt", [OBJECT, OBJECT.replace("tag", "t\\u0061g")])
def test_as_many_reads_as_may_be_and_one_more(spelt: str) -> None:
    assert len(list(read_reads(body(*[spelt] * 7), 7))) == 7
    with pytest.raises(Refusal) as refused:
        read_reads(body(*[spelt] * 8), 7)  # At once, not when the first is asked for.
    assert [(one.pointer, one.code) for one in refused.value.faults] == [("/reads", "TOO_MANY")]


@pytest.mark.parametrize(
    ("read_at", "code"),
    [
        (OLDEST, None),
        (OLDEST - MICROSECOND, "READ_TOO_OLD"),
        (NEWEST, None),
        (NEWEST + MICROSECOND, "READ_AHEAD"),
        (datetime.min.replace(tzinfo=UTC), "READ_TOO_OLD"),
        (datetime.max.replace(tzinfo=UTC), "READ_AHEAD"),
    ],
)
def test_how_old_and_how_far_ahead(read_at: datetime, code: str | None) -> None:
    (sent,) = read_reads(body(json.dumps(SOUND | {"read_at": read_at.isoformat()})), MOST)
    assert faults(sent) == ([("/read_at", code)] if code else [])


@pytest.mark.parametrize("read_id", ["a", "a" * 64, "!", "~", '"', "\\", "{}"])
def test_every_visible_ascii_character_is_of_a_read_id(read_id: str) -> None:
    (sent,) = read_reads(body(json.dumps(SOUND | {"read_id": read_id})), MOST)
    assert (sent.read_id, faults(sent)) == (read_id, [])


def test_of_one_read_a_bounded_number_of_faults_is_told() -> None:
    many = json.dumps({f"field-{number}": 0 for number in range(1000)})
    (sent,) = read_reads(body(many), MOST)
    assert len(sent.faults) == READ_FAULTS_MAX


def test_the_document_s_own_faults_are_not_lost_among_those_of_reads() -> None:
    doubled = '{"tag": "1", "tag": "1"}'
    with pytest.raises(Refusal) as refused:
        read_reads(body(*[doubled] * 200)[:-1] + b', "lane": 7}', MOST)
    assert [(one.pointer, one.code) for one in refused.value.faults] == [("/lane", "UNKNOWN_FIELD")]


def test_reads_are_counted_before_any_is_looked_into() -> None:
    """What is too long is not taken apart, whatever it is full of."""
    for within in ("[]", TOO_LONG):
        with pytest.raises(Refusal) as refused:
            read_reads(body(*[within] * (MOST + 1)), MOST)
        assert [(one.pointer, one.code) for one in refused.value.faults] == [("/reads", "TOO_MANY")]


def test_a_read_is_looked_into_when_it_is_its_turn() -> None:
    reads = read_reads(body("{}", TOO_LONG), MOST)
    assert len(next(reads).faults) == 3
    with pytest.raises(Refusal) as refused:
        next(reads)
    assert refused.value.problem.code == "MALFORMED_JSON"


def anything() -> st.SearchStrategy[Any]:
    plain = st.none() | st.booleans() | st.integers() | st.text(max_size=9)
    fields = st.sampled_from([*SOUND, "lane"])
    return plain | st.lists(plain, max_size=2) | st.dictionaries(fields, plain, max_size=4)


@given(st.lists(st.just(SOUND) | anything(), min_size=1, max_size=9))
def test_each_read_is_judged_as_if_it_came_alone(reads: list[Any]) -> None:
    written = [json.dumps(read) for read in reads]
    together = list(read_reads(body(*written), MOST))
    alone = [next(read_reads(body(read), MOST)) for read in written]
    assert [faults(sent) for sent in together] == [faults(sent) for sent in alone]
    assert [faults(sent) == [] for sent in together] == [read == SOUND for read in reads]
