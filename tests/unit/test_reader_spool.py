"""The spool on disk, and what of the sightings comes into it."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.reader import spool as spool_module
from gateway.reader.reads import Read, new_read
from gateway.reader.sightings import Sightings
from gateway.reader.spool import Refused, Spool, SpoolFull, SpoolRefused

WINDOW = timedelta(seconds=60)
MICRO = timedelta(microseconds=1)
AT = datetime(2026, 11, 22, 6, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    opened = Spool(path, 3)
    yield opened
    opened.close()


class Told:
    """Sightings into a spool, with what was told of them."""

    def __init__(self, spool: Spool) -> None:
        self.lines: list[str] = []
        self.added = 0
        self.sightings = Sightings(spool, WINDOW, tell=self.lines.append, added=self._add)

    def _add(self) -> None:
        self.added += 1


def reads(*tags: str) -> list[Read]:
    return [new_read(tag, AT) for tag in tags]


def test_reads_come_out_as_they_went_in(path: Path, spool: Spool) -> None:
    first, second, third = reads("A", "B", "C")
    spool.add([first, second], {"A": AT})
    spool.add([third], {})
    assert spool.oldest(2) == [first, second]
    assert spool.oldest(2, passed_over=1) == [second, third]
    assert spool.oldest(2, passed_over=3) == []
    spool.settle([first], [Refused(third, "422")])
    assert (spool.waiting, spool.oldest(9)) == (1, [second])
    spool.close()
    again = Spool(path, 3)
    assert (again.waiting, again.oldest(9)) == (1, [second])
    assert again.sightings() == {"A": AT}
    again.close()


def test_its_limit(spool: Spool) -> None:
    first, *others = reads("A", "B", "C")
    spool.add([first], {})
    with pytest.raises(SpoolFull):
        spool.add(reads("B", "C", "D"), {"D": AT})
    assert (spool.waiting, spool.sightings()) == (1, {})
    spool.add(others, {})
    with pytest.raises(SpoolFull):
        spool.add(reads("D"), {})
    spool.settle([first], [])
    spool.add(reads("D"), {})


def test_refused_reads_are_kept_with_the_reason_the_newest(
    path: Path, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_module, "REFUSED_READS_MAX", 2)
    for tag in "ABC":
        refused = reads(tag)
        spool.add(refused, {})
        spool.settle([], [Refused(refused[0], f"no {tag}")])
    with sqlite3.connect(path) as onlooker:  # While the relay has it.
        rows = onlooker.execute("SELECT tag, reason FROM refused ORDER BY number").fetchall()
    onlooker.close()
    assert rows == [("B", "no B"), ("C", "no C")]


def test_one_agent_a_spool(path: Path, spool: Spool) -> None:
    with pytest.raises(SpoolRefused, match="another relay"):
        Spool(path, 3)
    spool.close()
    Spool(path, 3).close()


def test_another_programs_file_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = path.read_bytes()
    for content in (before, b"no database at all" * 1000):
        path.write_bytes(content)
        with pytest.raises(SpoolRefused):
            Spool(path, 3)
        assert path.read_bytes() == content


def test_what_must_last_is_waited_for(spool: Spool) -> None:
    """Not that a disk keeps what it says; that SQLite is told to wait for it."""
    full, normal = 2, 1
    kept = reads("A")

    def synchronous() -> int:
        return int(spool._database.execute("PRAGMA synchronous").fetchone()[0])

    spool.add(kept, {})
    assert synchronous() == full
    spool.save_sightings({"A": AT})
    assert synchronous() == normal
    spool.settle(kept, [])
    assert synchronous() == full


def test_a_tag_seen_often_is_one_read(spool: Spool) -> None:
    told = Told(spool)
    for number in range(50):
        told.sightings.saw(["A", "B", "A"], AT + number * WINDOW)
    assert [(read.tag, read.read_at) for read in spool.oldest(9)] == [("A", AT), ("B", AT)]
    assert told.added == 1
    told.sightings.saw(["A"], AT + 50 * WINDOW + MICRO)
    assert spool.waiting == 3
    ids = [read.read_id for read in spool.oldest(9)]
    assert len(set(ids)) == 3


def test_a_restart_in_mid_pass_does_not_double_it(path: Path, spool: Spool) -> None:
    told = Told(spool)
    told.sightings.saw(["A"], AT)
    told.sightings.saw(["A"], AT + WINDOW)
    told.sightings.save(AT + WINDOW)
    spool.close()
    again = Spool(path, 3)
    after = Told(again)
    after.sightings.saw(["A"], AT + 2 * WINDOW)
    assert again.waiting == 1
    after.sightings.saw(["A"], AT + 3 * WINDOW + MICRO)
    assert again.waiting == 2
    again.close()


def test_a_read_and_its_sighting_are_kept_together(path: Path, spool: Spool) -> None:
    Told(spool).sightings.saw(["A"], AT)  # And nothing is saved: it crashes.
    spool.close()
    again = Spool(path, 3)
    Told(again).sightings.saw(["A"], AT + WINDOW)
    assert again.waiting == 1
    again.close()


def test_saved_sightings_go_when_they_no_longer_matter(spool: Spool) -> None:
    told = Told(spool)
    told.sightings.saw(["A"], AT)
    told.sightings.saw(["B"], AT + MICRO)
    told.sightings.save(AT + WINDOW + MICRO)
    assert spool.sightings() == {"B": AT + MICRO}


def test_a_pass_without_room_is_told_once_and_read_when_there_is_room(spool: Spool) -> None:
    told = Told(spool)
    kept = reads("X", "Y", "Z")
    spool.add(kept, {})
    for number in range(5):
        told.sightings.saw(["A", "B"], AT + number * WINDOW)
    assert (told.sightings.lost, told.added, spool.waiting) == (2, 0, 3)
    assert len(told.lines) == 2
    assert all(line.startswith("LOST: ") and AT.isoformat() in line for line in told.lines)
    spool.settle(kept, [])
    told.sightings.saw(["A"], AT + 5 * WINDOW)
    assert [read.tag for read in spool.oldest(9)] == ["A"]
    assert (told.sightings.lost, len(told.lines)) == (2, 2)


def test_a_pass_that_the_disk_does_not_take_is_told(spool: Spool) -> None:
    told = Told(spool)
    spool._database.execute("PRAGMA query_only = ON")
    told.sightings.saw(["A"], AT)
    with pytest.raises(sqlite3.Error):
        spool.settle(reads("A"), [])
    assert (told.sightings.lost, spool.waiting) == (1, 0)
    spool._database.execute("PRAGMA query_only = OFF")
    told.sightings.saw(["A"], AT)
    assert spool.waiting == 1
